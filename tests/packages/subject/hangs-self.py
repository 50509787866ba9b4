"""Takes a lock that it holds."""

import threading

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()
        self.done = 0

    def work(self):
        with self._lock:
            self.done += 1
            if self.done == 10:
                self.log("ten pieces of work")
        return True

    def log(self, text):
        with self._lock:
            print(text)
