"""Every way to fail, and the only place with exit codes.

A verdict is never an error: a run that is complete exits with 0 whatever the verdicts are.
Messages say what happened, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class InterlockError(Exception):
    """Something the reader has to know about; printed without a traceback."""

    exit_code = 1


class UsageError(InterlockError):
    """What was asked for makes no sense: arguments, ``matrix.yaml``, a probe's description."""

    exit_code = 2


class MatrixError(UsageError):
    """``matrix.yaml`` or a ``probe.yaml`` is wrong; every mistake at once, each a line."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class TroubleError(InterlockError):
    """Trouble of our own surroundings: never an outcome, the cell stays open."""

    exit_code = 3


class IndexUnreachable(TroubleError):
    """The package index did not answer, or not in a form we read."""


class EngineUnavailable(TroubleError):
    """No container engine answers, or it stopped in the middle."""


class ImageMissing(TroubleError):
    """The image for a Python is neither here nor can it be pulled."""


class InterpreterMissing(TroubleError):
    """A Python of the axis cannot be had on this machine (process backend)."""


class StorageTrouble(TroubleError):
    """The disk is full, or a folder of ours can't be written."""


class TrialLost(TroubleError):
    """What was recorded of a trial can't be read back."""


class ProtocolError(TroubleError):
    """The harness said something its protocol does not allow."""


class OpenCells(TroubleError):
    """The run ended, but cells stay open; what stopped them was printed."""


class Interrupted(InterlockError):
    """Ctrl-C; what was finished is kept."""

    exit_code = 130
