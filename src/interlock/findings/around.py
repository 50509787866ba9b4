"""What was tested near releases that were not: neighbours on each axis, and other Pythons. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.tested import Place, Tested
from interlock.matrix import Situation
from interlock.model import PythonVersion


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest releases of one axis of which the answer is known, on that Python."""

    axis: str
    below: Version | None
    above: Version | None
    with_the_others: bool
    """They were tested with the other releases of the question. Where none was, these were tested
    with some others, however set up, and both may be the very release that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The other Pythons on which something was tested in a situation."""

    pythons: tuple[PythonVersion, ...]
    with_these: bool
    """They were tested with the releases of the question, or with other releases alone."""


def neighbours(tested: Tested, asked: Situation, place: Place) -> Iterator[Neighbours]:
    """The nearest releases of which something is known, one an axis."""
    for axis in (pin.axis for pin in place[0]):
        below, above = tested.around(asked, axis, place)
        same = bool(below or above)
        if not same:
            below, above = tested.around_with_others(asked, axis, place)
        yield Neighbours(axis=axis, below=below, above=above, with_the_others=same)


def elsewhere(tested: Tested, asked: Situation, place: Place, near: bool) -> Elsewhere | None:
    """The other Pythons; ``near`` is whether some release is known on the Python itself."""
    pins, python = place
    others = [one for one in tested.pythons if one != python]
    these = tuple(one for one in others if tested.was_run(asked, (pins, one)))
    if these:
        return Elsewhere(pythons=these, with_these=True)
    if near:
        return None
    any_of = tested.pythons_with(asked)
    known = tuple(one for one in others if one in any_of)
    return Elsewhere(pythons=known, with_these=False) if known else None
