"""Has something to do three times, and then nothing."""

from partner import Library


class Subject(Library):
    left = 3

    def work(self):
        self.left -= 1
        return self.left >= 0
