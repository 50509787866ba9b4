"""Pipes and sockets that never block, read in pieces and taken apart into lines."""

from __future__ import annotations

import contextlib
import fcntl
import os


class Lines:
    """A reading end, taken apart into lines."""

    def __init__(self, fd: int, longest: int) -> None:
        self.fd = fd
        self._longest = longest
        self._rest = b""
        self._skips = False
        """Whether the rest of a line is dropped that was too long."""

    def read(self) -> list | None:
        """The whole lines that have come; None at the end.

        A line that is too long is None in the list.
        """
        data = read_some(self.fd)
        if data is None:
            return None
        found: list = []
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._skips:
                found.append(line if len(line) <= self._longest else None)
            self._skips = False
        if len(self._rest) > self._longest and not self._skips:
            found.append(None)
            self._skips = True
        if self._skips:
            self._rest = b""
        return found


class Tail:
    """The last bytes of an output stream, and how many came before them."""

    def __init__(self, limit: int) -> None:
        self.data = b""
        self.dropped = 0
        self._limit = limit

    def add(self, data: bytes) -> None:
        data = self.data + data
        over = max(0, len(data) - self._limit)
        self.dropped += over
        self.data = data[over:]


def read_some(fd: int) -> bytes | None:
    """What has come, at most a megabyte; None at the end."""
    parts = []
    for _ in range(16):
        try:
            part = os.read(fd, 1 << 16)
        except BlockingIOError:
            break
        except ConnectionResetError:
            part = b""  # Its process was killed with something unread.
        if not part:
            return b"".join(parts) or None
        parts.append(part)
    return b"".join(parts)


def pipe() -> tuple:
    """A pipe whose reading end never blocks."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(read, 1031, 1 << 20)  # F_SETPIPE_SZ: room for a whole snapshot
    return read, write


def each(lines: Lines, handle) -> bool:
    """Hand on every line that has come; False at the end."""
    found = lines.read()
    for line in found or ():
        handle(line)
    return found is not None


def more(fd: int, handle) -> bool:
    """Hand on what has come as it is; False at the end."""
    data = read_some(fd)
    if data:
        handle(data)
    return data is not None
