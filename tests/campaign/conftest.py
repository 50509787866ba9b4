"""A stage for every test of a campaign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage.at(tmp_path) as stage:
        yield stage
