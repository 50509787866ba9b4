"""Which Pythons a check is about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_

from packaging.specifiers import SpecifierSet

from interlock.check.found import Project
from interlock.check.specifiers import includes
from interlock.findings import sentences
from interlock.model import PythonVersion, listing

Installs = Callable[[PythonVersion], bool]


def pythons_of(
    project: Project,
    asked: Sequence[PythonVersion],
    tested: Sequence[PythonVersion],
    installs: Installs,
) -> tuple[tuple[PythonVersion, ...], str]:
    """The Pythons in order, and why these: a clause after "Python 3.12"."""
    if asked:
        return tuple(sorted(set(asked))), "as asked"
    named = {file.path: file.python for file in project.files if file.python is not None}
    if named:
        within = _within(list(named.values()), tested)
        files = listing([str(path) for path in named])
        if not within:
            return (), f"{files} name no Python that was tested"
        there = [python for python in within if installs(python)]
        return tuple(there or within), f"from {files}"
    there = [python for python in sorted(tested) if installs(python)]
    return tuple(there or sorted(tested)), "all on which they install, as no file names one"


def _within(named: Sequence[SpecifierSet], tested: Sequence[PythonVersion]) -> list[PythonVersion]:
    """Those in all specifiers; in any of them, if the files contradict each other."""
    together = reduce(and_, named)
    return [python for python in sorted(tested) if includes(together, python)] or [
        python for python in sorted(tested) if any(includes(one, python) for one in named)
    ]


def span(pythons: Sequence[PythonVersion]) -> str:
    """``Python 3.9 to 3.12``, ``Python 3.9 and 3.11``."""
    return f"Python {sentences.span(pythons)}"
