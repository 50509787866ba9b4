"""Every made-up distribution, through the whole pipeline.

Its name is the expected verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from packages import build
from packages.campaigns import Project, Ran

from interlock.model import LEFT_BEHIND

OPEN = "open"
"""No verdict: an app that ends its own supervisor proves nothing."""

TURNS_ON_THE_HARNESS = ("hostile-forger", "hostile-parricide")

EXPECTED = {
    "passes": "pass",
    "slow-but-alive": "pass",
    #
    "hangs-self": "hang serving self-deadlock Subject._lock → Subject._lock",
    "hangs-in-cycle": "hang serving lock-cycle Partner._lock → Subject._lock → Partner._lock",
    "hangs-at-shutdown": "hang shutdown self-deadlock Subject._lock → Subject._lock",
    "hangs-on-event": "hang serving no-progress stuck in subject.work",
    "orphans-a-lock": f"hang serving orphaned-lock Subject._lock → {LEFT_BEHIND}",
    "hangs-unless-quiet": "hang serving self-deadlock Subject._lock → Subject._lock",
    #
    "unresolvable": "fail install resolution",
    "fails-to-build": "fail install build",
    "raises-at-import": "fail import error",
    "inactive": "fail startup inactive",
    "exits-early": "fail serving error",
    "segfaults": "fail serving crash",
    "eats-memory": "fail serving degraded",
    #
    "no-wheel": "unsupported install no-wheel",
    "requires-python": "unsupported install requires-python",
    "lacks-feature": "unsupported startup no-feature",
    #
    "not-live": "unproven serving not-live",
    "too-few-exposures": "unproven serving too-few-exposures",
    "drags-on": "unproven serving slow",
    #
    "hostile-crowd": "pass",
    "hostile-daemon": "pass",
    "hostile-filler": "pass",
    "hostile-flood": "pass",
    "hostile-forger": "fail serving error",
    "hostile-parricide": OPEN,
    "hostile-stayer": "hang serving self-deadlock Subject._lock → Subject._lock",
}


IN_A_CONTAINER = {"hostile-parricide": "fail serving error"}
"""There the supervisor is another user, so the app may not signal it."""


@dataclass(frozen=True)
class Campaigns:
    """Two runs in one project, one after the other."""

    project: Project
    fates: Ran
    """The verdicts of every fate that has one, with partner 1."""
    next: Ran
    """The verdicts of the cycle, and of the harness's own fates, with partner 2."""

    def of(self, fate: str) -> str:
        return (self.next if fate in TURNS_ON_THE_HARNESS else self.fates).of(fate)


@pytest.fixture(scope="session")
def campaigns(backend: str, python: str, index: str, once: Callable[..., Campaigns]) -> Campaigns:
    def run(folder: Path) -> Campaigns:
        project = Project.make(folder, index)
        # Many of them wait for a time limit, so more at once than there are cores.
        chosen = ("--backend", backend, "--python", python, "--jobs", "4", "--no-follow-ups")
        return Campaigns(
            project=project,
            fates=project.run(*chosen),
            next=project.run(*chosen, "--set", "next", results="next"),
        )

    return once(f"fates-{backend}", run)


@pytest.mark.parametrize("fate", EXPECTED)
def test_fate(campaigns: Campaigns, fate: str, backend: str) -> None:
    expected = EXPECTED | (IN_A_CONTAINER if backend == "docker" else {})
    assert campaigns.of(fate) == expected[fate]


def test_every_distribution_has_a_row_in_the_table() -> None:
    assert set(build.fates()) == set(EXPECTED)


def test_a_complete_run_ends_with_zero_whatever_the_verdicts_are(campaigns: Campaigns) -> None:
    assert campaigns.fates.code == 0, campaigns.fates.output


def test_every_row_says_what_isolated_it(campaigns: Campaigns, backend: str) -> None:
    assert {row.backend for row in campaigns.fates.rows.values()} == {backend}


def test_what_kills_its_supervisor_stays_open_and_costs_no_other_its_verdict(
    campaigns: Campaigns, backend: str
) -> None:
    left_open = re.search(r"left open: .*1\+hostile\.parricide", campaigns.next.output)
    ends_it = backend == "process"
    assert (campaigns.next.code, bool(left_open)) == ((3, True) if ends_it else (0, False))
    assert campaigns.next.of("hangs-in-cycle") != OPEN


def test_the_other_library_decides_too(campaigns: Campaigns) -> None:
    """Partner 2 calls back once it has let go of its lock."""
    assert campaigns.next.of("hangs-in-cycle") == "pass"


def test_nothing_is_left_running(campaigns: Campaigns, backend: str) -> None:
    assert campaigns.project.left_behind(backend) == []


def test_no_file_is_left_that_a_trial_wrote(campaigns: Campaigns) -> None:
    assert [*campaigns.project.home.rglob("hostile-filler-*")] == []
