"""What a run shows while it runs.

A terminal gets a live table. Anything else gets plain lines.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from traceback import format_exception
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from interlock.campaign import (
    ControlRan,
    Installed,
    Installing,
    Judged,
    Kept,
    LeftOpen,
    Planned,
    Probing,
    Progress,
    Withdrawn,
)
from interlock.model import Cell, InterlockError, Outcome, Verdict, listing, plural

SYMBOLS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.HANG: ("✗", "bold red"),
    Outcome.FAIL: ("!", "magenta"),
    Outcome.UNSUPPORTED: ("–", "dim"),
    Outcome.UNPROVEN: ("?", "yellow"),
}
"""A sign beside the colour, for readers who can't see the colour."""

CAN_HANG, NOT_SEEN = ("◐", "yellow"), ("○", "yellow")
"""Instead of the sign of a pass, where hangs are rare: its release line hung, or none is known."""

IsRare = Callable[[Cell], bool]
"""Whether hangs are rare there, so that a run without one is no pass for its reader."""

A_FEW_S = 5.0
"""A shorter estimate is not given as a number."""

WIDE = 100
"""A terminal this wide, in columns, has room for a bar beside the numbers."""

NO_HANG_SEEN = "no hang seen"

RECENT = 6
"""How many verdicts a terminal shows under the progress bar."""


class Display(Protocol):
    """Draws a run; used as a context manager around it."""

    def __enter__(self) -> Display: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, event: Progress) -> None: ...


def display(console: Console, is_rare: IsRare = lambda _: False) -> Display:
    """The display that suits where the output goes."""
    return Drawn(console, is_rare) if console.is_terminal else Printed(console, is_rare)


def sentence(verdict: Verdict, is_rare: IsRare = lambda _: False) -> str:
    """One line for a verdict: sign, outcome, reason, cell."""
    sign, _ = _sign(verdict, is_rare)
    why = f" ({verdict.reason})" if verdict.reason else ""
    return f"{sign} {_called(verdict, is_rare)}{why}  {verdict.cell}"


def _is_rare_pass(verdict: Verdict, is_rare: IsRare) -> bool:
    return verdict.outcome is Outcome.PASS and is_rare(verdict.cell)


def _sign(verdict: Verdict, is_rare: IsRare) -> tuple[str, str]:
    return NOT_SEEN if _is_rare_pass(verdict, is_rare) else SYMBOLS[verdict.outcome]


def _called(verdict: Verdict, is_rare: IsRare) -> str:
    """The outcome as it is shown while a run goes on; its end knows the rates."""
    return NO_HANG_SEEN if _is_rare_pass(verdict, is_rare) else str(verdict.outcome)


def trouble_line(event: LeftOpen) -> str:
    """One line for cells that stay open, and the reason."""
    trouble = event.trouble
    known = isinstance(trouble, InterlockError)
    why = str(trouble) if known else f"{type(trouble).__name__}: {trouble}"
    cells = plural(len(event.cells), "cell")
    where = f" (first: {event.cells[0]})" if event.cells else ""
    return f"{cells} left open: {why}{where}"


def trouble_text(event: LeftOpen) -> str:
    """The same line; an error that nobody foresaw is followed by its traceback."""
    line = trouble_line(event)
    if isinstance(event.trouble, InterlockError):
        return line
    return f"{line}\n{''.join(format_exception(event.trouble)).rstrip()}"


def kept_line(event: Kept) -> str:
    """Where to look at an environment that failed to install."""
    return f"{event.combination} does not install; its folder is kept: {event.path}"


def place(cell: Cell) -> str:
    """What is installed for a cell.

    For a control that needs no library, that is Python alone.
    """
    return cell.combination if cell.has_library else f"Python {cell.python} without the libraries"


def installing_line(event: Installing) -> str:
    """What is installed for a cell, and whether that is for a control.

    The controls come before the requested cells, so a reader may not know them.
    """
    return f"installing {place(event.cell)}{', for a control' if event.is_control else ''} …"


