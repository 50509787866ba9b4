"""Processes that fork while library threads work: real releases, real containers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import containers
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

PROBES = ("prefork", "preload_app")
SENTRY, DDTRACE = "2.5.1", "4.16.0"
ENDS = {"pass ", "hang no-progress"}
"""Sometimes a child waits at its exit for a ddtrace thread that no longer runs."""

Rows = Mapping[tuple[str, str, str], Mapping[str, str]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Rows:
    """The published rows, by probe and by releases of sentry-sdk and ddtrace."""
    containers.skip_without()
    folder = tmp_path_factory.mktemp("forks")
    done = containers.run_matrix(
        folder,
        environments,
        *("--sentry", SENTRY, "--sentry", "-", "--ddtrace", DDTRACE, "--config", "stock"),
        *(part for probe in PROBES for part in ("--probe", probe)),
    )
    assert done.returncode == 0, done.stdout
    return {
        (row["probe"], row["sentry"], row["ddtrace"]): row for row in containers.published(folder)
    }


@pytest.mark.parametrize("probe", PROBES)
def test_a_child_of_the_pair_ends_or_waits_for_what_the_fork_left(rows: Rows, probe: str) -> None:
    """A race: a trial may hang or pass.

    It must not fail, and must not prove nothing.
    """
    row = rows[probe, SENTRY, DDTRACE]
    assert "{outcome} {reason}".format(**row) in ENDS | {"hang orphaned-lock"}
    if row["reason"] == "orphaned-lock":
        assert row["signature"].endswith("→ a thread that the fork left behind")


@pytest.mark.parametrize("probe", PROBES)
def test_ddtrace_alone_is_forked_often_enough(rows: Rows, probe: str) -> None:
    row = rows[probe, "-", DDTRACE]
    assert "{outcome} {reason}".format(**row) in ENDS
    assert int(row["exposures"]) >= 10
