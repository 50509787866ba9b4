"""Works, but nothing of it ever arrives anywhere."""

from partner import Library


class Subject(Library):
    def start(self, intake):
        pass
