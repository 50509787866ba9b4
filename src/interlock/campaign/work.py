"""One piece of work of a campaign, done in a thread of its executor: install once, then probe.

A piece is everything to run that shares one environment. What happens is said as it happens, to a
function that is handed in; nothing is recorded or judged for good here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from interlock.campaign import trial
from interlock.campaign.controls import Answer, Answers, answer
from interlock.evidence import classification, judge, power
from interlock.isolation import Environments, Image, InstallFailed
from interlock.matrix import Control, Matrix
from interlock.model import (
    Cell,
    EngineUnavailable,
    Environment,
    Finding,
    Pass,
    Pin,
    Probe,
    ProtocolError,
    PythonVersion,
    Reason,
    StorageTrouble,
    Trial,
    Unproven,
    outcome_of,
)

FATAL = (EngineUnavailable, StorageTrouble)
"""Trouble that every other cell would meet too: the run stops at the first."""


@dataclass(frozen=True, kw_only=True)
class Installing:
    combination: str


@dataclass(frozen=True, kw_only=True)
class Installed:
    combination: str
    seconds: float
    cached: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An environment that failed to install, left where it is to be looked at."""

    combination: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Probing:
    cell: Cell
    number: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Task:
    """A cell, and how many trials of it."""

    cell: Cell
    trials: int
    control: Control | None = None
    """Where it is run to vouch for others."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """Everything to run of one environment; the same again is another piece."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    requirements: tuple[str, ...]
    as_of: datetime | None
    """When its dependencies are resolved, where that is not today."""
    tasks: tuple[Task, ...]
    attempt: int = 1

    @property
    def combination(self) -> str:
        return self.tasks[0].cell.combination

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(task.cell for task in self.tasks)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    task: Task
    trial: Trial
    environment: Environment | None
    answer: Answer | None
    """Where it is a control that could be judged."""
    reached: power.Reached | None
    """Exposures and load, of a pass."""
    last: bool


@dataclass(frozen=True, kw_only=True)
class Over:
    work: Work
    trouble: Exception | None
    open: tuple[Task, ...]


Said = Installing | Installed | Kept | Probing | Recorded | Over
Say = Callable[[Said], object]


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a piece of work needs of the world, handed in."""

    setting: trial.Setting
    matrix: Matrix
    environments: Environments
    answers: list[Answer]
    """What the controls have answered so far, in this run or before; more is put at its end."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def do(self, work: Work, image: Image, say: Say) -> None:
        """One piece of work, in a thread of the executor; never raises."""
        todo = list(work.tasks)
        trouble: Exception | None = None
        try:
            self._run(work, image, todo, say)
        except Exception as problem:
            trouble = problem
            if isinstance(problem, FATAL):
                self.stopped.set()
        say(Over(work=work, trouble=trouble, open=tuple(todo)))

    def without_running(
        self, task: Task, event: Mapping[str, Any], image: Image, seconds: float = 0.0
    ) -> Recorded:
        """What ended before anything was probed: ``event`` says what installing gave."""
        cell = task.cell
        ran = trial.without_running(
            cell,
            event,
            probe=self.matrix.probes[cell.probe],
            configuration=self.matrix.configurations[cell.config],
            image=image,
            setting=self.setting,
            seconds=seconds,
        )
        return self._recorded(task, ran, last=True)

    def _run(self, work: Work, image: Image, todo: list[Task], say: Say) -> None:
        if self.stopped.is_set():
            return
        say(Installing(combination=work.combination))
        began = time.monotonic()
        made = self.environments.ensure(work.pins, work.python, work.requirements, as_of=work.as_of)
        seconds = time.monotonic() - began
        if isinstance(made, InstallFailed):
            event = made.event(seconds)
            if made.kept:
                say(Kept(combination=work.combination, path=made.kept))
            for task in work.tasks:
                say(self.without_running(task, event, image, seconds))
                todo.remove(task)
            return
        environment, cached = made
        say(Installed(combination=work.combination, seconds=seconds, cached=cached))
        install = {
            "event": "install",
            "at": 0.0,
            "ok": True,
            "stage": "install",
            "seconds": round(seconds, 3),
            "cached": cached,
            "output": "",
        }
        for task in work.tasks:
            if not self._probe(task, environment, image, install, say):
                return
            todo.remove(task)

    def _probe(
        self,
        task: Task,
        environment: Environment,
        image: Image,
        install: Mapping[str, Any],
        say: Say,
    ) -> bool:
        """As many trials as are wanted, a few more while they prove nothing; False if stopped.

        After one with too few exposures the next enters the situation more often, where the probe
        can be told to, and counts together with those before. A control is over with the answer
        that it should give.
        """
        cell = task.cell
        probe = self.matrix.probes[cell.probe]
        most = self.matrix.trials.when_unproven
        wanted = task.trials
        number = 0
        found: list[Finding] = []
        needed: list[int] = []
        while number < wanted:
            if self.stopped.is_set():
                return False
            number += 1
            say(Probing(cell=cell, number=number, of=wanted))
            ran = trial.run(
                cell,
                probe=probe,
                configuration=self.matrix.configurations[cell.config],
                environment=environment,
                image=image,
                install=install,
                setting=self.setting,
            )
            try:
                needed.append(self._needs(ran))
                found.append(self._found(ran, probe, needed[-1]))
                finding = judge.together(found, probe.asked_of(cell), needed)[-1]
            except ProtocolError:
                raise  # what can't be read is no trial
            except Exception:
                say(self._recorded(task, ran, environment, last=False))
                raise
            if isinstance(finding, Unproven):
                probe = self._further(probe, finding, needed[-1])
                wanted = max(wanted, min(number + 1, most))
            elif task.control and outcome_of(finding) is not task.control.expect:
                wanted = max(wanted, min(number + 1, task.control.tries))
            say(self._recorded(task, ran, environment, finding, last=number == wanted))
        return True

    def _found(self, ran: Trial, probe: Probe, needed: int) -> Finding:
        return judge.weighed(
            classification.classify(ran.events, probe.asked_of(ran.cell)), probe, needed
        )

    def _needs(self, ran: Trial) -> int:
        return Answers(self.matrix, tuple(self.answers)).needs(ran)

    def _further(self, probe: Probe, finding: Unproven, needed: int) -> Probe:
        """The probe for the next try; the same where it can't be told to do more in one."""
        if finding.reason is not Reason.TOO_FEW_EXPOSURES or probe.exposure_knob is None:
            return probe
        wanted = max(needed, probe.least_exposures)
        return power.raised(probe, finding.exposures, wanted) or probe

    def _recorded(
        self,
        task: Task,
        ran: Trial,
        environment: Environment | None = None,
        finding: Finding | None = None,
        *,
        last: bool,
    ) -> Recorded:
        probe = self.matrix.probes[task.cell.probe]
        judged = finding is not None or environment is None
        control = self.matrix.control_of(task.cell)
        given = answer(control, ran, probe) if control and judged else None
        if given:
            self.answers.append(given)
        return Recorded(
            task=task,
            trial=ran,
            environment=environment,
            answer=given,
            reached=power.reached(ran, finding.exposures) if isinstance(finding, Pass) else None,
            last=last,
        )
