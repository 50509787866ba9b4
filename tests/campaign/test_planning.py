"""Which cells are open, in which order they run, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from grids import NOON, RIGHT, cell, published, release, verdict
from matrices import MATRIX, RELEASES, STOCK, probe

from interlock.campaign.planning import Costs, Plan, Rerun, by_cell, is_there, plan
from interlock.matrix.definition import Control, Matrix, Trials
from interlock.matrix.selection import Request, select
from interlock.model import Basis, Cell, Outcome, Reason, Release, Verdict

# --- what is open --------------------------------------------------------------------------------


def planned(
    cells: Sequence[Cell],
    known: Sequence[Verdict] = (),
    rerun: Rerun = Rerun.STALE,
    releases: dict[str, tuple[Release, ...]] | None = None,
    matrix: Matrix = MATRIX,
    **more: object,
) -> Plan:
    return plan(
        cells,
        {v.cell.key: v for v in known},
        matrix=matrix,
        releases=releases or RELEASES,
        now=NOON,
        machine="x86_64",
        rerun=rerun,
        **more,  # type: ignore[arg-type]
    )


def known(
    outcome: str = "pass", days: float = 1, of: Cell | None = None, **changes: object
) -> Verdict:
    """A verdict of the same probe and configuration as today's, some days old."""
    of = of or cell()
    today = {
        "probe_digest": MATRIX.probes[of.probe].digest,
        "config_digest": MATRIX.configurations[of.config].digest,
        "tested_at": NOON - timedelta(days=days),
    }
    return verdict(of, outcome, **{**today, **changes})


ANOTHER_PROBE = known(probe_digest="of yesterday")
ANOTHER_CONFIG = known(config_digest="of yesterday")
INFERRED = known(basis=Basis.INFERRED)


@pytest.mark.parametrize(
    ("knows", "missing", "stale", "failed"),
    [
        (None, True, True, True),
        (known("pass", days=1), False, False, False),
        (known("pass", days=7), False, False, False),
        (known("pass", days=7.01), False, True, True),
        # from the future: by a wrong clock, or by one that is a little ahead
        (known("pass", days=-1), False, True, True),
        (known("pass", days=-365), False, True, True),
        (known("pass", days=-1 / 1440), False, False, False),
        (known("hang", days=1), False, False, False),
        (known("hang", days=8), False, True, True),
        (known("fail", days=1), False, False, True),
        (known("unproven", days=1), False, False, True),
        # a verdict on another cell does not count here
        (ANOTHER_PROBE, True, True, True),
        (ANOTHER_CONFIG, True, True, True),
        (INFERRED, True, True, True),
    ],
)
def test_rerun_says_which_verdicts_count(
    knows: Verdict | None, missing: bool, stale: bool, failed: bool
) -> None:
    answers = [
        bool(planned([cell()], [knows] if knows else [], rerun).cells)
        for rerun in (Rerun.MISSING, Rerun.STALE, Rerun.FAILED, Rerun.ALL)
    ]
    assert answers == [missing, stale, failed, True]


@pytest.mark.parametrize(
    ("published", "local", "speaks"),
    [
        (known("pass", days=1), known("hang", days=2), "pass"),
        (known("pass", days=2), known("hang", days=1), "hang"),
        # judged again
        (known("pass", days=1), known("hang", days=1), "hang"),
        (known("pass", days=2), known("hang", days=1, probe_digest="of yesterday"), "pass"),
        (known("pass", days=1, probe_digest="of yesterday"), known("hang", days=2), "hang"),
    ],
)
def test_the_newest_verdict_of_todays_probe_speaks_for_a_cell(
    published: Verdict, local: Verdict, speaks: str
) -> None:
    (found,) = by_cell([published, local], MATRIX).values()
    assert str(found.outcome) == speaks


def test_a_verdict_of_an_earlier_version_that_did_the_same_is_one_of_todays_probe() -> None:
    same = replace(MATRIX.probes["restart"], equivalent=frozenset({"of yesterday"}))
    matrix = replace(MATRIX, probes={**MATRIX.probes, "restart": same})
    assert not planned([cell()], [ANOTHER_PROBE], matrix=matrix).cells
    assert planned([cell()], [known(probe_digest="of last week")], matrix=matrix).cells


