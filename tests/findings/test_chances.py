"""Windows of trouble that comes in some trials only: their rates, and their edges.

The bounds are those of Clopper and Pearson. By hand: no trouble in n tries rules out a rate above
about 3.69 / n. Two in n have a lower bound of about 0.242 / n, and an upper one of 7.22 / n.
"""

from __future__ import annotations

from dataclasses import replace

import grids
import pytest
from grids import cell, verdict
from packaging.version import Version

from interlock.findings import captions
from interlock.findings.findings import Findings
from interlock.findings.inference import TrackMap
from interlock.findings.question import Question, answer
from interlock.findings.space import Observation, ReleaseAxis, Space
from interlock.findings.stretches import Stretch, along_row
from interlock.model import Phase, Reason, Signature, Target, Verdict

LOCK = Signature(locks=("A.lock",))


def rows(text: str) -> list[Verdict]:
    """``1.0 pass 0/2 3000; 1.1 crash 1/8 12000``: troubles of trials, and the exposures of all.

    An ``early`` one crashes when it starts.
    """
    return [_row(*part.split()) for part in text.split(";")]


def _row(right: str, did: str, counted: str, exposures: str) -> Verdict:
    wrong, trials = map(int, counted.split("/"))
    outcome = {"pass": "pass", "hang": "hang"}.get(did, "fail")
    made = verdict(cell("1.0", right), outcome, trials=trials, exposures=int(exposures))
    if did == "pass":
        return made
    if did == "hang":
        return replace(made, hangs=wrong, signatures=((LOCK, wrong),))
    if did == "error":
        return replace(made, failed=wrong, reason=Reason.ERROR, cause="KeyError")
    phase = Phase.STARTUP if did == "early" else Phase.SERVING
    return replace(made, failed=wrong, phase=phase, reason=Reason.CRASH, cause="SIGSEGV")


def windows(verdicts: list[Verdict]) -> list[Stretch]:
    """Along one row, where every release was tested."""
    known = {v.cell.version("right"): v for v in verdicts}
    axis = ReleaseAxis.of("right", [version for version in known if version])
    space = Space(
        rows=ReleaseAxis.of("left", [Version("1.0")]), columns=axis, installs=lambda *_: True
    )
    told = [known[version] for version in axis.versions]
    tested = {(0, at): Observation(v.outcome, v.cause or "") for at, v in enumerate(told)}
    return [*along_row(TrackMap(space, tested), 0, lambda spot: told[spot[1]])]


def said(one: Stretch) -> str:
    edges = (captions.open_edge(edge, "starts") for edge in (one.start, one.end) if edge)
    told = [one.says, captions.rate(one.chance, "starts"), *edges]
    return "; ".join(filter(None, told))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Two crashes in the midst of single trials, as sentry-sdk 2.5.1 with ddtrace 4.3.1 and
        # 4.3.2 on Python 3.12 had in the results of 2026-11-28 (worker_restart, warning-events).
        (
            "4.2.3 pass 0/1 1500; 4.3.0 pass 0/1 1500; 4.3.1 crash 1/1 1039; 4.3.2 crash 1/1 529;"
            "4.4.0 pass 0/10 15000; 4.5.0 pass 0/1 1500",
            "right 4.3.1 to 4.3.2 fail now and then with SIGSEGV; 2 of 3,068 starts of its "
            "release lines, 0.0079 % to 0.24 %; "
            "not exact: no failure seen in 1,500 starts with 4.3.0 rules out a rate above 0.25 % "
            "only; not exact: no failure seen in 15,000 starts with 4.4.0 rules out a rate above "
            "0.025 % only",
        ),
        # releases of the window's own line are in doubt together
        (
            "4.3.0 pass 0/1 1500; 4.3.1 pass 0/1 1500; 4.3.2 crash 1/8 12000",
            "right 4.3.2 fails now and then with SIGSEGV; 1 of 15,000 starts of its release "
            "lines, 0.00017 % to 0.037 %; not exact: no failure seen in 1,500 starts with 4.3.1 "
            "rules out a rate above 0.25 % only; it may reach to 4.3.0",
        ),
        # a hang in every trial, soon: one trial without it is enough
        ("1.0 pass 0/1 1500; 1.1 hang 10/10 200; 1.2 pass 0/1 1500", "right 1.1 hangs"),
        ("1.0 pass 0/1 1500; 1.1 hang 1/1 3; 1.2 pass 0/1 1500", "right 1.1 hangs"),
        # a hang that one trial in eight has
        (
            "1.0 pass 0/1 1500; 1.1 hang 1/8 12000",
            "right 1.1 hangs now and then; 1 of 12,000 starts of its release lines, 0.00021 % to "
            "0.046 %; not exact: no hang seen in 1,500 starts with 1.0 rules out a rate above "
            "0.25 % only",
        ),
        # it hangs in every trial, and one trial beside it is still too few
        (
            "1.0 pass 0/1 1500; 1.1 hang 1/1 200",
            "right 1.1 hangs; not exact: no hang seen in 1,500 starts with 1.0 rules out a rate "
            "above 0.25 % only",
        ),
        # now and then, and so many trials beside it that the edge is exact all the same
        (
            "1.0 pass 0/15 1500; 1.1 crash 5/10 600",
            "right 1.1 fails now and then with SIGSEGV; 5 of 600 starts of its release lines, "
            "0.27 % to 1.9 %",
        ),
        # a pass without a single exposure says nothing of how long a whole trial is
        (
            "1.0 pass 0/1 0; 1.1 crash 1/1 40",
            "right 1.1 fails with SIGSEGV; not exact: no failure seen in 1 trial with 1.0 rules "
            "out a rate above 98 % only",
        ),
        # one trial of 65 without it is no "now and then"
        ("1.0 pass 0/10 15000; 1.1 hang 64/65 1600", "right 1.1 hangs"),
        # before the first exposure, in every trial: the same in the next trial
        ("1.0 pass 0/1 1500; 1.1 early 1/1 0", "right 1.1 fails with SIGSEGV"),
        ("1.0 pass 0/1 1500; 1.1 error 1/1 700", "right 1.1 fails with KeyError"),
        # the same in some trials: it is counted in trials
        (
            "1.0 pass 0/1 1500; 1.1 early 1/3 3000",
            "right 1.1 fails now and then with SIGSEGV; 1 of 3 trials of its release lines, "
            "0.84 % to 91 %; not exact: no failure seen in 1 trial with 1.0 rules out a rate "
            "above 98 % only",
        ),
    ],
)  # fmt: skip
def test_a_window_says_how_often_it_comes_and_whether_its_edges_are_exact(
    text: str, expected: str
) -> None:
    (trouble,) = (one for one in windows(rows(text)) if one.says.split()[-1] not in PASSES)
    assert said(trouble) == expected


