"""Reading what the processes of a trial send, and noticing that the app has ended."""

from __future__ import annotations

import os
import select
import signal
import time

from harness.processes import reap_adopted
from harness.streams import read_some


class EventLoop:
    """Calls the reader of whatever has come, and reaps the app when it has ended."""

    def __init__(self) -> None:
        self.readers: dict = {}
        """File descriptor to a function that reads it, and returns False at its end."""
        self.app = None
        """The driver's pid, once it is started."""
        self.spared: set = set()
        """The supervisor and the intake: neither reaped here nor killed with the app."""
        self.status = None
        """The app's wait status, once it has ended."""
        self.usage = None

    @property
    def ended(self) -> bool:
        return self.status is not None

    def wake_for_children(self) -> None:
        """Have the end of a child interrupt a wait."""
        wake, woken = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.readers[wake] = lambda: read_some(wake)

    def pump(self, timeout_s: float) -> bool:
        """Read what has come, waiting for at most so long, and reap what has ended.

        Returns whether anything had come.
        """
        # Not select(), which takes no descriptor above 1023: the app may open as many as it likes.
        poll = select.poll()
        for fd in self.readers:
            poll.register(fd, select.POLLIN)
        come = poll.poll(max(0.0, timeout_s) * 1000)
        for fd, _ in come:
            if self.readers[fd]() is False:
                del self.readers[fd]
                os.close(fd)
        if self.status is None:
            pid, status, usage = os.wait4(self.app, os.WNOHANG)
            if pid:
                self.status, self.usage = status, usage
        reap_adopted({self.app, *self.spared})
        return bool(come)

    def pump_until(self, done, within_s: float) -> bool:
        """Pump until ``done()``, the app's end, or for so long; return ``done()``."""
        until = time.monotonic() + within_s
        while not done():
            left = until - time.monotonic()
            if left <= 0 or self.ended:
                break
            self.pump(min(left, 0.05))
        return done()
