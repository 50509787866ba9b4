"""Symbols, words and sentences for outcomes, reasons and verdicts on the site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from packaging.version import Version

from interlock.evidence import confidence
from interlock.findings import RareHang, intermittent
from interlock.model import (
    Backend,
    Basis,
    Cell,
    Outcome,
    Phase,
    PythonVersion,
    Reason,
    Verdict,
    words,
)

PROCESS_MARK = "ᵖ"
"""Beside the symbol of a verdict that no container isolated."""
INTERMITTENT_MARK = "~"
"""Beside the symbol of trouble in some trials, but not in others."""
OWN_MARK = "°"
"""Beside the symbol of trouble that one library has alone."""
PART_MARK = "…"
"""Beside the symbol of a cell on which not every probe has run."""


class Word(NamedTuple):
    symbol: str
    name: str
    """As a verb: it "hangs"."""
    counted: str
    """After a number: 3 "hang"."""
    sentence: str


WORDS: Mapping[Outcome, Word] = {
    Outcome.PASS: Word("✓", "passes", "pass", "It did not hang"),
    Outcome.HANG: Word("✗", "hangs", "hang", "It hangs"),
    Outcome.FAIL: Word("!", "fails", "fail", "It fails before it could hang"),
    Outcome.UNSUPPORTED: Word(
        "–", "unsupported", "unsupported", "It cannot be installed like this"
    ),
    Outcome.UNPROVEN: Word("?", "unproven", "unproven", "Not proven either way"),
}
CAN_HANG = Word("◐", "can hang, rarely", "can hang, rarely", "It can hang, rarely")
"""Instead of a pass, where hangs are rare, and the release line can hang."""
NOT_SEEN = Word("○", "no hang seen", "without a hang seen", "No hang was seen, but it is no pass")
"""Instead of a pass, where hangs are rare, and the release line is not known to hang."""
RARE_LOOK = "il-rare"
UNTESTED = Word("·", "untested", "untested", "Not tested")


class Mark(NamedTuple):
    """The sign of a verdict on a page."""

    look: str
    """The CSS classes of the element that shows it."""
    symbol: str


REASONS: Mapping[Reason, str] = {
    Reason.SELF_DEADLOCK: "a thread waits for a lock that it holds itself",
    Reason.LOCK_CYCLE: "threads wait for each other's locks in a cycle",
    Reason.ORPHANED_LOCK: "a forked child waits for a lock that no thread in it holds",
    Reason.NO_PROGRESS: "every thread stands still, but no closed cycle of locks was seen",
    Reason.RESOLUTION: "its requirements cannot be resolved",
    Reason.BUILD: "one of its requirements does not build",
    Reason.ERROR: "the application stops with an exception",
    Reason.CRASH: "the process is killed by a signal",
    Reason.INACTIVE: "the application runs, but the feature under test does not start",
    Reason.DEGRADED: "worse than its probe allows",
    Reason.NO_WHEEL: "there is no wheel for this Python",
    Reason.REQUIRES_PYTHON: "the release does not allow this Python",
    Reason.NO_FEATURE: "the release does not have the feature under test",
    Reason.NOT_LIVE: "the run did not prove that both libraries were at work",
    Reason.TOO_FEW_EXPOSURES: "the risky situation occurred too rarely to prove anything",
    Reason.CONTROL_DIFFERS: "a control of the same campaign gave an unexpected answer",
    Reason.SLOW: "it was too slow to tell from a hang",
}

PHASES: Mapping[Phase, str] = {
    Phase.INSTALL: "during installation",
    Phase.IMPORT: "during import",
    Phase.STARTUP: "at start-up",
    Phase.SERVING: "while serving",
    Phase.SHUTDOWN: "at shutdown",
}


def word(verdict: Verdict | None, rare: RareHang | None = None) -> Word:
    """The words for a verdict; ``rare`` is what is told instead of a pass."""
    if rare:
        return CAN_HANG if rare.can_hang else NOT_SEEN
    return WORDS[verdict.outcome] if verdict else UNTESTED


def mark(
    verdict: Verdict | None,
    *,
    own: bool = False,
    part: bool = False,
    rare: RareHang | None = None,
) -> Mark:
    """The sign of a verdict; ``own`` if one library has the trouble alone."""
    return Mark(look(verdict, own=own, rare=rare), symbol(verdict, own=own, part=part, rare=rare))


def look(verdict: Verdict | None, *, own: bool = False, rare: RareHang | None = None) -> str:
    """The CSS classes of an element that shows a verdict."""
    if verdict is None:
        return "il-untested"
    classes = [RARE_LOOK if rare else f"il-{verdict.outcome}"]
    if own:
        classes.append("il-own")
    if verdict.basis is Basis.INFERRED:
        classes.append("il-inferred")
    if verdict.backend is Backend.PROCESS:
        classes.append("il-process")
    return " ".join(classes)


def symbol(
    verdict: Verdict | None,
    *,
    own: bool = False,
    part: bool = False,
    rare: RareHang | None = None,
) -> str:
    """The symbol of a verdict, with marks beside it.

    ``✗``, ``(✓)`` inferred, ``✓ᵖ`` in a process, ``✗~`` intermittent, ``✗°`` one library's alone,
    ``✓…`` by some of the probes, ``◐`` a pass whose release line can hang.
    """
    text = word(verdict, rare).symbol
    if verdict and intermittent(verdict):
        text += INTERMITTENT_MARK
    text += OWN_MARK * own + PART_MARK * part
    if verdict and verdict.basis is Basis.INFERRED:
        text = f"({text})"
    if verdict and verdict.backend is Backend.PROCESS:
        text += PROCESS_MARK
    return text


def releases(cell: Cell) -> str:
    """``sentry-sdk 2.5.1 with ddtrace 2.14.2``, with the packages' names in the index."""
    named = [f"{pin.package} {pin.version}" for pin in cell.pins if pin.version is not None]
    if len(named) == 1 < len(cell.pins):
        return f"{named[0]} alone"
    return " with ".join(named) or "none of the libraries"


