"""What the tests with real releases share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def environments(shared: Path) -> Path:
    """One store for all campaigns with real releases, so that each is installed once."""
    return shared / "environments"
