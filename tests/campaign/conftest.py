"""A stage for every test of a campaign."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from worlds import Stage

from interlock.record.ledger import CampaignRecord, Ledger


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One thing after the other: the order of events is that of the cells."""
    with Ledger(tmp_path / "ledger") as ledger, ThreadPoolExecutor(1) as executor:
        ledger.begin(
            CampaignRecord(
                id="c", started_at=datetime(2026, 1, 2, tzinfo=timezone.utc), resolved={}
            )
        )
        yield Stage(ledger, tmp_path, executor)
