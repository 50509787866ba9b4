"""One run of the loop: plan → run → record → judge → plan, until nothing is open.

``run`` is a generator of typed progress events, which the command line draws. Work goes to a
``concurrent.futures.Executor`` (``work.py``). Only the generator's own thread writes the ledger.
Nothing here sleeps to decide.

Controls are run at the beginning, among the rest after every so many cells, and at the end, as
ordinary work: what they answer is worth something only under the load that the others had. What
has to be alone on the machine is run after the others, one piece at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from queue import SimpleQueue

from interlock.campaign import trial
from interlock.campaign.controls import Answer, Answers, answer
from interlock.campaign.planning import Plan, install_of
from interlock.campaign.work import (
    FATAL,
    Installed,
    Installing,
    Kept,
    Over,
    Probing,
    Recorded,
    Said,
    Task,
    Work,
    Worker,
)
from interlock.evidence import judge, power
from interlock.isolation import Environments, Image
from interlock.matrix import Control, Matrix, Rounds
from interlock.model import (
    Backend,
    Cell,
    ImageMissing,
    InterpreterMissing,
    Outcome,
    Pin,
    Probe,
    PythonVersion,
    Reason,
    StorageTrouble,
    TroubleError,
    Verdict,
)
from interlock.record import Ledger


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is run next."""

    plan: Plan
    round: int
    """From 1."""
    follows: bool
    """Whether the verdicts so far call for it; else it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All trials of a cell are recorded, and this is what they say."""

    cell: Cell
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A control has given its answer."""

    control: Control
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A pass that proves nothing after all, by what a later control answered."""

    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """Trouble of our own: no outcome, the cells are tried again by the next run."""

    cells: tuple[Cell, ...]
    trouble: Exception


Progress = (
    Planned | Installing | Installed | Kept | Probing | Judged | Answered | Withdrawn | LeftOpen
)

