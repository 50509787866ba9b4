"""Every way to fail, and the only place with exit codes.

A verdict is never an error: a complete run exits with 0, whatever its verdicts. A message tells the
reader what happened, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class InterlockError(Exception):
    """An error that the user has to know about. It is printed without a traceback."""

    exit_code = 1


class UsageError(InterlockError):
    """An invalid request: arguments, ``matrix.yaml``, a probe's description."""

    exit_code = 2


class MatrixError(UsageError):
    """A wrong ``matrix.yaml`` or ``probe.yaml``, with all mistakes, one a line."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class TroubleError(InterlockError):
    """Trouble of our own machine or network: never an outcome. The cell stays open."""

    exit_code = 3


class IndexUnreachable(TroubleError):
    """The package index did not answer, or its answer can't be read."""


class EngineUnavailable(TroubleError):
    """No container engine answers, or it stopped in the middle."""


class ImageMissing(TroubleError):
    """The image of a Python is not here and can't be pulled."""


class InterpreterMissing(TroubleError):
    """A Python of the axis is not available on this machine (process backend)."""


class StorageTrouble(TroubleError):
    """The disk is full, or one of our folders can't be written."""


class TrialLost(TroubleError):
    """The record of a trial can't be read back."""


class ProtocolError(TroubleError):
    """The harness broke its own protocol."""


class OpenCells(TroubleError):
    """The run ended, but some cells stay open. The reason was printed."""


class Interrupted(InterlockError):
    """Ctrl-C. Finished work is kept."""

    exit_code = 130
