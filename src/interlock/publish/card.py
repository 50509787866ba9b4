"""One answer of the start page in words, as its script shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.version import Version

from interlock.findings import (
    AnswerBasis,
    Move,
    Place,
    RareHang,
    Seen,
    SituationAnswer,
    expected,
    kind_notes,
    sentences,
)
from interlock.matrix import Situation, in_words
from interlock.model import NoTarget, Outcome, Target, listing, plural
from interlock.publish import inferred, links
from interlock.publish.context import PageContext
from interlock.publish.offered import ways
from interlock.publish.wording import (
    CAN_HANG,
    Mark,
    basis,
    day,
    headline,
    how_often,
    mark,
    sentence,
    why,
    word,
)

NOT_TESTED = "This combination was not tested. That is not a pass."
NOT_ALL_ON = "No test used these settings. That is not a pass."


Track = tuple[str, str]
"""The probe and configuration of a cell; the reader's releases and Python are the rest of it."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """The answer for one combination in one situation.

    It names no release that the script can add: those of the reader, and the situation.
    """

    mark: Mark
    says: str | None
    """None where there is no verdict."""
    beside: tuple[tuple[Mark, str], ...] = ()
    """Where no settings are chosen: what happens with others than those of ``says``."""
    mind: tuple[str, ...] = ()
    whose: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    moves: tuple[tuple[str | None, str], ...] = ()
    ways: tuple[tuple[Mark, str], ...] = ()
    until: tuple[str, ...] = ()
    probes: tuple[tuple[Mark, str, Track], ...] = ()
    """Those that were run."""
    hang: str | None = None
    """The page of the hang."""
    found: Track | None = None
    run: Track | None = None

    @property
    def is_unknown(self) -> bool:
        return self.mark == UNKNOWN


UNKNOWN = mark(None)


def card(context: PageContext, part: SituationAnswer, place: Place) -> Card:
    """An answer in words."""
    if not part.rests_on:
        return Card(mark=UNKNOWN, says=None, facts=(NOT_TESTED if part.is_meant else NOT_ALL_ON,))
    part = _best_first(context, part)
    if expected.is_inferred(part):
        return _inferred(context, part, place)
    is_unknown = part.basis is AnswerBasis.UNKNOWN
    verdict = part.verdicts[0]
    sign = mark(
        verdict, own=is_own(context, part), part=bool(part.missing), rare=_told(context, part)
    )
    run = part.missing[0] if is_unknown and part.missing else verdict.cell
    return Card(
        mark=UNKNOWN if is_unknown else sign,
        says="Not known yet." if is_unknown else _headline(context, part),
        mind=tuple(minded(context, part, place)),
        whose=tuple(whose(context, part)),
        facts=tuple(_facts(context, part)),
        moves=tuple(moves(context, part, place)),
        ways=tuple(ways(context, part)),
        until=tuple(other_settings(context, part, place)),
        probes=tuple(by_probe(context, part)),
        hang=links.hang_page(verdict.signature) if verdict.signature else None,
        found=(verdict.cell.probe, verdict.cell.config),
        run=(run.probe, run.config),
    )


def _inferred(context: PageContext, part: SituationAnswer, place: Place) -> Card:
    """An answer that rests on other releases: it has no evidence of its own to link to."""
    first = expected.needed(part)[0].verdict
    return Card(
        mark=inferred.sign(part),
        says=inferred.says(context, part, place),
        mind=tuple(minded(context, part, place)),
        whose=tuple(one.attribution.says for one in part.troubles),
        facts=tuple(inferred.facts(context, part)),
        moves=tuple(moves(context, part, place)),
        ways=tuple(ways(context, part)),
        probes=tuple(by_probe(context, part)),
        hang=links.hang_page(first.signature) if first.signature else None,
        run=(first.cell.probe, first.cell.config),
    )


def _told(context: PageContext, part: SituationAnswer) -> RareHang | None:
    """What is told of the first verdict instead of a pass."""
    return part.rare or context.rare(part.verdicts[0])


def _best_first(context: PageContext, part: SituationAnswer) -> SituationAnswer:
    """Of passes, one that can hang is first, then those in the very situation, and then those with
    the most exposures.

    So too what was not run, in the very situation first. Trouble stays in its order.
    """
    situation_of = context.matrix.situation_of
    missing = sorted(part.missing, key=lambda c: situation_of(c.probe, c.config) != part.situation)
    rests_on = part.rests_on
    if part.verdicts[0].outcome is Outcome.PASS:
        rests_on = tuple(
            sorted(
                rests_on,
                key=lambda one: (
                    one.verdict.outcome is not Outcome.PASS,
                    part.rare is None or context.rare(one.verdict) != part.rare,
                    one.situation != part.situation,
                    -one.verdict.exposures,
                ),
            )
        )
    return replace(part, missing=tuple(missing), rests_on=rests_on)


def is_own(context: PageContext, part: SituationAnswer) -> bool:
    """Whether the trouble there is not caused by the combination."""
    return context.is_own(part.verdicts[0])


def moves(
    context: PageContext, part: SituationAnswer, place: Place
) -> list[tuple[str | None, str]]:
    """The releases to upgrade to with a note on each, and the notes on all of them."""
    pins, python = place
    present = {pin.axis: pin.version for pin in pins if pin.version}
    told: list[tuple[str | None, str]] = []
    for move in part.moves:
        told += _targets(context, move, present[move.axis])
        package = context.package(move.axis)
        # Many places may share what is inferred, so the script names their release.
        of = f"{{{move.axis}}}" if expected.is_inferred(part) else present[move.axis]
        notes = sentences.on_page(move, package, of, python, context.matrix.choices)
        told += [(None, note) for note in notes]
    if not part.moves:
        return told
    smallest = context.findings.targets.smallest([part.situation], place, part.moves)
    packages = {axis.name: axis.package for axis in context.axes}
    if change := sentences.smallest_change(smallest, part.moves, packages):
        told.append((None, sentence(change)))
    return told


def _targets(
    context: PageContext, move: Move, present: Version
) -> Iterator[tuple[str | None, str]]:
    match move.nearest, move.newest:
        case NoTarget(reason=reason), _:
            yield None, sentence(reason)
        case Target(axis=axis, version=near), Target(version=new):
            package = context.package(axis)
            stays = sentences.stays(present, near)
            end = f"{f' and {stays}' if stays else ''}{'.' if near == new else ';'}"
            passes = "passes" if near == new else "is the nearest that passes"
            yield f"{package} {near}", f"{passes} with these settings{end}"
            if near != new:
                yield f"{package} {new}", "is the newest."


def other_settings(context: PageContext, part: SituationAnswer, place: Place) -> list[str]:
    """Other settings with which the same releases pass, without workarounds."""
    if part.outcome is not Outcome.HANG or context.kinds_of(part.situation):
        return []
    tested, by_key = context.findings.tested, context.findings.workarounds
    listed = {
        context.matrix.situation_of(one.verdict.cell.probe, one.verdict.cell.config)
        for verdict in part.verdicts
        for one in by_key.get(verdict.cell.key, ())
    }
    passing = [
        other
        for other in tested.situations
        if other not in {part.situation, *listed}
        and tested.conclude(other, place).outcome is Outcome.PASS
    ]
    if passing or listed:
        return [f"The same releases pass {_words(context, other)}." for other in passing]
    return ["No settings that were tested keep these releases from hanging."]


def minded(context: PageContext, part: SituationAnswer, place: Place) -> list[str]:
    """Warnings beside the answer itself.

    If the pair passes: what else to switch on for the same releases to hang or fail. If hangs are
    rare: that one cell proves little, and what to do instead.
    """
    return [*with_more(context, part), *_noted(context, part, place)]


def with_more(context: PageContext, part: SituationAnswer) -> Iterator[str]:
    """That a pass was seen only with more switched on than is asked for, as ``ask`` says it."""
    if part.outcome is not Outcome.PASS:
        return
    run = [one for one in part.rests_on if not one.inferred and one.verdict.was_run]
    passes = [one for one in run if one.verdict.outcome is Outcome.PASS]
    above = [one for one in passes if one.situation != part.situation]
    if above:
        some = "Not all of it was" if len(above) < len(run) else "It was not"
        told = [f"{s.verdict.cell.probe}: pass, {_words(context, s.situation)}" for s in above]
        yield f"{some} run with just these settings, but with more switched on. {'; '.join(told)}."


def _noted(context: PageContext, part: SituationAnswer, place: Place) -> list[str]:
    kinds, matrix = context.kinds_of(part.situation), context.matrix
    if kinds and matrix.use(part.verdicts[0].cell.probe).application:
        rates = (
            "A hang is rare there. The rates by release below are better evidence than one cell."
        )
        return [rates, *(kind.instead_plain for kind in kinds if kind.instead)]
    if part.outcome is not Outcome.PASS and not is_own(context, part):
        return []
    said = "Note that the same releases {} {}."
    found = [
        said.format(counted, f"where {listing(titles)}")
        for counted, titles in goes_wrong_with(context, part.situation, place)
    ]
    for note in kind_notes(context.findings, place):
        hung = any(one.verdict.outcome is Outcome.HANG for one in note.seen)
        if note.kind not in kinds and (hung or note.rare):
            does = "hang" if hung else CAN_HANG.counted
            found.append(said.format(does, f"where {note.kind.title}"))
    return found


def _raised(context: PageContext, situation: Situation, place: Place) -> list[dict[str, str]]:
    """What else, switched on there, may lead to trouble of the pair: a value for each choice.

    Only what has to change: every other choice stays as it is in ``situation``.
    """
    kinds, choices = context.kinds_of(situation), context.matrix.choices
    there = [
        one.situation
        for one in context.findings.tested.at(place)
        if one.is_trouble
        and not context.is_own(one.verdict)
        and all(kind in kinds for kind in context.kinds_of(one.situation))
    ]
    every = [
        {
            name: other[name]
            for name, choice in choices.items()
            if choice.level(other[name]) > choice.level(situation[name])
        }
        for other in dict.fromkeys(there)
    ]
    least = [one for one in every if one and not any(two.items() < one.items() for two in every)]
    return [one for number, one in enumerate(least) if one not in least[:number]]


Notes = tuple[tuple[str, tuple[str, ...]], ...]


def goes_wrong_with(context: PageContext, situation: Situation, place: Place) -> Notes:
    """The outcome, as it is counted, and the titles of what else has to be switched on."""
    key = situation.levels, context.kind_of_place(place)
    if key not in context.notes:
        context.notes[key] = tuple(_goes_wrong_with(context, situation, place))
    return context.notes[key]


def _goes_wrong_with(
    context: PageContext, situation: Situation, place: Place
) -> Iterator[tuple[str, tuple[str, ...]]]:
    matrix, tested = context.matrix, context.findings.tested
    for more in _raised(context, situation, place):
        there = tested.conclude(matrix.situation({**dict(situation.chosen), **more}), place)
        bad = [s for s in there.rests_on if s.is_trouble and not context.is_own(s.verdict)]
        if bad:
            titles = (matrix.choices[name].levels[value].title for name, value in more.items())
            yield word(bad[0].verdict).counted, tuple(titles)


def whose(context: PageContext, part: SituationAnswer) -> list[str]:
    """The cause of the trouble, and trouble that one library has alone."""
    first = part.verdicts[0]
    said: list[str] = []
    for one in part.troubles:
        verdict = one.verdict
        if verdict is first:
            said.insert(0, one.attribution.says)
        elif context.is_own(verdict):
            name = f"{word(verdict).name} by {verdict.cell.probe}"
            said.append(f"Beside it, {name}: {one.attribution.says}")
    return said


def by_probe(context: PageContext, part: SituationAnswer) -> list[tuple[Mark, str, Track]]:
    """The sign and words of each probe, and where it was run; empty if there is only one."""
    if len(part.rests_on) == 1 and not part.missing:
        return []
    run = (one for one in part.rests_on if not one.inferred)
    return [
        (
            context.mark(one.verdict),
            f"{context.probe_title(one.verdict.cell.probe)}: "
            f"{context.rare(one.verdict) or word(one.verdict).name}"
            f"{_elsewhere(context, one, part)}",
            (one.verdict.cell.probe, one.verdict.cell.config),
        )
        for one in run
    ]


def _elsewhere(context: PageContext, one: Seen, part: SituationAnswer) -> str:
    if one.situation == part.situation or not one.verdict.was_run:
        return ""
    return f", {_words(context, one.situation)}"


def _words(context: PageContext, situation: Situation) -> str:
    return in_words(situation, context.matrix.choices)


def _headline(context: PageContext, part: SituationAnswer) -> str:
    verdict = part.verdicts[0]
    reason = f": {why(verdict)}" if verdict.reason else ""
    if not is_own(context, part):
        return f"{headline(verdict, _told(context, part))}{reason}."
    found = context.findings.attributions[verdict.cell.key]
    owners = [p.package for p in verdict.cell.pins if p.axis == found.whose]
    who = (
        f"{found.other_release or owners[0]} does alone"
        if owners
        else f"each library does on Python {verdict.cell.python}"
    )
    return f"{headline(verdict)}, as {who}{reason}."


def _facts(context: PageContext, part: SituationAnswer) -> list[str]:
    verdict = part.verdicts[0]
    # A decision of the index begins with the name of a package, which keeps its case.
    facts = [sentence(verdict.detail) if verdict.was_run else verdict.detail]
    facts += filter(None, [how_often(verdict), context.line_rate(verdict)])
    facts += _not_run(context, part)
    if part.basis is AnswerBasis.UNKNOWN:
        return [facts[-1], "That is not a pass."]
    return [*facts, f"{basis(verdict)}, {day(verdict.tested_at)}."]


def _not_run(context: PageContext, part: SituationAnswer) -> Iterator[str]:
    if part.not_run:
        names = listing([context.probe_title(probe) for probe in part.not_run])
        yield f"Not run yet: {plural(len(part.not_run), 'probe')} ({names})."
