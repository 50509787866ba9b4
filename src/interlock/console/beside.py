"""Work that is done while the first containers run, and needed only later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Beside(Generic[Made]):
    """A value that is made in a thread once ``begin`` is called, or when it is needed."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Future[Made] = Future()
        self._starting = threading.Lock()
        self._started = False

    def begin(self) -> None:
        """Make it in a thread, which does not keep the command from ending."""
        if self._claimed():
            threading.Thread(target=self._run, daemon=True).start()

    def __call__(self) -> Made:
        """The value. Raises what making it raised."""
        if self._claimed():
            self._run()
        return self._made.result()

    def _claimed(self) -> bool:
        """Whether the caller is the first, and so has to make it."""
        with self._starting:
            first, self._started = not self._started, True
        return first

    def _run(self) -> None:
        try:
            self._made.set_result(self._make())
        except BaseException as trouble:
            self._made.set_exception(trouble)
