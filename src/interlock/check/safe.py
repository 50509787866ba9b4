"""Which part of a range is safe, as a requirement to paste; and what goes wrong elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.check.pythons import span
from interlock.check.ranges import VERBS, Range, Row
from interlock.check.result import Chosen, Finding, SafePart, State
from interlock.findings import AnswerBasis
from interlock.model import PythonVersion, listing, plural

_UPPER = ("<", "<=", "~=", "==", "===")
"""The operators that end a range."""


def safe_parts(of: Range) -> Iterator[SafePart]:
    """One for each range, with the newest of the other library."""
    if any(one.source for one in of.chosen):
        return
    for chosen in (one for one in of.chosen if one.is_range):
        fixed = _fixed(of, chosen)
        if fixed is None:
            continue
        others, pythons = fixed
        rows = {python: of.rows(chosen, python) for python in pythons}
        yield _of(of, chosen, others, rows)


def _fixed(
    of: Range, chosen: Chosen
) -> tuple[list[tuple[Chosen, Version]], list[PythonVersion]] | None:
    """The releases of the others that most Pythons get, and these Pythons."""
    found: dict[tuple[Version, ...], list[PythonVersion]] = {}
    for python, pair in of.newest.items():
        key = tuple(version for one, version in pair if one != chosen)
        found.setdefault(key, []).append(python)
    if not found:
        return None
    most = max(found.values(), key=len)
    return [one for one in of.newest[most[0]] if one[0] != chosen], most


def _of(
    of: Range,
    chosen: Chosen,
    others: Sequence[tuple[Chosen, Version]],
    rows: Mapping[PythonVersion, Sequence[Row]],
) -> SafePart:
    package = chosen.axis.package
    by_version: dict[Version, dict[PythonVersion, Row]] = {}
    for python, there in rows.items():
        for row in there:
            by_version.setdefault(row.version, {})[python] = row
    allowed = sorted(by_version)
    run = _newest_run(allowed, by_version)
    beside = listing([f"{one.axis.package} {version}" for one, version in others])
    counted = plural(len(allowed), "release")
    if not run:
        where = f"with {beside} on {span([*rows])}"
        return SafePart(
            says=f"No part of the {counted} of {package} in the range is known to pass {where}.",
            lines=(),
        )
    where = f"with {beside} on {span([python for python in rows if python in by_version[run[0]]])}"
    also = [f"{one.axis.package}=={version}" for one, version in others if one.is_range]
    lines = (_requirement(chosen, run, allowed), *also)
    if len(run) == len(allowed):
        says = f"All {counted} of {package} in the range pass {where}."
    else:
        first_to_last = f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}"
        does = "passes" if len(run) == 1 else "pass"
        says = f"Of the {counted} of {package} in the range, {first_to_last} {does} {where}."
    return SafePart(says=says, lines=lines)


_Known = Mapping[Version, Mapping[PythonVersion, Row]]
"""What is known of each release, on the Pythons on which it installs."""


def _newest_run(allowed: Sequence[Version], known: _Known) -> list[Version]:
    """The newest neighbours that install on the same Pythons and pass on each.

    Both ends were tested on each.
    """
    run: list[Version] = []
    for version in reversed(allowed):
        passes = all(row.state is State.PASS for row in known[version].values())
        if passes and (not run or known[version].keys() == known[run[0]].keys()):
            run.insert(0, version)
            continue
        if trimmed := _trimmed(run, known):
            return trimmed
        run = [version] if passes else []
    return _trimmed(run, known)


def _trimmed(run: Sequence[Version], known: _Known) -> list[Version]:
    tested = [at for at, v in enumerate(run) if all(row.is_tested for row in known[v].values())]
    return [*run[tested[0] : tested[-1] + 1]] if tested else []


def _requirement(chosen: Chosen, run: Sequence[Version], allowed: Sequence[Version]) -> str:
    """``ddtrace>=2.20.0,<3``: what is kept of the range, cut to the part that passes."""
    package, asked = chosen.axis.package, chosen.specifier or SpecifierSet()
    if len(run) == 1:
        return f"{package}=={run[0]}"
    kept = [one for one in asked if one.operator not in (">", ">=")]
    if run[0] == allowed[0]:
        lower = [one for one in asked if one.operator in (">", ">=")]
        parts = [str(one) for one in lower] or [f">={run[0]}"]
    else:
        parts = [f">={run[0]}"]
    if run[-1] != allowed[-1]:
        after = allowed[allowed.index(run[-1]) + 1]
        kept = [one for one in kept if one.operator not in ("<", "<=")]
        parts.append(f"<{after}")
    elif not any(one.operator in _UPPER for one in kept):
        parts.append(f"<={run[-1]}")  # nobody has tested what comes next
    return package + ",".join([*parts, *sorted(str(one) for one in kept)])


# Beside the newest --------------------------------------------------------------------------------


def beside_the_newest(of: Range) -> Iterator[Finding]:
    """Tested pairs that go wrong where both libraries are ranges, and neither is the newest."""
    if sum(one.is_range for one in of.chosen) < 2:
        return
    findings = of.asked.findings
    within = {one.axis.name: {*of.within[one]} for one in of.chosen}
    wrong: dict[State, list[tuple[PythonVersion, tuple[Version, ...]]]] = {}
    for pins, python in findings.tested.places:
        newest = of.newest.get(python)
        if newest is None or not findings.tested.has_trouble((pins, python)):
            continue
        versions = tuple(pin.version for pin in pins if pin.version)
        known = zip(pins, versions, strict=True)
        if any(version not in within[pin.axis] for pin, version in known):
            continue
        tops = [version for _, version in newest]
        if any(one == top for one, top in zip(versions, tops, strict=True)):
            continue  # a window along the other range has it
        pair = tuple(zip(of.chosen, versions, strict=True))
        for glance in of.asked.glance(pair, python):
            state = State.of(glance.outcome, glance.rare)
            if state.is_trouble and not of.asked.exempt(pair, python, glance):
                wrong.setdefault(state, []).append((python, versions))
                break
    for state, places in wrong.items():
        yield _together(of, state, places)


def _together(
    of: Range, state: State, places: Sequence[tuple[PythonVersion, tuple[Version, ...]]]
) -> Finding:
    pythons = sorted({python for python, _ in places})
    pairs = sorted({versions for _, versions in places})
    first = " with ".join(
        f"{chosen.axis.package} {version}"
        for chosen, version in zip(of.chosen, pairs[0], strict=True)
    )
    one_does, does = VERBS[state]
    says = (
        f"{plural(len(pairs), 'older tested pair')} in these ranges {does} on {span(pythons)}, "
        f"such as {first}."
    )
    if len(pairs) == 1:
        says = f"{first}, an older pair in these ranges, {one_does} on {span(pythons)}."
    return Finding(
        state=state,
        chosen=of.chosen,
        releases={
            chosen.axis.name: tuple(sorted({versions[at] for versions in pairs}))
            for at, chosen in enumerate(of.chosen)
        },
        pythons=tuple(pythons),
        situations=(),
        says=says,
        basis=AnswerBasis.TESTED,
        is_window=True,
    )
