"""Containers that started before their command is wanted, and wait for its input.

The engine takes a tenth of a second to start a container, and Python as long to start in it. Both
happen while the trial before still runs. A container is used once, for a command that is the same
in everything but its input, and only while its folders are still the ones that it was shown.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from interlock.isolation.sandbox import Command


@dataclass(frozen=True, kw_only=True)
class Started:
    """A container that runs. Closing ``open`` ends the connection to it."""

    name: str
    stream: socket.socket
    open: ExitStack

    def tell(self, text: str, within_s: float) -> None:
        """Write to its standard input. If it has ended, its output says so."""
        self.stream.settimeout(within_s)
        with suppress(OSError):
            self.stream.sendall(text.encode())
            self.stream.shutdown(socket.SHUT_WR)


@dataclass(frozen=True)
class _Kind:
    """What a container can be used for."""

    image: str
    command: Command
    folders: tuple[tuple[int, int], ...]
    """The devices and inodes of the mounts: one that was made again is another."""

    @classmethod
    def of(cls, image: str, command: Command) -> _Kind:
        shown = [mount.source.stat() for mount in command.mounts]
        return cls(image, replace(command, stdin=""), tuple((s.st_dev, s.st_ino) for s in shown))


class Ahead:
    """The waiting containers of one sandbox."""

    def __init__(
        self,
        start: Callable[[str, Command], Started],
        discard: Callable[[Started], object],
        most: int,
    ) -> None:
        """``most`` may wait; one more discards the oldest."""
        self._start = start
        self._discard = discard
        self._most = most
        self._waiting: list[tuple[_Kind, Future[Started]]] = []
        self._lock = threading.Lock()

    def prepare(self, image: str, command: Command) -> None:
        """Start a container for a command. Raises what starting it raises."""
        kind, started = _Kind.of(image, command), Future[Started]()
        with self._lock:
            self._waiting.append((kind, started))
            surplus = self._waiting[: -self._most]
            del self._waiting[: -self._most]
        for _, unused in surplus:
            self._throw_away(unused)
        try:
            started.set_result(self._start(image, command))
        except BaseException as trouble:
            with self._lock:
                self._waiting = [entry for entry in self._waiting if entry[1] is not started]
            started.set_exception(trouble)
            raise

    def take(self, image: str, command: Command) -> Started | None:
        """A container for the command; it is the caller's now. None if none is ready.

        Waits for one that is just being started.
        """
        with self._lock:
            found = self._find(image, command)
            if found is None:
                return None
            self._waiting.remove(found)
        return None if found[1].exception() else found[1].result()

    def _find(self, image: str, command: Command) -> tuple[_Kind, Future[Started]] | None:
        if not self._waiting:
            return None
        try:
            kind = _Kind.of(image, command)
        except OSError:  # starting one says what is missing
            return None
        return next((entry for entry in self._waiting if entry[0] == kind), None)

    def _throw_away(self, unused: Future[Started]) -> None:
        if not unused.exception():
            self._discard(unused.result())
