"""Text for a terminal: as wide as it is, in the colours of the outcomes."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from interlock.model import Outcome

_COLOURS = {
    Outcome.HANG: "1;31",
    Outcome.FAIL: "1;31",
    Outcome.UNPROVEN: "1;33",
    Outcome.UNSUPPORTED: "1",
    Outcome.PASS: "1;32",
    None: "1;33",
}

_LEAST_WIDTH = 30


@dataclass(frozen=True, kw_only=True)
class Page:
    """The width and the colours that the text may use."""

    width: int = 80
    """In columns."""
    colours: bool = False

    def wrapped(self, text: str, indent: str = "", mark: str = "") -> list[str]:
        """Wrap a text to the page.

        ``mark`` stands before the first line. The other lines are indented to match.
        """
        return textwrap.wrap(
            text,
            width=max(self.width, _LEAST_WIDTH),
            initial_indent=indent + mark,
            subsequent_indent=indent + " " * len(mark),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def coloured(self, text: str, outcome: Outcome | None) -> str:
        return f"\x1b[{_COLOURS[outcome]}m{text}\x1b[0m" if self.colours else text
