"""What a search prints: the windows of releases, and how far to trust them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from packaging.version import Version

from interlock.campaign import Exploration, Survey
from interlock.console import answer_rare
from interlock.findings import (
    AnswerBasis,
    ErrorRate,
    Findings,
    Seen,
    Spot,
    Stretch,
    TrackMap,
    along_row,
    captions,
    hangs_rarely,
    headlines,
    rate_of,
    rates_by_rule,
)
from interlock.matrix import Matrix
from interlock.model import AuditedCell, Axis, Outcome, PythonVersion, Verdict, listing, plural


def lines(
    exploration: Exploration, told: Mapping[tuple[str, ...], Verdict], matrix: Matrix
) -> Iterator[str]:
    """The windows of each survey, how much they rest on, and how far to trust what is inferred.

    Where hangs are rare there are no windows: the rate of each release line is printed.
    """
    counting = exploration.counting(told)
    findings = Findings(matrix=matrix, verdicts=list(counting.values()))
    for survey in exploration.surveys:
        if hangs_rarely(matrix, survey.probe, survey.config):
            yield from answer_rare.line_rates(findings, survey.probe, survey.config)
            yield from unproven(survey, counting)
            continue
        maps = survey.maps(counting)
        lacks = {python: _lacking(survey, python, findings) for python in maps}
        for python, of in maps.items():
            yield ""
            yield f"{survey.probe} in {survey.config}, Python {python}"
            for version in survey.named:
                if seen := lacks[python].get(of.space.rows.position[version]):
                    yield f"  {headlines.lacks(seen, matrix)}"
                    continue
                yield f"  {survey.axes[0].package} {version}:"
                yield from windows_of(survey, python, of, version, counting, matrix)
        yield from _counted(survey, maps, lacks, counting)
        yield from unproven(survey, counting)
        yield from audit_lines(exploration.audited(survey, told))
    if exploration.stopped:
        yield "The time is up, and something is left to search: run the same command again."


def _says(stretch: Stretch, unit: str) -> str:
    """One window: ``ddtrace 2.10.2 to 2.19.4 hang (26 tested, 31 inferred)``."""
    edge = captions.open_edge(stretch.end, unit) if stretch.end else ""
    told = [
        captions.basis(stretch.tested, stretch.inferred),
        captions.rate(stretch.chance, unit),
        f"edge {edge}" if edge else "",
    ]
    return f"{stretch.says} ({'; '.join(filter(None, told))})"


def windows_of(
    survey: Survey,
    python: PythonVersion,
    of: TrackMap,
    version: Version,
    counting: Mapping[tuple[str, ...], Verdict],
    matrix: Matrix,
) -> Iterator[str]:
    """The windows with one release of the first axis."""

    def verdict_at(spot: Spot) -> Verdict | None:
        return counting.get(survey.cell(python, spot).key)

    unit = answer_rare.unit(survey.probe, matrix)
    for each in along_row(of, of.space.rows.position[version], verdict_at):
        yield f"    {_says(each, unit)}"
        yield from (f"      {said}" for said in _upstream(each, survey, matrix))


def _upstream(stretch: Stretch, survey: Survey, matrix: Matrix) -> Iterator[str]:
    """What the library itself says of the release after the window, if the edge is exact."""
    ends, axis = [stretch.end] if stretch.end else [], survey.axes[1]
    for note in captions.upstream(ends, axis.name, matrix.changes):
        yield note.says(axis.package)


def _lacking(survey: Survey, python: PythonVersion, findings: Findings) -> Mapping[int, Seen]:
    """The rows whose release lacks what is tested, whatever it is combined with."""
    situation = findings.matrix.situation_of(survey.probe, survey.config)
    found: dict[int, Seen] = {}
    if situation is None:
        return found
    for row in range(len(survey.rows)):
        place = survey.cell(python, (row, 0)).pins[:1], python
        for one in findings.tested.features.at(situation, place):
            if one.seen.verdict.cell.probe == survey.probe:
                found[row] = one.seen
    return found


def _counted(
    survey: Survey,
    maps: Mapping[PythonVersion, TrackMap],
    lacks: Mapping[PythonVersion, Mapping[int, Seen]],
    counting: Mapping[tuple[str, ...], Verdict],
) -> Iterator[str]:
    counts = sum((of.counts(lacks[python]) for python, of in maps.items()), Counter())
    total = sum(counts.values())
    yield (
        f"{plural(counts[AnswerBasis.TESTED], 'pair')} tested of {total:,}: "
        f"{counts[AnswerBasis.INFERRED]:,} inferred, "
        f"{counts[AnswerBasis.INDEX]:,} decided by the index, "
        f"{counts[AnswerBasis.UNKNOWN]:,} unknown"
    )
    if edges := survey.unconfirmed_edges(counting):
        yield f"{plural(edges, 'edge')} not confirmed yet"


def unproven(survey: Survey, counting: Mapping[tuple[str, ...], Verdict]) -> Iterator[str]:
    """How many pairs ran and proved nothing, which, and the commands that run them again.

    A command runs each of its releases with each other one, so it has pairs that are unproven with
    the same partners alone.
    """
    found = [
        verdict
        for verdict in counting.values()
        if verdict.outcome is Outcome.UNPROVEN and survey.holds(verdict.cell)
    ]
    if found:
        yield f"{plural(len(found), 'pair')} ran and stayed unproven:"
    for versions, pythons, reasons in _blocks(found, survey.axes):
        who = " with ".join(
            f"{axis.package} {listing([*map(str, of)])}"
            for axis, of in zip(survey.axes, versions, strict=True)
        )
        yield f"  {who} on Python {listing([*map(str, pythons)])} ({listing(reasons)})"
        pins = zip((axis.name for axis in survey.axes), versions, strict=True)
        options = [
            *(f"--{name} {version}" for name, of in pins for version in of),
            *(f"--python {python}" for python in pythons),
        ]
        track = f"--probe {survey.probe} --config {survey.config}"
        yield f"    nox -s matrix -- {' '.join(options)} {track} --rerun all --no-follow-ups"


_Versions = tuple[Version, ...]
_Block = tuple[tuple[_Versions, _Versions], tuple[PythonVersion, ...], list[str]]
"""Releases of both axes, each pair of which is unproven on these Pythons, and the reasons."""


def _blocks(found: Sequence[Verdict], axes: tuple[Axis, Axis]) -> Iterator[_Block]:
    reasons: dict[tuple[Version, Version, PythonVersion], str] = {}
    for verdict in found:
        row, column = (verdict.cell.version(axis.name) for axis in axes)
        assert row and column, "a search tests pairs"
        reasons[row, column, verdict.cell.python] = str(verdict.reason)
    columns: dict[tuple[PythonVersion, Version], list[Version]] = {}
    for row, column, python in sorted(reasons):
        columns.setdefault((python, row), []).append(column)
    rows: dict[tuple[PythonVersion, _Versions], list[Version]] = {}
    for (python, row), of in columns.items():
        rows.setdefault((python, tuple(of)), []).append(row)
    pythons: dict[tuple[_Versions, _Versions], list[PythonVersion]] = {}
    for (python, of_row), those in rows.items():
        pythons.setdefault((tuple(those), of_row), []).append(python)
    for block, on in pythons.items():
        told = {reasons[row, column, p] for row in block[0] for column in block[1] for p in on}
        yield block, tuple(on), sorted(told)


def audit_lines(rows: Sequence[AuditedCell]) -> Iterator[str]:
    """The error rate of what is inferred, and each cell and rule that was wrong."""
    if not rows:
        return
    yield f"audit: {_rate(rate_of(rows))}"
    by_rule = rates_by_rule(rows)
    if len(by_rule) > 1:
        yield from (f"  by the rule {rule}: {_rate(rate)}" for rule, rate in by_rule.items())
    for row in rows:
        if row.is_wrong:
            yield (
                f"  the rule {row.rule} was wrong about {row.cell.combination}: "
                f"inferred {row.inferred}, seen {row.seen}"
            )
    if left := sum(row.seen is None for row in rows):
        yield f"  {left} of {plural(len(rows), 'drawn cell')} still to be run"


def _rate(rate: ErrorRate) -> str:
    found = f"{rate.wrong} of {plural(rate.run, 'inferred cell')} came out otherwise when run"
    if not rate.run:
        return f"{found}, so the error rate is not known yet"
    return f"{found} ({rate.bounds}, 95 % confidence)"
