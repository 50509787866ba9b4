"""One run of the loop: plan → run → record → judge, until nothing is open.

``run`` is a generator of typed progress events, which the command line draws. Work goes to a
``concurrent.futures.Executor``; a piece of work is everything of one combination (it shares one
environment), and reports each trial as it is finished. Only the generator's own thread writes
the ledger. Nothing here sleeps to decide.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from interlock import judge, trial
from interlock.environments import Environments, InstallFailed
from interlock.errors import (
    EngineUnavailable,
    ImageMissing,
    InterpreterMissing,
    ProtocolError,
    StorageTrouble,
    TroubleError,
)
from interlock.ledger import Ledger
from interlock.matrix import Control, Trials
from interlock.model import (
    Cell,
    Configuration,
    Environment,
    Pin,
    Probe,
    PythonVersion,
    Trial,
    Unproven,
    Unsupported,
    Verdict,
)
from interlock.sandbox import Image

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
class Judged:
    """All trials of a cell are recorded, and this is what they say."""

    cell: Cell
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """Trouble of our own: no outcome, the cells are tried again by the next run."""

    cells: tuple[Cell, ...]
    trouble: Exception


Progress = Installing | Installed | Kept | Probing | Judged | LeftOpen


@dataclass(frozen=True, kw_only=True)
class Work:
    """Everything to run of one combination."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    requirements: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def combination(self) -> str:
        return self.cells[0].combination


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    trial: Trial
    environment: Environment | None
    last: bool


@dataclass(frozen=True, kw_only=True)
class _Over:
    work: Work
    trouble: Exception | None
    open: tuple[Cell, ...]


Doubts = Mapping[tuple[str, str], str]
"""By campaign and probe: in words, which control gave another answer than it should."""

