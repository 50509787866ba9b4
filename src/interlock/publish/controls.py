"""The controls' answers as a table, and a banner if one was unexpected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from interlock.model import ABSENT, Reason
from interlock.publish import templates
from interlock.publish.context import PageContext
from interlock.publish.wording import day


def publish(context: PageContext, folder: Path) -> None:
    """``controls.md``, a part of a page, and the frame of every page, with the banner."""
    rows = context.results.controls
    templates.write(folder / "controls.md", "controls.md.j2", campaigns=_campaigns(context, rows))
    # MkDocs takes the frame of the pages from here.
    frame = folder / "theme" / "main.html"
    templates.write(frame, "theme.html.j2", doubt=doubt(context))


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """The doubts raised by the last controls, for the top of every page."""

    differing: int
    """Controls that gave an unexpected answer."""
    probes: tuple[str, ...]
    """The probes that they vouch for."""
    unproven: int
    """Cells that did not hang and prove nothing."""


def doubt(context: PageContext) -> Doubt | None:
    """None if every control answered as known."""
    differing = [row for row in newest(context.results.controls) if row["differs"]]
    unproven = sum(v.reason is Reason.CONTROL_DIFFERS for v in context.verdicts)
    if not differing and not unproven:
        return None
    probes = tuple(sorted({row["vouches_for"] or "every probe" for row in differing}))
    return Doubt(differing=len(differing), probes=probes, unproven=unproven)


def newest(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The row of each control from its last campaign."""
    last: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["last_at"])):
        last[tuple(row["cell"].values())] = row
    return list(last.values())


@dataclass(frozen=True, kw_only=True)
class Row:
    """The answer of one control in one campaign."""

    differs: bool
    releases: str
    probe: str
    config: str
    for_every_probe: bool
    python: str
    expected: str
    got: str
    trials: int
    load: str
    when: str


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """The controls of one run."""

    name: str
    rows: list[Row]
    differing: int


def _campaigns(context: PageContext, rows: Sequence[Mapping[str, Any]]) -> list[Campaign]:
    """The newest first."""
    ordered = sorted(rows, key=lambda row: str(row["campaign"]), reverse=True)
    found = []
    for name, group in groupby(ordered, key=lambda row: str(row["campaign"])):
        known = [_row(context, row) for row in group]
        differing = sum(row.differs for row in known)
        found.append(Campaign(name=name, rows=known, differing=differing))
    return found


def _row(context: PageContext, row: Mapping[str, Any]) -> Row:
    cell = row["cell"]
    low, high = (f"{load:.1f}" for load in row["load"])
    return Row(
        differs=bool(row["differs"]),
        releases=" with ".join(
            f"{axis.package} {cell[axis.name]}"
            for axis in context.axes
            if cell[axis.name] != ABSENT
        ),
        probe=cell["probe"],
        config=cell["config"],
        for_every_probe=row["vouches_for"] is None,
        python=cell["python"],
        expected=row["expected"],
        got=", ".join(f"{count} {outcome}" for outcome, count in row["got"].items()),
        trials=row["trials"],
        load=low if low == high else f"{low} to {high}",
        when=day(datetime.fromisoformat(row["last_at"])),
    )
