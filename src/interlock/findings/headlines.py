"""The first lines of an answer: what happens with which settings, the worst first. Pure.

The terminal and the start page draw the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from interlock.findings import expected
from interlock.findings.features import lack_in_words
from interlock.findings.findings import Findings
from interlock.findings.kinds import KindNote
from interlock.findings.question import Answer, SituationAnswer
from interlock.findings.rare import RareHang
from interlock.findings.situation import Seen
from interlock.matrix import Application, Matrix, in_words
from interlock.model import Outcome, listing

HEADLINES = {
    Outcome.HANG: "It hangs",
    Outcome.FAIL: "It fails",
    Outcome.UNPROVEN: "It is not proven to be safe",
    Outcome.UNSUPPORTED: "It cannot be run",
    Outcome.PASS: "No hang was found",
    None: "It is not known whether it hangs",
}
"""The first words of an answer; None is what is not known."""

CAN_HANG = "It can hang, rarely"
NOT_SEEN = "No hang was seen, but a rare one is possible"
"""Instead of those of a pass, where hangs are rare."""

NOT_KNOWN = f"{HEADLINES[None]}."

THERE = "it can hang there"
"""Of a kind of application, after ``not_where``."""


@dataclass(frozen=True, kw_only=True)
class Headline:
    """What all parts of an answer that end alike are told with."""

    says: str
    where: str
    """The settings, as the end of the sentence; empty where nothing is to be chosen."""
    after: str = ""
    """The end of ``says`` that stands behind the settings."""
    plain: str = ""
    """Another sentence, where it says more: ``left-lib 1.0 lacks structured logs.``"""
    parts: tuple[SituationAnswer, ...]

    @property
    def sentence(self) -> str:
        first = self.says.removesuffix(self.after)
        return self.plain or f"{first}{' ' * bool(self.where)}{self.where}{self.after}."


def headlines(answer: Answer, matrix: Matrix) -> list[Headline]:
    """The worst that is known first, then the others in the order of ``matrix.yaml``.

    What is not known comes last.
    """
    first = _first(answer)
    groups: dict[object, list[SituationAnswer]] = {}
    for part in answer.parts:
        groups.setdefault(_kind(part), []).append(part)
    alike = groups.pop(_kind(first))
    others = sorted(groups.values(), key=lambda parts: parts[0].outcome is None)
    return [
        _headline(alike, where(answer, alike, matrix)),
        *(_beside(parts, matrix) for parts in others),
    ]


def _first(answer: Answer) -> SituationAnswer:
    """The worst part. If that is not known, a pass of other settings comes before it."""
    worst = answer.worst
    assert worst, "every question is about some situation"
    if worst.outcome is not None:
        return worst
    passing = [part for part in answer.parts if part.outcome is Outcome.PASS]
    return min(passing, key=lambda p: (not p.rare, expected.is_inferred(p)), default=worst)


def headline(part: SituationAnswer) -> str:
    """The first words about a part."""
    if part.rare:
        return rarely(part.rare)
    if expected.is_inferred(part):
        return expected.headline(part)
    return HEADLINES[part.outcome]


def rarely(rare: RareHang) -> str:
    """The same instead of those for a pass, where hangs are rare."""
    return CAN_HANG if rare.can_hang else NOT_SEEN


def unsafe_kinds(findings: Findings) -> list[Application]:
    """The kinds of application in which a release that is called safe can hang all the same."""
    every = findings.matrix.applications
    return [kind for name, kind in every.items() if findings.by_application[name].can_hang]


def not_where(kind: Application) -> str:
    """``Not where the process forks:``, after the releases that are called safe."""
    return f"Not where {kind.title}:"


def lacks(seen: Seen, matrix: Matrix) -> str:
    """``left-lib 1.0 lacks structured logs.``"""
    return f"{lack_in_words(seen, matrix)}."


def kind_note(note: KindNote, matrix: Matrix, counted: str = "") -> str:
    """What a kind of application does that an answer leaves open; empty if nothing was seen."""
    where = f"Where {note.kind.title}, it"
    if note.situation:
        settings = in_words(note.situation, matrix.choices)
        return f"{settings[0].upper()}{settings[1:]}, it hung{counted}."
    return f"{where} can hang, rarely{counted}." if note.rare else ""


def all_of(parts: Iterable[SituationAnswer], matrix: Matrix) -> str:
    """The settings of some parts: ``with the default settings or where …``."""
    return listing([in_words(one.situation, matrix.choices) for one in parts], last="or")


def _kind(part: SituationAnswer) -> object:
    """Parts of one kind share a headline."""
    return part.outcome, expected.is_inferred(part), headline(part)


def _headline(parts: Sequence[SituationAnswer], where: str, plain: str = "") -> Headline:
    first = parts[0]
    inferred = first.outcome if expected.is_inferred(first) and not first.rare else None
    after = expected.HEADLINES[inferred][1] if inferred else ""
    return Headline(says=headline(first), where=where, after=after, plain=plain, parts=tuple(parts))


def where(answer: Answer, alike: Sequence[SituationAnswer], matrix: Matrix) -> str:
    """The settings of some parts, as the end of the first sentence."""
    if len(alike) == len(answer.parts) > 1:
        known = alike[0].outcome
        return "with every choice of settings that was tested" if known else ""
    return all_of(alike, matrix) if matrix.choices else ""


def _beside(alike: Sequence[SituationAnswer], matrix: Matrix) -> Headline:
    """Of what these releases do not have, the name; or that it cannot be run."""
    plain = ""
    if alike[0].outcome is Outcome.UNSUPPORTED and all(part.lacking for part in alike):
        plain = " ".join(dict.fromkeys(lacks(seen, matrix) for p in alike for seen in p.lacking))
    return _headline(alike, all_of(alike, matrix), plain)
