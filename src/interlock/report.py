"""What a run prints at its end: the verdicts by release, and what is safe in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from packaging.version import Version
from rich.table import Table
from rich.text import Text

from interlock.campaign import LeftOpen
from interlock.model import ABSENT, Axis, Configuration, Outcome, Probe, Verdict
from interlock.plan import Plan
from interlock.progress import SYMBOLS, duration, trouble_line

WORST_FIRST = (
    Outcome.HANG,
    Outcome.FAIL,
    Outcome.UNPROVEN,
    Outcome.UNSUPPORTED,
    Outcome.PASS,
)


def tables(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    probes: Mapping[str, Probe],
    configurations: Mapping[str, Configuration],
) -> list[Table]:
    """One table a probe and configuration: a row per releases, a column per Python."""
    drawn = []
    for probe in probes.values():
        for configuration in configurations.values():
            about = [
                verdict
                for verdict in verdicts
                if (verdict.cell.probe, verdict.cell.config) == (probe.name, configuration.name)
            ]
            if about:
                title = f"{probe.name} · {configuration.name}: {configuration.title}"
                drawn.append(_table(title, about, axes))
    return drawn


def _table(title: str, verdicts: Sequence[Verdict], axes: Sequence[Axis]) -> Table:
    pythons = sorted({verdict.cell.python for verdict in verdicts})
    table = Table(title=title, title_justify="left", title_style="bold")
    for axis in axes:
        table.add_column(axis.name, no_wrap=True)
    for python in pythons:
        table.add_column(f"py{python}", justify="center", no_wrap=True)
    rows: dict[tuple[str, ...], dict[object, Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda v: [_order(v, axis) for axis in axes]):
        releases = tuple(str(verdict.cell.version(axis.name) or ABSENT) for axis in axes)
        rows.setdefault(releases, {})[verdict.cell.python] = verdict
    for releases, by_python in rows.items():
        table.add_row(*releases, *(_sign(by_python.get(python)) for python in pythons))
    return table


def _order(verdict: Verdict, axis: Axis) -> tuple[bool, object]:
    version = verdict.cell.version(axis.name)
    return version is not None, version


def _sign(verdict: Verdict | None) -> Text:
    if verdict is None:
        return Text("")
    sign, style = SYMBOLS[verdict.outcome]
    return Text(f"{sign} {verdict.outcome}", style=style)


def counted(verdicts: Iterable[Verdict]) -> str:
    """``12 hang, 30 pass``, worst first."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in WORST_FIRST if counts[outcome])


def planned(plan: Plan, jobs: int) -> str:
    """One line: what is to be run, what is known, and how long it may take."""
    cells = len(plan.cells)
    parts = [f"{cells} cell{'s' * (cells != 1)} to run"]
    if plan.unsupported:
        parts.append(f"{len(plan.unsupported)} the index alone decides")
    if plan.known:
        parts.append(f"{len(plan.known)} with a fresh verdict")
    if cells:
        parts.append(f"about {duration(plan.seconds)} with {jobs} job{'s' * (jobs != 1)}")
    return ", ".join(parts)


def cells(plan: Plan) -> str:
    """The plan, a line a cell."""
    lines = [f"run          {cell}" for cell in plan.cells]
    lines += [f"unsupported  {cell}: {why.detail}" for cell, why in plan.unsupported.items()]
    lines += [f"known        {cell}" for cell in plan.known]
    return "".join(f"{line}\n" for line in lines)


def safe(verdicts: Sequence[Verdict], axes: Sequence[Axis]) -> str:
    """One sentence: which releases passed with everything they were run with here."""
    ran = [v for v in verdicts if v.outcome is not Outcome.UNSUPPORTED]
    if not ran:
        return "Nothing was run, so nothing is known to be safe."
    if all(verdict.outcome is Outcome.PASS for verdict in ran):
        return f"Everything that was run passed: {counted(verdicts)}."
    clean = [f"{axis.package} {_spelled(_clean(ran, axis))}" for axis in axes if _clean(ran, axis)]
    if not clean:
        return f"No release passed with everything it was run with: {counted(verdicts)}."
    return (
        f"Passed with everything they were run with: {' and '.join(clean)} ({counted(verdicts)})."
    )


def _clean(verdicts: Iterable[Verdict], axis: Axis) -> list[Version]:
    seen: dict[Version, bool] = {}
    for verdict in verdicts:
        version = verdict.cell.version(axis.name)
        if version is not None:
            passed = verdict.outcome is Outcome.PASS
            seen[version] = seen.get(version, True) and passed
    return sorted(version for version, passed in seen.items() if passed)


def _spelled(versions: Sequence[Version]) -> str:
    return ", ".join(map(str, versions))


def reproduce(verdicts: Sequence[Verdict]) -> list[str]:
    """For each hang or failure shape, one cell's story and the command that runs it again."""
    lines: list[str] = []
    seen: set[object] = set()
    for verdict in verdicts:
        if verdict.outcome in (Outcome.PASS, Outcome.UNSUPPORTED):
            continue
        kind = (verdict.outcome, verdict.reason, verdict.signature)
        if kind not in seen:
            seen.add(kind)
            lines += [f"{verdict.cell}", f"  {verdict.detail}", f"  {verdict.cell.reproduce}"]
    return lines


def left_open(events: Iterable[LeftOpen]) -> str:
    """What stays open and why, a line each."""
    return "\n".join(trouble_line(event) for event in events)
