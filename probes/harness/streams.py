"""Pipes and sockets that never block, read in pieces and taken apart into lines."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os

LONGEST_LINE = 16 << 20


class Lines:
    """A reading end, taken apart into JSON objects, one a line."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""

    def read(self) -> list | None:
        """The lines that have come; None at the end."""
        data = read_some(self.fd)
        if data is None:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    found.append(value)
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
