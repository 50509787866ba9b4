"""Ends the process in the middle of the work, as if all were well."""

import os

from partner import Library


class Subject(Library):
    def work(self):
        os._exit(0)
