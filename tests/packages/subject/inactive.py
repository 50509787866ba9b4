"""Can be imported, and does not start."""

from partner import Library


class Subject(Library):
    def start(self, intake):
        raise RuntimeError("not on this machine")
