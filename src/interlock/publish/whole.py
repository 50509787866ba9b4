"""The answer for a reader who chooses no settings: all settings together, as ``ask`` has it."""

from __future__ import annotations

from collections.abc import Iterator

from interlock.findings import (
    TROUBLE,
    Answer,
    KindNote,
    Place,
    Question,
    Seen,
    SituationAnswer,
    answer,
    expected,
    headlines,
    sentences,
)
from interlock.matrix import in_words
from interlock.model import Outcome
from interlock.publish import grid, inferred, links
from interlock.publish.card import UNKNOWN, Card, with_more
from interlock.publish.context import PageContext
from interlock.publish.inferred import anywhere
from interlock.publish.offered import ways
from interlock.publish.wording import CAN_HANG, RARE_LOOK, WORDS, Mark, sentence, word

UNSAFE = Mark(RARE_LOOK, CAN_HANG.symbol)
"""Of a pair that passes, but can hang in a kind of application that the answer leaves open."""


def card(context: PageContext, place: Place) -> Card:
    """What happens with which settings, the worst first, what to move to, and the workarounds."""
    pins, python = place
    versions = {pin.axis: pin.version for pin in pins if pin.version}
    question = Question(versions=versions, python=python)
    found = answer(question, context.findings, around=False)
    first, *others = headlines.headlines(found, context.matrix)
    notes = [(_of_note(one), _note(one)) for one in found.kinds if headlines.kind_note(one)]
    worst = first.parts[0]
    unknown = found.worst is not None and found.worst.outcome is None
    green = worst.outcome is Outcome.PASS and not worst.rare
    said = [(_sign(one.parts[0]), anywhere(one.sentence, place)) for one in others]
    cell = worst.verdicts[0].cell if worst.verdicts else None
    hangs = [v.signature for part in found.parts for v in part.verdicts if v.signature]
    is_tested = worst.rests_on and not expected.is_inferred(worst)
    return Card(
        # What passes with some settings only is no pass of the whole.
        mark=UNKNOWN if unknown else UNSAFE if green and notes else _sign(worst),
        says=anywhere(first.sentence, place),
        beside=(*said, *notes),
        whose=tuple(dict.fromkeys(t.attribution.says for t in worst.troubles)),
        facts=tuple(dict.fromkeys(_facts(context, found))),
        moves=tuple(_moves(context, found, place)),
        ways=tuple(_ways(context, found)),
        probes=tuple(_probes(context, found)),
        hang=links.hang_page(hangs[0]) if hangs else None,
        found=(cell.probe, cell.config) if cell and is_tested else None,
        run=(cell.probe, cell.config) if cell else None,
    )


def legend(context: PageContext) -> list[grid.Meaning]:
    """What the signs of the start page mean."""
    found = {one.mark.symbol: one for one in grid.legend(context, context.verdicts)}
    more = [(CAN_HANG.symbol, CAN_HANG.name, RARE_LOOK)] if context.matrix.applications else []
    more += [grid.INFERRED] if any(context.findings.untested.maps.values()) else []
    for symbol, name, look in more:
        found.setdefault(symbol, grid.Meaning(mark=Mark(look, symbol), name=name))
    return [*found.values()]


def _sign(part: SituationAnswer) -> Mark:
    if part.outcome is None:
        return UNKNOWN
    if expected.is_inferred(part):
        return inferred.sign(part)
    if part.rare:
        return Mark(RARE_LOOK, word(None, part.rare).symbol)
    return Mark(f"il-{part.outcome}", WORDS[part.outcome].symbol)


def _of_note(note: KindNote) -> Mark:
    return Mark(f"il-{Outcome.HANG}", WORDS[Outcome.HANG].symbol) if note.hangs else UNSAFE


def _note(note: KindNote) -> str:
    """The same as ``ask`` has below its answer, without the numbers."""
    return " ".join(filter(None, [headlines.kind_note(note), note.kind.instead_plain]))


def _facts(context: PageContext, found: Answer) -> Iterator[str]:
    """What an inferred answer rests on, and which passes ran only with more switched on."""
    for part in found.parts:
        if expected.is_inferred(part):
            yield from inferred.facts(context, part)
    for part in found.parts:
        words = in_words(part.situation, context.matrix.choices)
        yield from (f"{words[0].upper()}{words[1:]}: {said}" for said in with_more(context, part))


def _moves(context: PageContext, found: Answer, place: Place) -> Iterator[tuple[str | None, str]]:
    """The words of ``ask``, and the notes that hold for many releases alike."""
    pins, python = place
    present = {pin.axis: pin.version for pin in pins if pin.version}
    for move in found.moves:
        package = context.package(move.axis)
        told = sentence(sentences.upgrade(move, package, present[move.axis]))
        yield (told, "") if move.helps else (None, told)
        for note in sentences.on_page(
            move, package, f"{{{move.axis}}}", python, context.matrix.choices
        ):
            yield None, note
    packages = {axis.name: axis.package for axis in context.axes}
    if change := sentences.smallest_change(found.smallest, found.moves, packages):
        yield sentence(change), ""


def _ways(context: PageContext, found: Answer) -> Iterator[tuple[Mark, str]]:
    """Of each part with trouble; those of several parts are told apart."""
    by_part = [(part, ways(context, part)) for part in found.parts if part.outcome in TROUBLE]
    offered = [(part, told) for part, told in by_part if told]
    for part, told in offered:
        at = in_words(part.situation, context.matrix.choices)
        for sign, said in told:
            yield sign, said if len(by_part) == 1 else said.replace(":", f" ({at}):", 1)


def _probes(context: PageContext, found: Answer) -> Iterator[tuple[Mark, str, tuple[str, str]]]:
    """Every cell that the answer rests on, once, with the settings that it ran with."""
    once: dict[tuple[str, ...], Seen] = {}
    for part in found.parts:
        for one in part.rests_on:
            if not one.inferred and one.verdict.was_run:
                once.setdefault(one.verdict.cell.key, one)
    for one in once.values():
        verdict = one.verdict
        words = in_words(one.situation, context.matrix.choices)
        does = context.rare(verdict) or word(verdict).name
        title = context.probe_title(verdict.cell.probe)
        track = verdict.cell.probe, verdict.cell.config
        yield context.mark(verdict), f"{title}: {does}, {words}", track
