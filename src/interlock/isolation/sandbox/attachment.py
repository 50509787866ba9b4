"""A container's output, read from before its start until a guard ends it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from docker import APIClient

from interlock.isolation.sandbox.streams import Output


def follow(stream: socket.socket, output: Output, deadline: float) -> str | None:
    """Read until the output ends, or a guard has to end it. Returns that guard."""
    frames = _Frames()
    while True:
        stream.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = stream.recv(1 << 16)
        except TimeoutError:
            return "wall"
        if not data:
            return None
        if not all(output.feed(*frame) for frame in frames.feed(data)):
            return "output"
        if time.monotonic() > deadline:
            return "wall"


class _Frames:
    """Splits the engine's multiplexed stream: a header of 8 bytes, then the data.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        self._buffer += data
        while len(self._buffer) >= 8:
            end = 8 + int.from_bytes(self._buffer[4:8], "big")
            if len(self._buffer) < end:
                return
            stream, payload = self._buffer[0], bytes(self._buffer[8:end])
            del self._buffer[:end]
            yield stream, payload


@contextmanager
def attached(client: APIClient, name: str) -> Iterator[socket.socket]:
    """The container's input, and its output from its first byte: attached before it starts."""
    params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    # The SDK returns a file object over the socket. It can't have read ahead, because the container
    # has not started. So the socket below is read with our own deadlines.
    file: Any = client.attach_socket(name, params)
    stream: socket.socket = getattr(file, "_sock", file)
    try:
        yield stream
    finally:
        # close() alone leaves the connection open, because the SDK's response holds it too.
        with suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)
        file.close()