def control_line(event: ControlRan) -> str:
    """One line for a control that did not give its known answer."""
    expected = event.control.expect
    return f"? a control gave {event.result.outcome} instead of {expected}: {event.control.cell}"


def withdrawn_line(event: Withdrawn) -> str:
    """One line for a pass that proves nothing after all."""
    return f"{sentence(event.verdict)}: {event.verdict.detail}"


def planned_line(event: Planned) -> str:
    """One line for the follow-ups of the verdicts so far."""
    planned = event.plan
    more = len(planned.more)
    parts = [plural(len(planned.cells) - more, "cell")] if len(planned.cells) > more else []
    if more:
        parts.append(f"more trials of {plural(more, 'cell')}")
    return f"following up what was found: {listing(parts)}, {about(planned.seconds)}"


def duration(seconds: float) -> str:
    """``48 s``, ``3 min 20 s``, ``2 h``, ``7 days``."""
    whole = max(0, round(seconds))
    if whole >= 2 * 86400:
        return f"{whole // 86400} days"
    size, unit, small, part = (3600, "h", 60, "min") if whole >= 3600 else (60, "min", 1, "s")
    if whole < 60:
        return f"{whole} s"
    rest = whole % size // small
    return f"{whole // size} {unit} {rest} {part}" if rest else f"{whole // size} {unit}"


def about(seconds: float) -> str:
    """An estimate in words: ``about 50 s``, ``about 6 min``, ``a few seconds``."""
    if seconds < A_FEW_S:
        return "a few seconds"
    return f"about {duration(seconds if seconds < 120 else round(seconds / 60) * 60)}"


_COUNTED = ("pass", NO_HANG_SEEN, "hang", "fail", "unproven", "unsupported")
"""In this order."""


class _Count:
    """How far a run is, and how long the rest may take."""

    def __init__(self, is_rare: IsRare = lambda _: False) -> None:
        self._is_rare = is_rare
        self.total = 0
        self.done = 0
        self.open = 0
        self.outcomes: Counter[str] = Counter()
        self._estimate_s = 0.0
        self._began = time.monotonic()
        self._decided: set[Cell] = set()

    def add(self, event: Progress) -> None:
        match event:
            case Planned(plan=planned):
                self.total += len(planned.cells)
                self._estimate_s += planned.seconds
                self._decided.update(planned.unsupported)
            case Judged(verdict=verdict) if not self.is_decided(event):
                self.done += 1
                self.outcomes[_called(verdict, self._is_rare)] += 1
            case Withdrawn(verdict=verdict):
                rare = self._is_rare(verdict.cell)
                self.outcomes[NO_HANG_SEEN if rare else str(Outcome.PASS)] -= 1
                self.outcomes[str(verdict.outcome)] += 1
            case LeftOpen(cells=cells):
                self.open += len(cells)

    def is_decided(self, event: Progress) -> bool:
        """Whether the event is about cells that the index alone decides; these don't run."""
        return isinstance(event, Judged) and event.cell in self._decided

    @property
    def left(self) -> int:
        return max(0, self.total - self.done - self.open)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    @property
    def eta_s(self) -> float:
        """The plan's estimate at first, then more and more the pace of this run."""
        share = self.done / self.total if self.total else 1.0
        planned = self._estimate_s * self.left / self.total if self.total else 0.0
        seen = self.elapsed_s / self.done * self.left if self.done else planned
        return share * seen + (1 - share) * planned

    def line(self) -> str:
        parts = [f"{self.done} of {self.total} done"]
        for called in _COUNTED:
            if self.outcomes[called]:
                parts.append(f"{self.outcomes[called]} {called}")
        if self.open:
            parts.append(f"{self.open} left open")
        if self.left:
            parts.append(f"{self.left} left, {about(self.eta_s)}")
        return " · ".join(parts)


