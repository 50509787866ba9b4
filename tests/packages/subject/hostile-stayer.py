"""Takes a lock that it holds, and does not go when it is told to."""

import signal
import threading

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()
        for wanted in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(wanted, signal.SIG_IGN)

    def work(self):
        with self._lock, self._lock:
            return True
