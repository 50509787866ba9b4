"""The answer of the start page to a reader who chooses no settings, held to what ``ask`` prints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from start_page import situations, told

from interlock.console import answer_text
from interlock.console.page import Page
from interlock.findings import Answer, Findings
from interlock.model import Outcome

WIDE = Page(width=100_000)


def differences(answer: Answer, findings: Findings, shown: Mapping[str, Any]) -> list[str]:
    """Where the first lines, the moves and the workarounds of a page are not those of ``ask``."""
    matrix, asked = findings.matrix, answer.question
    versions = {axis: str(version) for axis, version in asked.versions.items()}
    releases = [f"{a.package} {versions[a.name]}" for a in matrix.axes]
    subject = f": {' with '.join(releases)} on Python {asked.python}"
    text = answer_text.as_text(answer, findings, WIDE)
    head, *rest = text.split("\n\n")
    first, *others = head.splitlines()
    notes = [f"Where {note.kind.title}" for note in answer.kinds]

    def filled(said: Sequence[str | None]) -> list[str]:
        return [re.sub(r"\{(\w+)\}", lambda m: versions[m[1]], one or "") for one in said]

    beside = filled([said for _, said in shown["beside"]])
    upgrades = filled([to for to, _ in shown["moves"] if to])
    every = filled([to or why for to, why in shown["moves"]])
    block = next((one for one in rest if one.startswith("To pass in every setting")), "")
    moves = [_sentence(line[2:]) for line in block.splitlines() if line.startswith("- ")]
    named = {way.title: way.name for way in matrix.workarounds.values()}
    titles = {
        title.lower()
        for sign, said in shown["ways"]
        if sign[0] in "✓?"
        for title in [re.split(r" \(|:", said)[0]]
    }
    offered = {t.lower() for t, name in named.items() if f"\n  - {name}: " in text}
    found = []
    if filled([shown["says"]]) != [first.replace(subject, "", 1).replace(", w", " w", 1)]:
        found.append(f"headline: {shown['says']} is not {first}")
    if [one for one in beside if not one.startswith(tuple(notes) or "\0")] != others:
        found.append(f"other settings: {beside} is not {others}")
    if not {*moves} <= {*every} or not {*upgrades} <= {*moves}:
        found.append(f"moves: {every} is not {moves}")
    if not offered <= titles:
        found.append(f"workarounds: {titles} lacks some of {offered}")
    return found


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def hides_a_hang(data: Mapping[str, Any], place: str) -> bool:
    """Whether the answer without settings is green, and some settings make the pair hang."""
    if "il-pass" not in told(data, place, {})["look"]:
        return False
    hang = ("✗", "(✗")
    return any(told(data, place, one)["symbol"].startswith(hang) for one in situations(data))


def unknown(answer: Answer) -> bool:
    """Whether a page may have no answer of its own: ``ask`` knows nothing, or the index decides."""
    worst = answer.worst
    return worst is None or worst.outcome in (None, Outcome.UNSUPPORTED)