class Printed:
    """Plain lines for logs: each verdict when it comes, and the progress now and then."""

    EVERY_S = 30.0

    def __init__(self, console: Console, is_rare: IsRare) -> None:
        self._console = console
        self._is_rare = is_rare
        self._count = _Count(is_rare)
        self._said_at = time.monotonic()
        self._first = True

    def __enter__(self) -> Printed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def show(self, event: Progress) -> None:
        self._count.add(event)
        if self._count.is_decided(event):
            return
        match event:
            case Planned(follows=True):
                self._print(planned_line(event))
            case Judged(verdict=verdict):
                trials = f", in {verdict.trials} trials" if verdict.trials > 1 else ""
                self._print(f"{sentence(verdict, self._is_rare)}{trials}")
            case ControlRan() as ran if not ran.result.as_expected:
                self._print(control_line(ran))
            case Withdrawn() as withdrawn:
                self._print(withdrawn_line(withdrawn))
            case LeftOpen() as left_open:
                self._print(trouble_text(left_open))
            case Kept() as kept:
                self._print(kept_line(kept))
            case Installing() as installing if self._first:
                self._first = False
                self._print(installing_line(installing))
        if time.monotonic() - self._said_at > self.EVERY_S:
            self._said_at = time.monotonic()
            self._print(f"… {self._count.line()}")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


class Drawn:
    """A live picture: a bar, what is installed and running now, the last verdicts."""

    def __init__(self, console: Console, is_rare: IsRare) -> None:
        self._is_rare = is_rare
        self._count = _Count(is_rare)
        self._busy: dict[str, str] = {}
        self._recent: list[Text] = []
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._picture)

    def __enter__(self) -> Drawn:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._busy.clear()
        self._live.__exit__(kind, value, trace)

    def show(self, event: Progress) -> None:
        self._count.add(event)
        if self._count.is_decided(event):
            return
        match event:
            case Planned(follows=True):
                self._console.print(Text(planned_line(event)))
            case ControlRan(control=control, result=result):
                self._busy.pop(place(control.cell), None)
                if not result.as_expected:
                    self._console.print(Text(control_line(event), style="bold yellow"))
            case Withdrawn() as withdrawn:
                self._console.print(Text(withdrawn_line(withdrawn), style="yellow"))
            case Installing(cell=cell, is_control=is_control):
                self._busy[place(cell)] = (
                    "installing, for a control" if is_control else "installing"
                )
            case Installed(cell=cell):
                self._busy[place(cell)] = "installed"
            case Kept() as kept:
                self._console.print(Text(kept_line(kept), style="yellow"))
            case Probing(cell=cell, number=number, of=of):
                again = f", trial {number} of {of}" if of > 1 else ""
                self._busy[place(cell)] = f"running {cell.probe} · {cell.config}{again}"
            case Judged(cell=cell, verdict=verdict):
                self._busy.pop(place(cell), None)
                _, style = _sign(verdict, self._is_rare)
                self._recent.append(_one_line(sentence(verdict, self._is_rare), style))
                del self._recent[:-RECENT]
            case LeftOpen(cells=cells) as left_open:
                for cell in cells:
                    self._busy.pop(place(cell), None)
                self._console.print(Text(trouble_text(left_open), style="yellow"))

    def _picture(self) -> Group:
        busy = [_one_line(f"{where}  {what}") for where, what in list(self._busy.items())[:4]]
        head: Table | Text = Text(self._count.line())
        if self._console.width >= WIDE:
            done, total = self._count.done, max(1, self._count.total)
            head = Table.grid(padding=(0, 2))
            head.add_row(ProgressBar(total=total, completed=done, width=30), self._count.line())
        return Group(*self._recent, head, *busy)


def _one_line(text: str, style: str = "") -> Text:
    """Cut the end on a narrow terminal, because the releases are at the beginning."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
