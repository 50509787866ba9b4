"""Fixtures of the probes' tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fake_sentry import FakeSentry, imported
from ours import PROBES


@pytest.fixture
def fake_sentry(tmp_path: Path) -> Iterator[FakeSentry]:
    """The newest release's tree."""
    with imported(tmp_path) as fake:
        yield fake


@pytest.fixture
def starting() -> Iterator[ModuleType]:
    """``libraries.sentry``, as an app imports it."""
    sys.path.insert(0, str(PROBES))
    try:
        from libraries import sentry
    finally:
        sys.path.remove(str(PROBES))
    yield sentry
