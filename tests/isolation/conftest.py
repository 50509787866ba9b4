"""A store of its own for each test, and an index of wheels made here."""

from __future__ import annotations

from pathlib import Path

import pytest
from installing import Counting, wheel

from interlock.index.settings import IndexSettings
from interlock.isolation.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    wheel(folder, "left", "1.0", "SIDE = 'left'", requires="shared")
    wheel(folder, "left", "2.0", "SIDE = 'left'", requires="shared<1")
    wheel(folder, "shared", "1.5")
    return folder


@pytest.fixture
def index(wheels: Path) -> IndexSettings:
    return IndexSettings(index_url=None, find_links=(str(wheels),))


@pytest.fixture
def box(store: Store, tmp_path: Path) -> Counting:
    return Counting(store=store, probes=tmp_path)
