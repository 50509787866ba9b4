"""How many cells a selection would run, without making them.

A selection of all releases has millions of cells. It is a few products of releases and Pythons, so
it is counted by factors: the index is asked once for each release and Python. Only the known
verdicts are looked at one by one. Pure, as ``planning`` is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import prod

from interlock.campaign.planning import Costs, Installable, Rerun, is_open, times_of, usual_seconds
from interlock.matrix import Block, Matrix, Selector
from interlock.model import Pin, PythonVersion, Release, Verdict

MOST_AT_ONCE = 50_000
"""The most cells that are planned one by one. They take some days on two cores."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a plan would hold, as numbers."""

    cells: int
    to_run: int
    unsupported: int
    """Cells that the index alone decides: no wheel, or requires-python."""
    known: int
    """Cells with a verdict that counts."""
    seconds: float
    """The estimated time, controls included. At most so long, unless follow-ups are needed."""


def count(
    asked: Selector,
    known: Mapping[tuple[str, ...], Verdict],
    *,
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    now: datetime,
    machine: str,
    rerun: Rerun = Rerun.STALE,
    jobs: int = 1,
    costs: Costs | None = None,
) -> Count:
    """The numbers of ``planning.plan`` for the same cells, and an upper limit of its time."""
    installable = Installable(releases, machine)
    settled = [v.cell for v in known.values() if not is_open(v, matrix, now, rerun)]
    settled = [cell for cell in settled if cell in asked]
    there = [cell for cell in settled if installable.why_not(cell) is None]
    of_track = Counter((cell.probe, cell.config, cell.python) for cell in there)
    tracks = [
        _Track(
            block=block,
            python=python,
            pins=tuple(installable.those(pins, python) for pins in block.pins),
            settled=of_track[block.probe, block.config, python],
        )
        for block in asked.blocks
        for python in block.pythons
    ]
    to_run = sum(track.to_run for track in tracks)
    undecided = sum(track.installable for track in tracks)
    return Count(
        cells=len(asked),
        to_run=to_run,
        unsupported=len(asked) - undecided - (len(settled) - len(there)),
        known=len(settled),
        seconds=_seconds(tracks, to_run, known, matrix, jobs, costs or Costs()),
    )


@dataclass(frozen=True, kw_only=True)
class _Track:
    """The cells of a probe and configuration on one Python."""

    block: Block
    python: PythonVersion
    pins: tuple[tuple[Pin, ...], ...]
    """By axis: the releases that install on it."""
    settled: int
    """How many of these cells have a verdict that counts."""

    @property
    def installable(self) -> int:
        return prod(map(len, self.pins))

    @property
    def to_run(self) -> int:
        return self.installable - self.settled


def _seconds(
    tracks: Sequence[_Track],
    to_run: int,
    known: Mapping[tuple[str, ...], Verdict],
    matrix: Matrix,
    jobs: int,
    costs: Costs,
) -> float:
    """Seconds for the trials, the controls between them, and every environment, made anew."""
    usual = usual_seconds(known, matrix)
    total = 0.0
    for track in tracks:
        probe = matrix.probes[track.block.probe]
        trial_s = usual(probe.name) + costs.overhead_s
        seconds = track.to_run * matrix.trials.per_cell * trial_s
        total += seconds if probe.alone else seconds / jobs
    controls = matrix.controls_on({(t.block.probe, t.python) for t in tracks if t.to_run})
    rounds = (1 + (to_run - 1) // matrix.controls_every) if controls else 0
    for control in controls:
        probe = matrix.probes[control.cell.probe]
        seconds = times_of(control, rounds) * (usual(probe.name) + costs.overhead_s)
        total += seconds if probe.alone else seconds / jobs
    total += sum(
        environments * costs.install_s / (1 if alone else jobs)
        for environments, alone in _environments(tracks, matrix)
    )
    own = {(control.cell.pins, control.cell.python) for control in controls}
    return total + len(own) * costs.install_s


def _environments(tracks: Sequence[_Track], matrix: Matrix) -> Iterator[tuple[int, bool]]:
    """How many environments the tracks need at most, and whether each needs the machine alone.

    Tracks with the same releases and requirements share theirs.
    """
    shared: dict[object, list[_Track]] = {}
    for track in tracks:
        probe, config = matrix.probes[track.block.probe], track.block.config
        of = probe.requirements, matrix.configurations[config].at_release
        shared.setdefault((track.pins, track.python, of), []).append(track)
    for group in shared.values():
        alone = any(matrix.probes[track.block.probe].alone for track in group)
        yield min(group[0].installable, sum(track.to_run for track in group)), alone
