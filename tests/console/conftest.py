"""A project in which commands are typed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Typed
from packages import build
from packages.campaigns import Project


@pytest.fixture(scope="module")
def index_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build.index(tmp_path_factory.mktemp("index")).as_uri()


@pytest.fixture
def typed(
    tmp_path: Path,
    index_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Typed]:
    project = Project.make(tmp_path, index_url)
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield Typed(project, capsys)
    signal.signal(signal.SIGTERM, before)
