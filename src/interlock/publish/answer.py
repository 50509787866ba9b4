"""The start page: what is safe, and what becomes of the reader's own releases.

What ``interlock.findings`` answers for every combination in every situation is worded here,
once; the script in the browser only looks it up in ``answers.js``. Without scripts the tables below
the form say the same by release.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from interlock.evidence import LEVEL
from interlock.findings import Place, headlines
from interlock.model import Cell, listing
from interlock.publish import (
    applications,
    coverage,
    inferred,
    links,
    listed,
    safety,
    templates,
    whole,
)
from interlock.publish.alike import Alike
from interlock.publish.card import NOT_TESTED, card
from interlock.publish.context import PageContext
from interlock.publish.packed import Packed
from interlock.publish.wording import CAN_HANG, NOT_SEEN, UNTESTED, WORDS


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
        legend=whole.legend(context),
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

    ``places`` has, by releases and Python, the number of a row of ``groups``, and the numbers of
    the answers there. The row says for each situation which of these answers it has. The situations
    are in the order of the choices, the last one changing first, and then comes the answer for a
    reader who chooses none. ``regions`` has the same of pairs that nobody ran, and that are
    inferred, ``left_out`` the releases of which the page has no such answers (``inferred.Told``).
    """
    packed, alike = Packed(), Alike(context)

    def answers_at(place: Place) -> list[int]:
        cards = [(group, card(context, part, place)) for group, part in alike.of(place)]
        return packed.place([*cards, ([len(alike.situations)], whole.card(context, place))])

    places = {}
    for place in context.findings.tested.places:
        pins, python = place
        key = "|".join([*(str(pin.version) for pin in pins), str(python)])
        places[key] = answers_at(place)
    told = inferred.regions(context, answers_at)
    return {
        **fields(context),
        "configs": configurations(context),
        "called": {word.symbol: word.name for word in (*WORDS.values(), CAN_HANG, NOT_SEEN)},
        "untested": untested(context, packed),
        "index": listed.index(context),
        "found": links.found_at_any(context.axes),
        "run": _command(context, "{probe}", "{config}"),
        "places": places,
        "regions": told.regions,
        "left_out": told.left_out,
        **packed.tables(),
    }


def _command(context: PageContext, probe: str, config: str) -> str:
    """The command that runs a cell again; the script fills in what is in braces."""
    versions = {axis.name: f"{{{axis.name}}}" for axis in context.axes}
    return Cell.command(versions, "{python}", probe, config)


def fields(context: PageContext) -> dict[str, Any]:
    """The form: each axis and Python, the newest on top, and each choice."""
    pythons = [str(python) for python in reversed(context.pythons)]
    return {
        "axes": [
            {
                "name": axis.name,
                "label": axis.package,
                "versions": list(reversed(context.versions(axis))),
                **listed.listed(context, axis),
                "skipped": inferred.skipped(context, axis.name),
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
                judged = (
                    p
                    for p in probes
                    if name in context.matrix.probes[p].configs
                    and not context.matrix.use(p).only_as_control
                )
                asked = [f"--config {name}", *(f"--probe {p}" for p in judged)]
                found[about.choice(name)] = {
                    "chosen": dict(situation.chosen),
                    "run": " ".join(asked),
                }
    return found


def untested(context: PageContext, packed: Packed) -> dict[str, Any]:
    """The answer where there is no verdict.

    The script replaces each ``{…}`` by the reader's choice.
    """
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in context.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": f"{UNTESTED.sentence}.",
        "whole": headlines.NOT_KNOWN,
        "fact": packed.text(NOT_TESTED),
        "left_out": packed.text(inferred.LEFT_OUT),
        "ask": f"interlock ask {options} --python {{python}}",
        "run": f"nox -s matrix -- {options} --python {{python}} {{run}}",
    }
