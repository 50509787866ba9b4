"""The windows along releases that were searched, merged over Pythons, with their basis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import AXES, cell, verdict
from release_grids import LETTERS, drawn

from interlock.findings.inference import TrackMap
from interlock.findings.searched import SearchedWindow, hanging_windows, searched_windows
from interlock.model import Outcome, PythonVersion, Verdict

TRACK = ("restart", "stock")
OLD, NEW = PythonVersion(3, 10), PythonVersion(3, 12)
HEAD = "     1.0.0 1.1.0 1.1.1 1.1.2 1.2.0 1.3.0 1.4.0 1.5.0"
SEARCHED = "5.0.0 P    P     .     P     P     H     H     H"
WHOLE = "5.0.0 P    P     P     P     P     H     H     H"


PASSES = "left-lib 5.0.0: any 1.0.0 to 1.2.0 pass"
HANGS = "left-lib 5.0.0: any 1.3.0 to 1.5.0 hang"


def verdicts(
    *maps: tuple[PythonVersion, TrackMap], exposures: int = 100
) -> dict[tuple[str, ...], Verdict]:
    """Of all tested cells, with so many exposures each, where a hang comes in each of them."""
    made = {}
    for python, of in maps:
        for (row, column), seen in of.tested.items():
            versions = of.space.rows.versions[row], of.space.columns.versions[column]
            one = cell(*map(str, versions), python=str(python))
            often = exposures if seen.outcome is Outcome.HANG else 0
            counts = {"trials": often or 1, "hangs": often, "exposures": exposures}
            made[one.key] = verdict(one, str(seen.outcome), **counts)
    return made


def found(*maps: tuple[PythonVersion, TrackMap], **changes: int) -> list[SearchedWindow]:
    return searched_windows({TRACK: dict(maps)}, verdicts(*maps, **changes), AXES)


def said(window: SearchedWindow) -> str:
    pythons = " ".join(map(str, window.pythons))
    exact = "exact" if window.is_exact else "not exact"
    counts = f"{window.tested} tested, {window.inferred} inferred, {window.exposures} starts"
    return (
        f"{window.partner} {window.release}: {window.stretch.says} on {pythons}: {counts}, {exact}"
    )


def test_windows_lie_along_a_release_that_was_tested_line_by_line() -> None:
    assert [*map(said, found((OLD, drawn(f"{HEAD}\n{SEARCHED}"))))] == [
        "left-lib 5.0.0: any 1.0.0 to 1.2.0 pass on 3.10: 4 tested, 1 inferred, 100 starts, exact",
        "left-lib 5.0.0: any 1.3.0 to 1.5.0 hang on 3.10: 3 tested, 0 inferred, 100 starts, exact",
    ]


@pytest.mark.parametrize(
    "sparse",
    [
        "5.0.0 P    .     .     .     .     .     .     H",
        "5.0.0 P    P     .     .     .     .     H     H",
    ],
)
def test_a_release_that_was_tested_here_and_there_has_no_windows(sparse: str) -> None:
    assert found((OLD, drawn(f"{HEAD}\n{sparse}"))) == []


def test_the_same_window_on_several_pythons_is_one() -> None:
    here = drawn(f"{HEAD}\n{SEARCHED}")
    there = drawn(f"{HEAD}\n{WHOLE}")
    first, second = map(said, found((NEW, here), (OLD, there)))
    assert "pass on 3.10 3.12: 9 tested, 1 inferred" in first
    assert "hang on 3.10 3.12: 6 tested, 0 inferred" in second


PARTLY = "5.0.0 P    .     .     .     P     H     .     H"


def test_a_python_that_was_tested_in_part_is_predicted_and_told_apart() -> None:
    """The search on the other Python vouches for the lines between; the edges were tested here."""
    searched = drawn(f"{HEAD}\n{WHOLE}")
    partly = drawn(f"{HEAD}\n{PARTLY}", searched)
    windows = found((NEW, searched), (OLD, partly))
    assert [(window.is_predicted, said(window)) for window in windows] == [
        (False, f"{PASSES} on 3.12: 5 tested, 0 inferred, 100 starts, exact"),
        (False, f"{HANGS} on 3.12: 3 tested, 0 inferred, 100 starts, exact"),
        (True, f"{PASSES} on 3.10: 2 tested, 3 inferred, 100 starts, exact"),
        (True, f"{HANGS} on 3.10: 2 tested, 1 inferred, 100 starts, exact"),
    ]


def test_an_edge_that_is_inferred_on_a_predicted_python_is_not_exact() -> None:
    searched = drawn(f"{HEAD}\n{WHOLE}")
    partly = drawn(
        f"{HEAD}\n{PARTLY.replace('P     H     .     H', '.     .     H     H')}", searched
    )
    told = {said(one) for one in found((NEW, searched), (OLD, partly)) if one.is_predicted}
    assert all("not exact" in one for one in told)


@pytest.mark.parametrize(
    "partly",
    [
        # nothing vouches for what is between: no run spans three lines
        (PARTLY, "5.0.0 P    .     .     .     .     .     .     H"),
        # what was tested there contradicts the search
        ("5.0.0 P    .     .     .     H     P     .     H", WHOLE),
    ],
)
def test_what_no_search_vouches_for_is_not_predicted(partly: tuple[str, str]) -> None:
    here, elsewhere = partly
    of = drawn(f"{HEAD}\n{here}", drawn(f"{HEAD}\n{elsewhere}"))
    searched = drawn(f"{HEAD}\n{WHOLE}")
    assert not [one for one in found((NEW, searched), (OLD, of)) if one.is_predicted]


def test_a_release_that_was_searched_on_no_python_is_not_predicted() -> None:
    """Another release vouches for its lines, and it has the windows."""
    grid = f"{HEAD}\n{WHOLE}\n{PARTLY.replace('5.0.0', '6.0.0')}"
    of = drawn(grid)
    assert of.is_predicted(1, is_column=False)
    assert {str(one.release) for one in found((OLD, of))} == {"5.0.0"}


def test_an_edge_is_as_well_confirmed_as_its_weakest_side() -> None:
    here = drawn(f"{HEAD}\n{SEARCHED}")
    known = verdicts((OLD, here), exposures=500)
    weakest = cell("5.0.0", "1.3.0").key
    known[weakest] = replace(known[weakest], exposures=7)
    windows = searched_windows({TRACK: {OLD: here}}, known, AXES)
    assert [window.exposures for window in windows] == [7, 7]
    del known[weakest]
    windows = searched_windows({TRACK: {OLD: here}}, known, AXES)
    assert [window.exposures for window in windows] == [0, 0]


def test_an_edge_that_is_not_exact_is_said_to_be_so() -> None:
    here = drawn(f"{HEAD}\n5.0.0 P    P     P     P     .     H     H     H")
    assert [window.is_exact for window in found((OLD, here))] == [False, False, False]
    assert [window.outcome and str(window.outcome) for window in found((OLD, here))] == [
        "pass",
        None,
        "hang",
    ]


def test_an_edge_of_what_comes_now_and_then_is_not_exact_on_any_python() -> None:
    here = drawn(f"{HEAD}\n{WHOLE}")
    known = verdicts((OLD, here), (NEW, here))
    for version in ("1.3.0", "1.4.0", "1.5.0"):
        seldom = cell("5.0.0", version, python=str(NEW)).key
        known[seldom] = replace(known[seldom], trials=2, hangs=1)
    windows = searched_windows({TRACK: {OLD: here, NEW: here}}, known, AXES)
    assert [said(window) for window in windows if window.outcome is Outcome.HANG] == [
        "left-lib 5.0.0: any 1.3.0 to 1.5.0 hang on 3.10: 3 tested, 0 inferred, 100 starts, exact",
        "left-lib 5.0.0: any 1.3.0 to 1.5.0 hang now and then on 3.12: 3 tested, 0 inferred, "
        "100 starts, not exact",
    ]


def test_windows_along_the_first_axis_name_the_release_of_the_other() -> None:
    grid = "     1.0.0\n" + "\n".join(f"5.{n}.0 {'P' if n < 3 else 'H'}" for n in range(6))
    assert [*map(said, found((OLD, drawn(grid))))] == [
        "right-lib 1.0.0: any 5.0.0 to 5.2.0 pass on 3.10: 3 tested, 0 inferred, 100 starts, exact",
        "right-lib 1.0.0: any 5.3.0 to 5.5.0 hang on 3.10: 3 tested, 0 inferred, 100 starts, exact",
    ]


def test_only_hanging_windows_are_picked() -> None:
    windows = found((OLD, drawn(f"{HEAD}\n{SEARCHED}")))
    (hangs,) = hanging_windows(windows)
    assert hangs.stretch.observation == LETTERS["H"]
