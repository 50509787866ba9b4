"""A command's output: takes bytes as they arrive, and passes on lines."""

from __future__ import annotations

from collections.abc import Callable

OnLine = Callable[[str], None]


class Lines:
    """Cuts one stream into lines. A piece may end inside a character or a line."""

    def __init__(self, on_line: OnLine | None) -> None:
        self._on_line = on_line
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        if self._on_line is None:
            return
        searched = len(self._rest)
        self._rest += data
        start = 0
        while (end := self._rest.find(b"\n", max(start, searched))) >= 0:
            self._hand_over(self._rest[start:end])
            start = end + 1
        del self._rest[:start]

    def close(self) -> None:
        """Pass on what came after the last newline."""
        if self._rest:
            self._hand_over(self._rest)
            self._rest.clear()

    def _hand_over(self, line: bytearray) -> None:
        if self._on_line is not None:
            self._on_line(line.decode("utf-8", errors="replace"))


class Output:
    """Standard output and standard error of one command, with one limit for both."""

    def __init__(self, on_line: OnLine, on_stderr: OnLine | None, limit_bytes: int) -> None:
        self._streams = {1: Lines(on_line), 2: Lines(on_stderr)}
        self._left = limit_bytes

    def feed(self, stream: int, data: bytes) -> bool:
        """Take a piece of stream 1 or 2. Drops it and returns False beyond the limit."""
        if self._left < 0:
            return False
        self._streams[stream].feed(data[: self._left])
        self._left -= len(data)
        return self._left >= 0

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
