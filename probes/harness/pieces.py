"""Long messages of the driver, put together from the pieces in which they come.

The kernel writes up to ``PIPE_BUF`` bytes into a pipe as a whole, and may write more only in part.
Then another thread or a signal's handler could write into the middle, or an exception could end
the message there. So ``trial.py`` sends a long message as lines of that size: ``+NUMBER PIECE`` for
each piece, and ``=NUMBER`` behind the last one. ``-NUMBER`` gives it up.
"""

from __future__ import annotations

from harness.shapes import Broken, quoted

MOST_AT_ONCE = 64
"""Messages that may have begun and not ended. Beyond that, the oldest was given up unsaid."""


class Pieces:
    """The messages of one pipe that have begun and not ended."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._begun: dict = {}
        """The number of a message to what has come of it; None where that was too long."""

    def take(self, line: bytes | None) -> list:
        """The messages that this line completes: one or none.

        None in the list is a message that was too long.
        """
        if line is None or line[:1] not in (b"+", b"=", b"-"):
            return [line]
        number, _, piece = line[1:].partition(b" ")
        if not number.isdigit() or len(number) > 12 or (piece and line[:1] != b"+"):
            raise Broken(f"no piece of a message: {quoted(line)}")
        if line[:1] == b"+":
            self._add(number, piece)
            return []
        if line[:1] == b"-":
            self._begun.pop(number, None)
            return []
        if number not in self._begun:
            raise Broken(f"the end of a message that has not begun: {quoted(line)}")
        whole = self._begun.pop(number)
        return [whole and bytes(whole)]

    def _add(self, number: bytes, piece: bytes) -> None:
        so_far = self._begun.setdefault(number, bytearray())
        if len(self._begun) > MOST_AT_ONCE:
            del self._begun[next(iter(self._begun))]
        if so_far is None or len(so_far) + len(piece) > self._longest:
            self._begun[number] = None
        else:
            so_far += piece
