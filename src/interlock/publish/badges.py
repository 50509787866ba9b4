"""A badge for somebody's README: the release to move to, as SVG and for shields.io."""

from __future__ import annotations

import json
from pathlib import Path

from markupsafe import Markup

from interlock.publish import safety
from interlock.publish.edition import Edition

GLYPH = 7
"""Width of a letter at 11 px, on the generous side, since fonts differ."""

COLOURS = {"green": "#1a7f37", "red": "#b3261e", "grey": "#59636e"}


def publish(edition: Edition, folder: Path) -> None:
    """``badges/target.svg``, and ``badges/target.json`` as shields.io's endpoint wants it."""
    message, colour = says(edition)
    label = " + ".join(axis.package for axis in edition.axes)
    badges = folder / "badges"
    badges.mkdir()
    (badges / "target.svg").write_text(svg(label, message, COLOURS[colour]), encoding="utf-8")
    endpoint = {"schemaVersion": 1, "label": label, "message": message, "color": colour}
    (badges / "target.json").write_text(json.dumps(endpoint) + "\n", encoding="utf-8")


def says(edition: Edition) -> tuple[str, str]:
    """The message and its colour: the newest safe release, on the newest Python that has one."""
    if not edition.verdicts:
        return "not tested yet", "grey"
    found = safety.targets(edition.answers[0])
    if not found:
        return "nothing safe found", "red"
    target, _ = found[0]
    return f"safe: {edition.package(target.axis)} {target.version}", "green"


def svg(label: str, message: str, colour: str) -> Markup:
    """The badge as a drawing that needs nothing else."""
    left, right = len(label) * GLYPH + 12, len(message) * GLYPH + 12
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img"'
        ' aria-label="{label}: {message}"><rect width="{width}" height="20" rx="3" fill="#343b43"/>'
        '<rect x="{left}" width="{right}" height="20" rx="3" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        ' text-anchor="middle"><text x="{x1}" y="14">{label}</text>'
        '<text x="{x2}" y="14">{message}</text></g></svg>\n'
    ).format(
        width=left + right,
        left=left,
        right=right,
        label=label,
        message=message,
        colour=colour,
        x1=left // 2,
        x2=left + right // 2,
    )
