"""Falls silent for longer than a stall takes, with its lock in hand, and goes on."""

import threading
import time

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()
        self.waited = False

    def work(self):
        with self._lock:
            if not self.waited:
                time.sleep(1.2)
            self.waited = True
        return True
