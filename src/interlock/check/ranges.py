"""A range of releases → what the newest gets, and what goes wrong or is unknown within. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from packaging.version import Version

from interlock.check import pinned
from interlock.check.exceptions import Exempt
from interlock.check.pinned import Asked, Pair
from interlock.check.pythons import span
from interlock.check.result import Chosen, Finding, State
from interlock.check.specifiers import allows
from interlock.findings import AnswerBasis, Glance, headlines
from interlock.matrix import Situation, in_words
from interlock.model import Axis, PythonVersion, listing, plural

VERBS = {
    State.HANG: ("hangs", "hang"),
    State.FAIL: ("fails", "fail"),
    State.CAN_HANG: ("can hang, rarely,", "can hang, rarely,"),
}
"""What one release does, and what several do."""

_MOST = 4
"""Windows that one sentence names."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One release along a range, with the others held fixed, on one Python."""

    version: Version
    state: State
    situations: tuple[Situation, ...]
    """In which it has that state."""
    is_everywhere: bool
    """Whether these are all settings that count."""
    is_tested: bool
    exempt: Exempt | None


@dataclass(frozen=True, kw_only=True)
class Range:
    """What the files ask for, where at least one library is a range."""

    asked: Asked
    chosen: tuple[Chosen, ...]
    pythons: tuple[PythonVersion, ...]

    def allowed(self, chosen: Chosen, python: PythonVersion) -> Sequence[Version]:
        """The releases that pip may install there, in version order."""
        releases = self.asked.findings.releases
        refused = {
            one.version
            for one in releases.by_axis.get(chosen.axis.name, ())
            if python in one.refused
        }
        return [version for version in self.within[chosen] if version not in refused]

    @cached_property
    def within(self) -> Mapping[Chosen, Sequence[Version]]:
        """The releases in each range, in version order."""
        return {one: [*self._within(one)] for one in self.chosen}

    def _within(self, chosen: Chosen) -> Iterable[Version]:
        if chosen.version is not None:
            return [chosen.version]
        assert chosen.specifier is not None, "what is no release and has no source is a range"
        listed = self.asked.findings.releases.by_axis.get(chosen.axis.name, ())
        known = [one.version for one in listed if not one.yanked] or self._tested(chosen.axis)
        return sorted(version for version in known if allows(chosen.specifier, version))

    def _tested(self, axis: Axis) -> list[Version]:
        """The tested releases, where no index was asked."""
        findings = self.asked.findings
        at = [one.name for one in findings.matrix.axes].index(axis.name)
        parts = findings.rows.parts[:-3]
        pins = parts[at] if at < len(parts) else ()
        return [pin.version for pin in pins if pin.version]

    @cached_property
    def newest(self) -> Mapping[PythonVersion, Pair]:
        """What pip installs today, by Python. Without a Python on which nothing installs."""
        found = {}
        for python in self.pythons:
            allowed = [self.allowed(one, python) for one in self.chosen]
            if all(allowed):
                tops = (versions[-1] for versions in allowed)
                found[python] = tuple(zip(self.chosen, tops, strict=True))
        return found

    def rows(self, chosen: Chosen, python: PythonVersion) -> list[Row]:
        """The releases of one range, each with the newest of the others."""
        key = chosen, python
        if key not in self._rows:
            others = self.newest[python]
            self._rows[key] = [
                self._row(
                    [(one, version if one == chosen else fixed) for one, fixed in others],
                    version,
                    python,
                )
                for version in self.allowed(chosen, python)
            ]
        return self._rows[key]

    @cached_property
    def _rows(self) -> dict[tuple[Chosen, PythonVersion], list[Row]]:
        return {}

    def _row(self, pair: Pair, version: Version, python: PythonVersion) -> Row:
        there = [
            (State.of(one.outcome, one.rare), one, self.asked.exempt(pair, python, one))
            for one in self.asked.glance(pair, python)
        ]
        # What is let through neither hides what is not, nor passes.
        wrong = [one for one in there if one[0] is not State.PASS]
        left = [one for one in wrong if one[2] is None] or wrong or there
        state = min((state for state, _, _ in left), key=lambda state: state.rank)
        same: list[tuple[State, Glance, Exempt | None]] = [o for o in left if o[0] is state]
        return Row(
            version=version,
            state=state,
            situations=tuple(one.situation for _, one, _ in same),
            is_everywhere=len(same) == len(there),
            is_tested=all(one.basis is AnswerBasis.TESTED for _, one, _ in same),
            exempt=same[0][2],
        )


def look(of: Range) -> Iterator[Finding]:
    """What the newest gets, and then the windows that do not pass.

    Nothing is known of a range beside a library that is no release of the index.
    """
    alike: dict[Hashable, list[PythonVersion]] = {}
    pairs: dict[Hashable, Pair] = {}
    for python, pair in of.newest.items():
        versions = tuple(version for _, version in pair)
        alike.setdefault(versions, []).append(python)
        pairs[versions] = pair
    for same, pythons in alike.items():
        yield from pinned.look(of.asked, pairs[same], pythons)
    if nowhere := [python for python in of.pythons if python not in of.newest]:
        yield _nothing(of, nowhere)
    if not any(one.source for one in of.chosen):
        yield from _windows(of)


