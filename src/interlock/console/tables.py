"""The tables of a run's verdicts: a sign for each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from interlock.console.progress import CAN_HANG, NOT_SEEN, SYMBOLS
from interlock.findings import RareHang
from interlock.model import ABSENT, Axis, Configuration, Probe, Verdict, version_key

Rare = Callable[[Verdict], RareHang | None]
"""What is told of a verdict instead of a pass."""

LEGEND = "  ".join(f"{sign} {outcome}" for outcome, (sign, _) in SYMBOLS.items())

LEFT_OUT = f"{ABSENT} library left out"


def tables(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    probes: Mapping[str, Probe],
    configurations: Mapping[str, Configuration],
    rare: Rare = lambda _: None,
) -> list[Text | Table]:
    """One table a probe and configuration: a row per release, a column per Python.

    ``rare`` is what is told instead of a pass.
    """
    drawn: list[Text | Table] = []
    for probe in probes.values():
        for configuration in configurations.values():
            about = [
                verdict
                for verdict in verdicts
                if (verdict.cell.probe, verdict.cell.config) == (probe.name, configuration.name)
            ]
            if about:
                title = f"\n{probe.name} · {configuration.name}: {configuration.title}"
                drawn += [Text(title, style="bold"), _table(about, axes, rare)]
    return [*drawn, Text(_legend(verdicts, rare), style="dim")] if drawn else []


def _legend(verdicts: Sequence[Verdict], rare: Rare) -> str:
    """What the signs mean; those of rare hangs and of a missing library only where they occur."""
    told = [one.can_hang for verdict in verdicts if (one := rare(verdict))]
    signs = [LEGEND]
    signs += [f"{CAN_HANG[0]} can hang, rarely"] if True in told else []
    signs += [f"{NOT_SEEN[0]} no hang seen, which is no pass"] if False in told else []
    signs += [] if all(v.cell.is_whole for v in verdicts) else [LEFT_OUT]
    return "  ".join(signs)


def _table(verdicts: Sequence[Verdict], axes: Sequence[Axis], rare: Rare) -> Table:
    pythons = sorted({verdict.cell.python for verdict in verdicts})
    table = Table()
    for axis in axes:
        table.add_column(axis.name, no_wrap=True)
    for python in pythons:
        table.add_column(str(python), justify="center", no_wrap=True)
    rows: dict[tuple[str, ...], dict[object, Verdict]] = {}
    for verdict in sorted(
        verdicts, key=lambda v: [version_key(v.cell.version(axis.name)) for axis in axes]
    ):
        releases = tuple(str(verdict.cell.version(axis.name) or ABSENT) for axis in axes)
        rows.setdefault(releases, {})[verdict.cell.python] = verdict
    for releases, by_python in rows.items():
        table.add_row(*releases, *(_sign(by_python.get(python), rare) for python in pythons))
    return table


def _sign(verdict: Verdict | None, rare: Rare) -> Text:
    if verdict is None:
        return Text("")
    sign, style = SYMBOLS[verdict.outcome]
    if told := rare(verdict):
        sign, style = CAN_HANG if told.can_hang else NOT_SEEN
    return Text(sign, style=style)
