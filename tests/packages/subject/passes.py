"""Does what it should."""

from partner import Library


class Subject(Library):
    pass
