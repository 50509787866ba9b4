"""Advice in sentences: what to move to, why not to a nearer release, and what was not tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.console.page import Page
from interlock.findings import (
    Barred,
    Findings,
    Move,
    OnEveryPython,
    Question,
    Scope,
    SituationAnswer,
    SmallestMove,
    to_find,
)
from interlock.index import Bar, Objection
from interlock.model import NoTarget, PythonVersion, Target, listing, plural

Packages = Mapping[str, str]
"""The package of each axis."""

UNCHECKED = "The index does not report vulnerabilities, so these releases were not checked for any."


@dataclass(frozen=True, kw_only=True)
class AdviceText:
    """Advice for one question as it is written."""

    findings: Findings
    question: Question
    page: Page
    said: set[str]
    """What the whole answer says once, and has said."""

    def moves(
        self, moves: Sequence[Move], indent: str, smallest: SmallestMove | None = None
    ) -> list[str]:
        lines: list[str] = []
        for move in moves:
            package = self.findings.matrix.axis(move.axis).package
            present = self.question.versions[move.axis]
            said = upgrade(move, package, present)
            lines += self.page.wrapped(said, indent, "- ")
            for note in notes(move, package, present, self.question.python):
                lines += self.page.wrapped(note, f"{indent}  ")
        packages = {axis.name: axis.package for axis in self.findings.matrix.axes}
        if told := smallest_change(smallest, moves, packages):
            lines += self.page.wrapped(told, indent, "- ")
        return lines + self._unchecked(moves, indent)

    def _unchecked(self, moves: Iterable[Move], indent: str) -> list[str]:
        """Once, that nobody knows the vulnerabilities of some release to move to."""
        bars = self.findings.bars
        targets = [one for m in moves for one in (m.nearest, m.newest) if isinstance(one, Target)]
        unknown = any(bars.is_unchecked(one.axis, one.version) for one in targets)
        if not unknown or UNCHECKED in self.said:
            return []
        self.said.add(UNCHECKED)
        return self.page.wrapped(UNCHECKED, indent)

    def to_find(
        self, moves: Sequence[Move], indent: str, parts: Iterable[SituationAnswer]
    ) -> list[str]:
        """The command that would find a release to move to, or a nearer one, once."""
        probes = sorted({v.cell.probe for part in parts if part.troubles for v in part.verdicts})
        command = to_test(moves, self.question.versions, self.question.python, probes)
        command = command or to_find(moves, self.question.versions, self.question.python)
        if not command or command in self.said:
            return []
        self.said.add(command)
        nearer = "a nearer release" if any(move.helps for move in moves) else "a release"
        return [*self.page.wrapped(f"To look for {nearer} that helps:", indent), indent + command]


def upgrade(move: Move, package: str, present: Version) -> str:
    """``upgrade ddtrace to 2.21.12 (nearest, stays on 2.x) or 4.16.0``, or why there is none."""
    match move.nearest, move.newest:
        case Target(version=nearest), Target(version=newest):
            return f"upgrade {package} to {_either(present, nearest, newest)}"
        case NoTarget(reason=reason), _:
            return reason
    raise AssertionError("a move is a target or the reason why there is none")


def notes(move: Move, package: str, present: Version, python: PythonVersion) -> Iterator[str]:
    """The sentences below a move."""
    if move.evidence:
        yield _tested(move)
    if (said := _not_in_scope(move, package, present)) is not None:
        yield said
    if move.helps:
        yield from _on_every_python(move, present, python)
    yield from _why_not(move, present)
    if move.untested:
        yield _untested(move, package)


def smallest_change(
    one: SmallestMove | None, moves: Sequence[Move], packages: Packages
) -> str | None:
    """The smallest change, where the moves alone do not show it."""
    if one is None:
        return None
    told = [f"{packages[target.axis]} to {target.version}" for target in one.targets]
    if len(told) > 1:
        return f"upgrade {listing(told)} together; neither alone helps"
    return f"the smallest change: {told[0]}" if sum(m.helps for m in moves) > 1 else None


def to_test(
    moves: Iterable[Move],
    releases: Mapping[str, Version],
    python: PythonVersion,
    probes: Iterable[str],
) -> str | None:
    """The command that tests what was not tested along the first axis that has something."""
    move = next((move for move in moves if move.untested), None)
    if move is None:
        return None
    above = f"<{move.nearest.version}" if isinstance(move.nearest, Target) else ""
    within = ",".join(filter(None, [f">{releases[move.axis]}", above]))
    named = [
        f"--{name} '{within}'" if name == move.axis else f"--{name} {version}"
        for name, version in releases.items()
    ]
    by = [f"--probe {probe}" for probe in probes]
    return " ".join(["nox -s search --", *named, f"--python {python}", *by])


def _either(present: Version, nearest: Version, newest: Version) -> str:
    scope = Scope.of(present, nearest)
    stays = f"stays on {scope.called(present)}" if scope is not Scope.ANY else ""
    if nearest == newest:
        return f"{nearest} ({stays})" if stays else f"{nearest}"
    return f"{nearest} ({', '.join(filter(None, ['nearest', stays]))}) or {newest}"


def _tested(move: Move) -> str:
    told = [
        f"{one.version} in {plural(one.trials, 'trial')} since {one.tested_at:%Y-%m-%d}"
        for one in move.evidence
    ]
    return f"Tested and passed: {'; '.join(told)}."


def _not_in_scope(move: Move, package: str, present: Version) -> str | None:
    """The largest scope in which no release that was tested helps."""
    if not move.helps:
        return None
    lacking = [one for one in move.scopes if one.target is None and one.tested]
    if not lacking:
        return None
    one = lacking[-1]
    tested = f"{plural(one.tested, 'newer release')} {'was' if one.tested == 1 else 'were'} tested"
    return f"None is known to help in {package} {one.scope.called(present)}, where {tested}."


def _on_every_python(move: Move, present: Version, python: PythonVersion) -> Iterator[str]:
    """What passes on every Python, where that differs from the reader's own."""
    every = move.everywhere
    if every is None:
        yield f"This is for Python {python}; none is known to pass on every Python that was tested."
    elif (every.nearest, every.newest) != (move.nearest, move.newest):
        either = _either(present, every.nearest.version, every.newest.version)
        yield (
            f"This is for Python {python}. On every Python that was tested ({_span(every)}): "
            f"{either}."
        )