def test_a_release_that_the_index_has_no_more_is_not_there() -> None:
    assert is_there(known(), RELEASES)
    assert is_there(known(of=cell(right="-")), RELEASES)
    assert not is_there(known(of=cell("7.7")), RELEASES)


def test_every_cell_is_run_decided_or_known() -> None:
    no_wheel = release(RIGHT, "2.0", wheels="cp39-cp39-manylinux2014_x86_64")
    releases = {**RELEASES, "right": (*published(RIGHT, "1.0"), no_wheel)}
    cells = [cell("1.0", "1.0"), cell("1.0", "2.0"), cell("1.1", "1.0")]
    found = planned(cells, [known(of=cells[0])], releases=releases)
    assert (found.known, found.cells) == ((cells[0],), (cells[2],))
    assert {c: u.reason for c, u in found.unsupported.items()} == {cells[1]: Reason.NO_WHEEL}


def controlled(*controls: tuple[str, str, str, str]) -> Matrix:
    """``("restart", "1.0", "3.10", "hang")``: a control of that probe."""
    return replace(
        MATRIX,
        controls=tuple(
            Control(cell=cell(left, python=python, probe=of), expect=Outcome(expect), entry=number)
            for number, (of, left, python, expect) in enumerate(controls)
        ),
        controls_every=10,
    )


KNOWN_HANG = ("restart", "1.0", "3.10", "hang")
KNOWN_PASS = ("restart", "1.1", "3.10", "pass")
ELSEWHERE = ("restart", "1.0", "3.8", "hang")
OF_THE_HARNESS = ("serve", "-", "3.10", "hang")
"""Its probe is in no set."""


@pytest.mark.parametrize(
    ("run", "vouched_by"),
    [
        ([cell("1.1")], [KNOWN_HANG, KNOWN_PASS, OF_THE_HARNESS]),
        ([cell("1.1", python="3.8")], [ELSEWHERE]),
        ([cell("1.1"), cell(python="3.8")], [KNOWN_HANG, KNOWN_PASS, ELSEWHERE, OF_THE_HARNESS]),
        # a probe in no set vouches for every probe on its Python
        ([cell("1.1", probe="serve")], [OF_THE_HARNESS]),
        ([cell("1.1", python="3.12")], []),
        # if nothing runs, there is nothing to vouch for
        ([], []),
    ],
)
def test_controls_are_those_of_the_probes_and_pythons_that_are_run(
    run: list[Cell], vouched_by: list[tuple[str, str, str, str]]
) -> None:
    matrix = controlled(KNOWN_HANG, KNOWN_PASS, ELSEWHERE, OF_THE_HARNESS)
    expected = controlled(*vouched_by).controls
    assert planned(run, matrix=matrix).controls == expected


