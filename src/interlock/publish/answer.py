"""The start page's answer: what is safe, and what becomes of the reader's own releases.

Every combination's answer is worded here, once; the script in the browser only looks it up in
``answers.js``. Without scripts the tables below the form say the same by release.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.judge import PRECEDENCE
from interlock.model import Verdict
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.publish.wording import UNTESTED, WORDS, basis, day, why, word


def publish(edition: Edition, folder: Path) -> None:
    """``answers.js`` for the script, and ``answer.md``, a part of the start page."""
    if not edition.verdicts:
        markup.page(
            folder / "answer.md", "**Nothing has been tested yet.** Nothing is known to be safe."
        )
        return
    text = json.dumps(answers(edition), ensure_ascii=False, separators=(",", ":"))
    (folder / "answers.js").write_text(f"window.interlock = {text};\n", encoding="utf-8")
    markup.page(
        folder / "answer.md",
        block(_lead(edition), "il-lead"),
        block(
            Markup(
                '<form class="il-picker" aria-label="Your releases" hidden></form>'
                '<div data-answer aria-live="polite"></div>'
                "{}"
            ).format(markup.ANSWERS),
            "il-ask",
        ),
        "## By release",
        block(_by_release(edition)),
    )


class Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
        return [[self.number(one), self.number(other)] for one, other in pairs]


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
    """The form: each axis, Python and configuration, the newest chosen first."""
    described = [
        *(
            _field(axis.name, axis.package, [(v, v) for v in reversed(edition.versions(axis))])
            for axis in edition.axes
        ),
        _field("python", "Python", [(str(p), str(p)) for p in reversed(edition.pythons)]),
        _field(
            "config", "Configuration", [(name, edition.title(name)) for name in edition.configs]
        ),
    ]
    for field in described:
        if field["name"] == "python":
            field["first"] = str(edition.default_python)
    return described


def untested(edition: Edition) -> dict[str, str]:
    """What is said where there is no verdict; ``{…}`` is filled in with what was chosen."""
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in edition.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": UNTESTED.sentence,
        "about": "Configuration: {title}",
        "fact": "That is not a pass. The command below tests it on your machine.",
        "run": f"nox -s matrix -- {options} --python {{python}} --config {{config}}",
    }


def _field(name: str, label: str, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "first": options[0][0],
        "options": [{"value": value, "label": text} for value, text in options],
    }


def _answer(edition: Edition, verdicts: Sequence[Verdict], texts: Texts) -> dict[str, Any]:
    """The worst that any probe says, in words."""
    verdict = min(verdicts, key=lambda v: PRECEDENCE.index(v.outcome))
    cell = verdict.cell
    reason = f": {why(verdict)}" if verdict.reason else ""
    facts = [verdict.detail, f"{basis(verdict)}, {day(verdict.tested_at)}."]
    page = markup.details_page(cell.python)
    links = [("All that was found", f"{page}#{markup.anchor(cell)}")]
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
        "facts": [texts.number(fact) for fact in facts],
        "moves": [],
        "until": [],
        "links": texts.pairs(links),
        "run": texts.number(cell.reproduce),
    }


def _lead(edition: Edition) -> Markup:
    when = day(edition.tested_at) if edition.tested_at else ""
    return Markup('<p class="il-when">Last tested on {}.</p>').format(when)


def _by_release(edition: Edition) -> Markup:
    """For every release of the last axis, what it does in each configuration, over all the rest."""
    axis = edition.axes[-1]
    head = join(
        Markup('<th scope="col">{}</th>').format(edition.title(config))
        for config in edition.configs
    )
    rows = []
    for version in reversed(edition.versions(axis)):
        cells = join(_counts(edition, axis.name, version, config) for config in edition.configs)
        rows.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(version, cells))
    return Markup(
        '<div class="il-scroll"><table class="il-table"><thead><tr><th class="il-corner">{}</th>'
        "{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(axis.package, head, join(rows))


def _counts(edition: Edition, axis: str, version: str, config: str) -> Markup:
    here = [
        v
        for v in edition.verdicts
        if v.cell.config == config and str(v.cell.version(axis) or "-") == version
    ]
    counts = {o: sum(v.outcome is o for v in here) for o in PRECEDENCE}
    mark = Markup('<span class="il-count"><span class="il-mark il-{}">{}</span> {} of {}</span> ')
    return Markup("<td>{}</td>").format(
        join(mark.format(o, WORDS[o].symbol, n, len(here)) for o, n in counts.items() if n)
    )
