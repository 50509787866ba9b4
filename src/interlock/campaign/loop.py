"""The loop of a run: plan → run → record → judge → plan, until nothing is open.

``run`` is a generator of typed progress events, which the command line draws. The caller passes a
``concurrent.futures.Executor`` for the jobs, and a channel that fits it. Only the generator's own
thread writes the ledger. Nothing here sleeps to decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from interlock.campaign import trial
from interlock.campaign.ahead import Ahead
from interlock.campaign.channel import Channel
from interlock.campaign.dispatch import Dispatch
from interlock.campaign.jobs import Job, Piece, Ran, Task
from interlock.campaign.judging import Judging
from interlock.campaign.planning import Plan
from interlock.campaign.progress import (
    ControlRan,
    Judged,
    LeftOpen,
    Planned,
    Progress,
    Withdrawn,
)
from interlock.campaign.schedule import Schedule
from interlock.campaign.worker import without_running
from interlock.campaign.workplace import Place, leave, setting_of
from interlock.isolation import Image
from interlock.matrix import Matrix
from interlock.model import (
    Cell,
    ImageMissing,
    InterpreterMissing,
    Pin,
    PythonVersion,
    StorageTrouble,
    Verdict,
)
from interlock.record import Ledger

Follow = Callable[[Mapping[tuple[str, ...], Verdict]], Plan]
"""From the verdicts of this run to the next plan; an empty plan ends the run."""

Events = Generator[Progress, None, None]

NOTHING = Plan(cells=(), unsupported={}, known=(), seconds=0.0)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What a run needs from outside."""

    place: Place
    matrix: Matrix
    ledger: Ledger
    executor: Executor
    jobs: int
    """How many jobs run at the same time, without those whose trials only wait.

    The executor should have room for ``dispatch.most_at_once`` of them.
    """
    channel: Channel = field(default_factory=Channel.for_threads)
    """For one run."""
    ahead: bool = False
    """Whether the next pieces are got ready early: only for jobs in threads of this process."""
    released: Callable[[Sequence[Pin]], datetime | None] = lambda pins: None
    """A day after the newer of these releases was complete; None if unknown."""

    def run(self, first: Plan, follow: Follow | None = None, *, repeat: int = 1) -> Events:
        """Run the first plan ``repeat`` times, then its follow-ups.

        Closing the generator stops everything that runs.
        """
        return Loop(self).run(first, follow, repeat)