def _nothing(of: Range, pythons: Sequence[PythonVersion]) -> Finding:
    """Where no release in the range installs, or none is listed."""
    empty = [str(one) for one in of.chosen if not of.within[one]]
    left = [str(one) for one in of.chosen if not of.allowed(one, pythons[0])]
    says = (
        f"No listed release is in {listing(empty)}"
        if empty
        else f"{listing(left)} does not install"
    )
    return Finding(
        state=State.UNKNOWN if empty else State.UNSUPPORTED,
        chosen=of.chosen,
        releases={},
        pythons=tuple(pythons),
        situations=(),
        says=f"{says} on {span(pythons)}.",
    )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Releases that are alike, with the same releases beside them."""

    chosen: Chosen
    others: tuple[tuple[Chosen, Version], ...]
    state: State
    situations: tuple[Situation, ...]
    """In which it has that state. None of what is not known."""
    is_everywhere: bool
    """Whether these are all settings that count."""
    exempt: Exempt | None = field(compare=False)
    versions: tuple[Version, ...]
    windows: tuple[tuple[Version, Version], ...]
    """The first and the last of each run of neighbours."""
    tested: int = field(compare=False)


def _windows(of: Range) -> Iterator[Finding]:
    """The windows of trouble, then what is not known; Pythons that are alike together."""
    found: dict[Hashable, list[tuple[PythonVersion, _Run]]] = {}
    for python in of.newest:
        for chosen in (one for one in of.chosen if one.is_range):
            for run in _runs(of, chosen, python):
                found.setdefault((run, id(run.exempt)), []).append((python, run))
    told = sorted(found.values(), key=lambda same: same[0][1].state.rank)
    yield from (_window(of, same) for same in told)


def _runs(of: Range, chosen: Chosen, python: PythonVersion) -> Iterator[_Run]:
    rows = of.rows(chosen, python)
    others = tuple(one for one in of.newest[python] if one[0] != chosen)

    def run(windows: Sequence[Sequence[Row]]) -> _Run:
        first, some = windows[0][0], [row for rows in windows for row in rows]
        return _Run(
            chosen=chosen,
            others=others,
            state=first.state,
            situations=first.situations if first.state.is_trouble else (),
            is_everywhere=first.is_everywhere and first.state.is_trouble,
            exempt=first.exempt,
            versions=tuple(row.version for row in some),
            windows=tuple((rows[0].version, rows[-1].version) for rows in windows),
            tested=sum(row.is_tested for row in some),
        )

    def alike(row: Row) -> Hashable:
        return row.state, row.situations, row.is_everywhere, id(row.exempt)

    top = rows[-1].version
    together: dict[Hashable, list[list[Row]]] = {}
    for kind, group in groupby(rows, key=alike):
        some = [*group]
        if some[0].state.is_trouble and [row.version for row in some] != [top]:
            together.setdefault(kind, []).append(some)
    yield from map(run, together.values())
    by_state: dict[Hashable, list[Row]] = {}
    for row in rows[:-1]:  # the newest is told by itself
        if not row.state.is_trouble and row.state is not State.PASS:
            by_state.setdefault((row.state, id(row.exempt)), []).append(row)
    yield from (run([some]) for some in by_state.values())


def _window(of: Range, same: Sequence[tuple[PythonVersion, _Run]]) -> Finding:
    """A run that is the same on some Pythons."""
    run, pythons = same[0][1], [python for python, _ in same]
    tested = sum(one.tested for _, one in same)
    releases = {chosen.axis.name: (version,) for chosen, version in run.others}
    return Finding(
        state=run.state,
        chosen=of.chosen,
        releases={**releases, run.chosen.axis.name: run.versions},
        pythons=tuple(pythons),
        situations=run.situations,
        says=f"{_says(of, run)} on {span(pythons)}{_where(of, run, len(pythons), tested)}.",
        basis=AnswerBasis.TESTED if tested else AnswerBasis.INFERRED,
        is_window=True,
        exempt=run.exempt,
    )


def _says(of: Range, run: _Run) -> str:
    """``ddtrace 2.10.2 to 2.19.4 hang with sentry-sdk 2.5.1``"""
    versions, package = run.versions, run.chosen.axis.package
    beside = listing([f"{chosen.axis.package} {version}" for chosen, version in run.others])
    told = [f"{first}" if first == last else f"{first} to {last}" for first, last in run.windows]
    if run.state.is_trouble:
        left = [f"{len(told) - _MOST + 1} more windows"] if len(told) > _MOST else []
        named = listing([*(told[: _MOST - 1] if left else told), *left])
        return f"{package} {named} {VERBS[run.state][len(versions) > 1]} with {beside}"
    number = plural(len(versions), "release")
    known = headlines.NOT_KNOWN.rstrip(".")
    return f"{known}: {number} of {package} in the range ({told[0]}) with {beside}"


def _where(of: Range, run: _Run, pythons: int, tested: int) -> str:
    """The settings, and how many combinations it rests on."""
    if not run.state.is_trouble:
        return ""
    choices = of.asked.findings.matrix.choices
    words = listing([in_words(situation, choices) for situation in run.situations], last="or")
    if run.is_everywhere and len(run.situations) > 1:
        words = "with every choice of settings that was tested"
    inferred = len(run.versions) * pythons - tested
    bases = {"tested": tested, "inferred": inferred}
    counted = [f"{number} {how}" for how, number in bases.items() if number]
    return f", {words} ({', '.join(counted)})"
