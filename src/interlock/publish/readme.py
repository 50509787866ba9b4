"""Writes the tables of findings in README.md::

    python -m interlock.publish.readme          writes them
    python -m interlock.publish.readme --check  ends with 2 if README differs

They stand between two comments. The first table has the windows that were searched, if there are
any. The next has a row for each run of releases that behave alike, and a column for each choice of
settings. The last has a row for each workaround.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from packaging.version import Version

from interlock.findings import Findings, ForApplication, LineRate, Summary, joined
from interlock.matrix import Matrix, matrix_file, release_line
from interlock.model import (
    Cell,
    InterlockError,
    Outcome,
    PythonVersion,
    UsageError,
    listing,
    plural,
)
from interlock.publish.context import PageContext
from interlock.publish.windows import short as windows_in_short
from interlock.publish.wording import CAN_HANG, NOT_SEEN, WORDS, day, span
from interlock.record import read_results

WINDOWS = "site/windows.md"

BEGIN = "<!-- results: `nox -s readme` writes this -->"
END = "<!-- end of results -->"
COMMAND = "nox -s readme"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The results of one release in one choice of settings, with all its partners."""

    counts: Mapping[Outcome, int]
    """Combinations of the other axes by outcome, without those that can't install."""
    hanging: tuple[Version, ...] = ()
    """Releases of the other library with which it hangs."""
    failing: tuple[PythonVersion, ...] = ()
    """Pythons on which it fails."""
    partners: tuple[Version, ...] = ()
    """Releases of the other library that it ran with."""
    rare: Mapping[tuple[str, str], LineRate] | None = None
    """By probe and release line, where hangs are rare; then only rates count."""

    @property
    def can_hang(self) -> bool:
        """Whether some release line can hang, where hangs are rare."""
        return any(line.can_hang for line in (self.rare or {}).values())

    @property
    def kind(self) -> tuple[object, ...]:
        """A key that is equal for releases in the same row."""
        if self.rare is not None:
            return (self.can_hang, not self.counts)
        return (frozenset(self.counts), self.hanging, self.failing)


def tables(context: PageContext) -> str:
    """Both tables in Markdown, and what was tested."""
    cells = [v.cell for v in context.verdicts if v.was_run]
    if not cells or context.tested_at is None:
        return "Nothing has been tested yet."
    windows = windows_in_short(context)
    parts = [_tested(context, cells), "", *windows, *([""] if windows else [])]
    parts += [*_what_hangs(context), "", *_what_helps(context.findings)]
    return "\n".join(parts)


def _tested(context: PageContext, cells: Sequence[Cell]) -> str:
    tested = ", ".join(
        f"{len(found)} releases of {axis.package} ({found[0]} to {found[-1]})"
        for axis in context.axes
        if (found := sorted({v for cell in cells if (v := cell.version(axis.name))}))
    )
    assert context.tested_at is not None
    return (
        f"Tested: {tested}, on Python {context.pythons[0]} to {context.pythons[-1]}, "
        f"{len(cells):,} cells. The last run was on {day(context.tested_at)}."
    )


def _what_hangs(context: PageContext) -> list[str]:
    axis = context.first.axis
    columns = list(_columns(context.findings))
    every = {
        version: tuple(_entry(about, config, axis, version) for _, about, config in columns)
        for version in sorted({v for _, about, _ in columns for v in about.tested.versions(axis)})
    }
    most = max(map(_settings, every.values()))
    rows = {version: row for version, row in every.items() if _settings(row) == most}
    lines = [
        f"| {context.package(axis)} | {' | '.join(title for title, _, _ in columns)} |",
        "| --- |" + " --- |" * len(columns),
    ]
    for _, run in groupby(rows, key=lambda version: tuple(one.kind for one in rows[version])):
        versions = list(run)
        name = str(versions[0]) if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
        entries = [_joined(column) for column in zip(*map(rows.get, versions), strict=True)]
        lines.append(f"| {name} | {' | '.join(_said(one, context) for one in entries)} |")
    lines += ["", _legend(context)]
    if left := len(every) - len(rows):
        others = f"{plural(left, 'other release')} of {context.package(axis)}"
        lines += ["", f"{others} ran in some of these settings only: see [the windows]({WINDOWS})."]
    return lines


def _settings(row: Iterable[Entry]) -> int:
    """In how many of the settings a release was tested. Those tested in most are shown."""
    return sum(bool(entry.counts) for entry in row)


def _columns(findings: Findings) -> Iterator[tuple[str, ForApplication, str]]:
    """The columns: each choice of settings, then each kind of application."""
    matrix = findings.matrix
    every = findings.by_application[None]
    for config in every.configs:
        yield _title(matrix, config), every, config
    for name, kind in matrix.applications.items():
        about = findings.by_application[name]
        for config in about.configs[:1]:
            yield kind.title, about, config


def _title(matrix: Matrix, config: str) -> str:
    """The choices that differ from the default; else the configuration's title."""
    known = matrix.configurations[config]
    titles = [
        matrix.choices[name].levels[value].title
        for name, value in (known.choices or {}).items()
        if value != matrix.choices[name].default
    ]
    return listing(titles) if titles else known.title


def _entry(about: ForApplication, config: str, axis: str, version: Version) -> Entry:
    here = [
        summary
        for (pins, _, name), summary in about.summaries.items()
        if name == config and any(p.axis == axis and p.version == version for p in pins)
        if summary.worst.outcome is not Outcome.UNSUPPORTED
    ]
    return Entry(
        counts=Counter(summary.worst.outcome for summary in here),
        hanging=_partners(here, axis, Outcome.HANG),
        failing=tuple(sorted({s.cell.python for s in here if s.worst.outcome is Outcome.FAIL})),
        partners=_partners(here, axis),
        rare=None if about.application is None else dict(_lines(about, config, axis, version)),
    )


