"""Made-up spaces of releases, with the patches that real release lines have, and their truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from interlock.campaign.along import Rules, Sought
from interlock.campaign.search import SearchTrack, Tried, next_cells
from interlock.findings.space import Observation, ReleaseAxis, Space, Spot
from interlock.model import Outcome

PASS = Observation(Outcome.PASS)
HANG = Observation(Outcome.HANG, "A.lock")
OTHER_HANG = Observation(Outcome.HANG, "B.lock")
FAIL = Observation(Outcome.FAIL, "builtins.ImportError")
UNPROVEN = Observation(Outcome.UNPROVEN)
UNSUPPORTED = Observation(Outcome.UNSUPPORTED)

SENTRY = {
    1: "1 1 1 2 4 13 1 3 1 11 2 2 2 1 1 1 1 1 1 2 1 2 3 2 1 2 1 2 2 3 1 1 1 2 1 1 1 2 1 3 7 1 1 1"
    " 2 2",
    2: "2 2 2 2 1 2 1 2 1 1 1 1 1 1 1 1 1 1 1 3 1 1 1 2 2 2 2 1 1 2 1 1 1 3 2 3 1 2 1 1 1 1 2 1 1"
    " 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 1 1 1 1 2 2 2 3 1 1 1 1 1 1",
}
"""The final releases of sentry-sdk by major and minor version, on PyPI on 28 November 2026."""

DDTRACE = {
    1: "4 5 4 9 6 6 7 6 4 8 4 7 11 7 4 3 5 7 9 8 20",
    2: "11 10 4 6 5 7 13 11 8 7 8 9 5 4 7 5 7 6 3 5 3 13",
    3: "1 2 4 4 3 2 1 3 2 5 5 5 10 5 5 2 5 4 2 10",
    4: "5 5 4 3 1 11 9 3 14 8 13 9 4 4 3 8 1",
}
"""The same of ddtrace."""


def axis(name: str, patches: Mapping[int, str]) -> ReleaseAxis:
    """By major version, how many patches each minor release has: 1.0.0, 1.0.1, 1.1.0, …"""
    return ReleaseAxis.of(
        name,
        (
            Version(f"{major}.{minor}.{patch}")
            for major, counts in patches.items()
            for minor, count in enumerate(map(int, counts.split()))
            for patch in range(count)
        ),
    )


Truth = Callable[[int, int], Observation]
"""What certainly shows in a cell, if it is run often enough."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What a search is tried on: the truth, and how often one trial misses a hang."""

    rows: ReleaseAxis
    columns: ReleaseAxis
    truth: Truth
    installs: Callable[[int, int], bool] = lambda row, column: True
    miss: float = 0.0
    seed: int = 0

    @property
    def space(self) -> Space:
        return Space(rows=self.rows, columns=self.columns, installs=self.installs)

    def run(self, spot: Spot, trials: int) -> Observation:
        """The verdict of that many trials: a hang that each of them may miss."""
        seen = self.truth(*spot)
        if seen.outcome is Outcome.HANG and self.miss:
            drawn = random.Random(f"{self.seed} {spot} {trials}")
            if all(drawn.random() < self.miss for _ in range(trials)):
                return PASS
        return seen


@dataclass(kw_only=True)
class Played:
    """A search that was played to its end."""

    tracks: list[SearchTrack]
    runs: int
    rounds: int
    asked: list[tuple[int, Spot, Sought]] = field(default_factory=list)


def play(
    worlds: Sequence[World],
    named_rows: Sequence[int],
    rules: Rules | None = None,
    audited: Mapping[Spot, Observation] | None = None,
    known: Iterable[Mapping[Spot, Tried]] = (),
    most_rounds: int = 5000,
) -> Played:
    """Run every cell that the search asks for, until it asks for none."""
    before = [dict(one) for one in known] or [{} for _ in worlds]
    tracks = [
        SearchTrack(space=world.space, known=of, named_rows=named_rows, audited=audited or {})
        for world, of in zip(worlds, before, strict=True)
    ]
    played = Played(tracks=tracks, runs=0, rounds=0)
    while any(rounds := next_cells(tracks, rules)):
        played.rounds += 1
        assert played.rounds < most_rounds, "the search does not end"
        for track, (world, of, wanted) in enumerate(zip(worlds, before, rounds, strict=True)):
            for spot, (why, trials) in wanted.items():
                of[spot] = Tried(world.run(spot, trials), trials)
                played.asked.append((track, spot, why))
                played.runs += 1
    return played