Follow = Callable[[Mapping[tuple[str, ...], Verdict]], Plan]
"""The verdicts of this run → what to run next, because of them; a plan without cells is the end."""


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What a run needs of the world, handed in."""

    setting: trial.Setting
    matrix: Matrix
    environments: Environments
    ledger: Ledger
    executor: Executor
    released: Callable[[Sequence[Pin]], datetime | None] = lambda pins: None
    """When the newer of these releases was whole, and a day; None where nobody knows."""

    def run(
        self, first: Plan, follow: Follow | None = None, *, repeat: int = 1
    ) -> Generator[Progress, None, None]:
        """Run what is planned, so many times over, then what follows.

        Closing the generator stops what is running.
        """
        return _Run(self).run(first, follow, repeat)


class _Run:
    """The state of one run. The workers' threads put into ``_said`` and ``_answers``; the rest is
    the generator's own thread's."""

    def __init__(self, campaign: Campaign) -> None:
        self._of = campaign
        self._matrix = campaign.matrix
        self._ledger = campaign.ledger
        self._since = datetime.now(timezone.utc) - campaign.matrix.fresh_for
        self._answers: list[Answer] = []
        self._worker = Worker(
            setting=campaign.setting,
            matrix=campaign.matrix,
            environments=campaign.environments,
            answers=self._answers,
        )
        self._said: SimpleQueue[Said] = SimpleQueue()
        self._running: list[Future[None]] = []
        self._images: dict[PythonVersion, Image] = {}
        self._verdicts: dict[Cell, Verdict] = {}
        self._reached: dict[Cell, power.Reached] = {}
        """Of what passed: exposures and load of its newest trial."""
        self._settled: set[Cell] = set()
        """Of the round that is run."""
        self._given: Counter[Cell] = Counter()
        self._begun: list[Control] = []
        self._cells_since_controls = 0
        self._fatal: Exception | None = None

    def run(
        self, first: Plan, follow: Follow | None, repeat: int
    ) -> Generator[Progress, None, None]:
        try:
            self._answers += answers_in(self._ledger, self._matrix, self._since)
            yield from self._until_nothing_is_open(first, follow, repeat)
        finally:
            self._stop()
            late: list[Progress] = []
            with suppress(StorageTrouble):
                late += [self._judged(cell) for cell in self._keep_late()]
                late += [Withdrawn(verdict=verdict) for verdict in self._withdraw()]
        yield from late
        if self._fatal:
            rest = tuple(cell for cell in self._given if cell not in self._settled)
            yield LeftOpen(cells=rest, trouble=self._fatal)

    def _until_nothing_is_open(
        self, first: Plan, follow: Follow | None, repeat: int
    ) -> Generator[Progress, None, None]:
        number = 0
        planned = first
        while not self._fatal:
            if planned.is_empty and number:
                yield from self._work_off(self._control_pieces(self._begun))
                for verdict in self._withdraw():
                    yield Withdrawn(verdict=verdict)
                planned = self._not_given(self._again())
                if planned.is_empty:
                    return
            number += 1
            if not planned.is_empty:
                yield Planned(plan=planned, round=number, follows=number > repeat)
                yield from self._round(planned)
            if self._fatal:
                return
            if number < repeat:
                planned = first
            elif follow:
                planned = self._not_given(self._follow(follow))
            else:
                planned = NOTHING

    def _follow(self, follow: Follow) -> Plan:
        return follow({cell.key: verdict for cell, verdict in self._verdicts.items()})

    def _not_given(self, planned: Plan) -> Plan:
        """The plan without what this run has had: for a verdict, and again for more trials."""

        def is_new(cell: Cell) -> bool:
            return self._given[cell] < (2 if cell in planned.more else 1)

        return replace(
            planned,
            cells=tuple(filter(is_new, planned.cells)),
            unsupported={c: why for c, why in planned.unsupported.items() if is_new(c)},
        )

    def _round(self, planned: Plan) -> Generator[Progress, None, None]:
        cells = (*planned.unsupported, *planned.cells)
        self._given.update(cells)
        self._settled.difference_update(cells)
        controls = [c for c in planned.controls if c not in self._begun]
        lost = yield from self._look_for_images([*cells, *(c.cell for c in controls)])
        for cell, why in planned.unsupported.items():
            if cell not in lost:
                event = trial.unsupported_event(why)
                task = Task(cell=cell, trials=1)
                ran = self._worker.without_running(task, event, self._images[cell.python])
                self._ledger.record(ran.trial)
                yield self._judged(cell)
        wanted = [cell for cell in planned.cells if cell not in lost]
        controls = [control for control in controls if control.cell not in lost]
        self._begun += controls
        per_cell = self._matrix.trials.per_cell
        tasks = [Task(cell=cell, trials=planned.more.get(cell, per_cell)) for cell in wanted]
        for alone in (False, True):
            those = [task for task in tasks if self._probe(task.cell).alone is alone]
            first = self._control_pieces(controls, alone)
            pieces = [*first, *self._with_controls_between(those, alone)]
            yield from self._work_off(pieces)
            if self._fatal:
                return

    def _probe(self, cell: Cell) -> Probe:
        return self._matrix.probes[cell.probe]

    def _look_for_images(self, cells: Sequence[Cell]) -> Generator[Progress, None, set[Cell]]:
        """Find each Python's image once; the cells that have none, which stay open."""
        lost: set[Cell] = set()
        for python in sorted({cell.python for cell in cells} - self._images.keys()):
            try:
                self._images[python] = self._of.setting.sandbox.available(python)
            except (ImageMissing, InterpreterMissing) as trouble:
                those = tuple(dict.fromkeys(cell for cell in cells if cell.python == python))
                lost.update(those)
                self._settled.update(those)
                yield LeftOpen(cells=those, trouble=trouble)
        return lost

    # What is run in which order -------------------------------------------------------------------

    def _with_controls_between(self, tasks: Sequence[Task], alone: bool) -> Iterator[Work]:
        """The pieces, and the controls again after every so many cells."""
        for piece in self._pieces(tasks):
            if self._cells_since_controls >= self._matrix.controls_every:
                self._cells_since_controls = 0
                every = [c for c in self._begun if c.rounds is Rounds.EVERY]
                yield from self._control_pieces(every, alone)
            yield piece
            self._cells_since_controls += len(piece.tasks)

    def _control_pieces(self, controls: Iterable[Control], alone: bool | None = None) -> list[Work]:
        """Both those that have to be alone and the others, without ``alone``."""
        those = [c for c in controls if alone in (None, self._probe(c.cell).alone)]
        return list(self._pieces([Task(cell=c.cell, trials=1, control=c) for c in those]))

    def _pieces(self, tasks: Sequence[Task]) -> Iterator[Work]:
        def install(task: Task) -> object:
            return install_of(task.cell, self._matrix)

        for _, group in groupby(tasks, key=install):
            together = tuple(group)
            pins, python, requirements, at_release = install_of(together[0].cell, self._matrix)
            yield Work(
                pins=pins,
                python=python,
                requirements=requirements,
                as_of=self._of.released(pins) if at_release else None,
                tasks=together,
            )

    def _work_off(self, pieces: Iterable[Work]) -> Generator[Progress, None, None]:
        """Those that may share the machine together, then each of the others on its own."""
        listed = list(pieces)
        alone = [piece for piece in listed if self._probe(piece.tasks[0].cell).alone]
        together = [piece for piece in listed if piece not in alone]
        for batch in (together, *([piece] for piece in alone)):
            if batch and not self._fatal:
                yield from self._batch(batch)

    def _batch(self, pieces: Sequence[Work]) -> Generator[Progress, None, None]:
        left = set(pieces)
        for piece in pieces:
            self._submit(piece)
        while left and self._fatal is None:
            match self._said.get():
                case Recorded() as recorded:
                    self._record(recorded)
                    if recorded.last:
                        yield self._told(recorded)
                case Over(work=work, trouble=None):
                    left.remove(work)
                case Over(work=work, trouble=trouble, open=still) if trouble:
                    left.remove(work)
                    if isinstance(trouble, FATAL):
                        self._fatal = trouble
                    elif (
                        isinstance(trouble, TroubleError)
                        and work.attempt < self._matrix.trials.on_trouble
                    ):
                        again = replace(work, tasks=still, attempt=work.attempt + 1)
                        left.add(again)
                        self._submit(again)
                    else:
                        cells = tuple(task.cell for task in still)
                        self._settled.update(cells)
                        yield LeftOpen(cells=cells, trouble=trouble)
                case Installing() | Installed() | Kept() | Probing() as progress:
                    yield progress

    def _submit(self, piece: Work) -> None:
        do, image = self._worker.do, self._images[piece.python]
        self._running.append(self._of.executor.submit(do, piece, image, self._said.put))

    # What comes of it -----------------------------------------------------------------------------

    def _record(self, recorded: Recorded) -> None:
        if recorded.environment:
            self._ledger.keep_environment(recorded.environment)
        self._ledger.record(recorded.trial)
        if recorded.reached:
            self._reached[recorded.task.cell] = recorded.reached
        else:
            self._reached.pop(recorded.task.cell, None)

    def _told(self, recorded: Recorded) -> Progress:
        task = recorded.task
        judged = self._judged(task.cell, settles=task.control is None)
        if isinstance(judged, Judged) and task.control and recorded.answer:
            return Answered(control=task.control, answer=recorded.answer)
        return judged

    def _judged(self, cell: Cell, *, settles: bool = True) -> Judged | LeftOpen:
        if settles:
            self._settled.add(cell)
        try:
            verdict = verdict_of(
                self._ledger,
                cell,
                probe=self._probe(cell),
                newer_than=self._since,
                answers=self._answered(),
            )
        except StorageTrouble:
            raise
        except Exception as problem:  # a crash in the judge is ours, never an outcome
            return LeftOpen(cells=(cell,), trouble=problem)
        self._ledger.keep_verdict(verdict)
        self._verdicts[cell] = verdict
        return Judged(cell=cell, verdict=verdict)

    def _answered(self) -> Answers:
        return Answers(self._matrix, tuple(self._answers))

    def _withdraw(self) -> Iterator[Verdict]:
        """Judge again what passed before the controls said that passes prove nothing there."""
        answers = self._answered()
        campaign = self._of.setting.campaign
        for cell, reached in list(self._reached.items()):
            verdict = self._verdicts.get(cell)
            if verdict is None or verdict.outcome is not Outcome.PASS:
                continue
            doubted = answers.doubt(campaign, cell.probe, cell.python)
            needed = answers.needed(campaign, cell.probe, cell.python, reached.load)
            if not doubted and needed <= reached.exposures:
                continue
            judged = self._judged(cell)
            if isinstance(judged, Judged) and judged.verdict.outcome is not Outcome.PASS:
                yield judged.verdict

    def _again(self) -> Plan:
        """What seemed to have exposures enough when it ended, and by now has too few: once more."""
        short = [
            cell
            for cell in self._reached
            if cell in self._verdicts and self._verdicts[cell].reason is Reason.TOO_FEW_EXPOSURES
        ]
        return replace(NOTHING, cells=tuple(short), more=dict.fromkeys(short, 1))

    def _stop(self) -> None:
        self._worker.stopped.set()
        for future in self._running:
            future.cancel()
        self._of.setting.sandbox.stop()
        for future in self._running:
            if not future.cancelled():
                future.exception()

    def _keep_late(self) -> list[Cell]:
        """Record what was finished while the run was being stopped; the cells it settles."""
        late = []
        while not self._said.empty():
            recorded = self._said.get()
            if isinstance(recorded, Recorded):
                with suppress(StorageTrouble):
                    self._record(recorded)
                    late += [recorded.task.cell] * recorded.last
        return late


