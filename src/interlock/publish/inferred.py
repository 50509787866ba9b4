"""The answers to pairs that nobody ran, for the start page: each with what it rests on, in words.

The words are those of ``interlock ask``. What is inferred has a sign in brackets, no evidence to
link to, and is never a release to move to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.findings import (
    Place,
    Region,
    SituationAnswer,
    expected,
    headlines,
    inferred_regions,
)
from interlock.matrix import in_words
from interlock.model import Outcome
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS, Mark

Value = Sequence[int]
"""The answers of a place, as ``Packed.place`` numbers them."""


def sign(part: SituationAnswer) -> Mark:
    """``(✗)``; an inferred pass has no colour of a pass."""
    assert part.outcome, "what is inferred has an outcome"
    look = "untested" if part.outcome is Outcome.PASS else part.outcome
    return Mark(f"il-{look} il-inferred", f"({WORDS[part.outcome].symbol})")


def says(context: PageContext, part: SituationAnswer, place: Place) -> str:
    """What to expect, as ``ask`` begins: or which feature a release lacks."""
    if part.outcome is Outcome.UNSUPPORTED and part.lacking:
        told = (headlines.lacks(one, context.matrix) for one in part.lacking)
        return anywhere(" ".join(dict.fromkeys(told)), place)
    return f"{expected.headline(part)}."


def anywhere(text: str, place: Place) -> str:
    """The text with places for the reader's releases, because many pairs may share it."""
    for pin in place[0]:
        named = re.escape(f"{pin.package} {pin.version}")
        text = re.sub(rf"\b{named}(?![\w.]*\d)", f"{pin.package} {{{pin.axis}}}", text)
    return text


def facts(context: PageContext, part: SituationAnswer) -> Iterator[str]:
    """What is inferred by each probe, from which tested releases, and how often that is wrong."""
    for one in expected.needed(part):
        elsewhere = one.situation != part.situation
        words = in_words(one.situation, context.matrix.choices) if elsewhere else ""
        yield expected.because(one, f", {words}" if elsewhere else "")
    if part.outcome is Outcome.PASS:
        yield expected.NOT_SAFE


MOST_REGIONS = 3000
"""Of one Python. Each is answered for itself: 3,000 take some 6 s of a processor."""

LEFT_OUT = "Nobody ran this combination. What is inferred of it is not on this page."


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the start page has of pairs that nobody ran, by Python."""

    regions: Mapping[str, list[list[int]]]
    """Rectangles of pairs that have the same answers: the first and last position on both axes,
    and then the answers. The positions count the releases that a search tries, the oldest first."""
    left_out: Mapping[str, list[list[int]]]
    """The first and last positions on the first axis of releases that were too many."""


def regions(
    context: PageContext, value_at: Callable[[Place], Value], most: int = MOST_REGIONS
) -> Told:
    """The answers to what is inferred; ``value_at`` numbers those of a place."""
    found, left_out = {}, {}
    for python in context.results.releases.pythons:
        known = inferred_regions(context.findings, python, most)
        if joined := [*_joined((one, value_at(one.place)) for one in known.told)]:
            found[str(python)] = joined
        if known.left_out:
            left_out[str(python)] = [[rows[0], rows[-1]] for rows in known.left_out]
    return Told(regions=found, left_out=left_out)


def skipped(context: PageContext, axis: str) -> list[int]:
    """The listed releases that no search tries, by their number on the page: the newest is 0."""
    pairs = context.findings.untested.pairs
    if pairs is None:
        return []
    tried = {
        a.name: of.position for a, of in zip(pairs.axes, (pairs.rows, pairs.columns), strict=True)
    }
    listed = reversed(context.results.releases.by_axis.get(axis, ()))
    return [at for at, one in enumerate(listed) if one.version not in tried[axis]]


def _joined(told: Iterable[tuple[Region, Value]]) -> Iterator[list[int]]:
    """The regions, with neighbours in one that have the same answers."""
    wide: list[tuple[range, range, Value]] = []
    for one, value in told:
        rows, columns = one.rows, one.columns
        if wide and wide[-1] == (rows, range(wide[-1][1].start, columns.start), value):
            columns = range(wide.pop()[1].start, columns.stop)
        wide.append((rows, columns, value))
    open_at: dict[tuple[range, tuple[int, ...]], range] = {}
    for rows, columns, value in wide:
        key = columns, tuple(value)
        above = open_at.get(key)
        if above is not None and above.stop == rows.start:
            open_at[key] = range(above.start, rows.stop)
            continue
        if above is not None:
            yield _numbers(above, columns, value)
        open_at[key] = rows
    for (columns, of), rows in open_at.items():
        yield _numbers(rows, columns, of)


def _numbers(rows: range, columns: range, value: Value) -> list[int]:
    return [rows[0], rows[-1], columns[0], columns[-1], *value]
