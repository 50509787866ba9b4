"""What the script of the start page reads out of ``answers.js``, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from grids import cell

from interlock.findings.tested import Place
from interlock.publish import links
from interlock.publish.card import Card, Track


def told(data: Mapping[str, Any], place: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    """The answer for ``2.5.1|2.14.2|3.10`` and a value for each choice; of a tested place."""
    return of_group(data, place, data["places"][place], chosen)


def inferred(
    data: Mapping[str, Any], place: str, chosen: Mapping[str, str]
) -> dict[str, Any] | None:
    """The same of a pair that nobody ran; None where no region holds it."""
    *versions, python = place.split("|")
    positions = []
    for axis, version in zip(data["axes"], versions, strict=True):
        skipped = {axis["listed"][at] for at in axis["skipped"]}
        tried = [one for one in reversed(axis["listed"]) if one not in skipped]
        positions.append(tried.index(version) if version in tried else -1)
    row, column = positions
    for top, bottom, left, right, *group in data["regions"].get(python, ()):
        if top <= row <= bottom and left <= column <= right:
            return of_group(data, place, group, chosen)
    return None


def of_group(
    data: Mapping[str, Any], place: str, group: Sequence[int], chosen: Mapping[str, str]
) -> dict[str, Any]:
    """The answer in a situation, of those at a place."""
    row, *answers = group
    return worded(data, place, answers[data["groups"][row][situation(data, chosen)]])


def situation(data: Mapping[str, Any], chosen: Mapping[str, str]) -> int:
    """The number of a situation; the last one is for a reader who chooses nothing."""
    if not chosen:
        return math.prod(len(choice["values"]) for choice in data["choices"])
    number = 0
    for choice in data["choices"]:
        values = [one["value"] for one in choice["values"]]
        number = number * len(values) + values.index(chosen[choice["name"]])
    return number


def situations(data: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """A value for each choice, in every way, in the order of their numbers."""
    names = [choice["name"] for choice in data["choices"]]
    values = ([one["value"] for one in choice["values"]] for choice in data["choices"])
    return (dict(zip(names, chosen, strict=True)) for chosen in product(*values))


def worded(data: Mapping[str, Any], place: str, number: int) -> dict[str, Any]:
    """One answer, its numbers made texts."""
    row = data["answers"][number]
    (mark, says, mind, whose, facts, moves, ways, until, probes, hang, found, run, beside) = row

    def text(number: int) -> str | None:
        return None if number < 0 else data["text"][number]

    def texts(number: int) -> list[str | None]:
        return [text(one) for one in data["lists"][number]]

    def filled(template: str, track: int) -> str | None:
        return None if track < 0 else _filled(data, template, place, data["tracks"][track])

    marks: Sequence[Sequence[str]] = data["marks"]
    return {
        "unknown": mark == 0,
        "look": marks[mark][0],
        "symbol": marks[mark][1],
        "says": text(says),
        "mind": texts(mind),
        "whose": texts(whose),
        "facts": texts(facts),
        "moves": [(text(to), text(why)) for to, why in data["lists"][moves]],
        "ways": [(marks[sign][1], text(said)) for sign, said in data["lists"][ways]],
        "until": texts(until),
        "probes": [
            (marks[sign][1], text(said), filled(data["found"], track))
            for sign, said, track in data["lists"][probes]
        ],
        "hang": text(hang),
        "found": filled(data["found"], found),
        "run": filled(data["run"], run),
        "beside": [(marks[sign][1], text(said)) for sign, said in data["lists"][beside]],
    }


def _filled(data: Mapping[str, Any], template: str, place: str, track: Mapping[str, str]) -> str:
    *versions, python = place.split("|")
    names = [axis["name"] for axis in data["axes"]]
    return template.format(**dict(zip(names, versions, strict=True)), python=python, **track)


def in_words(found: Card, place: Place) -> dict[str, Any]:
    """What the script has to say for a card, with the links and the command of its cells."""
    (pins, python), of = place, cell()

    def at(track: Track | None) -> Any:
        return track and replace(of, pins=pins, python=python, probe=track[0], config=track[1])

    return {
        "unknown": found.is_unknown,
        "look": found.mark.look,
        "symbol": found.mark.symbol,
        "says": found.says,
        "mind": [*found.mind],
        "whose": [*found.whose],
        "facts": [*found.facts],
        "moves": [*found.moves],
        "ways": [(mark.symbol, said) for mark, said in found.ways],
        "until": [*found.until],
        "probes": [
            (mark.symbol, said, links.found_at(at(track))) for mark, said, track in found.probes
        ],
        "hang": found.hang,
        "found": found.found and links.found_at(at(found.found)),
        "run": found.run and at(found.run).reproduce,
        "beside": [(mark.symbol, said) for mark, said in found.beside],
    }