@pytest.mark.parametrize(("cells", "rounds"), [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_controls_are_run_at_the_beginning_and_after_every_so_many_cells(
    cells: int, rounds: int
) -> None:
    lefts, rights = ("0.9", "1.0", "1.1", "1.2", "2.0"), ("1.0", "1.5", "2.0", "2.9", "2.10")
    run = [cell(left, right) for left in lefts for right in rights]
    assert planned(run[:cells], matrix=controlled(KNOWN_HANG)).rounds == rounds


def test_a_cell_that_a_control_is_about_is_run_as_it_was_asked_for() -> None:
    found = planned([cell("1.0"), cell("1.2")], matrix=controlled(KNOWN_HANG))
    assert found.cells == (cell("1.0"), cell("1.2"))


@pytest.mark.parametrize(
    ("knows", "wanted", "runs"),
    [
        # that many in all: the missing ones run
        (known("hang", trials=1), 5, 4),
        (known("hang", trials=5), 5, None),
        (known("hang", trials=7), 5, None),
        # an open cell runs as often as any
        (known("hang", trials=1, days=8), 5, 0),
        (None, 5, 0),
    ],
)
def test_a_verdict_that_has_to_rest_on_more_trials_gets_what_is_missing(
    knows: Verdict | None, wanted: int, runs: int | None
) -> None:
    found = planned([cell()], [knows] if knows else [], trials_of={cell(): wanted})
    assert found.cells == (() if runs is None else (cell(),))
    assert found.more.get(cell(), 0) == (runs or 0)


def test_a_library_that_is_left_out_needs_no_wheel() -> None:
    assert planned([cell("1.0", "-")]).cells == (cell("1.0", "-"),)


# --- order and cost ------------------------------------------------------------------------------


def test_cells_that_share_an_install_stand_together() -> None:
    mixed = [
        cell("1.0", config="stock"),
        cell("1.1", config="stock"),
        cell("1.0", config="warnings"),
        cell("1.1", config="warnings"),
    ]
    assert planned(mixed).cells == (mixed[0], mixed[2], mixed[1], mixed[3])


def test_what_has_to_be_alone_comes_last() -> None:
    cells = [cell("1.0", probe="serve"), cell("1.1"), cell("1.2")]
    assert planned(cells, matrix=ALONE).cells == (cells[1], cells[2], cells[0])


def test_what_is_installed_already_comes_first() -> None:
    cells = [cell("1.0"), cell("1.1"), cell("1.2")]
    found = planned(cells, [known("fail", of=cells[2])], Rerun.FAILED)
    assert found.cells == (cells[2], cells[0], cells[1])


def test_neighbouring_installs_differ_in_their_python() -> None:
    cells = planned(list(select(MATRIX, RELEASES, Request()).selector)).cells
    installs = list(dict.fromkeys((c.pins, c.python) for c in cells))
    pairs = list(zip(installs[::2], installs[1::2], strict=True))
    assert pairs and all(one[1] != other[1] for one, other in pairs)


COSTS = Costs(install_s=10, overhead_s=1)
TIMES_FIVE = replace(MATRIX, trials=Trials(per_cell=5, when_unproven=5, on_trouble=1))
SLOW = replace(
    MATRIX,
    probes={
        **MATRIX.probes,
        "serve": replace(probe("serve", "stock"), expected_s=30.0, requirements=("flask",)),
    },
    configurations={
        **MATRIX.configurations,
        "stock@release": replace(STOCK, name="stock@release", base="stock", at_release=True),
    },
)
ALONE = replace(SLOW, probes={**SLOW.probes, "serve": replace(SLOW.probes["serve"], alone=True)})


@pytest.mark.parametrize(
    ("cells", "knows", "more", "expected"),
    [
        ([], [], {}, 0),
        ([cell()], [], {}, 10 + 4),
        ([cell(), cell(config="warnings")], [], {}, 10 + 4 + 4),
        ([cell(), cell("1.1")], [], {"jobs": 2}, (20 + 8) / 2),
        ([cell()], [], {"matrix": TIMES_FIVE}, 10 + 5 * 4),
        ([cell()], [known("hang", trials=1)], {"trials_of": {cell(): 5}}, 4 * (2 + 1)),
        # each probe takes the time that it declares, and installs its other needs
        ([cell(probe="serve")], [], {"matrix": SLOW}, 10 + 31),
        ([cell(), cell(probe="serve")], [], {"matrix": SLOW}, 10 + 4 + 10 + 31),
        # as of another day it is another environment
        ([cell(), cell(config="stock@release")], [], {"matrix": SLOW}, 10 + 4 + 10 + 4),
        # a probe that needs the machine alone runs without other jobs
        ([cell(), cell(probe="serve")], [], {"matrix": ALONE, "jobs": 2}, (10 + 4) / 2 + 10 + 31),
        # a control, on an environment of its own
        ([cell("1.1")], [], {"matrix": controlled(KNOWN_HANG)}, 10 + 4 + 10 + 4),
        # a requested control runs once
        ([cell("1.0")], [], {"matrix": controlled(KNOWN_HANG)}, 10 + 4),
        # a measured time replaces the default, and the install exists
        ([cell()], [known("fail", seconds=7.0)], {"rerun": Rerun.ALL}, 7 + 1),
        ([cell("1.1")], [known("hang", seconds=7.0)], {}, 10 + 7 + 1),
        # a cell that did not run gives no time
        ([cell("1.1")], [known("unsupported", seconds=0.1)], {}, 10 + 4),
    ],
)
def test_the_estimate_adds_installs_and_trials(
    cells: list[Cell], knows: list[Verdict], more: dict[str, object], expected: float
) -> None:
    rerun = more.pop("rerun", Rerun.STALE)
    assert isinstance(rerun, Rerun)
    found = planned(cells, knows, rerun, costs=COSTS, **more)
    assert found.seconds == pytest.approx(expected)


def test_nothing_to_do_costs_nothing() -> None:
    found = planned([cell()], [known()])
    assert (found.cells, found.seconds) == ((), 0)
