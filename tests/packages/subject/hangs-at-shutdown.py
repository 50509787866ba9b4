"""Takes a lock that it holds, in a function that runs when the interpreter ends."""

import atexit
import threading

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self):
        with self._lock:
            self.flush()

    def flush(self):
        with self._lock:
            pass
