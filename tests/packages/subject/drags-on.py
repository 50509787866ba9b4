"""Never silent, and never done in time."""

import time

from partner import Library


class Subject(Library):
    def work(self):
        time.sleep(0.25)
        return True
