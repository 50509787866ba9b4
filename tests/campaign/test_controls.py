"""The controls' answers: which passes they make worthless, and what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from grids import NOON, cell
from languages import PROBE, trials
from matrices import MATRIX, probe

from interlock.campaign.controls import ControlResult, ControlResults, rows
from interlock.evidence.classification import classify
from interlock.matrix.definition import Control, Matrix
from interlock.model import Outcome, PythonVersion
from interlock.record.control_results import merged, write_controls

HANG = Control(cell=cell("1.0", python="3.10"), expect=Outcome.HANG, entry=0)
PASS = Control(cell=cell("1.1", python="3.10"), expect=Outcome.PASS, entry=1)
HANG_ON_3_12 = Control(cell=cell("1.0", python="3.12"), expect=Outcome.HANG, entry=0)
OURS = Control(cell=cell("-", "-", python="3.10", probe="ours"), expect=Outcome.HANG, entry=2)
"""A control of a probe in no set."""

CONTROLLED = replace(
    MATRIX,
    sets={name: replace(of, probes=("restart", "serve")) for name, of in MATRIX.sets.items()},
    probes={name: probe(name, "stock") for name in ("restart", "serve", "ours")},
    controls=(HANG, HANG_ON_3_12, PASS, OURS),
)


def gave(
    control: Control,
    outcomes: str,
    *,
    campaign: str = "c",
    exposures: int = 30,
    load: float = 0.0,
) -> list[ControlResult]:
    """``"hang pass"``: the answers of a control, a minute apart.

    Each is under half as much load again.
    """
    return [
        ControlResult(
            campaign=campaign,
            control=control,
            at=NOON + timedelta(minutes=number),
            outcome=Outcome(outcome),
            exposures=exposures,
            load=load * (1 + number / 2),
        )
        for number, outcome in enumerate(outcomes.split())
    ]


def told(*results: Sequence[ControlResult], matrix: Matrix = CONTROLLED) -> ControlResults:
    return ControlResults(matrix, [one for some in results for one in some])


def doubted(results: ControlResults, of: str, python: str) -> bool:
    return results.doubt("c", of, PythonVersion.parse(python)) is not None


# --- what differs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "tries", "differs"),
    [
        ("hang", 1, False),
        ("hang hang hang", 1, False),
        ("pass", 1, True),
        # one round is enough
        ("hang hang pass", 1, True),
        ("hang pass hang", 1, True),
        ("hang fail", 1, True),
        # a trial that proved nothing was repeated, and does not count beside a proven one
        ("unproven hang", 1, False),
        ("unproven pass", 1, True),
        ("unproven unproven", 1, True),
        # a hang that does not occur every time
        ("pass hang", 3, False),
        ("pass pass hang pass pass hang", 3, False),
        ("pass pass pass", 3, True),
        ("pass pass hang pass pass pass", 3, True),
        # a run that was stopped before the tries were over
        ("pass pass", 3, False),
    ],
)
def test_a_control_differs_with_so_many_other_answers_in_a_row(
    outcomes: str, tries: int, differs: bool
) -> None:
    control = replace(HANG, tries=tries)
    matrix = replace(CONTROLLED, controls=(control,))
    (found,) = told(gave(control, outcomes), matrix=matrix).records("c")
    assert found.differs is differs


def test_a_difference_is_said_with_how_often() -> None:
    (found,) = told(gave(HANG, "hang pass hang fail")).records("c")
    assert (
        str(found) == f"the control {HANG.cell} should give hang and gave pass and fail in 2 of 4"
    )


# --- which passes it is about --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "doubtful"),
    [
        (gave(HANG, "hang"), set()),
        # its own probe, on its own Python and on those without such a control
        (gave(HANG, "pass"), {"restart 3.10", "restart 3.14"}),
        (gave(HANG_ON_3_12, "pass"), {"restart 3.12", "restart 3.14"}),
        # no other Python has a known pass
        (gave(PASS, "hang"), {"restart 3.10", "restart 3.12", "restart 3.14"}),
        # it needs no library: every probe
        (
            gave(OURS, "pass"),
            {
                f"{of} {python}"
                for of in ("restart", "serve")
                for python in ("3.10", "3.12", "3.14")
            },
        ),
    ],
)
def test_passes_are_doubted_by_probe_and_python(
    answers: list[ControlResult], doubtful: set[str]
) -> None:
    found = {
        f"{of} {python}"
        for of in ("restart", "serve")
        for python in ("3.10", "3.12", "3.14")
        if doubted(told(answers), of, python)
    }
    assert found == doubtful


def test_a_control_speaks_for_its_own_campaign() -> None:
    answers = told(gave(HANG, "pass", campaign="yesterday"), gave(HANG, "hang"))
    assert not doubted(answers, "restart", "3.10")
    assert answers.doubt("yesterday", "restart", PythonVersion(3, 10)) is not None


def test_nothing_is_doubted_where_no_control_was_run() -> None:
    assert not doubted(told(), "restart", "3.10")


# --- how busy the machine was --------------------------------------------------------------------


def test_what_a_known_hang_took_is_needed_by_a_pass_of_its_campaign_and_probe() -> None:
    answers = told(gave(HANG, "hang hang", exposures=70), gave(PASS, "hang", exposures=900))
    here = PythonVersion(3, 10)
    assert answers.needs("c", "restart", here).at(0.0) == 70
    assert answers.needs("c", "serve", here).at(0.0) == 0
    assert answers.needs("d", "restart", here).at(0.0) == 0


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        # a trial without the hang counts toward what the hang took
        ("pass pass hang", 210),
        # the most that any of its hangs took
        ("hang pass hang hang", 140),
        # that proved nothing, or without a hang after them
        ("unproven hang pass", 70),
    ],
)
def test_a_known_hang_took_the_trials_without_it_as_well(outcomes: str, expected: int) -> None:
    answers = told(gave(HANG, outcomes, exposures=70))
    assert answers.needs("c", "restart", PythonVersion(3, 10)).at(0.0) == expected


def test_a_known_hang_that_did_not_hang_says_nothing_of_what_is_needed() -> None:
    assert told(gave(HANG, "pass")).needs("c", "restart", PythonVersion(3, 10)).at(0.0) == 0


def test_a_result_is_what_its_trial_shows() -> None:
    hung, passed = (
        ControlResult.of(HANG, ran, classify(ran.events, PROBE)) for ran in trials("hang pass")
    )
    assert (hung.outcome, hung.exposures, hung.as_expected) == (Outcome.HANG, 30, True)
    assert (passed.outcome, passed.exposures, passed.as_expected) == (Outcome.PASS, 40, False)


# --- published -----------------------------------------------------------------------------------


def test_each_control_of_each_campaign_is_published_with_what_it_gave() -> None:
    said = merged(rows(told(gave(HANG, "hang pass", load=1.234), gave(OURS, "unproven hang"))))
    differing, as_known = said["controls"]
    assert differing == {
        "campaign": "c",
        "cell": {
            "left": "1.0",
            "right": "1.0",
            "python": "3.10",
            "probe": "restart",
            "config": "stock",
        },
        "expected": "hang",
        "got": {"hang": 1, "pass": 1},
        "as_expected": 1,
        "trials": 2,
        "load": [1.23, 1.85],
        "first_at": NOON.isoformat(),
        "last_at": (NOON + timedelta(minutes=1)).isoformat(),
        "differs": True,
        "vouches_for": "restart",
        "says": f"the control {HANG.cell} should give hang and gave pass in 1 of 2",
    }
    assert (as_known["cell"]["left"], as_known["vouches_for"]) == ("-", None)
    assert (as_known["got"], as_known["trials"]) == ({"hang": 1, "unproven": 1}, 1)
    assert (as_known["differs"], as_known["says"]) == (False, "")


def test_what_another_ledger_published_stays_until_it_is_old(tmp_path: Path) -> None:
    write_controls(
        rows(told(gave(HANG, "pass", campaign="a"))), tmp_path, newer_than=NOON - timedelta(days=1)
    )
    write_controls(
        rows(told(gave(HANG, "hang", campaign="b"))), tmp_path, newer_than=NOON - timedelta(days=1)
    )
    both = (tmp_path / "controls.json").read_text()
    assert '"campaign": "a"' in both and '"campaign": "b"' in both

    write_controls(rows(told(gave(PASS, "pass", campaign="b"))), tmp_path, newer_than=NOON)
    assert '"campaign": "a"' in (tmp_path / "controls.json").read_text()
    write_controls(rows(told()), tmp_path, newer_than=NOON + timedelta(hours=1))
    assert '"controls": []' in (tmp_path / "controls.json").read_text()