_Said = Progress | _Recorded | _Over


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What a run needs of the world, handed in."""

    setting: trial.Setting
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    environments: Environments
    ledger: Ledger
    executor: Executor
    trials: Trials
    fresh_for: timedelta
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(
        self, cells: Sequence[Cell], unsupported: Mapping[Cell, Unsupported]
    ) -> Generator[Progress, None, None]:
        """Run every cell in the order given; closing the generator stops what is running.

        ``unsupported`` are cells that the index alone decides: they are recorded, not run.
        """
        images, missing = self._images(cells)
        yield from missing
        lost = {cell for event in missing for cell in event.cells}
        for cell in cells:
            if cell in unsupported and cell not in lost:
                event = trial.unsupported_event(unsupported[cell])
                ran = trial.without_running(
                    cell,
                    event,
                    probe=self.probes[cell.probe],
                    configuration=self.configurations[cell.config],
                    image=images[cell.python],
                    setting=self.setting,
                )
                self.ledger.record(ran)
                yield self._judged(cell)
        wanted = [cell for cell in cells if cell not in unsupported and cell not in lost]
        yield from self._work_off(self._divide(wanted), images)

    def _images(self, cells: Sequence[Cell]) -> tuple[dict[PythonVersion, Image], list[LeftOpen]]:
        images: dict[PythonVersion, Image] = {}
        missing: list[LeftOpen] = []
        for python in sorted({cell.python for cell in cells}):
            try:
                images[python] = self.setting.sandbox.available(python)
            except (ImageMissing, InterpreterMissing) as trouble:
                those = tuple(cell for cell in cells if cell.python == python)
                missing.append(LeftOpen(cells=those, trouble=trouble))
        return images, missing

    def _divide(self, cells: Sequence[Cell]) -> list[Work]:
        def shared(cell: Cell) -> tuple[tuple[Pin, ...], PythonVersion, tuple[str, ...]]:
            return cell.pins, cell.python, self.probes[cell.probe].requirements

        return [
            Work(pins=pins, python=python, requirements=requirements, cells=tuple(group))
            for (pins, python, requirements), group in groupby(cells, key=shared)
        ]

    def _work_off(
        self, pieces: Sequence[Work], images: Mapping[PythonVersion, Image]
    ) -> Generator[Progress, None, None]:
        said: SimpleQueue[_Said] = SimpleQueue()
        running: list[Future[None]] = []
        attempts = dict.fromkeys(pieces, 1)
        left = list(pieces)
        settled: set[Cell] = set()
        fatal: Exception | None = None
        try:
            running = [
                self.executor.submit(self._do, piece, images[piece.python], said.put)
                for piece in pieces
            ]
            while left and fatal is None:
                match said.get():
                    case _Recorded() as recorded:
                        self._record(recorded)
                        if recorded.last:
                            settled.add(recorded.trial.cell)
                            yield self._judged(recorded.trial.cell)
                    case _Over(work=work, trouble=None):
                        left.remove(work)
                    case _Over(work=work, trouble=trouble, open=still) if trouble:
                        left.remove(work)
                        if isinstance(trouble, FATAL):
                            fatal = trouble
                        elif (
                            isinstance(trouble, TroubleError)
                            and attempts[work] < self.trials.on_trouble
                        ):
                            again = replace(work, cells=still)
                            attempts[again] = attempts[work] + 1
                            left.append(again)
                            image = images[work.python]
                            running.append(self.executor.submit(self._do, again, image, said.put))
                        else:
                            settled.update(still)
                            yield LeftOpen(cells=still, trouble=trouble)
                    case Installing() | Installed() | Kept() | Probing() as progress:
                        yield progress
        finally:
            self._stop(running)
            late = self._keep_late(said)
        for cell in late:
            settled.add(cell)
            yield self._judged(cell)
        if fatal:
            rest = tuple(c for piece in pieces for c in piece.cells if c not in settled)
            yield LeftOpen(cells=rest, trouble=fatal)

    def _stop(self, running: Sequence[Future[None]]) -> None:
        self._stopped.set()
        for future in running:
            future.cancel()
        self.setting.sandbox.stop()
        for future in running:
            if not future.cancelled():
                future.exception()

    def _record(self, recorded: _Recorded) -> None:
        if recorded.environment:
            self.ledger.keep_environment(recorded.environment)
        self.ledger.record(recorded.trial)

    def _keep_late(self, said: SimpleQueue[_Said]) -> list[Cell]:
        """Record what was finished while the run was being stopped; the cells it settles."""
        late = []
        while not said.empty():
            recorded = said.get()
            if isinstance(recorded, _Recorded):
                with suppress(StorageTrouble):
                    self._record(recorded)
                    late += [recorded.trial.cell] * recorded.last
        return late

    def _do(self, work: Work, image: Image, say: Callable[[_Said], object]) -> None:
        """One piece of work, in a thread of the executor; never raises."""
        todo = list(work.cells)
        trouble: Exception | None = None
        try:
            self._run_cells(work, image, todo, say)
        except Exception as problem:
            if not isinstance(problem, TroubleError):
                problem.add_note(traceback.format_exc()) if hasattr(problem, "add_note") else None
            trouble = problem
            if isinstance(problem, FATAL):
                self._stopped.set()
        say(_Over(work=work, trouble=trouble, open=tuple(todo)))

    def _run_cells(
        self, work: Work, image: Image, todo: list[Cell], say: Callable[[_Said], object]
    ) -> None:
        if self._stopped.is_set():
            return
        say(Installing(combination=work.combination))
        began = time.monotonic()
        made = self.environments.ensure(work.pins, work.python, work.requirements)
        seconds = time.monotonic() - began
        if isinstance(made, InstallFailed):
            event = made.event(seconds)
            if made.kept:
                say(Kept(combination=work.combination, path=made.kept))
            for cell in work.cells:
                ran = trial.without_running(
                    cell,
                    event,
                    probe=self.probes[cell.probe],
                    configuration=self.configurations[cell.config],
                    image=image,
                    setting=self.setting,
                    seconds=seconds,
                )
                say(_Recorded(trial=ran, environment=None, last=True))
                todo.remove(cell)
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
        for cell in work.cells:
            if not self._probe(cell, environment, image, install, say):
                return
            todo.remove(cell)

    def _probe(
        self,
        cell: Cell,
        environment: Environment,
        image: Image,
        install: Mapping[str, Any],
        say: Callable[[_Said], object],
    ) -> bool:
        """As many trials as are wanted, a few more while they prove nothing; False if stopped."""
        probe = self.probes[cell.probe]
        wanted = self.trials.per_cell
        number = 0
        while number < wanted:
            if self._stopped.is_set():
                return False
            number += 1
            say(Probing(cell=cell, number=number, of=wanted))
            ran = trial.run(
                cell,
                probe=probe,
                configuration=self.configurations[cell.config],
                environment=environment,
                image=image,
                install=install,
                setting=self.setting,
            )
            try:
                finding = judge.classify(ran.events, probe.asked_of(cell))
            except ProtocolError:
                raise  # what can't be read is no trial
            except Exception:
                say(_Recorded(trial=ran, environment=environment, last=False))
                raise
            if isinstance(finding, Unproven):
                wanted = max(wanted, min(number + 1, self.trials.when_unproven))
            say(_Recorded(trial=ran, environment=environment, last=number == wanted))
        return True

    def _judged(self, cell: Cell) -> Judged | LeftOpen:
        try:
            verdict = verdict_of(
                self.ledger,
                cell,
                probe=self.probes[cell.probe],
                newer_than=datetime.now(timezone.utc) - self.fresh_for,
            )
        except Exception as problem:  # a crash in the judge is ours, never an outcome
            return LeftOpen(cells=(cell,), trouble=problem)
        self.ledger.keep_verdict(verdict)
        return Judged(cell=cell, verdict=verdict)


def verdict_of(
    ledger: Ledger,
    cell: Cell,
    *,
    probe: Probe,
    newer_than: datetime | None = None,
    doubts: Doubts | None = None,
) -> Verdict:
    """Judge the trials of a cell that count: same probe, configuration and backend as the newest.

    ``newer_than`` leaves out what has gone stale. Raises ``ValueError`` where no trial counts.
    """
    trials = list(ledger.trials(cell))
    newest = trials[-1]
    counting = [
        ran
        for ran in trials
        if (ran.probe_digest, ran.config_digest, ran.backend)
        == (newest.probe_digest, newest.config_digest, newest.backend)
        and (newer_than is None or ran.started_at >= newer_than)
    ]
    verdict = judge.decide(counting, probe)
    doubt = (doubts or {}).get((newest.campaign, cell.probe))
    return judge.doubt(verdict, doubt) if doubt else verdict


def doubtful(ledger: Ledger, controls: Sequence[Control], probes: Mapping[str, Probe]) -> Doubts:
    """Where a control gave another answer than the one that is known: passes prove nothing there.

    A control that trouble kept from running says nothing.
    """
    doubts: dict[tuple[str, str], str] = {}
    for control in controls:
        probe = probes[control.cell.probe]
        by_campaign: dict[str, list[Trial]] = {}
        for ran in ledger.trials(control.cell):
            if ran.probe_digest == probe.digest:
                by_campaign.setdefault(ran.campaign, []).append(ran)
        for campaign, trials in by_campaign.items():
            outcome = judge.decide(trials, probe).outcome
            if outcome is not control.expect:
                doubts[campaign, probe.name] = (
                    f"the control {control.cell} should give {control.expect} and gave {outcome}"
                )
    return doubts
