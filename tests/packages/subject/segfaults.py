"""Reads from address zero."""

import ctypes

from partner import Library


class Subject(Library):
    def work(self):
        ctypes.string_at(0)
        return True