def _span(every: OnEveryPython) -> str:
    """``3.8 to 3.12`` of Pythons that follow each other, else all of them."""
    first, *_, last = [*every.pythons[:1], *every.pythons]
    if len(every.pythons) > 2 and last.minor - first.minor == len(every.pythons) - 1:
        return f"{first} to {last}"
    return listing([str(python) for python in every.pythons])


def _why_not(move: Move, present: Version) -> Iterator[str]:
    """Why what passes too is not recommended; releases with the same reason share a sentence."""
    alike: dict[tuple[Objection, ...], list[Barred]] = {}
    for one in move.barred:
        alike.setdefault(one.objections, []).append(one)
    for objections, barred in alike.items():
        named = listing([str(one.version) for one in barred])
        does = "passes" if len(barred) == 1 else "pass"
        too = " too" if move.helps else ""
        is_one = len(barred) == 1
        because = listing([_because(one, present, is_one=is_one) for one in objections])
        yield f"{named} {does}{too}, but {because}."


def _because(one: Objection, present: Version, *, is_one: bool) -> str:
    it, they = ("it", "is") if is_one else ("they", "are")
    match one.bar:
        case Bar.NOT_LISTED:
            return f"the index does not list {'it' if is_one else 'them'}"
        case Bar.PRE_RELEASE:
            return f"{it} {they} {'a pre-release' if is_one else 'pre-releases'}"
        case Bar.YANKED:
            why = f' ("{one.because}")' if one.because else ""
            return f"{it} {they} yanked{why}"
        case Bar.TOO_YOUNG:
            until = f", until {one.until:%Y-%m-%d %H:%M} UTC" if one.until else ""
            return f"{it} {they} too new to recommend{until}"
    has = "has" if is_one else "have"
    named = listing([each.id for each in one.vulnerabilities])
    lacks = f"that {present} lacks" if one.is_certain else f"that {present} may lack"
    return f"{it} {has} a known vulnerability {lacks}: {named}"


def _untested(move: Move, package: str) -> str:
    number = len(move.untested)
    were = "was" if number == 1 else "were"
    if isinstance(move.nearest, Target):
        return (
            f"A nearer {package} may help too: {plural(number, 'release')} before "
            f"{move.nearest.version} {were} not tested."
        )
    newer = plural(number, "newer release")
    return f"Not enough data: {newer} of {package} {were} not tested."
