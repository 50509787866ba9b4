"""What a command works on, and where it prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook
from rich.segment import Segment

from interlock.isolation import Store
from interlock.matrix import Matrix
from interlock.model import printable


@dataclass(frozen=True, kw_only=True)
class Place:
    """The matrix, and the folders beside it."""

    root: Path
    matrix: Matrix
    store: Store
    console: Console

    @property
    def probes(self) -> Path:
        return self.root / "probes"


def console() -> Console:
    """Standard output. It may quote others, so its text is escaped."""
    made = Console(soft_wrap=not sys.stdout.isatty())
    made.push_render_hook(_Printable())
    return made


class _Printable(RenderHook):
    """Escapes the text of all output, but not the codes that draw it."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Escaped(renderable) for renderable in renderables]


@dataclass(frozen=True)
class _Escaped:
    drawn: ConsoleRenderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.drawn, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text, lines=True), style)
