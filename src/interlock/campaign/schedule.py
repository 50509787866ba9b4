"""The order of a run: cells and controls as pieces of work.

Controls come first, and again after every so many cells. They run as ordinary work, because their
result holds only for the load that the other cells had. Work that needs the machine alone comes
last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from interlock.campaign.jobs import Piece, Task
from interlock.campaign.planning import install_of
from interlock.matrix import Control, Matrix, Rounds
from interlock.model import Cell, Pin


class Schedule:
    """The order of one run, and the controls that it has begun."""

    def __init__(
        self, matrix: Matrix, released: Callable[[Sequence[Pin]], datetime | None]
    ) -> None:
        self._matrix = matrix
        self._released = released
        self._cells_since_controls = 0
        self.begun: list[Control] = []

    def batches(self, tasks: Sequence[Task], controls: Sequence[Control]) -> Iterator[list[Piece]]:
        """Batches of pieces that may run at the same time; new controls go first.

        A control that was also requested runs once, and early.
        """
        asked = {task.control for task in tasks}
        self.begun += controls
        apart = [control for control in controls if control not in asked]
        for alone in (False, True):
            those = [task for task in tasks if self.is_alone(task.cell) is alone]
            pieces = sorted(self._pieces(those), key=_without_control)
            yield [
                *self.of_controls(c for c in apart if self.is_alone(c.cell) is alone),
                *self._with_controls_between(pieces, alone),
            ]

    def of_controls(self, controls: Iterable[Control]) -> list[Piece]:
        tasks = [Task(cell=c.cell, trials=1, control=c, asked=False) for c in controls]
        return list(self._pieces(tasks))

    def is_alone(self, cell: Cell) -> bool:
        return self._matrix.probes[cell.probe].alone

    def _with_controls_between(self, pieces: Iterable[Piece], alone: bool) -> Iterator[Piece]:
        """The pieces, with the controls again after every so many cells."""
        for piece in pieces:
            if self._cells_since_controls >= self._matrix.controls_every:
                self._cells_since_controls = 0
                yield from self.of_controls(
                    control
                    for control in self.begun
                    if control.rounds is Rounds.EVERY and self.is_alone(control.cell) is alone
                )
            yield piece
            self._cells_since_controls += len(piece.tasks)

    def _pieces(self, tasks: Sequence[Task]) -> Iterator[Piece]:
        for install, group in groupby(tasks, key=lambda task: install_of(task.cell, self._matrix)):
            pins, python, requirements, at_release = install
            yield Piece(
                pins=pins,
                python=python,
                requirements=requirements,
                as_of=self._released(pins) if at_release else None,
                tasks=tuple(group),
            )


def _without_control(piece: Piece) -> bool:
    return not any(task.control for task in piece.tasks)
