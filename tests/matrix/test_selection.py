"""Which cells of the matrix the command line selects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from grids import LEFT, NOON, published, release
from matrices import MATRIX, RELEASES, WORKAROUNDS, cell_set
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.matrix.choices import Every, Latest
from interlock.matrix.definition import EVERYWHERE, Matrix, Only, ProbeUse
from interlock.matrix.selection import Request, select
from interlock.model import Cell, PythonVersion, Release, UsageError


def versions(cells: Iterable[Cell], axis: str) -> str:
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
        pre="pre" in asked and bool(asked.pop("pre")),
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
    cells = list(select(MATRIX, RELEASES, typed(command)).selector)
    assert versions(cells, "left") == left
    assert versions(cells, "right") == right
    assert " ".join(map(str, sorted({c.python for c in cells}))) == python
    assert len(cells) == len(set(cells)), "every cell once"


def test_a_selection_is_every_combination() -> None:
    assert len(select(MATRIX, RELEASES, Request()).selector) == 3 * 2 * 2 * 2


def test_what_latest_meant_is_recorded() -> None:
    assert select(MATRIX, RELEASES, Request()).resolved == {
        "left latest": "1.2",
        "right latest:==2.*": "2.10",
    }
    assert select(MATRIX, RELEASES, typed("--left 1.0 --right 1.0")).resolved == {}


def test_latest_and_the_same_version_are_one_cell() -> None:
    twice = replace(MATRIX, sets={"core": cell_set("core", "1.2 latest", "1.0", "3.10", "stock")})
    assert len(select(twice, RELEASES, Request()).selector) == 1


def test_a_probe_is_judged_in_its_own_configurations() -> None:
    cells = select(MATRIX, RELEASES, typed("--probe serve --probe restart")).selector
    assert {(c.probe, c.config) for c in cells} == {
        ("serve", "stock"),
        ("restart", "stock"),
        ("restart", "warnings"),
    }


def narrowed(
    probe: Only = EVERYWHERE, config: Only = EVERYWHERE, pair: Only = EVERYWHERE
) -> Matrix:
    """A narrowed probe, configuration, or both run in a part of each set.

    That is the probe `restart`, the configuration `warnings`, or the one in the other.
    """
    use = ProbeUse(workarounds={"warnings": ("quiet",)}, only=probe, only_in={"warnings": pair})
    return replace(WORKAROUNDS, uses={"restart": use}, only={"warnings": config})


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
        (narrowed(pair=FIRST), "", "1.0 1.1 1.2", "1.0"),
        (narrowed(pair=NEWEST), "", "1.0 1.1 1.2", "1.2"),
        (narrowed(pair=FIRST), "--left 1.1", "1.1", ""),
        (narrowed(pair=FIRST), "--left 1.1 --probe restart", "1.1", "1.1"),
        (narrowed(pair=FIRST), "--left 1.1 --config warnings --config stock", "1.1", "1.1"),
        (narrowed(probe=FIRST, pair=NEWEST), "", "1.0", ""),
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
    cells = list(select(matrix, RELEASES, typed(command)).selector)
    assert versions([c for c in cells if c.config == "stock"], "left") == stock
    assert versions([c for c in cells if c.config == "warnings"], "left") == warnings


def test_a_python_is_narrowed_like_a_release() -> None:
    cells = select(narrowed(probe=NEWEST), RELEASES, Request()).selector
    assert {str(c.python) for c in cells} == {"3.10"}


def test_what_is_composed_is_run_where_it_is_asked_for() -> None:
    cells = select(narrowed(config=FIRST), RELEASES, typed("--config warnings+quiet")).selector
    assert {(c.config, str(c.version("left"))) for c in cells} == {("warnings+quiet", "1.0")}
    cells = select(narrowed(pair=FIRST), RELEASES, typed("--config warnings+quiet")).selector
    assert {(c.config, str(c.version("left"))) for c in cells} == {("warnings+quiet", "1.0")}
    there = select(
        narrowed(config=FIRST), RELEASES, typed("--left 1.1 --config warnings@release")
    ).selector
    assert {(c.config, str(c.version("left"))) for c in there} == {("warnings@release", "1.1")}


def test_what_is_narrowed_to_nothing_is_said_with_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        select(narrowed(probe=FIRST), RELEASES, typed("--left 1.1 --config stock"))
    assert str(caught.value) == (
        "restart in stock: matrix.yaml runs none of these releases and Pythons there (`only`); "
        "to run them anyway, name the probe or the configuration together with a version"
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
        ("--set cor", '--set: "cor" is not a set of matrix.yaml; did you mean "core"?'),
        ("--probe restrat", '--probe: "restrat" does not exist; did you mean "restart"?'),
        ("--config stok", '--config: "stok" does not exist; did you mean "stock"?'),
        ("--rihgt 1.0", '"rihgt" is not an axis; did you mean "right"?'),
        (
            "--probe serve --config warnings",
            "serve does not run with warnings, but with stock; use --probe restart",
        ),
        (
            "--left 7 --config stok",
            '--left: nobody published left-lib "7"; the nearest is 1.2\n'
            '--config: "stok" does not exist; did you mean "stock"?',
        ),
    ],
)
def test_what_can_not_be_asked_for_is_said_with_what_can(command: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(MATRIX, RELEASES, typed(command))
    assert str(caught.value) == expected


# --- every release of a specifier, and new releases ----------------------------------------------

EVERY = replace(
    MATRIX,
    sets={
        "core": cell_set("core", "latest", "1.0", "3.10", "stock"),
        "all": replace(
            cell_set("all", "-", "1.0", "3.8 3.10", "stock"),
            versions={
                "left": (Every(within=SpecifierSet(">=1.0")),),
                "right": (Version("1.0"), Every(within=SpecifierSet("<2"))),
            },
        ),
    },
    policy=replace(MATRIX.policy, cool_down=timedelta(days=1)),
)
HOURS_OLD = {"1.0": 900, "1.1": 25, "1.2": 24, "1.3": 23, "1.4": -1, "2.0b1": 2, "2.0rc1": 48}
"""The releases of left in the next tests, by their age. 1.4 was uploaded by a clock ahead."""


def ages(hours_old: Mapping[str, float | None]) -> Mapping[str, Sequence[Release]]:
    """Releases of left; None if the index does not know when it was uploaded."""
    left = [
        replace(
            release(LEFT, version),
            uploaded_at=None if hours is None else NOON - timedelta(hours=hours),
        )
        for version, hours in hours_old.items()
    ]
    return {"left": left, "right": RELEASES["right"]}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        # latest, and every release of a specifier, are older than the cool-down
        ("", "1.2"),
        ("--left latest:<1.2", "1.1"),
        ("--set all", "1.0 1.1 1.2"),
        ("--set all --left >=1.1", "1.1 1.2"),
        ("--left lines", "1.0 1.1 1.2"),
        ("--left lines:>1 --left 2.0b1", "1.1 1.2 2.0b1"),
        # a version that is named is always run
        ("--left 1.3", "1.3"),
        ("--left 1.4 --left latest", "1.2 1.4"),
        ("--left 2.0b1", "2.0b1"),
        # with --pre, a pre-release counts like any other, from the same age
        ("--pre yes", "2.0rc1"),
        ("--set all --pre yes", "1.0 1.1 1.2 2.0rc1"),
        ("--left latest:<2.0rc1 --pre yes", "1.2"),
    ],
)
def test_a_new_release_is_chosen_after_the_cool_down_or_by_its_name(
    command: str, expected: str
) -> None:
    found = select(EVERY, ages(HOURS_OLD), typed(command), NOON).selector
    assert versions(found, "left") == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", {"left": "1.4"}),
        ("--set all", {"left": "1.3 1.4"}),
        ("--set all --pre yes", {"left": "1.3 1.4 2.0b1"}),
        ("--left 1.3", {}),
        ("--left latest:<1.3", {}),
        ("--left lines:<1.4", {"left": "1.3"}),
        ("--pre yes", {}),
    ],
)
def test_what_is_too_young_is_named(command: str, expected: Mapping[str, str]) -> None:
    found = select(EVERY, ages(HOURS_OLD), typed(command), NOON).too_young
    assert {axis: " ".join(map(str, young)) for axis, young in found.items()} == expected


def test_a_release_without_an_upload_time_is_old_enough() -> None:
    found = select(EVERY, ages({"1.0": None, "1.1": None}), typed("--set all"), NOON)
    assert versions(found.selector, "left") == "1.0 1.1"


def test_without_a_release_that_is_old_enough_the_way_to_run_a_new_one_is_said() -> None:
    with pytest.raises(UsageError) as caught:
        select(EVERY, ages({"1.0": 2, "1.1": 1}), Request(), NOON)
    assert str(caught.value) == (
        "every chosen release of left-lib is younger than the policy's `cool_down`; "
        "to run one now, name it: --left 1.1"
    )


def test_a_specifier_of_a_set_is_every_final_release_that_is_not_yanked() -> None:
    found = select(EVERY, RELEASES, typed("--set all")).selector
    assert versions(found, "left") == "1.0 1.1 1.2"  # not 0.9, 2.0 is yanked, 3.0b1 is none
    assert versions(found, "right") == "1.0 1.5"


@pytest.mark.parametrize(
    ("published_", "chosen", "expected"),
    [
        ("1.0 1.0.1 1.1 1.10.0 1.10.2 2.1 2.1.1", "lines", "1.0.1 1.1 1.10.2 2.1.1"),
        ("1.0 1.0.1 1.1 1.10.0 1.10.2 2.1 2.1.1", "lines:<2", "1.0.1 1.1 1.10.2"),
        ("1.0 1.0.1 1.1", "lines:<=1.0", "1.0"),
        # the newest of a line may be yanked, or a pre-release
        ("1.0 1.0.1! 1.1rc1 1.2! 2.0.1rc1 2.0", "lines", "1.0 2.0"),
        ("1.0.post1 1.0 1!1.0 1!1.0.1", "lines", "1.0.post1 1!1.0.1"),
        ("1 1.0.2 2", "lines", "1.0.2 2"),
    ],
)
def test_a_release_line_is_major_and_minor(published_: str, chosen: str, expected: str) -> None:
    found = select(
        EVERY, {**RELEASES, "left": published(LEFT, published_)}, typed(f"--left {chosen}")
    )
    assert versions(found.selector, "left") == expected


@pytest.mark.parametrize(
    ("hours_old", "expected"),
    [({"1.0": 900, "1.0.1": 2}, "1.0"), ({"1.0": 900, "1.0.1": 25}, "1.0.1")],
)
def test_a_line_has_its_newest_release_that_is_old_enough(
    hours_old: Mapping[str, float | None], expected: str
) -> None:
    found = select(EVERY, ages(hours_old), typed("--left lines"), NOON)
    assert versions(found.selector, "left") == expected


def test_a_long_list_of_releases_is_not_written_out() -> None:
    many = {**RELEASES, "left": published(LEFT, " ".join(f"1.{n}" for n in range(20)))}
    with pytest.raises(UsageError) as caught:
        select(EVERY, many, typed("--set all --left >9"))
    assert str(caught.value) == (
        '--left ">9" leaves nothing of the set all; it has 20 from 1.0 to 1.19'
    )


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Only(versions={"left": (Every(within=SpecifierSet(">1.0")),)}), "1.1 1.2"),
        # it says where something runs, so it narrows a named release too
        (Only(versions={"left": (Every(within=SpecifierSet("<1.2")),)}), "1.0 1.1"),
    ],
)
def test_a_part_may_be_a_specifier(only: Only, expected: str) -> None:
    assert versions(select(narrowed(probe=only), RELEASES, Request()).selector, "left") == expected
