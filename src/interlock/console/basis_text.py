"""The outcome of an answer in a word, and what the index decides, in words."""

from __future__ import annotations

from interlock.console.answer_json import UNKNOWN
from interlock.findings import SituationAnswer, expected
from interlock.model import Outcome


def called(part: SituationAnswer) -> str:
    """The outcome of a part in a word or two."""
    return str(part.rare.state) if part.rare else str(part.outcome or UNKNOWN)


def shade(part: SituationAnswer) -> Outcome | None:
    """The outcome whose colour the part has: what may hang all the same has that of unknown."""
    inferred_pass = expected.is_inferred(part) and part.outcome is Outcome.PASS
    return None if inferred_pass or part.rare else part.outcome


def refused(part: SituationAnswer) -> list[str]:
    """What the index decides, a sentence a release."""
    return [f"{one.says}." for one in part.refusals]
