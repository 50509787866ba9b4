"""Runs and seconds of the search against the size of the space: 10² to 10⁶ pairs.

``nox -s bench -- --search``. Seconds are of the processor, for a busy machine.

Each space is made up, with three times as many columns as rows: release lines of one to three
releases on the rows, and of one to nine on the columns. Three windows of the columns hang with the
middle half of the rows. One release of the columns fails alone, and one line proves nothing. Each
trial misses a hang in 2 of 100 cells.

=============== ===================================================================================
runs            cells that the search asks for, those that it confirms with more trials included
search          seconds of the search itself, over all its rounds. No cell is really run
first questions 2,000 of them about any pairs, with all that has to be computed once
one more        another question, the median of 2,000
wrong           inferred answers to these questions that are not true
=============== ===================================================================================

Prints tables for ``BENCHMARKS.md``, with the exponents by which runs and seconds grow with pairs.
The last one is a space of the size of PyPI on 28 November 2026: 201 × 486 releases on 7 Pythons.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

from packaging.version import Version

from interlock.campaign import SearchTrack, Tried, next_cells, track_maps
from interlock.findings import Observation, ReleaseAxis, Space, Spot
from interlock.model import Outcome

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
REAL = (201, 486)
PYTHONS = 7
QUESTIONS = 2_000
MISS = 0.02
SEED = 20261128

PASS = Observation(Outcome.PASS)
HANG = Observation(Outcome.HANG, "A.lock")
FAIL = Observation(Outcome.FAIL, "builtins.ImportError")
UNPROVEN = Observation(Outcome.UNPROVEN)


@dataclass(frozen=True, kw_only=True)
class World:
    """A made-up space and its truth."""

    space: Space
    truth: Callable[[int, int], Observation]

    def run(self, spot: Spot, trials: int, drawn: random.Random) -> Observation:
        """What that many trials of a cell show."""
        seen = self.truth(*spot)
        if seen == HANG and all(drawn.random() < MISS for _ in range(trials)):
            return PASS
        return seen


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one search took."""

    pairs: int
    runs: int
    rounds: int
    seconds: float
    build_s: float
    ask_s: float
    wrong: int
    """Of the questions: inferred answers that are not true."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, nargs="*", default=SIZES, help="sizes of the spaces")
    asked = parser.parse_args()
    found = []
    for pairs in asked.pairs:
        rows = max(4, round(math.sqrt(pairs / 3)))
        found.append(measured([world(rows, max(4, round(pairs / rows)))]))
    print("\n".join(drawn(found)))
    real = measured([world(*REAL, python=python) for python in range(PYTHONS)])
    print(
        f"\n{PYTHONS} Pythons: {real.pairs:,} pairs, {real.runs:,} runs "
        f"({real.runs / real.pairs:.2%}) in {real.rounds} rounds, {real.seconds:.1f} s"
    )


def world(rows: int, columns: int, python: int = 0) -> World:
    """A space of that size. Later Pythons lack the oldest columns, and fail on the oldest rows."""
    down, across = axis("rows", rows, 3), axis("columns", columns, 9)
    oldest = columns * max(0, python - 2) // PYTHONS
    starts = [columns // 5, columns // 2, columns * 3 // 4]
    unproven = across.line_number[columns * 2 // 5]

    def truth(row: int, column: int) -> Observation:
        if across.line_number[column] == unproven:
            return UNPROVEN
        if column == columns * 2 // 3 or (python > 4 and row < rows // 10):
            return FAIL
        in_window = any(start <= column < start + columns // 10 for start in starts)
        return HANG if in_window and rows // 4 <= row < rows * 3 // 4 else PASS

    space = Space(rows=down, columns=across, installs=lambda row, column: column >= oldest)
    return World(space=space, truth=truth)


def axis(name: str, releases: int, longest: int) -> ReleaseAxis:
    """Lines of 1 to ``longest`` releases, in a fixed order: 1.0.0, 1.1.0, 1.1.1, …"""
    sizes = random.Random(SEED)
    versions: list[Version] = []
    minor = 0
    while len(versions) < releases:
        patches = range(sizes.randint(1, longest))
        versions += [Version(f"1.{minor}.{patch}") for patch in patches]
        minor += 1
    return ReleaseAxis.of(name, versions[:releases])


def measured(worlds: Sequence[World]) -> Found:
    """Play a search to its end."""
    chance = random.Random(SEED)
    known: list[dict[Spot, Tried]] = [{} for _ in worlds]
    named = [len(worlds[0].space.rows) // 2, len(worlds[0].space.rows) - 1]
    tracks = [
        SearchTrack(space=one.space, known=of, named_rows=named)
        for one, of in zip(worlds, known, strict=True)
    ]
    runs = rounds = 0
    seconds = 0.0
    while True:
        started = time.process_time()
        wanted = next_cells(tracks)
        seconds += time.process_time() - started
        if not any(wanted):
            break
        rounds += 1
        for one, of, cells in zip(worlds, known, wanted, strict=True):
            for spot, (_, trials) in cells.items():
                of[spot] = Tried(one.run(spot, trials, chance), trials)
                runs += 1
    build_s, ask_s, wrong = asked_of(worlds[0], tracks)
    pairs = sum(one.space.size for one in worlds)
    return Found(
        pairs=pairs, runs=runs, rounds=rounds, seconds=seconds,
        build_s=build_s, ask_s=ask_s, wrong=wrong,
    )  # fmt: skip


def asked_of(of: World, tracks: Sequence[SearchTrack]) -> tuple[float, float, int]:
    """The seconds of the first question, of a later one, and how many answers were wrong."""
    chance = random.Random(SEED)
    rows, columns = len(of.space.rows), len(of.space.columns)
    spots = [(chance.randrange(rows), chance.randrange(columns)) for _ in range(QUESTIONS)]
    started = time.process_time()
    known = track_maps(tracks)[0]
    for spot in spots:
        known.at(spot)
    build_s = time.process_time() - started
    taken, wrong = [], 0
    for spot in spots:
        started = time.process_time()
        answer = known.at(spot)
        taken.append(time.process_time() - started)
        wrong += answer.rule is not None and answer.observation != of.truth(*spot)
    return build_s, median(taken), wrong


def drawn(found: Sequence[Found]) -> Iterator[str]:
    """A Markdown table, and how runs and seconds grow."""
    yield "| pairs | runs | share | rounds | search | first questions | one more | wrong |"
    yield f"| ---: |{' ---: |' * 7}"
    for one in found:
        yield (
            f"| {one.pairs:,} | {one.runs:,} | {one.runs / one.pairs:.2%} | {one.rounds} "
            f"| {one.seconds:.2f} s | {one.build_s:.2f} s | {one.ask_s * 1e6:.0f} µs "
            f"| {one.wrong} of {QUESTIONS:,} |"
        )
    if len(found) > 1:
        pairs = [math.log(one.pairs) for one in found]
        for name, values in (
            ("runs", [one.runs for one in found]),
            ("seconds", [one.seconds for one in found]),
            ("a question", [one.ask_s for one in found]),
        ):
            slope = linear_regression(pairs, [*map(math.log, values)]).slope
            yield f"\nexponent of {name}: {slope:.2f}"


if __name__ == "__main__":
    main()
