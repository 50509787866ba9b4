"""The windows along releases that were searched line by line, each with its basis. Pure.

Where one Python was searched, another may be predicted: its edges were tested, and the search
vouches for the release lines between. Such a window is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

from packaging.version import Version

from interlock.findings.chances import Chance
from interlock.findings.inference import TrackMap
from interlock.findings.space import Spot
from interlock.findings.stretches import Edge, Stretch, along_column, along_row
from interlock.findings.weighing import Track
from interlock.model import Axis, Outcome, PythonVersion, Verdict

Maps = Mapping[Track, Mapping[PythonVersion, TrackMap]]
"""By probe and configuration, then by Python: what is known of any pair."""

Verdicts = Mapping[tuple[str, ...], Verdict]
"""By ``Cell.key``."""


@dataclass(frozen=True, kw_only=True)
class SearchedWindow:
    """Releases that behave alike with one release of the other package, on some Pythons."""

    track: Track
    partner: str
    """The other package."""
    release: Version
    """Its release, the same in the whole window."""
    stretch: Stretch
    """With the edges of one of the Pythons."""
    pythons: tuple[PythonVersion, ...]
    """Those on which it is the same window."""
    tested: int
    """On all of them together, as is ``inferred``."""
    inferred: int
    exposures: int
    """The least on any side of an edge, on any Python. 0 if a side did not run that far."""
    is_exact: bool
    """Whether it has an edge, and each is exact on each Python."""
    is_predicted: bool = False
    """Whether these Pythons were tested in part, and searches elsewhere vouch for the rest."""
    chance: Chance | None = None
    """Of its trouble on all of them together, if that comes by chance."""

    @property
    def outcome(self) -> Outcome | None:
        """None where nothing is known."""
        seen = self.stretch.observation
        return seen.outcome if seen else None

    @property
    def edges(self) -> Sequence[Edge]:
        return [edge for edge in (self.stretch.start, self.stretch.end) if edge]


def searched_windows(maps: Maps, verdicts: Verdicts, axes: Sequence[Axis]) -> list[SearchedWindow]:
    """The windows along each release that was tested line by line on some Python.

    Windows that are the same on several Pythons are one, apart from those that are predicted.
    """
    found: list[SearchedWindow] = []
    for track, by_python in maps.items():
        windows: list[SearchedWindow] = []
        for axis in (0, 1):
            alike: dict[tuple[Version, str, bool], list[_Found]] = {}
            for one in _along(by_python, axis, track, verdicts):
                of = one.release, one.stretch.says, one.is_predicted
                alike.setdefault(of, []).append(one)
            for group in alike.values():
                exposures = min(_exposures(one, axis, track, verdicts) for one in group)
                windows.append(_together(group, track, axes[axis].package, exposures))
        found += sorted(windows, key=_place)
    return found


@dataclass(frozen=True)
class _Found:
    python: PythonVersion
    release: Version
    stretch: Stretch
    is_predicted: bool

    @property
    def edges(self) -> Sequence[Edge]:
        return [edge for edge in (self.stretch.start, self.stretch.end) if edge]


def _along(
    by_python: Mapping[PythonVersion, TrackMap], axis: int, track: Track, verdicts: Verdicts
) -> Iterator[_Found]:
    """The windows with each searched release of one axis, along the other."""
    searched = {
        python: set(of.searched_columns if axis else of.searched_rows)
        for python, of in by_python.items()
    }
    everywhere = sorted(set().union(*searched.values()))
    for python, of in by_python.items():
        here = of.space.columns if axis else of.space.rows
        told = partial(_verdict, of, python, track, verdicts)
        for at in everywhere:
            is_predicted = at not in searched[python]
            if is_predicted and not of.is_predicted(at, is_column=bool(axis)):
                continue
            for stretch in along_column(of, at, told) if axis else along_row(of, at, told):
                yield _Found(python, here.versions[at], stretch, is_predicted)


def _verdict(
    of: TrackMap, python: PythonVersion, track: Track, verdicts: Verdicts, spot: Spot
) -> Verdict | None:
    pair = of.space.rows.versions[spot[0]], of.space.columns.versions[spot[1]]
    return verdicts.get((*map(str, pair), str(python), *track))


def _exposures(one: _Found, axis: int, track: Track, verdicts: Verdicts) -> int:
    """The least exposures on any side of its edges; 0 without an edge."""
    counted = []
    for version in (version for edge in one.edges for version in (edge.before, edge.after)):
        pair = (version, one.release) if axis else (one.release, version)
        verdict = verdicts.get((*map(str, pair), str(one.python), *track))
        counted.append(verdict.exposures if verdict else 0)
    return min(counted, default=0)


def _together(
    group: Sequence[_Found], track: Track, partner: str, exposures: int
) -> SearchedWindow:
    chances = [one.stretch.chance for one in group if one.stretch.chance]
    return SearchedWindow(
        track=track,
        partner=partner,
        release=group[0].release,
        stretch=group[0].stretch,
        pythons=tuple(sorted(one.python for one in group)),
        tested=sum(one.stretch.tested for one in group),
        inferred=sum(one.stretch.inferred for one in group),
        exposures=exposures,
        is_exact=all(one.edges and all(edge.is_exact for edge in one.edges) for one in group),
        is_predicted=group[0].is_predicted,
        chance=reduce(add, chances) if chances else None,
    )


def _place(window: SearchedWindow) -> tuple[object, ...]:
    """By the release that is fixed; then those on most Pythons first; then by release.

    What is predicted comes last.
    """
    of = window.partner, window.release, window.is_predicted, -len(window.pythons), window.pythons
    return *of, window.stretch.first, window.stretch.last


def hanging_windows(windows: Iterable[SearchedWindow]) -> list[SearchedWindow]:
    """Those in which it hangs."""
    return [window for window in windows if window.outcome is Outcome.HANG]
