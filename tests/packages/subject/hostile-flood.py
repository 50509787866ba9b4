"""Writes more to its output than anyone keeps."""

import os

from partner import Library


class Subject(Library):
    def work(self):
        for stream in (1, 2):
            os.write(stream, b"x" * (1 << 17))
        return True
