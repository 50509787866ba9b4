"""Jobs for workers, and the workers' messages: plain data that pickles.

A **job** is the work that shares one environment. It holds everything that a worker must know.
Sandbox, environments and index settings are built where the job runs (``workplace.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from interlock.campaign.workplace import Place
from interlock.evidence import power
from interlock.matrix import Control
from interlock.model import (
    Cell,
    Configuration,
    Environment,
    Finding,
    Pin,
    Probe,
    PythonVersion,
    Trial,
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A cell, and how many trials to run."""

    cell: Cell
    trials: int
    control: Control | None = None
    """The control that the cell runs as, if any."""
    asked: bool = True
    """Whether its verdict was requested; a control may be requested too."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Tasks that share one environment."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    requirements: tuple[str, ...]
    as_of: datetime | None
    """The day for which dependencies are resolved; None is today."""
    tasks: tuple[Task, ...]
    attempt: int = 1

    @property
    def combination(self) -> str:
        return self.tasks[0].cell.combination

    @property
    def is_control(self) -> bool:
        """Whether nothing but controls runs in it."""
        return not any(task.asked for task in self.tasks)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece, and everything that a worker must know to run it."""

    number: int
    """The job's number in the run; every message of its worker carries it."""
    place: Place
    piece: Piece
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    needs: Mapping[str, power.Needs] = field(default_factory=dict)
    """By probe, what the known hang needed when the job was handed out."""
    most_trials: int
    """The most trials for a cell that stays unproven."""


@dataclass(frozen=True, kw_only=True)
class Installing:
    cell: Cell
    """The first of the cells that run in it."""
    is_control: bool = False
    """Whether nothing but controls runs in it."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    cell: Cell
    """As in ``Installing``."""
    seconds: float
    cached: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An environment that failed to install and was kept for a look at it."""

    combination: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Probing:
    cell: Cell
    number: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The trial only waits for a silence to last: the machine is free for another one."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A trial has ended."""

    task: Task
    trial: Trial
    environment: Environment | None
    finding: Finding | None
    """The finding of the trial alone; None if the judge crashed."""
    passes: bool
    """Whether the cell passes with it, by the controls that its worker knew."""
    last: bool


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The job is over, and its future holds the result.

    Only the campaign itself sends this.
    """


Said = Installing | Installed | Kept | Probing | Waiting | Ran | Ended
