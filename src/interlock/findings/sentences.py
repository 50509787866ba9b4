"""An advice in sentences: where a move leads, why not nearer, and what was not tested. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.scopes import Barred, Scope, SmallestMove
from interlock.index import Bar, Objection
from interlock.matrix import AppChoice, Situation, in_words
from interlock.model import NoTarget, Outcome, PythonVersion, Target, listing, plural

Packages = Mapping[str, str]
"""The package of each axis."""

Choices = Mapping[str, AppChoice]

UNCHECKED = "The index does not report vulnerabilities, so these releases were not checked for any."


def upgrade(move: Move, package: str, present: Version) -> str:
    """``upgrade ddtrace to 2.21.12 (nearest, stays on 2.x) or 4.16.0``, or why there is none."""
    match move.nearest, move.newest:
        case Target(version=nearest), Target(version=newest):
            return f"upgrade {package} to {_either(present, nearest, newest)}"
        case NoTarget(reason=reason), _:
            return reason
    raise AssertionError("a move is a target or the reason why there is none")


def notes(
    move: Move, package: str, present: Version, python: PythonVersion, choices: Choices
) -> Iterator[str]:
    """The sentences below a move."""
    if move.evidence:
        yield _tested(move)
    yield from _other_settings(move, choices)
    if (said := _not_in_scope(move, package, present)) is not None:
        yield said
    if move.helps:
        yield from _on_every_python(move, python)
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
        return f"upgrade {listing(told)} together{_alone(moves, packages)}"
    return f"the smallest change: {told[0]}" if sum(m.helps for m in moves) > 1 else None


def _alone(moves: Sequence[Move], packages: Packages) -> str:
    """What is known of moving along one axis alone; only tests show that it does not help."""
    if not moves:
        return ""
    left = [move for move in moves if move.untested or move.is_open]
    if not left:
        return "; neither alone helps"
    if any(move.was_tried for move in left):
        return "; neither alone is known to help"
    every = len(left) == len(moves)
    who = "either" if every else listing([packages[move.axis] for move in left], last="or")
    return f"; no newer release of {who} alone was tested"


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
    kept = stays(present, nearest)
    if nearest == newest:
        return f"{nearest} ({kept})" if kept else f"{nearest}"
    return f"{nearest} ({', '.join(filter(None, ['nearest', kept]))}) or {newest}"


def stays(present: Version, version: Version) -> str:
    """``stays on 2.14.x``; empty where the major version changes."""
    scope = Scope.of(present, version)
    return f"stays on {scope.called(present)}" if scope is not Scope.ANY else ""


def _tested(move: Move) -> str:
    told = [
        f"{one.version} in {plural(one.trials, 'trial')} since {one.tested_at:%Y-%m-%d}"
        for one in move.evidence
    ]
    return f"Tested and passed: {'; '.join(told)}."


def _other_settings(move: Move, choices: Choices) -> Iterator[str]:
    """What passes, and goes wrong with settings that were not asked for."""
    wrong: dict[tuple[tuple[Outcome, Situation], ...], list[Version]] = {}
    for version in dict.fromkeys(one.version for one in move.other_settings):
        of = ((o.outcome, o.situation) for o in move.other_settings if o.version == version)
        wrong.setdefault(tuple(of), []).append(version)
    for found, versions in wrong.items():
        is_one = len(versions) == 1
        more = [f"{len(versions) - 3} more"] if len(versions) > 4 else []
        named = listing([*map(str, versions[: 3 if more else 4]), *more])
        does = [
            f"{_DOES[outcome]}{'s' if is_one else ''} "
            + listing([in_words(s, choices) for o, s in found if o is outcome])
            for outcome in dict.fromkeys(outcome for outcome, _ in found)
        ]
        yield f"{named} {'passes' if is_one else 'pass'} here, but {listing(does)}."


_DOES = {Outcome.HANG: "hang", Outcome.FAIL: "fail"}


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


def _on_every_python(move: Move, python: PythonVersion) -> Iterator[str]:
    """What passes on every Python, where that differs from the reader's own."""
    every = move.everywhere
    if every is None:
        yield f"This is for Python {python}; none is known to pass on every Python that was tested."
    elif (every.nearest, every.newest) != (move.nearest, move.newest):
        ends = [(every.nearest, every.pythons), (every.newest, every.newest_pythons)]
        told = [f"{target.version} ({span(pythons)})" for target, pythons in dict.fromkeys(ends)]
        yield (
            f"This is for Python {python}. On every Python that was tested and has it: "
            f"{listing(told, last='or')}."
        )


def span(pythons: Sequence[PythonVersion]) -> str:
    """``3.8 to 3.12`` of Pythons that follow each other, else all of them."""
    first, last = pythons[0], pythons[-1]
    if len(pythons) > 2 and last.minor - first.minor == len(pythons) - 1:
        return f"{first} to {last}"
    return listing([str(python) for python in pythons])


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
