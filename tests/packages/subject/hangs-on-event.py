"""Waits for an event that nobody sets: no lock is involved."""

import threading

from partner import Library


class Subject(Library):
    def work(self):
        threading.Event().wait()
        return True
