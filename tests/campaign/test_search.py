"""The search, played on made-up spaces whose truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby

import pytest
from hypothesis import assume, given, settings, strategies as st
from packaging.version import Version
from release_spaces import (
    DDTRACE,
    FAIL,
    HANG,
    OTHER_HANG,
    PASS,
    SENTRY,
    UNPROVEN,
    UNSUPPORTED,
    Played,
    World,
    axis,
    play,
)

from interlock.campaign.along import Rules, Sought
from interlock.campaign.search import track_maps
from interlock.findings.audit import ErrorRate, draw
from interlock.findings.inference import AnswerBasis, TrackMap
from interlock.findings.space import Observation, ReleaseAxis, Spot
from interlock.findings.stretches import along_column, along_row

ROWS = axis("left", {1: "1 2 1 3 1 1", 2: "1 1 4 1 1 2"})
COLUMNS = axis("right", {1: "4 5 1 9 3", 2: "6 11 1 2 4", 3: "5 3"})
NAMED = (5, 18)
"""The rows that are searched along all columns: 1.3.1, and the newest."""


def runs_of(world: World, row: int) -> list[tuple[Observation, list[int]]]:
    """The true windows of a row: what can be installed and proven, by equal neighbours."""
    usable = [
        (column, seen)
        for column in range(len(world.columns))
        if world.installs(row, column) and (seen := world.truth(row, column)).is_usable
    ]
    return [
        (seen, [column for column, _ in group])
        for seen, group in groupby(usable, key=lambda entry: entry[1])
    ]


def line_ends(world: World, row: int) -> set[int]:
    """The first and the last release of each line that can be installed and proven."""
    columns = [column for _, run in runs_of(world, row) for column in run]
    number = world.columns.line_number
    lines = [list(group) for _, group in groupby(columns, key=number.__getitem__)]
    return {at for line in lines for at in (line[0], line[-1])}


def shown(of: TrackMap, row: int) -> list[tuple[Observation, Version, Version]]:
    return [
        (one.observation, one.first, one.last)
        for one in along_row(of, row)
        if one.observation is not None
    ]


# Windows ----------------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn, releases: ReleaseAxis) -> tuple[tuple[int, Observation], ...]:
    """Where each window begins, and what it shows: at most one edge inside of a line.

    A fix that is backported is such a space: the later releases of an older line pass, the first
    ones of the newer line hang.
    """
    lines = draw(st.sets(st.integers(0, len(releases.spans) - 1), max_size=8))
    starts = [draw(st.integers(*releases.spans[line])) for line in sorted(lines)]
    shows = [draw(st.sampled_from([PASS, HANG, OTHER_HANG, FAIL])) for _ in starts]
    return tuple(zip([0, *starts], [PASS, *shows], strict=True))


def shows(begin: Sequence[tuple[int, Observation]], at: int) -> Observation:
    return next(seen for start, seen in reversed(begin) if start <= at)


@given(windows(COLUMNS), windows(COLUMNS), st.integers(0, 18))
def test_every_window_that_reaches_a_line_end_is_found_exactly(
    below: Sequence[tuple[int, Observation]], above: Sequence[tuple[int, Observation]], change: int
) -> None:
    """Two kinds of rows, each with windows of its own, and an edge between them somewhere."""
    world = World(
        rows=ROWS,
        columns=COLUMNS,
        truth=lambda row, column: shows(below if row < change else above, column),
    )
    played = play([world], NAMED)
    (found,) = track_maps(played.tracks)
    for row in NAMED:
        expected = [
            (seen, COLUMNS.versions[run[0]], COLUMNS.versions[run[-1]])
            for seen, run in runs_of(world, row)
        ]
        assert shown(found, row) == expected
        for one in along_row(found, row):
            assert all(edge.is_exact for edge in (one.start, one.end) if edge)


@given(windows(COLUMNS), windows(ROWS))
def test_a_window_along_the_other_axis_is_found_at_each_window(
    along: Sequence[tuple[int, Observation]],
    across: Sequence[tuple[int, Observation]],
) -> None:
    """A hang needs both libraries: it shows where both rows and columns have it.

    A pair stays unknown only where its row and its column contradict each other.
    """

    def truth(row: int, column: int) -> Observation:
        return PASS if shows(across, row) == PASS else shows(along, column)

    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    assume(shows(across, NAMED[0]) != PASS)
    (found,) = track_maps(play([world], NAMED).tracks)
    for _, run in runs_of(world, NAMED[0]):
        for column in (run[0], run[-1]):
            for one in along_column(found, column):
                assert all(edge.is_exact for edge in (one.start, one.end) if edge)
            for row in range(len(ROWS)):
                seen = found.at((row, column)).observation
                assert seen in (world.truth(row, column), None)
                assert seen is not None or row not in NAMED


CELL = st.tuples(st.integers(0, len(ROWS) - 1), st.integers(0, len(COLUMNS) - 1))
OUTCOMES = [PASS, HANG, OTHER_HANG, FAIL, UNPROVEN, UNSUPPORTED]


@st.composite
def worlds(draw: st.DrawFn, miss: float = 0.0) -> World:
    """Anything: windows, single bad releases and cells, holes, and cells that prove nothing."""
    along = [draw(windows(COLUMNS)) for _ in range(3)]
    changes = sorted(draw(st.integers(0, len(ROWS))) for _ in range(2))
    cells = draw(st.dictionaries(CELL, st.sampled_from(OUTCOMES), max_size=12))
    bad = draw(
        st.dictionaries(st.integers(0, len(COLUMNS) - 1), st.sampled_from(OUTCOMES), max_size=5)
    )
    oldest, newest = draw(st.integers(0, 20)), draw(st.integers(40, len(COLUMNS)))
    holes = draw(st.frozensets(CELL, max_size=12))

    def truth(row: int, column: int) -> Observation:
        if (row, column) in cells:
            return cells[row, column]
        return bad.get(column) or shows(along[sum(row >= at for at in changes)], column)

    def installs(row: int, column: int) -> bool:
        return oldest <= column < newest and (row, column) not in holes

    return World(rows=ROWS, columns=COLUMNS, truth=truth, installs=installs, miss=miss, seed=oldest)


@settings(max_examples=60)
@given(st.lists(worlds(miss=0.1), min_size=1, max_size=3))
def test_the_search_ends_asks_for_no_cell_in_vain_and_contradicts_no_test(
    played_on: list[World],
) -> None:
    played = play(played_on, NAMED)
    asked = Counter((track, spot) for track, spot, _ in played.asked)
    assert max(asked.values(), default=0) <= 2
    assert all(played_on[track].installs(*spot) for track, spot, _ in played.asked)
    for track, found in zip(played.tracks, track_maps(played.tracks), strict=True):
        for spot, tried in track.known.items():
            assert found.at(spot).observation == tried.observation


@settings(max_examples=60)
@given(worlds())
def test_a_window_that_reaches_a_line_end_is_seen_whatever_else_there_is(world: World) -> None:
    """Up to three releases that prove nothing in one place are passed by."""
    (found,) = track_maps(play([world], NAMED, Rules(patience=50)).tracks)
    for row in NAMED:
        ends = line_ends(world, row)
        for seen, run in runs_of(world, row):
            if ends & {*run}:
                known = [found.at((row, column)) for column in run]
                tested = [one for one in known if one.basis is AnswerBasis.TESTED]
                assert tested
                assert {one.observation for one in tested} == {seen}


def test_a_window_inside_a_long_line_is_found_if_it_is_wider_than_the_rules_allow() -> None:
    """The line 2.1 has 11 releases; three in its middle hang."""
    first, _ = COLUMNS.spans[6]
    hung = range(first + 4, first + 7)
    world = World(
        rows=ROWS, columns=COLUMNS, truth=lambda row, column: HANG if column in hung else PASS
    )
    found = {
        widest: shown(track_maps(play([world], NAMED, Rules(widest=widest)).tracks)[0], NAMED[0])
        for widest in (2, 100)
    }
    assert [(seen, str(low), str(high)) for seen, low, high in found[2]] == [
        (PASS, "1.0.0", "2.1.3"),
        (HANG, "2.1.4", "2.1.6"),
        (PASS, "2.1.7", "3.1.2"),
    ]
    assert len(found[100]) == 1


# Passes that miss -------------------------------------------------------------------------------


def test_a_pass_that_missed_a_hang_is_found_out_at_its_edge() -> None:
    """One trial in ten misses the hang. Ten trials beside each edge leave no false window."""

    def truth(row: int, column: int) -> Observation:
        return HANG if 12 <= column < 38 and row < 12 else PASS

    wrong = 0
    for seed in range(40):
        world = World(rows=ROWS, columns=COLUMNS, truth=truth, miss=0.1, seed=seed)
        (found,) = track_maps(play([world], NAMED).tracks)
        wrong += [seen for seen, _, _ in shown(found, NAMED[0])] != [PASS, HANG, PASS]
    assert wrong == 0


def test_both_sides_of_an_edge_are_confirmed_with_more_trials() -> None:
    world = World(
        rows=ROWS, columns=COLUMNS, truth=lambda row, column: HANG if column < 14 else PASS
    )
    (track,) = play([world], NAMED, Rules(confirm_trials=30)).tracks
    for row in NAMED:
        assert [track.known[row, column].trials for column in (13, 14)] == [30, 30]


# Predictions ------------------------------------------------------------------------------------


def simple(row: int, column: int) -> Observation:
    return HANG if 12 <= column < 38 and 4 <= row < 12 else PASS


def test_another_python_that_is_alike_costs_a_fraction() -> None:
    world = World(rows=ROWS, columns=COLUMNS, truth=simple)
    played = play([world, world], NAMED)
    first, second = (len(track.known) for track in played.tracks)
    assert second < first / 2
    for found in track_maps(played.tracks):
        assert found.counts()[AnswerBasis.UNKNOWN] == 0
        assert wrong_cells(found, world) == 0


def test_another_python_that_differs_is_searched_where_it_differs() -> None:
    def truth(row: int, column: int) -> Observation:
        return HANG if 14 <= column < 30 and 4 <= row < 9 else PASS

    alike = World(rows=ROWS, columns=COLUMNS, truth=simple)
    other = World(rows=ROWS, columns=COLUMNS, truth=truth)
    _, found = track_maps(play([alike, other], NAMED).tracks)
    assert [(seen, low, high) for seen, low, high in shown(found, NAMED[0])] == [
        (PASS, COLUMNS.versions[0], COLUMNS.versions[13]),
        (HANG, COLUMNS.versions[14], COLUMNS.versions[29]),
        (PASS, COLUMNS.versions[30], COLUMNS.versions[-1]),
    ]
    assert wrong_cells(found, other) == 0


def wrong_cells(of: TrackMap, world: World) -> int:
    return sum(
        known.observation != world.truth(row, column)
        for row in range(len(world.rows))
        for column in range(len(world.columns))
        if (known := of.at((row, column))).basis is AnswerBasis.INFERRED
    )


def newest_fail(row: int, column: int) -> Observation:
    """The newest releases of both axes fail together, and neither does with the others."""
    return FAIL if row >= 12 and column >= 40 else PASS


def test_a_corner_that_came_out_otherwise_is_refined_around() -> None:
    """No row that is named shows the failure, nor does the column in the middle."""
    world = World(rows=ROWS, columns=COLUMNS, truth=newest_fail)
    played = play([world], NAMED[:1])
    (found,) = track_maps(played.tracks)
    assert Sought.CORNER in {why for *_, why in played.asked}
    assert found.at((18, len(COLUMNS) - 1)).observation == FAIL
    assert wrong_cells(found, world) == 0
    assert found.counts()[AnswerBasis.UNKNOWN] == 0


def test_what_neither_named_rows_nor_corners_show_is_refined_around_once_it_is_drawn() -> None:
    def truth(row: int, column: int) -> Observation:
        return FAIL if 6 <= row < 15 and column >= 40 else PASS

    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    (found,) = track_maps(play([world], (0, 18)).tracks)
    hidden = wrong_cells(found, world)
    assert hidden > 50
    drawn = [one for one in draw([found], 40, 1) if world.truth(*one.spot) == FAIL]
    audited = {one.spot: one.inferred.observation for one in drawn if one.inferred.observation}
    (track,) = play([world], (0, 18), audited=audited).tracks
    (again,) = track_maps([track])
    assert wrong_cells(again, world) == 0
    assert again.counts()[AnswerBasis.UNKNOWN] < hidden


# The whole space --------------------------------------------------------------------------------

REAL_ROWS, REAL_COLUMNS = axis("sentry", SENTRY), axis("ddtrace", DDTRACE)
PYTHONS = 7


def real_sized(python: int, miss: float = 0.02, seed: int = 1) -> World:
    """Windows such as those that were measured, with a bad release and one that proves nothing.

    Older Pythons lack the newest releases of the columns, and newer ones the oldest.
    """
    row, column = (
        {str(version): at for version, at in one.position.items()}
        for one in (REAL_ROWS, REAL_COLUMNS)
    )
    oldest = [0, 0, 0, column["1.4.0"], column["2.3.0"], column["2.19.0"], column["4.0.0"]][python]
    newest = [column["3.19.9"], column["4.6.8"], *[len(REAL_COLUMNS) - 1] * 5][python]

    def truth(r: int, c: int) -> Observation:
        if REAL_COLUMNS.lines[c] == "1.12":
            return UNPROVEN
        if c == column["2.17.3"] or (python >= 4 and r < row["1.14.0"]):
            return FAIL
        early = column["2.8.3"] <= c <= column["2.8.7"]
        late = column["2.10.2"] <= c <= column["2.14.6"] or column["3.2.1"] <= c <= column["3.9.2"]
        if (early or late) and row["1.20.0"] <= r < row["2.35.1"]:
            return HANG
        newer = column["4.0.0"] <= c <= column["4.8.3"] and r >= row["2.50.0"]
        return OTHER_HANG if newer else PASS

    return World(
        rows=REAL_ROWS,
        columns=REAL_COLUMNS,
        truth=truth,
        installs=lambda r, c: oldest <= c <= newest,
        miss=miss,
        seed=seed,
    )


@cache
def searched_real_size() -> tuple[list[World], Played]:
    all_of_them = [real_sized(python) for python in (2, 1, 0, 3, 4, 5, 6)]
    named = REAL_ROWS.position[Version("2.5.1")], len(REAL_ROWS) - 1
    return all_of_them, play(all_of_them, named)


def test_a_space_of_the_real_size_needs_less_than_one_in_a_hundred_of_its_cells() -> None:
    played_on, played = searched_real_size()
    size = sum(world.space.size for world in played_on)
    assert size == 201 * 486 * PYTHONS == 683_802
    assert played.runs <= size // 100
    counted = Counter[AnswerBasis]()
    for found in track_maps(played.tracks):
        counted += found.counts()
    # The line that proves nothing: 11 releases with 201 of the other axis, on four Pythons.
    assert counted[AnswerBasis.UNKNOWN] <= 11 * 201 * 4


def test_the_windows_of_the_real_size_are_found_on_every_python() -> None:
    """Except for the single bad release inside a line, which no line end shows."""
    played_on, played = searched_real_size()
    for world, found in zip(played_on, track_maps(played.tracks), strict=True):
        for row in played.tracks[0].named_rows:
            ends = line_ends(world, row)
            wide = ((seen, run) for seen, run in runs_of(world, row) if ends & {*run})
            expected = joined(
                (seen, REAL_COLUMNS.versions[run[0]], REAL_COLUMNS.versions[run[-1]])
                for seen, run in wide
            )
            assert joined(shown(found, row)) == expected


def joined(
    found: Iterable[tuple[Observation, Version, Version]],
) -> list[tuple[Observation, Version, Version]]:
    """Windows that show the same, with nothing else between them, as one."""
    groups = ([*group] for _, group in groupby(found, key=lambda one: one[0]))
    return [(group[0][0], group[0][1], group[-1][2]) for group in groups]


# The audit --------------------------------------------------------------------------------------


def test_the_audits_interval_covers_the_true_share_of_wrong_answers() -> None:
    """200 audits of 150 cells. Fewer than 182 cover it by chance in less than 1 of 100 tests.

    In the space, single releases are bad that no search of line ends can see.
    """
    hidden = {(row, column) for row in range(2, 17) for column in (3, 16, 27, 28, 33)}

    def truth(row: int, column: int) -> Observation:
        return FAIL if (row, column) in hidden else PASS

    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    (found,) = track_maps(play([world], NAMED).tracks)
    inferred = found.counts()[AnswerBasis.INFERRED]
    true_share = wrong_cells(found, world) / inferred
    assert 0.02 < true_share < 0.3
    covered = 0
    for seed in range(200):
        drawn = draw([found], 150, seed)
        assert len(drawn) == 150
        rate = ErrorRate.of(world.run(one.spot, 1) != one.inferred.observation for one in drawn)
        low, high = rate.interval
        covered += low <= true_share <= high
    assert covered >= 182


def test_an_audited_cell_that_came_out_otherwise_is_refined_around() -> None:
    """A window of four releases inside a line, with eleven rows: no line end shows it."""

    def truth(row: int, column: int) -> Observation:
        return HANG if 14 <= column < 18 and 4 <= row < 15 else PASS

    rules = Rules(widest=100)
    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    played = play([world], NAMED, rules)
    (found,) = track_maps(played.tracks)
    before = wrong_cells(found, world)
    assert before > 30
    spot = (9, 15)
    inferred = found.at(spot).observation
    assert inferred == PASS
    known = [dict(played.tracks[0].known)]
    (track,) = play([world], NAMED, rules, audited={spot: inferred}, known=known).tracks
    (after,) = track_maps([track])
    assert after.at(spot).observation == HANG
    assert wrong_cells(after, world) < before / 3


def test_many_drawn_cells_of_one_window_cost_little_more_than_one() -> None:
    """The first that is refined around explains the others."""

    def truth(row: int, column: int) -> Observation:
        return FAIL if 6 <= row < 15 and column >= 40 else PASS

    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    before = play([world], (0, 18)).tracks[0].known
    drawn = [(row, column) for row in range(7, 15, 2) for column in range(41, 53, 3)]
    runs = {}
    for number in (1, len(drawn)):
        audited = dict.fromkeys(drawn[:number], PASS)
        runs[number] = play([world], (0, 18), audited=audited, known=[before]).runs
    assert len(drawn) == 16
    assert runs[16] <= runs[1] + 16


@pytest.mark.parametrize("patience", [1, 3])
def test_the_search_goes_round_what_proves_nothing(patience: int) -> None:
    """The last releases of a line prove nothing. Its edge has a gap, and nothing else has."""

    def truth(row: int, column: int) -> Observation:
        if 16 <= column < 19:
            return UNPROVEN
        return HANG if column < 16 else PASS

    world = World(rows=ROWS, columns=COLUMNS, truth=truth)
    played = play([world], NAMED, Rules(patience=patience))
    (found,) = track_maps(played.tracks)
    tried: set[Spot] = {spot for _, spot, _ in played.asked if spot[0] == NAMED[0]}
    assert {column for row, column in tried} & {16, 17, 18}
    if patience == 3:
        hang, passing = along_row(found, NAMED[0])
        assert (str(hang.last), hang.end) == (str(COLUMNS.versions[15]), passing.start)
        assert hang.end is not None
        assert hang.end.between == 3


def test_releases_without_the_feature_that_a_probe_needs_cost_little() -> None:
    """The older half of the rows lacks it, the row that is named included."""
    rows = axis("left", {1: " ".join(["1"] * 60), 2: " ".join(["1"] * 60)})

    def truth(row: int, column: int) -> Observation:
        if row < 60:
            return UNSUPPORTED
        return HANG if row < 80 and column < 20 else PASS

    world = World(rows=rows, columns=COLUMNS, truth=truth)
    played = play([world] * 3, (10, 119))
    in_vain = [
        Counter("row" if row == 10 else "columns" for row, _ in track.known if row < 60)
        for track in played.tracks
    ]
    assert [one["row"] for one in in_vain] == [5, 5, 5]
    # The first column is searched towards its first release that has it, by a quarter of its lines.
    assert in_vain[0]["columns"] <= 2 * 35
    assert in_vain[1]["columns"] == in_vain[2]["columns"] == 0
    for found in track_maps(played.tracks):
        assert wrong_cells(found, world) == 0
        assert found.of(Version("2.3.0"), Version("1.1.1")).observation == HANG