PASSES = ("pass", "passes")


def test_a_window_of_another_trouble_may_hide_what_comes_now_and_then() -> None:
    crash, hang = windows(rows("1.0 crash 1/8 12000; 1.1 hang 10/10 100"))
    assert crash.end == hang.start
    assert crash.end and not crash.end.is_exact
    early, hang = windows(rows("1.0 early 1/1 0; 1.1 hang 10/10 100"))
    assert early.end and early.end.is_exact


# What it means for a cell ---------------------------------------------------------------------


def around(text: str, right: str) -> list[str]:
    of = Findings(matrix=grids.matrix(), verdicts=rows(text))
    (asked,) = (v for v in of.verdicts if str(v.cell.version("right")) == right)
    return [captions.by_chance(one, "starts") for one in of.by_chances.of(asked)]


CRASHES = (
    "4.2.3 pass 0/1 1500; 4.3.0 pass 0/1 1500; 4.3.1 crash 1/1 1039; 4.3.2 crash 1/1 529;"
    "4.4.0 pass 0/10 15000; 4.5.0 pass 0/1 1500; 4.6.0 early 1/1 0; 4.7.0 pass 0/1 1500"
)
WINDOW = (
    "right-lib 4.3.1 to 4.3.2 fail now and then: in 2 of 3,068 starts of these release lines "
    "(0.0079 % to 0.24 %)."
)


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("4.3.1", [f"{WINDOW} So a trial may pass."]),
        (
            "4.3.0",
            [f"Beside it, {WINDOW} No failure seen in 1,500 starts here rules out a rate above "
             "0.25 % only."],
        ),
        (
            "4.4.0",
            [f"Beside it, {WINDOW} No failure seen in 15,000 starts here rules out a rate above "
             "0.025 % only."],
        ),
        # another release line, and not the nearest
        ("4.2.3", []),
        ("4.5.0", []),
        # what fails in every trial has no rate
        ("4.6.0", []),
        ("4.7.0", []),
    ],
)  # fmt: skip
def test_a_cell_in_or_beside_such_a_window_says_so(right: str, expected: list[str]) -> None:
    assert around(CRASHES, right) == expected


def test_a_hang_in_every_trial_is_told_beside_it_alone() -> None:
    text = "1.0 pass 0/1 1500; 1.1 hang 1/1 200"
    assert around(text, "1.1") == []
    assert around(text, "1.0") == [
        "Beside it, right-lib 1.1 hangs: in 1 of 200 starts (0.013 % to 2.8 %). No hang seen in "
        "1,500 starts here rules out a rate above 0.25 % only."
    ]


def test_where_all_hangs_are_rare_release_lines_have_rates_instead() -> None:
    calm = [replace(v, cell=replace(v.cell, config="calm")) for v in rows(CRASHES)]
    of = Findings(matrix=grids.matrix(), verdicts=calm)
    assert [found for v in calm for found in of.by_chances.of(v)] == []


@pytest.mark.parametrize(
    ("crashing", "nearest"),
    [
        # both releases beside a crash that comes now and then are in doubt
        ("crash 1/8 12000", "1.5"),
        # where it crashes in every trial, they are not
        ("early 8/8 0", "1.1"),
        ("crash 10/10 90", "1.1"),
    ],
)
def test_a_release_in_doubt_is_no_release_to_move_to(crashing: str, nearest: str) -> None:
    text = (
        f"1.0 hang 10/10 100; 1.1 pass 0/1 1500; 1.2 {crashing}; 1.3 pass 0/1 1500;"
        "1.5 pass 0/1 1500"
    )
    question = Question(
        versions={axis.name: Version("1.0") for axis in grids.AXES},
        python=cell().python,
        chosen={"level": "ERROR"},
    )
    (move, _) = answer(question, Findings(matrix=grids.matrix(), verdicts=rows(text))).moves
    assert move.nearest == Target(axis="right", version=Version(nearest))
