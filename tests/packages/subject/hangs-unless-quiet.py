"""Lets its partner call back inside of its own lock, unless it is told to be quiet.

Without a partner there is nobody to call back.
"""

import threading
import urllib.request


class Subject:
    def __init__(self, partner):
        self.partner = partner
        self._lock = threading.Lock()
        self.is_quiet = False

    def start(self, intake):
        report = urllib.request.Request(intake + "/api/1/envelope/", b"a subject at work")
        urllib.request.urlopen(report, timeout=5).read()

    def quiet(self):
        self.is_quiet = True

    def work(self):
        with self._lock:
            if self.partner and not self.is_quiet:
                self.partner.call(self.heard)
        return True

    def heard(self):
        with self._lock:
            pass

    def stop(self):
        pass
