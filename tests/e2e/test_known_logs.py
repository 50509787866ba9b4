"""Structured logs and the workarounds of their hang, with real releases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import containers
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

WORKAROUNDS = (
    "no-lock-profiling",
    "no-logging-integration",
    "ignore-ddtrace-logger",
    "no-profiling",
)

LOGS = "structured-logs"
"""The configuration that switches them on."""

Rows = Mapping[tuple[str, str], Mapping[str, str]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Rows:
    """The published rows, by release of sentry-sdk and configuration."""
    containers.skip_without()
    folder = tmp_path_factory.mktemp("logs")
    every, one = ("2.5.1", "2.30.0", "2.60.0"), ("2.30.0",)
    for releases, configs in ((every, [LOGS]), (one, [f"{LOGS}+{name}" for name in WORKAROUNDS])):
        done = containers.run_matrix(
            folder,
            environments,
            *(part for release in releases for part in ("--sentry", release)),
            *("--ddtrace", "2.14.2", "--probe", "sentry_logs"),
            *(part for config in configs for part in ("--config", config)),
        )
        assert done.returncode == 0, done.stdout
    return {(row["sentry"], row["config"]): row for row in containers.published(folder)}


@pytest.mark.parametrize(
    ("sentry", "expected"),
    [
        ("2.5.1", "unsupported no-feature"),
        ("2.30.0", "hang self-deadlock"),
        ("2.60.0", "pass "),
    ],
)
def test_a_release_is_what_its_batcher_is(rows: Rows, sentry: str, expected: str) -> None:
    row = rows[sentry, LOGS]
    assert "{outcome} {reason}".format(**row) == expected


def test_the_hang_is_the_batchers(rows: Rows) -> None:
    assert "LogBatcher._lock" in rows["2.30.0", LOGS]["signature"]


@pytest.mark.parametrize("workaround", WORKAROUNDS)
def test_a_workaround_passes_where_the_release_hangs(rows: Rows, workaround: str) -> None:
    assert rows["2.30.0", f"{LOGS}+{workaround}"]["outcome"] == "pass"