NOTHING = Plan(cells=(), unsupported={}, known=(), seconds=0.0)


def verdict_of(
    ledger: Ledger,
    cell: Cell,
    *,
    probe: Probe,
    backend: Backend | None = None,
    newer_than: datetime | None = None,
    answers: Answers | None = None,
) -> Verdict:
    """Judge the trials of a cell that count: same probe, configuration and backend as the newest.

    ``newer_than`` leaves out what has gone stale: it ran with other dependencies. A pass stands on
    the trials of the campaigns in which no control says otherwise, if there are any. Raises
    ``ValueError`` where no trial counts.
    """
    trials = list(ledger.trials(cell, backend=backend, since=newer_than))
    if not trials:
        raise ValueError(f"no trial counts of {cell}")
    newest = trials[-1]
    counting = [
        ran
        for ran in trials
        if (ran.config_digest, ran.backend) == (newest.config_digest, newest.backend)
        and probe.are_alike(ran.probe_digest, newest.probe_digest)
    ]
    needs = answers.needs if answers else None
    verdict = judge.decide(counting, probe, needs)
    if answers is None or verdict.outcome is not Outcome.PASS:
        return verdict
    doubts = [answers.doubt(ran.campaign, cell.probe, cell.python) for ran in counting]
    clean = [ran for ran, doubt in zip(counting, doubts, strict=True) if not doubt]
    if clean:
        return judge.decide(clean, probe, needs)
    return judge.doubt(verdict, next(filter(None, reversed(doubts))))


def answers_in(
    ledger: Ledger, matrix: Matrix, newer_than: datetime | None = None
) -> Iterator[Answer]:
    """What the ledger's controls answered, of today's probes and configurations."""
    for control in matrix.controls:
        probe = matrix.probes[control.cell.probe]
        config_digest = matrix.configurations[control.cell.config].digest
        for ran in ledger.trials(control.cell, since=newer_than):
            if ran.config_digest != config_digest or not probe.accepts(ran.probe_digest):
                continue
            try:
                given = answer(control, ran, probe)
            except Exception:  # a crash in the judge, told of when it ran, is no answer
                continue
            yield given