def _lines(
    about: ForApplication, config: str, axis: str, version: Version
) -> Iterator[tuple[tuple[str, str], LineRate]]:
    """The rate of the release's line by each probe that is about that kind alone."""
    every, line = [one.name for one in about.findings.matrix.axes], release_line(version)
    for probe, there in about.findings.tracks:
        if there == config and about.criteria.speaks_for(probe):
            lines = about.findings.rare_hangs.lines((probe, config), every, axis)
            if line in lines:
                yield (probe, line), lines[line]


def _partners(
    here: Iterable[Summary], axis: str, outcome: Outcome | None = None
) -> tuple[Version, ...]:
    found = {
        pin.version
        for summary in here
        if outcome in (None, summary.worst.outcome)
        for pin in summary.cell.pins
        if pin.axis != axis and pin.version is not None
    }
    return tuple(sorted(found))


def _joined(entries: Sequence[Entry]) -> Entry:
    """The entries of releases that behave alike, counted together."""
    counts: Counter[Outcome] = Counter()
    rare: dict[tuple[str, str], LineRate] = {}
    for one in entries:
        counts.update(one.counts)
        rare |= one.rare or {}
    first = entries[0]
    return Entry(
        counts=counts,
        hanging=first.hanging,
        failing=first.failing,
        partners=first.partners,
        rare=None if first.rare is None else rare,
    )


def _said(entry: Entry, context: PageContext) -> str:
    if not entry.counts:
        return "not tested"
    if entry.rare is not None:
        return _rarely(entry, entry.rare, context)
    where = {}
    if entry.hanging != entry.partners:
        other = context.others(context.first.axis)[0]
        where[Outcome.HANG] = f", with {other} {span(entry.hanging, entry.partners)}"
    if entry.failing:
        where[Outcome.FAIL] = f", on Python {span(entry.failing, context.pythons)}"
    return _counted(entry.counts, where)


def _rarely(entry: Entry, rare: Mapping[tuple[str, str], LineRate], context: PageContext) -> str:
    """``◐ can hang, rarely<br>7 of 4,120 forks, …``: a line for each probe."""
    said = CAN_HANG if entry.can_hang else NOT_SEEN
    lines = [f"{said.symbol} {said.name}"]
    for probe in dict.fromkeys(probe for probe, _ in rare):
        of_probe = [rate for (name, _), rate in rare.items() if name == probe]
        together = joined(of_probe)
        lines.append(f"{together.pool.share} {context.unit(probe)}, {together.pool.bounds}")
    return "<br>".join(lines)


def _legend(context: PageContext) -> str:
    other = context.others(context.first.axis)[0]
    return (
        f"Each entry counts combinations of a {other} release and a Python: ✓ passes, ✗ hangs, "
        "! does not start or fails, ? not proven. A combination that can't be installed is left "
        "out. Releases between those listed were not tested. "
        f"{CAN_HANG.symbol} {CAN_HANG.name}, and {NOT_SEEN.symbol} {NOT_SEEN.name}: a pass of one "
        "combination proves little there. So the entry has the hangs of all runs of these release "
        "lines, with the 95 % interval of the rate. None of them is called safe."
    )


def _what_helps(findings: Findings) -> list[str]:
    """A row for each workaround: its cost, and what happened to the hangs with it."""
    with_it: dict[str, Counter[Outcome]] = {}
    for many in findings.workarounds.values():
        for one in many:
            told_by_rates = findings.matrix.use(one.without.cell.probe).application is not None
            if one.was_run and one.without.outcome is Outcome.HANG and not told_by_rates:
                with_it.setdefault(one.way.name, Counter())[one.verdict.outcome] += 1
    lines = ["| until you upgrade | what you lose | hangs, with it |", "| --- | --- | --- |"]
    for name, way in findings.matrix.workarounds.items():
        if counts := with_it.get(name):
            lines.append(f"| {way.title} | {way.costs} | {_counted(counts)} |")
    return lines if len(lines) > 2 else []


def _counted(counts: Mapping[Outcome, int], where: Mapping[Outcome, str] | None = None) -> str:
    """``✓ 15 of 30<br>✗ 15 of 30, with …``: a line for each outcome."""
    tested, where = sum(counts.values()), where or {}
    return "<br>".join(
        f"{WORDS[outcome].symbol} {counts[outcome]} of {tested}{where.get(outcome, '')}"
        for outcome in Outcome
        if counts.get(outcome)
    )


def written(text: str, tables: str) -> str:
    """The README with these tables.

    Raise ``UsageError`` if it has no place for them.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UsageError(f"README.md: put the tables between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def load(root: Path) -> tuple[Matrix, PageContext]:
    """The published results of a checkout."""
    matrix = matrix_file.load(root / "matrix.yaml", root / "probes")
    results = read_results(root / "results", matrix.axes, matrix.renamed).within(matrix)
    return matrix, PageContext(matrix=matrix, results=results)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables into README.md, or check them."""
    parser = argparse.ArgumentParser(prog="python -m interlock.publish.readme")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; end with 2 if README differs"
    )
    given = parser.parse_args(arguments)
    readme = Path("README.md")
    try:
        text = readme.read_text(encoding="utf-8")
        _, context = load(Path())
        new = written(text, tables(context))
    except InterlockError as mistake:
        print(mistake, file=sys.stderr)
        return mistake.exit_code
    if given.check and new != text:
        print(f"README.md: its tables differ from results/; run `{COMMAND}`", file=sys.stderr)
        return 2
    if not given.check:
        readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
