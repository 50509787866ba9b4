"""Takes twice the memory that it may have, and keeps it."""

import time

from partner import Library


class Subject(Library):
    def start(self, intake):
        super().start(intake)
        self.kept = []

    def work(self):
        if len(self.kept) < 64:
            self.kept.append(b"x" * (8 << 20))
        else:
            time.sleep(0.03)
        return True
