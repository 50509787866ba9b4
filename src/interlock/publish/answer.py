"""The start page: what is safe, and what becomes of the reader's own releases.

What ``interlock.findings.answer`` says of every combination in every situation is worded here,
once; the script in the browser only looks it up in ``answers.js``. Without scripts the tables below
the form say the same by release.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from interlock.evidence import LEVEL
from interlock.findings import Place, Question, answer
from interlock.matrix import Situation
from interlock.model import listing
from interlock.publish import applications, coverage, safety, templates
from interlock.publish.card import NOT_TESTED, Texts, card, raised, unknown
from interlock.publish.context import PageContext
from interlock.publish.wording import UNTESTED


def publish(context: PageContext, folder: Path) -> None:
    """``answers.js`` for the script, and ``answer.md``, a part of the start page."""
    if not context.about.pairs:
        templates.write(folder / "answer.md", "answer_untested.html.j2")
        return
    text = json.dumps(answers(context), ensure_ascii=False, separators=(",", ":"))
    (folder / "answers.js").write_text(f"window.interlock = {text};\n", encoding="utf-8")
    first = context.first
    templates.write(
        folder / "answer.md",
        "answer.md.j2",
        lead=safety.lead(context),
        dangers=safety.dangers(context),
        beside=safety.beside(context),
        package=context.package(first.axis),
        configurations=[context.title(config) for config in context.configs],
        by_release=safety.by_release(context, first),
        packages=[context.package(said.axis) for said in context.about.recommendations],
        by_python=safety.by_python(context),
        policy=coverage.policy(context),
        coverages=coverage.coverages(context),
        sections=list(applications.sections(context)),
        confidence=LEVEL,
    )


def answers(context: PageContext) -> dict[str, Any]:
    """All that the script looks up: what can be chosen, and an answer to each choice.

    ``places`` has, by releases and Python, the number of an answer for each situation: in the order
    of the choices, the last one changing first.
    """
    cards = _Cards(context)
    places = {}
    for pins, python in context.findings.tested.places:
        key = "|".join([*(str(pin.version) for pin in pins), str(python)])
        places[key] = cards.of((pins, python))
    return {
        **fields(context),
        "configs": configurations(context),
        "untested": untested(context, cards.texts),
        "places": places,
        "answers": [json.loads(made) for made in cards.numbers],
        "text": list(cards.texts.numbers),
    }


class _Cards:
    """The answers, each kept once, by number."""

    def __init__(self, context: PageContext) -> None:
        self.texts = Texts()
        self.numbers: dict[str, int] = {}
        self._context = context
        self._situations = list(every_situation(context))
        self._lies: dict[Situation, list[tuple[bool, bool]]] = {}

    def of(self, place: Place) -> list[int]:
        """The number of the answer in each situation.

        Those that every verdict there concerns alike have the same one.
        """
        tested, kinds = self._context.findings.tested, self._context.matrix.applications
        there = {one.situation for one in tested.at(place)}
        there |= {one.situation for one in tested.meant_at(place)}
        lies = [self._of_each(one) for one in there]
        known: dict[Hashable, int] = {}
        found = []
        for number, situation in enumerate(self._situations):
            alike = (
                *(each[number] for each in lies),
                *(situation[name] for name in kinds),
                *(tuple(more.items()) for more in raised(self._context, situation, place)),
            )
            if alike not in known:
                made = json.dumps(self._card(situation, place), ensure_ascii=False)
                known[alike] = self.numbers.setdefault(made, len(self.numbers))
            found.append(known[alike])
        return found

    def _of_each(self, one: Situation) -> list[tuple[bool, bool]]:
        """Whether it has less switched on than each situation, and whether more."""
        if one not in self._lies:
            self._lies[one] = [(one <= other, other <= one) for other in self._situations]
        return self._lies[one]

    def _card(self, situation: Situation, place: Place) -> dict[str, Any]:
        findings, (pins, python) = self._context.findings, place
        if not findings.tested.conclude(situation, place).rests_on:
            return unknown(self.texts, is_meant=findings.tested.covers(situation, place))
        versions = {pin.axis: pin.version for pin in pins if pin.version}
        chosen = dict(situation.chosen)
        asked = Question(versions=versions, python=python, chosen=chosen)
        (part,) = answer(asked, findings).parts
        return card(self._context, part, place, self.texts)


def every_situation(context: PageContext) -> Iterator[Situation]:
    """A value for each choice, in every way."""
    choices = context.matrix.choices
    for values in itertools.product(*(choice.levels for choice in choices.values())):
        yield context.matrix.situation(dict(zip(choices, values, strict=True)))


def fields(context: PageContext) -> dict[str, Any]:
    """The form: each axis and Python, the newest on top, and each choice."""
    pythons = [str(python) for python in reversed(context.pythons)]
    return {
        "axes": [
            {
                "name": axis.name,
                "label": axis.package,
                "versions": list(reversed(context.versions(axis))),
            }
            for axis in context.axes
        ],
        "python": {"first": str(context.default_python), "versions": pythons},
        "choices": [
            {
                "name": choice.name,
                "title": choice.title,
                "find_out": choice.find_out.replace("`", ""),
                "first": choice.default,
                "values": [
                    {"value": value, "title": said.title} for value, said in choice.levels.items()
                ],
            }
            for choice in context.matrix.choices.values()
        ],
        "defaults": _defaults(context),
    }


def _defaults(context: PageContext) -> str:
    """The settings of a reader who changes none, with those that no library has by itself."""
    chosen = [choice.levels[choice.default] for choice in context.matrix.choices.values()]
    titles = [value.title for value in chosen if value.sets_something]
    if not titles:
        return "With the default settings"
    return f"Where {listing(titles)}, and all else is at its default"


def configurations(context: PageContext) -> dict[str, dict[str, Any]]:
    """What each configuration chooses, for old links and for the cells of the matrix, and what asks
    for it on the command line."""
    found = {}
    for about in context.by_application:
        for name in about.configs:
            probes = [p for p in about.matrix.uses if about.about.criteria.speaks_for(p)]
            probe = probes[0] if about.application and probes else ""
            situation = context.matrix.situation_of(probe, name)
            if situation:
                asked = [f"--config {name}"]
                asked += [f"--probe {p}" for p in probes] if about.application else []
                found[about.choice(name)] = {
                    "chosen": dict(situation.chosen),
                    "run": " ".join(asked),
                }
    return found


def untested(context: PageContext, texts: Texts) -> dict[str, Any]:
    """The answer where there is no verdict.

    The script replaces each ``{…}`` by the reader's choice.
    """
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in context.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": f"{UNTESTED.sentence}.",
        "fact": texts.number(NOT_TESTED),
        "run": f"nox -s matrix -- {options} --python {{python}} {{run}}",
    }
