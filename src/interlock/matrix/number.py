"""A number of a file. It has a module of its own: settings hold some, and need no checks."""

from __future__ import annotations


class Number(float):
    """A number that keeps how it was written, for versions without their quotes."""

    written: str
