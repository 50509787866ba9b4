"""Which pairs of releases to run next, so that few runs decide all of them. Pure.

One call is one round: from what is known to the next cells, each with its reason. Nothing is
remembered between two calls. On one Python, each step waits for the one before:

1. The rows that the caller names are searched along all columns, line by line.
2. A column inside each window found there is searched along all rows, and so are the columns on
   both sides of its edges. If an earlier column looks the same on the named rows, it predicts the
   edges, and only they are tested.
3. A window of such a column in which no row is known yet is followed along a row.
4. Where a known row and a known column cross, the far corners of both windows are tested.
5. A corner, or a cell drawn by the audit, that came out otherwise is refined around.

Another Python begins when the one before is done. What is known there predicts its edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from interlock.campaign.along import Rules, Sought, Wanted, confirmed_at, expanded, searched
from interlock.findings import Cross, Observation, Run, Space, Spot, Strip, TrackMap, crosses, maps
from interlock.model import Outcome


class Tried(NamedTuple):
    """What is known of a cell that was run."""

    observation: Observation
    trials: int


class Next(NamedTuple):
    """A cell to run: why, and how many trials its verdict needs in all."""

    why: Sought
    trials: int


@dataclass(frozen=True, kw_only=True)
class SearchTrack:
    """One probe in one configuration on one Python: what is searched, and what is known."""

    space: Space
    known: Mapping[Spot, Tried]
    named_rows: Sequence[int]
    """The rows that are searched along all columns."""
    audited: Mapping[Spot, Observation] = field(default_factory=dict)
    """The cells that an audit drew, with what was inferred of them then."""

    @property
    def tested(self) -> Mapping[Spot, Observation]:
        return {spot: tried.observation for spot, tried in self.known.items()}


Round = Mapping[Spot, Next]


def next_cells(tracks: Sequence[SearchTrack], rules: Rules | None = None) -> list[Round]:
    """The next cells of each track, in the same order. All empty if the search has ended.

    Only the first track that is not finished has cells: the ones before it predict its edges. It
    ends, because each cell is asked for at most twice: once, and once more with more trials.
    """
    maps: list[TrackMap] = []
    rounds: list[Round] = []
    for track in tracks:
        search = _Search(track, maps, rules or Rules())
        rounds.append(search.next_cells())
        if rounds[-1]:
            break
        maps.append(search.map)
    return [*rounds, *({} for _ in tracks[len(rounds) :])]


def track_maps(tracks: Sequence[SearchTrack]) -> list[TrackMap]:
    """What is known on each track, with the tracks before it as references."""
    return maps.track_maps((track.space, track.tested) for track in tracks)


def unconfirmed_edges(tracks: Sequence[SearchTrack], rules: Rules) -> list[int]:
    """How many edges are not confirmed yet, by track.

    Something between the two sides is not tested, or one of them has too few trials. These are the
    edges along the rows and columns that the search follows.
    """
    before: list[TrackMap] = []
    found = []
    for track in tracks:
        search = _Search(track, before, rules)
        search.next_cells()
        found.append(search.unconfirmed_edges())
        before.append(search.map)
    return found


class _Search:
    """One round on one track."""

    def __init__(self, track: SearchTrack, references: Sequence[TrackMap], rules: Rules) -> None:
        self.track = track
        self.rules = rules
        self._references = tuple(references)
        self.map = TrackMap(track.space, track.tested, self._references)
        self._wanted: dict[Spot, Next] = {}
        self._rows = list(dict.fromkeys(track.named_rows))
        self._columns: list[int] = []

    def next_cells(self) -> Round:
        steps = (self._along_named_rows, self._along_columns, self._along_windows, self._corners)
        for step in steps:
            step()
            if self._wanted:
                break
        return self._wanted

    def unconfirmed_edges(self) -> int:
        """Of the rows and columns that were searched so far."""
        rows = [(self.map.row(at), self._trials_in(at)) for at in self._rows]
        columns = [(self.map.column(at), self._trials_on(at)) for at in self._columns]
        return sum(
            any(strip.untried(low, high)) or bool(confirmed_at(low, high, trials, self.rules))
            for strip, trials in (*rows, *columns)
            for low, high in strip.edges
        )

    # The steps -------------------------------------------------------------------------------

    def _along_named_rows(self) -> None:
        for row in self._rows:
            guides = [one.row(row) for one in self._references]
            self._search_row(row, [guide for guide in guides if guide.usable])

    def _along_columns(self) -> None:
        """Searches a column inside each window of the named rows, and on both sides of edges."""
        alike: dict[tuple[Observation | None, ...], int] = {}
        done: dict[int, bool] = {}
        for column, window in self._columns_of_windows():
            looks = tuple(self._shows(row, column) for row in self.track.named_rows)
            leader = alike.setdefault(looks, column) if window == column else window
            guides = [one.column(column) for one in self._references]
            guides = [guide for guide in guides if len(guide.usable) > 1]
            if leader != column:
                if not done.get(leader):
                    continue
                guides.append(self.map.column(leader))
            strip = self.map.column(column)
            wanted = searched(strip, self._trials_on(column), self.rules, guides)
            done[column] = not wanted
            self._add_column(column, wanted)

    def _columns_of_windows(self) -> Iterator[tuple[int, int]]:
        """The columns to search, each with the one that was chosen for its window."""
        beside: dict[int, int] = {}
        for row in self.track.named_rows:
            runs = self.map.row(row).runs
            for run in runs:
                inside = [column for column in self._columns if column in run]
                chosen = inside[0] if inside else self._representative(row, run)
                if not inside:
                    self._columns.append(chosen)
                    yield chosen, chosen
                if len(runs) > 1 and self.rules.beside_edges:
                    beside |= {at: chosen for at in (run.first, run.last) if at != chosen}
        yield from ((at, chosen) for at, chosen in beside.items() if at not in self._columns)

    def _along_windows(self) -> None:
        """Follows each window of a column along a row, if no row is known in it."""
        for column in tuple(self._columns):
            for run in self.map.column(column).runs:
                if not any(row in run and self._is_arm(row, column) for row in self._rows):
                    strip = self.map.column(column)
                    inside = [at for at in strip.usable if at in run]
                    row = self._most_tested(inside, [one.row for one in self._references], run)
                    self._rows.append(row)
                    self._expand_row(row, column)

    def _corners(self) -> None:
        """Tests the far corners of each cross, and refines around those that disagree.

        One is refined at a time: what it shows often explains the others.
        """
        audited = list(self._audited_otherwise())
        if self._wanted:
            return
        refined: set[Spot] = set()
        for _ in range(self.rules.most_refined):
            found: dict[Spot, None] = dict.fromkeys(audited)
            known = self._crosses()
            for cross in known:
                for corner in cross.corners:
                    found.update(dict.fromkeys(self._disagreeing(corner, cross)))
            left = (spot for spot in found if spot not in refined)
            seed = next((spot for spot in left if not self._is_explained(spot, known)), None)
            if self._wanted or seed is None:
                return
            refined.add(seed)
            self._refine(seed)
            if self._wanted:
                return

    # Their parts -----------------------------------------------------------------------------

    def _disagreeing(self, corner: Spot, cross: Cross) -> Iterator[Spot]:
        """The corner, if it certainly came out otherwise. If it is not tested, it is asked for."""
        spot = self._usable_near(corner, cross)
        if spot is None:
            return
        tried = self.track.known.get(spot)
        if tried is None:
            self._ask(spot, Sought.CORNER)
        elif tried.observation != cross.observation and not self._asks_to_confirm(spot):
            yield spot

    def _is_explained(self, spot: Spot, known: Iterable[Cross]) -> bool:
        """Whether a cross predicts what the cell showed."""
        seen = self.track.known[spot].observation
        return any(cross.observation == seen and cross.holds(spot) for cross in known)

    def _usable_near(self, corner: Spot, cross: Cross) -> Spot | None:
        """The corner, or one beside it if it can't be installed or proved nothing."""
        row, column = corner
        inwards = 1 if row < cross.row else -1, 1 if column < cross.column else -1
        for spot in (corner, (row, column + inwards[1]), (row + inwards[0], column)):
            if spot[0] == cross.row or spot[1] == cross.column:
                continue
            tried = self.track.known.get(spot)
            if tried.observation.is_usable if tried else self.track.space.installs(*spot):
                return spot
        return None

    def _audited_otherwise(self) -> Iterator[Spot]:
        for spot, inferred in self.track.audited.items():
            tried = self.track.known.get(spot)
            if tried is None:
                self._ask(spot, Sought.AUDIT)
                continue
            differs = tried.observation.is_usable and tried.observation != inferred
            if differs and not self._asks_to_confirm(spot):
                yield spot

    def _asks_to_confirm(self, spot: Spot) -> bool:
        """Whether a pass is asked for again before it is believed. A hang is proven at once."""
        tried = self.track.known[spot]
        if tried.observation.outcome is not Outcome.PASS:
            return False
        if tried.trials >= self.rules.confirm_trials:
            return False
        self._ask(spot, Sought.CONFIRM)
        return True

    def _refine(self, seed: Spot) -> None:
        """Finds how far a result that disagrees reaches, along its row and its column."""
        row, column = seed
        self._expand_row(row, column)
        guides = [one.column(column) for one in self._references]
        strip = self.map.column(column)
        self._add_column(column, expanded(strip, row, self._trials_on(column), self.rules, guides))
        if row not in self._rows:
            self._rows.append(row)
        if column not in self._columns:
            self._columns.append(column)

    def _crosses(self) -> list[Cross]:
        return list(
            crosses(
                {row: self.map.row(row).runs for row in sorted(set(self._rows))},
                {column: self.map.column(column).runs for column in sorted(set(self._columns))},
            )
        )

    def _search_row(self, row: int, guides: Sequence[Strip]) -> None:
        strip = self.map.row(row)
        self._add_row(row, searched(strip, self._trials_in(row), self.rules, guides))

    def _expand_row(self, row: int, column: int) -> None:
        guides = [one.row(row) for one in self._references]
        strip = self.map.row(row)
        self._add_row(row, expanded(strip, column, self._trials_in(row), self.rules, guides))

    def _is_arm(self, row: int, column: int) -> bool:
        """Whether the cell where a row and a column cross is known on both."""
        on_row, on_column = self.map.row(row).run_at(column), self.map.column(column).run_at(row)
        return bool(on_row and on_column and on_row.observation == on_column.observation)

    def _representative(self, row: int, run: Run) -> int:
        """The column of a window that is searched: one that is tested on its row."""
        inside = [at for at in self.map.row(row).usable if at in run]
        return self._most_tested(inside, [one.column for one in self._references], run)

    def _most_tested(
        self, inside: Sequence[int], strips: Iterable[Callable[[int], Strip]], run: Run
    ) -> int:
        """The one that other Pythons know best; of those, the nearest to the window's middle."""
        elsewhere = list(strips)
        middle = (run.first + run.last) / 2

        def rank(at: int) -> tuple[int, float]:
            return -sum(len(strip(at).usable) for strip in elsewhere), abs(at - middle)

        return min(inside, key=rank)

    def _shows(self, row: int, column: int) -> Observation | None:
        """What is known of a cell along its row."""
        strip = self.map.row(row)
        between = strip.at(column)
        return between.observation if between else strip.tested.get(column)

    def _trials_in(self, row: int) -> Callable[[int], int]:
        return lambda column: self.track.known[row, column].trials

    def _trials_on(self, column: int) -> Callable[[int], int]:
        return lambda row: self.track.known[row, column].trials

    def _add_row(self, row: int, wanted: Wanted) -> None:
        for column, why in wanted.items():
            self._ask((row, column), why)

    def _add_column(self, column: int, wanted: Wanted) -> None:
        for row, why in wanted.items():
            self._ask((row, column), why)

    def _ask(self, spot: Spot, why: Sought) -> None:
        trials = self.rules.confirm_trials if why is Sought.CONFIRM else 1
        before = self._wanted.get(spot)
        if before is None or before.trials < trials:
            self._wanted[spot] = Next(why, trials)
