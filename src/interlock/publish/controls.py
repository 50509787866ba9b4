"""What the controls answered: a table of them, and a banner where one gave another answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.model import ABSENT, Reason, plural
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block
from interlock.publish.wording import day

THEME = """{{% extends "base.html" %}}
{{% block announce %}}{banner}{{% endblock %}}
"""
"""MkDocs takes the pages' frame from here; ``announce`` is above every page."""

HEADS = ("Control", "Python", "should", "did", "in", "load", "when")


def publish(edition: Edition, folder: Path) -> None:
    """``controls.md``, a part of a hand-written page, and every page's frame with the banner."""
    rows = edition.results.controls
    markup.page(folder / "controls.md", *(_tables(edition, rows) or ["None has been run yet."]))
    theme = folder / "theme"
    theme.mkdir()
    text = THEME.format(banner=banner(edition))
    (theme / "main.html").write_text(text, encoding="utf-8")


def banner(edition: Edition) -> Markup:
    """What is in doubt, for the top of every page; nothing where all answered as known."""
    differing = [row for row in newest(edition.results.controls) if row["differs"]]
    doubted = sum(v.reason is Reason.CONTROL_DIFFERS for v in edition.verdicts)
    if not differing and not doubted:
        return Markup("")
    who = sorted({row["vouches_for"] or "every probe" for row in differing})
    said = ""
    if differing:
        said = (
            f"{plural(len(differing), 'control')} gave another answer than is known, "
            f"for {', '.join(who)}. "
        )
    if doubted:
        said += f"{plural(doubted, 'cell')} that did not hang prove nothing. "
    return Markup(
        '<div class="il-alarm" role="alert"><strong>In doubt:</strong> {}'
        "<a href=\"{{{{ 'controls.html'|url }}}}\">What the controls said</a></div>"
    ).format(said)


def newest(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of each control the row of its last campaign."""
    last: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: str(row["last_at"])):
        last[tuple(row["cell"].values())] = row
    return list(last.values())


def _tables(edition: Edition, rows: Sequence[Mapping[str, Any]]) -> list[str | Markup]:
    """A table a campaign, the newest first and open."""
    ordered = sorted(rows, key=lambda row: str(row["campaign"]), reverse=True)
    blocks: list[str | Markup] = []
    for campaign, group in groupby(ordered, key=lambda row: str(row["campaign"])):
        known = list(group)
        differing = sum(bool(row["differs"]) for row in known)
        told = (
            f"{differing} of {len(known)} differ"
            if differing
            else f"{len(known)} of {len(known)} as known"
        )
        summary = f"Campaign {campaign}: {told}"
        blocks.append(
            block(
                Markup("<details{}><summary>{}</summary>{}</details>").format(
                    Markup(" open") if not blocks or differing else "",
                    summary,
                    _table(edition, known),
                )
            )
        )
    return blocks


def _table(edition: Edition, rows: Sequence[Mapping[str, Any]]) -> Markup:
    head = markup.columns(HEADS)
    return markup.table(head, (_row(edition, row) for row in rows))


def _row(edition: Edition, row: Mapping[str, Any]) -> Markup:
    cell = row["cell"]
    releases = " with ".join(
        f"{axis.package} {cell[axis.name]}" for axis in edition.axes if cell[axis.name] != ABSENT
    )
    look, sign = ("il-fail", "!") if row["differs"] else ("il-pass", "✓")
    got = ", ".join(f"{count} {outcome}" for outcome, count in row["got"].items())
    low, high = (f"{load:.1f}" for load in row["load"])
    return Markup(
        '<tr><td><span class="il-mark {}" aria-hidden="true">{}</span> {}<br><small>{} · {}{}'
        "</small></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
    ).format(
        look,
        sign,
        releases or "neither library",
        cell["probe"],
        cell["config"],
        " · vouches for every probe" if row["vouches_for"] is None else "",
        cell["python"],
        row["expected"],
        got,
        plural(row["trials"], "trial"),
        low if low == high else f"{low} to {high}",
        day(datetime.fromisoformat(row["last_at"])),
    )