def headline(verdict: Verdict, rare: RareHang | None = None) -> str:
    """The behaviour, as the first half of a sentence."""
    if rare:
        return word(verdict, rare).sentence
    if verdict.reason is Reason.DEGRADED:
        return "It runs badly"
    if verdict.reason is Reason.NO_FEATURE:
        return "There is nothing to test"
    if verdict.outcome is Outcome.FAIL and verdict.exposures:
        return "It fails"
    return word(verdict).sentence


def why(verdict: Verdict) -> str:
    """When and how, as half a sentence; empty for a pass."""
    if verdict.reason is None:
        return ""
    phase = f", {PHASES[verdict.phase]}" if verdict.phase else ""
    return f"{REASONS[verdict.reason]}{phase}"


def how_often(verdict: Verdict) -> str:
    """How many trials went wrong, with the interval; empty if all agree."""
    found = intermittent(verdict)
    if found is None:
        return ""
    low, high = confidence.interval(*found)
    return (
        f"Intermittent: it happened in {found[0]} of {found[1]} trials, "
        f"a rate between {words.percent(low)} and {words.percent(high)}."
    )


def together(rare: RareHang) -> str:
    """The rate of a release line, as a sentence."""
    return f"All runs of the release line together: {rare.counted} (95 % interval)."


def basis(verdict: Verdict) -> str:
    """How and where the verdict's trials ran, or that nothing ran."""
    if verdict.basis is Basis.INFERRED:
        return "Inferred: tested releases around it agree; not run itself"
    if not verdict.was_run:
        return "Decided by the package index; nothing was run"
    isolated = "in a container" if verdict.backend is Backend.DOCKER else "without a container"
    return f"Run {isolated}, Python {verdict.python_full} on {verdict.machine}"


def day(moment: datetime) -> str:
    """``9 March 2025``, whatever the locale."""
    months = "January February March April May June July August September October November December"
    return f"{moment.day} {months.split()[moment.month - 1]} {moment.year}"


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


V = TypeVar("V", PythonVersion, Version)


def span(some: Iterable[V], of: Sequence[V]) -> str:
    """``3.8 to 3.11 and 3.13``: stretches without a gap among the tested ones."""
    places = sorted(of.index(one) for one in some)
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return words.listing(
        [str(of[r[0]]) if len(r) == 1 else f"{of[r[0]]} to {of[r[-1]]}" for r in runs]
    )
