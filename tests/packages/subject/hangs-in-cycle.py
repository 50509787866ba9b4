"""Holds its lock and wants its partner's, while the partner holds that and calls back for this."""

import threading

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()

    def work(self):
        with self._lock:
            caller = threading.Thread(target=self.partner.call, args=(self.heard,), daemon=True)
            caller.start()
            self.partner.entered.wait()
            self.partner.flush()
        caller.join()
        return True

    def heard(self):
        with self._lock:
            pass
