"""A badge with the release to move to, as SVG and for shields.io."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from interlock.publish import templates
from interlock.publish.context import PageContext

GLYPH = 7
"""Width of a letter at 11 px; generous, because fonts differ."""

COLOURS = {"green": "#1a7f37", "red": "#b3261e", "grey": "#59636e"}


def publish(context: PageContext, folder: Path) -> None:
    """``badges/target.svg``, and ``badges/target.json`` for shields.io's endpoint."""
    message, colour = says(context)
    label = " + ".join(axis.package for axis in context.axes)
    drawn = badge(label, message, COLOURS[colour])
    templates.write(folder / "badges" / "target.svg", "badge.svg.j2", badge=drawn)
    endpoint = {"schemaVersion": 1, "label": label, "message": message, "color": colour}
    (folder / "badges" / "target.json").write_text(json.dumps(endpoint) + "\n", encoding="utf-8")


def says(context: PageContext) -> tuple[str, str]:
    """The message and its colour.

    It names the newest safe release on the newest Python that has one.
    """
    if not context.verdicts:
        return "not tested yet", "grey"
    found = context.first.targets
    if not found:
        return "nothing safe found", "red"
    target, _ = found[0]
    return f"safe: {context.package(target.axis)} {target.version}", "green"


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A label, its message, and the widths of both halves in pixels."""

    label: str
    message: str
    colour: str
    left: int
    right: int


def badge(label: str, message: str, colour: str) -> Badge:
    """A badge as wide as its two texts."""
    left, right = (len(text) * GLYPH + 12 for text in (label, message))
    return Badge(label=label, message=message, colour=colour, left=left, right=right)