class Loop:
    """The rounds of one run."""

    def __init__(self, campaign: Campaign) -> None:
        self._of = campaign
        self._matrix = campaign.matrix
        self._setting = setting_of(campaign.place)
        self.judging = Judging(campaign.ledger, campaign.matrix, campaign.place.campaign)
        self._schedule = Schedule(campaign.matrix, campaign.released)
        self._dispatch = Dispatch(
            campaign.executor,
            campaign.channel,
            campaign.matrix.trials.on_trouble,
            Ahead(self._setting, campaign.matrix.probes) if campaign.ahead else None,
        )
        self._images: dict[PythonVersion, Image] = {}
        self._given: Counter[Cell] = Counter()
        self._settled: set[Cell] = set()
        """The cells of this round that are done, and those that stay open."""

    def run(self, first: Plan, follow: Follow | None, repeat: int) -> Events:
        try:
            self.judging.controls.begin(self._of.place.campaign)
            yield from self._until_nothing_is_open(first, follow, repeat)
        finally:
            self._stop()
            late: list[Progress] = []
            with suppress(StorageTrouble):
                late += [self._settle(cell) for cell in self._keep_late()]
                late += self.judging.controls_judged()
                late += [Withdrawn(verdict=verdict) for verdict in self.judging.withdraw()]
        yield from late
        if self._dispatch.fatal:
            rest = tuple(cell for cell in self._given if cell not in self._settled)
            yield LeftOpen(cells=rest, trouble=self._dispatch.fatal)

    def _until_nothing_is_open(self, first: Plan, follow: Follow | None, repeat: int) -> Events:
        number = 0
        planned = first
        while not self._dispatch.fatal:
            if planned.is_empty and number:
                yield from self._close()
                planned = self._not_given(self._again())
                if planned.is_empty:
                    return
            number += 1
            if not planned.is_empty:
                yield Planned(plan=planned, round=number, follows=number > repeat)
                yield from self._round(planned, once=repeat == 1)
            if self._dispatch.fatal:
                return
            if number < repeat:
                planned = first
            elif follow:
                verdicts = self.judging.verdicts
                planned = self._not_given(follow({c.key: v for c, v in verdicts.items()}))
            else:
                planned = NOTHING

    def _close(self) -> Events:
        """Run the controls that are due; withdraw the passes they make worthless."""
        due = self._schedule.of_controls(self.judging.due(self._schedule.begun))
        together = [piece for piece in due if not self._is_alone(piece)]
        yield from self._batch(together)
        yield from self._batch([piece for piece in due if self._is_alone(piece)])
        if self._dispatch.fatal:
            return
        yield from self.judging.controls_judged()
        for verdict in self.judging.withdraw():
            yield Withdrawn(verdict=verdict)

    def _not_given(self, planned: Plan) -> Plan:
        """The plan without cells that this run has had.

        A cell may come again for more trials.
        """

        def is_new(cell: Cell) -> bool:
            return self._given[cell] < (2 if cell in planned.more else 1)

        return replace(
            planned,
            cells=tuple(filter(is_new, planned.cells)),
            unsupported={c: why for c, why in planned.unsupported.items() if is_new(c)},
        )

    def _again(self) -> Plan:
        short = self.judging.short()
        return replace(NOTHING, cells=short, more=dict.fromkeys(short, 1))

    # One round ------------------------------------------------------------------------------------

    def _round(self, planned: Plan, *, once: bool) -> Events:
        """Run one round of the plan.

        ``once``: each cell runs once, so a cell that is also a control counts as both.
        """
        cells = (*planned.unsupported, *planned.cells)
        self._given.update(cells)
        self._settled.difference_update(cells)
        begun = self._schedule.begun
        controls = [control for control in planned.controls if control not in begun]
        lost = yield from self._look_for_images([*cells, *(c.cell for c in controls)])
        for cell in planned.unsupported:
            if cell not in lost:
                yield self._decided(cell, planned)
        controls = [control for control in controls if control.cell not in lost]
        of_cell = {control.cell: control for control in controls if once}
        trials = self._matrix.trials.per_cell
        tasks = [
            Task(cell=cell, trials=planned.more.get(cell, trials), control=of_cell.get(cell))
            for cell in planned.cells
            if cell not in lost
        ]
        self.judging.await_controls(controls)
        for pieces in self._schedule.batches(tasks, controls):
            yield from self._batch(pieces)
        if not self._dispatch.fatal:
            yield from self.judging.controls_judged()

    def _decided(self, cell: Cell, planned: Plan) -> Judged | LeftOpen:
        """Record and judge a cell that the index alone decides."""
        ran = without_running(
            Task(cell=cell, trials=1),
            trial.unsupported_event(planned.unsupported[cell]),
            probe=self._matrix.probes[cell.probe],
            configuration=self._matrix.configurations[cell.config],
            image=self._images[cell.python],
            setting=self._setting,
        )
        self.judging.record(ran)
        return self._settle(cell)

    def _look_for_images(self, cells: Sequence[Cell]) -> Generator[Progress, None, set[Cell]]:
        """Find each Python's image once; return the cells without one, which stay open."""
        lost: set[Cell] = set()
        for python in sorted({cell.python for cell in cells} - self._images.keys()):
            try:
                self._images[python] = self._setting.sandbox.available(python)
            except (ImageMissing, InterpreterMissing) as trouble:
                those = tuple(dict.fromkeys(cell for cell in cells if cell.python == python))
                lost.update(those)
                self._settled.update(those)
                yield LeftOpen(cells=those, trouble=trouble)
        return lost

    def _batch(self, pieces: Sequence[Piece]) -> Events:
        """Run pieces at the same time, or one by one if they need the machine alone."""
        at_once = 1 if any(self._is_alone(piece) for piece in pieces) else self._of.jobs
        for said in self._dispatch.run(pieces, at_once, self._job):
            if isinstance(said, Ran):
                yield from self._told(said)
            else:
                yield said
            if isinstance(said, LeftOpen):
                self._settled.update(said.cells)
                self.judging.give_up(said.cells)
                yield from self._released()

    def _is_alone(self, piece: Piece) -> bool:
        return self._schedule.is_alone(piece.tasks[0].cell)

    def _job(self, number: int, piece: Piece) -> Job:
        campaign, controls = self._of.place.campaign, self.judging.controls
        probes = {task.cell.probe for task in piece.tasks}
        configs = {task.cell.config for task in piece.tasks}
        return Job(
            number=number,
            place=self._of.place,
            piece=piece,
            probes={name: self._matrix.probes[name] for name in probes},
            configurations={name: self._matrix.configurations[name] for name in configs},
            needs={name: controls.needs(campaign, name, piece.python) for name in probes},
            most_trials=self._matrix.trials.when_unproven,
        )

    # What comes of it -----------------------------------------------------------------------------

    def _told(self, ran: Ran) -> Iterable[Progress]:
        result = self.judging.record(ran)
        task = ran.task
        if not ran.last:
            return
        if task.control and result:
            yield ControlRan(control=task.control, result=result)
        if task.asked and not self.judging.hold(task.cell):
            yield self._settle(task.cell)
        if result:
            yield from self._released()

    def _released(self) -> Iterable[Progress]:
        for cell in self.judging.released():
            yield self._settle(cell)

    def _settle(self, cell: Cell) -> Judged | LeftOpen:
        self._settled.add(cell)
        return self.judging.judged(cell)

    def _stop(self) -> None:
        self._dispatch.stop()
        self._setting.sandbox.stop()
        self._dispatch.wait()
        if isinstance(self._dispatch.fatal, BrokenExecutor):
            self._setting.sandbox.sweep()  # what a dead worker left
        leave(self._of.place)

    def _keep_late(self) -> list[Cell]:
        """Record trials that ended while the run stopped; return the cells they settle."""
        late = []
        for ran in self._dispatch.late():
            with suppress(StorageTrouble):
                self.judging.record(ran)
                if ran.last and ran.task.asked and not self.judging.hold(ran.task.cell):
                    late.append(ran.task.cell)
        return late
