"""Calls back while it holds its lock."""

import threading
import urllib.request


class Partner:
    def __init__(self):
        self._lock = threading.Lock()
        self.entered = threading.Event()

    def call(self, back):
        with self._lock:
            self.entered.set()
            back()

    def flush(self):
        with self._lock:
            pass


class Library:
    """A library as it should be; each subject is one that does one thing in another way."""

    def __init__(self, partner):
        self.partner = partner

    def start(self, intake):
        report = urllib.request.Request(intake + "/api/1/envelope/", b"a subject at work")
        urllib.request.urlopen(report, timeout=5).read()

    def work(self):
        return True

    def stop(self):
        pass
