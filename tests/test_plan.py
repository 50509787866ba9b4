"""What is asked for, what of it is open, and in which order it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from grids import AXES, LEFT, NOON, RIGHT, cell, published, release, verdict
from packaging.version import Version

from interlock.choices import Latest, read_choice
from interlock.errors import UsageError
from interlock.matrix import (
    EVERYWHERE,
    CellSet,
    Control,
    Matrix,
    MatrixLimits,
    Only,
    Policy,
    ProbeUse,
    SandboxLimits,
    Trials,
)
from interlock.model import (
    Basis,
    Cell,
    Configuration,
    Outcome,
    Probe,
    ProbeLimits,
    PythonVersion,
    Reason,
    Release,
    Verdict,
)
from interlock.plan import Costs, Plan, Request, Rerun, plan, select, with_controls

STOCK = Configuration(name="stock", title="", description="", settings={"profiling": True})
WARNINGS = replace(STOCK, name="warnings", settings={"level": "WARNING"})
SMALL = SandboxLimits(memory_bytes=1, pids=1, output_bytes=1)


def probe(name: str, *configs: str) -> Probe:
    return Probe(
        name=name,
        title="",
        stresses="",
        cannot_see="",
        live=(),
        knobs={},
        environment={},
        requirements=(),
        least_exposures=1,
        exposure_unit="",
        limits=ProbeLimits(startup_s=1, stall_s=1, deadline_s=1, grace_s=1),
        configs=configs,
        digest=f"digest of {name}",
    )


def cell_set(
    name: str, left: str, right: str, python: str, configs: str = "stock warnings"
) -> CellSet:
    return CellSet(
        name=name,
        title="",
        pinned=False,
        versions={
            "left": tuple(map(read_choice, left.split())),
            "right": tuple(map(read_choice, right.split())),
        },
        pythons=tuple(map(PythonVersion.parse, python.split())),
        probes=("restart",),
        configs=tuple(configs.split()),
    )


MATRIX = Matrix(
    name="matrix.yaml",
    axes=AXES,
    sets={
        "core": cell_set("core", "1.0 1.1 latest", "1.0 latest:==2.*", "3.8 3.10"),
        "smoke": cell_set("smoke", "1.0", "1.0 -", "3.10", "stock"),
    },
    default_set="core",
    probes={"restart": probe("restart", "stock", "warnings"), "serve": probe("serve", "stock")},
    configurations={"stock": STOCK, "warnings": WARNINGS},
    controls=(),
    controls_every=100,
    image="python:{python}",
    limits=MatrixLimits(install=SMALL, install_wall_s=1, probe=SMALL, wall_factor=2),
    trials=Trials(per_cell=1, when_unproven=1, on_trouble=1),
    fresh_for=timedelta(days=7),
    resolve_fresh_for=timedelta(days=7),
    policy=Policy(prefer=("right", "left"), least_trials=1),
)
RELEASES = {
    "left": published(LEFT, "0.9 1.0 1.1 1.2 2.0! 3.0b1"),
    "right": published(RIGHT, "1.0 1.5 2.0 2.9 2.10 3.0"),
}


QUIET = replace(WARNINGS, name="warnings+quiet", base="warnings", way_out="quiet")
THEN = replace(WARNINGS, name="warnings@release", base="warnings", at_release=True)
WAYS_OUT = replace(
    MATRIX,
    configurations={c.name: c for c in (STOCK, WARNINGS, QUIET, THEN)},
    uses={"restart": ProbeUse(ways_out={"warnings": ("quiet",)})},
)


def versions(cells: Sequence[Cell], axis: str) -> str:
    found = {c.version(axis) for c in cells}
    return " ".join(str(v or "-") for v in sorted(found, key=lambda v: v or Version("0")))


def typed(command: str) -> Request:
    """``"--left 1.0 --left latest --set smoke"``, as on the command line."""
    words = command.split()
    asked: dict[str, list[str]] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        asked.setdefault(option.removeprefix("--"), []).append(value)
    sets = asked.pop("set", [None])
    return Request(
        set_name=sets[0],
        pythons=asked.pop("python", ()),
        probes=asked.pop("probe", ()),
        configs=asked.pop("config", ()),
        versions=asked,
    )


@pytest.mark.parametrize(
    ("command", "left", "right", "python"),
    [
        ("", "1.0 1.1 1.2", "1.0 2.10", "3.8 3.10"),
        ("--set smoke", "1.0", "- 1.0", "3.10"),
        # a version replaces the axis, and may be any that was published
        ("--left 0.9", "0.9", "1.0 2.10", "3.8 3.10"),
        ("--left 0.9 --left 2.0", "0.9 2.0", "1.0 2.10", "3.8 3.10"),
        ("--left 1.0.0", "1.0", "1.0 2.10", "3.8 3.10"),
        ("--left 3.0b1", "3.0b1", "1.0 2.10", "3.8 3.10"),
        ("--right latest", "1.0 1.1 1.2", "3.0", "3.8 3.10"),
        ("--right latest:<2", "1.0 1.1 1.2", "1.5", "3.8 3.10"),
        ("--right -", "1.0 1.1 1.2", "-", "3.8 3.10"),
        ("--python 3.12", "1.0 1.1 1.2", "1.0 2.10", "3.12"),
        # a specifier filters the set
        ("--left >=1.1,<2", "1.1 1.2", "1.0 2.10", "3.8 3.10"),
        ("--left ==1.0.*", "1.0", "1.0 2.10", "3.8 3.10"),
        ("--python >=3.9", "1.0 1.1 1.2", "1.0 2.10", "3.10"),
        # both: what is named, and what is left of the set
        ("--left 0.9 --left >=1.2", "0.9 1.2", "1.0 2.10", "3.8 3.10"),
        ("--python 3.12 --python <3.9", "1.0 1.1 1.2", "1.0 2.10", "3.8 3.12"),
    ],
)
def test_options_replace_or_filter_an_axis(
    command: str, left: str, right: str, python: str
) -> None:
    cells = select(MATRIX, RELEASES, typed(command)).cells
    assert versions(cells, "left") == left
    assert versions(cells, "right") == right
    assert " ".join(map(str, sorted({c.python for c in cells}))) == python
    assert len(cells) == len(set(cells)), "every cell once"


def test_a_selection_is_every_combination() -> None:
    assert len(select(MATRIX, RELEASES, Request()).cells) == 3 * 2 * 2 * 2


def test_what_latest_meant_is_recorded() -> None:
    assert select(MATRIX, RELEASES, Request()).resolved == {
        "left latest": "1.2",
        "right latest:==2.*": "2.10",
    }
    assert select(MATRIX, RELEASES, typed("--left 1.0 --right 1.0")).resolved == {}


def test_latest_and_the_same_version_are_one_cell() -> None:
    twice = replace(MATRIX, sets={"core": cell_set("core", "1.2 latest", "1.0", "3.10", "stock")})
    assert len(select(twice, RELEASES, Request()).cells) == 1


def test_a_probe_is_judged_in_its_own_configurations() -> None:
    cells = select(MATRIX, RELEASES, typed("--probe serve --probe restart")).cells
    assert {(c.probe, c.config) for c in cells} == {
        ("serve", "stock"),
        ("restart", "stock"),
        ("restart", "warnings"),
    }


def narrowed(probe: Only = EVERYWHERE, config: Only = EVERYWHERE) -> Matrix:
    """The probe `restart`, or the configuration `warnings`, is run in a part of each set."""
    uses = {"restart": ProbeUse(ways_out={"warnings": ("quiet",)}, only=probe)}
    return replace(WAYS_OUT, uses=uses, only={"warnings": config})


FIRST = Only(versions={"left": (Version("1.0"),)})
NEWEST = Only(versions={"left": (Latest(),)}, pythons=(PythonVersion(3, 10),))


@pytest.mark.parametrize(
    ("matrix", "command", "stock", "warnings"),
    [
        (narrowed(), "", "1.0 1.1 1.2", "1.0 1.1 1.2"),
        (narrowed(probe=FIRST), "", "1.0", "1.0"),
        (narrowed(config=FIRST), "", "1.0 1.1 1.2", "1.0"),
        (narrowed(config=NEWEST), "", "1.0 1.1 1.2", "1.2"),
        (narrowed(config=FIRST), "--left <1.2", "1.0 1.1", "1.0"),
        # a version that is named with what is narrowed takes the place of what the file says
        (narrowed(config=FIRST), "--left 1.1", "1.1", ""),
        (narrowed(config=FIRST), "--left 1.1 --config warnings --config stock", "1.1", "1.1"),
        (narrowed(probe=FIRST), "--left 1.1 --probe restart", "1.1", "1.1"),
        (narrowed(probe=FIRST), "--left <1.2 --probe restart", "1.0", "1.0"),
        # one that is left out is no release
        (narrowed(probe=FIRST), "--left -", "-", "-"),
    ],
)
def test_what_is_narrowed_is_run_where_it_says(
    matrix: Matrix, command: str, stock: str, warnings: str
) -> None:
    cells = select(matrix, RELEASES, typed(command)).cells
    assert versions([c for c in cells if c.config == "stock"], "left") == stock
    assert versions([c for c in cells if c.config == "warnings"], "left") == warnings


def test_a_python_is_narrowed_like_a_release() -> None:
    cells = select(narrowed(probe=NEWEST), RELEASES, Request()).cells
    assert {str(c.python) for c in cells} == {"3.10"}


def test_what_is_composed_is_run_where_it_is_asked_for() -> None:
    cells = select(narrowed(config=FIRST), RELEASES, typed("--config warnings+quiet")).cells
    assert {(c.config, str(c.version("left"))) for c in cells} == {("warnings+quiet", "1.0")}
    there = select(
        narrowed(config=FIRST), RELEASES, typed("--left 1.1 --config warnings@release")
    ).cells
    assert {(c.config, str(c.version("left"))) for c in there} == {("warnings@release", "1.1")}


def test_what_is_narrowed_to_nothing_is_said_with_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        select(narrowed(probe=FIRST), RELEASES, typed("--left 1.1 --config stock"))
    assert str(caught.value) == (
        "restart in stock: matrix.yaml runs none of these releases and Pythons there (`only`); "
        "name the probe or the configuration beside a version to run it all the same"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "--left 1.3",
            '--left: nobody published left-lib "1.3"; the nearest is 1.2',
        ),
        (
            "--right 2.5",
            '--right: nobody published right-lib "2.5"; the nearest are 2.0 and 2.9',
        ),
        (
            "--right 2.x",
            '--right: "2.x" is not a version; did you mean the specifier "==2.*"?',
        ),
        (
            "--left >9",
            '--left ">9" leaves nothing of the set core; it has 1.0, 1.1, 1.2',
        ),
        (
            "--python >=3.11",
            '--python ">=3.11" leaves nothing of the set core; it has 3.8, 3.10',
        ),
        ("--python three", '--python: "three" is not a Python such as "3.10"'),
        ("--set cor", '--set: "cor" is no set of matrix.yaml; did you mean "core"?'),
        ("--probe restrat", '--probe: "restrat" is not there; did you mean "restart"?'),
        ("--config stok", '--config: "stok" is not there; did you mean "stock"?'),
        ("--rihgt 1.0", '"rihgt" is no axis; did you mean "right"?'),
        (
            "--probe serve --config warnings",
            "serve is not judged in warnings, but stock",
        ),
        (
            "--left 7 --config stok",
            '--left: nobody published left-lib "7"; the nearest is 1.2\n'
            '--config: "stok" is not there; did you mean "stock"?',
        ),
    ],
)
def test_what_can_not_be_asked_for_is_said_with_what_can(command: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(MATRIX, RELEASES, typed(command))
    assert str(caught.value) == expected


# --- what is open --------------------------------------------------------------------------------


def planned(
    cells: Sequence[Cell],
    known: Sequence[Verdict] = (),
    rerun: Rerun = Rerun.STALE,
    releases: dict[str, tuple[Release, ...]] | None = None,
    **more: object,
) -> Plan:
    return plan(
        cells,
        {v.cell.key: v for v in known},
        matrix=MATRIX,
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
        (known("hang", days=1), False, False, False),
        (known("hang", days=8), False, True, True),
        (known("fail", days=1), False, False, True),
        (known("unproven", days=1), False, False, True),
        # a verdict about something else is none about this cell
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


def test_every_cell_is_run_decided_or_known() -> None:
    no_wheel = release(RIGHT, "2.0", wheels="cp39-cp39-manylinux2014_x86_64")
    releases = {**RELEASES, "right": (*published(RIGHT, "1.0"), no_wheel)}
    cells = [cell("1.0", "1.0"), cell("1.0", "2.0"), cell("1.1", "1.0")]
    found = planned(cells, [known(of=cells[0])], releases=releases)
    assert (found.known, found.cells) == ((cells[0],), (cells[2],))
    assert {c: u.reason for c, u in found.unsupported.items()} == {cells[1]: Reason.NO_WHEEL}


CONTROLLED = replace(MATRIX, controls=(Control(cell=cell("1.0"), expect=Outcome.HANG),))


@pytest.mark.parametrize(
    ("asked", "fresh", "runs", "settled"),
    [
        # in front, though nobody asked for it
        (["1.1"], [], ["1.0", "1.1"], []),
        # whatever is known of it
        (["1.0", "1.1"], ["1.0"], ["1.0", "1.1"], []),
        (["1.1", "1.0"], [], ["1.0", "1.1"], []),
        # where nothing is run there is nothing to vouch for
        (["1.1"], ["1.1"], [], ["1.1"]),
        (["1.0"], ["1.0"], [], ["1.0"]),
    ],
)
def test_a_control_runs_with_everything_of_its_probe(
    asked: list[str], fresh: list[str], runs: list[str], settled: list[str]
) -> None:
    found = with_controls(
        planned([cell(left) for left in asked], [known(of=cell(left)) for left in fresh]),
        CONTROLLED,
    )
    assert [str(c.version("left")) for c in found.cells] == runs
    assert [str(c.version("left")) for c in found.known] == settled
    assert found.controls == ((cell("1.0"),) if runs else ())


def test_a_control_does_not_vouch_for_another_probe() -> None:
    found = with_controls(planned([replace(cell("1.1"), probe="serve")]), CONTROLLED)
    assert found.controls == ()


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


def test_what_is_installed_already_comes_first() -> None:
    cells = [cell("1.0"), cell("1.1"), cell("1.2")]
    found = planned(cells, [known("fail", of=cells[2])], Rerun.FAILED)
    assert found.cells == (cells[2], cells[0], cells[1])


def test_neighbouring_installs_differ_in_their_python() -> None:
    cells = planned(select(MATRIX, RELEASES, Request()).cells).cells
    installs = list(dict.fromkeys((c.pins, c.python) for c in cells))
    pairs = list(zip(installs[::2], installs[1::2], strict=True))
    assert pairs and all(one[1] != other[1] for one, other in pairs)


COSTS = Costs(install_s=10, overhead_s=1)


@pytest.mark.parametrize(
    ("cells", "knows", "more", "expected"),
    [
        ([], [], {}, 0),
        ([cell()], [], {}, 10 + 4),
        ([cell(), cell(config="warnings")], [], {}, 10 + 4 + 4),
        ([cell(), cell("1.1")], [], {"jobs": 2}, (20 + 8) / 2),
        ([cell()], [], {"trials": 5}, 10 + 5 * 4),
        # what is known of a probe replaces the default, and its install is there
        ([cell()], [known("fail", seconds=7.0)], {"rerun": Rerun.ALL}, 7 + 1),
        ([cell("1.1")], [known("hang", seconds=7.0)], {}, 10 + 7 + 1),
        # what did not run says nothing about the time
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
