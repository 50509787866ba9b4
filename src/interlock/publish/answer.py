"""The start page: what is safe, and what becomes of the reader's own releases.

Every combination's answer is worded here, once; the script in the browser only looks it up in
``answers.js``. Without scripts the tables below the form say the same by release.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.advice import Move
from interlock.judge import PRECEDENCE
from interlock.model import NoTarget, Outcome, Target, Verdict
from interlock.publish import markup, safety
from interlock.publish.edition import Edition
from interlock.publish.markup import ANSWERS, block
from interlock.publish.wording import UNTESTED, basis, day, sentence, why, word


def publish(edition: Edition, folder: Path) -> None:
    """``answers.js`` for the script, and ``answer.md``, a part of the start page."""
    if not edition.verdicts:
        nothing = (
            "<p><strong>Nothing has been tested yet.</strong> Nothing is known to be safe.</p>"
        )
        markup.page(folder / "answer.md", block(Markup(nothing), "il-lead"))
        return
    text = json.dumps(answers(edition), ensure_ascii=False, separators=(",", ":"))
    (folder / "answers.js").write_text(f"window.interlock = {text};\n", encoding="utf-8")
    form = Markup(
        '<form class="il-picker" aria-label="Your releases" hidden></form>'
        '<div data-answer aria-live="polite"></div>'
        '<p class="il-basis" data-hint hidden>Yours is not in a list? Then it was not tested. If'
        " the tested releases on both sides of it hang, expect it to hang too.</p>{}"
    )
    first = edition.answers[0]
    markup.page(
        folder / "answer.md",
        block(safety.lead(edition), f"il-lead {safety.look(edition)}"),
        block(form.format(ANSWERS)),
        f"## By {edition.package(first.axis)} release",
        block(safety.dangers(edition) + safety.by_release(edition, first)),
        "## By Python",
        block(safety.by_python(edition)),
    )


class Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def pairs(self, pairs: Sequence[tuple[str | None, str]]) -> list[list[int | None]]:
        return [
            [None if one is None else self.number(one), self.number(other)] for one, other in pairs
        ]


def answers(edition: Edition) -> dict[str, Any]:
    """All that the script looks up: the fields of the form, and an answer per choice."""
    texts = Texts()
    found: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in edition.verdicts:
        found.setdefault(markup.answer_key(verdict.cell), []).append(verdict)
    return {
        "fields": fields(edition),
        "untested": untested(edition),
        "answers": {"|".join(key): _answer(edition, many, texts) for key, many in found.items()},
        "text": list(texts.numbers),
    }


def fields(edition: Edition) -> list[dict[str, Any]]:
    """The form: each axis, Python and configuration, the newest on top."""
    pythons = [str(python) for python in reversed(edition.pythons)]
    titles = {name: edition.title(name) for name in edition.configs}
    described = [
        _field(axis.name, axis.package, {v: v for v in reversed(edition.versions(axis))})
        for axis in edition.axes
    ]
    described.append(_field("python", "Python", {python: python for python in pythons}))
    described.append(_field("config", "Configuration", titles))
    described[-2]["first"] = str(edition.default_python)
    return described


def untested(edition: Edition) -> dict[str, str]:
    """What is said where there is no verdict; ``{…}`` is filled in with what was chosen."""
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in edition.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": f"{UNTESTED.sentence}.",
        "about": "Configuration: {title}.",
        "fact": "That is not a pass. The command below tests it on your machine.",
        "run": f"nox -s matrix -- {options} --python {{python}} --config {{config}}",
    }


def moves(edition: Edition, verdict: Verdict) -> list[tuple[str | None, str]]:
    """What to move to, and why; for a reader in any configuration, then in this one alone."""
    cell = verdict.cell
    everywhere = edition.advice.get((cell.pins, cell.python, None))
    here = edition.advice.get((cell.pins, cell.python, cell.config))
    found: list[tuple[str | None, str]] = []
    for number, move in enumerate(everywhere.moves if everywhere else ()):
        package = edition.package(move.axis)
        found += _targets(package, move)
        alone = here.moves[number].nearest if here else None
        if isinstance(alone, Target) and alone != move.nearest:
            found.append((f"{package} {alone.version}", "is enough in this configuration alone."))
    return found


def ways_out(edition: Edition, verdict: Verdict) -> list[str]:
    """Configurations in which the same releases were tested and pass, for who can't move yet."""
    if verdict.outcome is not Outcome.HANG:
        return []
    cell = verdict.cell
    passing = [
        config
        for config in edition.configs
        if config != cell.config and edition.passes(cell.pins, cell.python, config)
    ]
    if not passing:
        return ["No configuration that was tested keeps these releases from hanging."]
    return [f"The same releases pass with {edition.title(config)}." for config in passing]


def elsewhere(edition: Edition, verdict: Verdict) -> list[str]:
    """For a pass: in which configurations the same releases do hang or fail."""
    cell = verdict.cell
    if verdict.outcome is not Outcome.PASS:
        return []
    others = [
        other
        for other in edition.verdicts
        if (other.cell.pins, other.cell.python) == (cell.pins, cell.python)
        and other.outcome in (Outcome.HANG, Outcome.FAIL)
    ]
    return [
        f"Mind that the same releases {word(other).counted} with {title}."
        for other in others
        for title in [edition.title(other.cell.config)]
    ]


def _field(name: str, label: str, options: dict[str, str]) -> dict[str, Any]:
    listed = [{"value": value, "label": text} for value, text in options.items()]
    return {"name": name, "label": label, "first": listed[0]["value"], "options": listed}


def _answer(edition: Edition, verdicts: Sequence[Verdict], texts: Texts) -> dict[str, Any]:
    """The worst that any probe says, in words."""
    verdict = min(verdicts, key=lambda v: PRECEDENCE.index(v.outcome))
    cell = verdict.cell
    reason = f": {why(verdict)}" if verdict.reason else ""
    facts = [sentence(verdict.detail), f"{basis(verdict)}, {day(verdict.tested_at)}."]
    links: list[tuple[str | None, str]] = [
        ("All that was found", f"{markup.details_page(cell.python)}#{markup.anchor(cell)}")
    ]
    if verdict.signature:
        links.insert(0, ("Why it hangs", markup.hang_page(verdict.signature)))
    return {
        "look": markup.look(verdict),
        "symbol": markup.symbol(verdict),
        "says": texts.number(f"{word(verdict).sentence}{reason}."),
        "about": texts.number(
            f"{markup.releases(cell)}, Python {cell.python}. "
            f"Configuration: {edition.title(cell.config)}."
        ),
        "mind": [texts.number(fact) for fact in elsewhere(edition, verdict)],
        "facts": [texts.number(fact) for fact in facts],
        "moves": texts.pairs(moves(edition, verdict)),
        "until": [texts.number(way) for way in ways_out(edition, verdict)],
        "links": texts.pairs(links),
        "run": texts.number(cell.reproduce),
    }


def _targets(package: str, move: Move) -> list[tuple[str | None, str]]:
    match move.nearest, move.newest:
        case NoTarget(reason=reason), _:
            return [(None, sentence(reason))]
        case Target(version=near), Target(version=new) if near == new:
            return [(f"{package} {near}", "passes in every configuration.")]
        case Target(version=near), Target(version=new):
            return [
                (f"{package} {near}", "is the nearest that passes in every configuration;"),
                (f"{package} {new}", "is the newest."),
            ]
        case _:
            raise AssertionError(f"a move to {move.nearest} and {move.newest}")
