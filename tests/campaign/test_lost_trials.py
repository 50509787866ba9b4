"""A cell whose only trial is lost stays as it was, with a clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
from languages import CELL, PROBE, trials

from interlock.campaign.verdicts import verdict_of
from interlock.model import TrialLost
from interlock.record.ledger import Ledger


@pytest.mark.parametrize("spoilt", [b"", b"\x1f\x8b", b"x" * 40])
def test_a_cell_without_a_trial_that_can_be_read_is_trouble(tmp_path: Path, spoilt: bytes) -> None:
    (ran,) = trials("pass")
    with Ledger(tmp_path) as ledger:
        ledger.record(ran)
        for file in (tmp_path / "events").rglob("*"):
            if file.is_file():
                file.chmod(0o644)
                file.write_bytes(spoilt)
        with pytest.raises(TrialLost, match="what is known of it stays"):
            verdict_of(ledger, CELL, probe=PROBE)
