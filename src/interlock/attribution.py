"""Verdicts → whose trouble it is: the pair's, one library's alone, the Python's, or drift's. Pure.

A cell that hangs or fails is compared with its baselines, the same cell with one library alone,
and with the same cell as of its releases' day (``@release``):

=================================================  ==============================================
what was seen beside the pair's trouble            whose it is
=================================================  ==============================================
``@release`` passes                                the dependencies': they drifted
every library alone passes                         the pair's
one alone shows the same                           that library's, unless the pair's rate is above
                                                   its own by ``MARGIN``: then the pair's
every one alone shows the same, on this Python,    the Python's
and passes on another
one alone shows another trouble, or did not run    open, and said so
=================================================  ==============================================

*The same* is a hang of the same reason with a signature in common, or a failure in the same phase,
for the same reason, with the same exception or signal. *Passes* counts against a hang where it
rules out, at 95 %, the rate per exposure that the pair showed. A hang in a situation that does not
exist without the other library (``no-feature``, or the probe needs it) needs both. For a failure
before anything is served the library's baseline in another probe will do, and where it fails in the
same way, one in another configuration: that it passes there would say nothing.

What this can't tell: a dependency that both libraries share from the Python it runs on; the one
Python patch release that was run from the others of its line; a failure that comes in some trials
only from one that always comes, since a row counts hangs alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from interlock.confidence import Interval, rate_ratio, ruled_out_rate
from interlock.model import (
    AT_RELEASE,
    ON_TOP,
    Basis,
    Cell,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Verdict,
)

PAIR = "pair"
PYTHON = "python"
DEPENDENCIES = "dependencies"
OPEN = "open"
WHOSE = (PAIR, PYTHON, DEPENDENCIES, OPEN)
"""What ``whose`` can be beside the name of an axis."""

TROUBLE = (Outcome.HANG, Outcome.FAIL)
"""What is attributed, the worst first."""

MARGIN = 2.0
"""A hang that one library shows alone is the pair's trouble too where the lower bound of the
ratio of the rates is above this: certainly twice as likely, not a little more often by chance."""

_NAMED = re.compile(r"\bSIG[A-Z]+\d*\b|\b\w*(?:Error|Exception|Exit|Interrupt)\b")
"""An exception or a signal in a verdict's sentence."""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times the rate alone the pair's is, per exposure, and between which bounds."""

    times: float
    between: Interval

    def __str__(self) -> str:
        return (
            f"{_times(self.times)} times as likely, between {_times(self.between.low)} and "
            f"{_times(self.between.high)}"
        )


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Whose trouble a cell's is, and what says so."""

    whose: str
    """``pair``, ``python``, ``dependencies``, ``open``, or the name of an axis."""
    says: str
    """One sentence for a reader."""
    rows: tuple[Verdict, ...] = ()
    """The other verdicts that it was read from."""
    ratio: Ratio | None = None
    """Of the pair's rate to that of the library alone, where both hang."""
    missing: tuple[Cell, ...] = ()
    """What would have to be run to say more."""


Needs = Mapping[str, Collection[str]]
"""By probe, the axes that it can't do without: a baseline without them can't be run."""


def attribute(
    verdicts: Iterable[Verdict], needs: Needs | None = None
) -> Mapping[tuple[str, ...], Attribution]:
    """By ``Cell.key``, for every tested cell with a library in it that hangs or fails."""
    rows = _Rows(verdicts, needs or {})
    return {
        verdict.cell.key: _attribution(verdict, rows)
        for verdict in rows
        if verdict.outcome in TROUBLE and present(verdict.cell)
    }


def present(cell: Cell) -> tuple[Pin, ...]:
    """The libraries that are in it."""
    return tuple(pin for pin in cell.pins if pin.version is not None)


def alone(cell: Cell, axis: str) -> Cell:
    """The cell's baseline: the same with one library alone."""
    pins = (pin if pin.axis == axis else replace(pin, version=None) for pin in cell.pins)
    return replace(cell, pins=tuple(pins))


def plain(config: str) -> str:
    """The configuration that a composed one stands on; itself where it is none."""
    return config.removesuffix(AT_RELEASE).partition(ON_TOP)[0]


class _Rows:
    """The tested verdicts, by cell."""

    def __init__(self, verdicts: Iterable[Verdict], needs: Needs) -> None:
        self._known = {v.cell.key: v for v in verdicts if v.basis is Basis.TESTED}
        self._needs = needs
        self._probes = sorted({v.cell.probe for v in self._known.values()})
        self._configs = sorted({plain(v.cell.config) for v in self._known.values()})
        self._pythons = sorted({v.cell.python for v in self._known.values()})

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self._known.values())

    def at(self, cell: Cell) -> Verdict | None:
        return self._known.get(cell.key)

    def can_be_run(self, cell: Cell) -> bool:
        """Whether its probe can do without what the cell leaves out."""
        absent = {pin.axis for pin in cell.pins if pin.version is None}
        return not absent & set(self._needs.get(cell.probe, ()))

    def by_other_probes(self, cell: Cell) -> list[Verdict]:
        return self._at_all(replace(cell, probe=p) for p in self._probes if p != cell.probe)

    def in_other_configs(self, cell: Cell) -> list[Verdict]:
        """The same cell in each plain configuration that it is not in, by every probe."""
        configs = (config for config in self._configs if config != cell.config)
        pairs = product(self._probes, configs)
        return self._at_all(replace(cell, probe=p, config=c) for p, c in pairs)

    def _at_all(self, cells: Iterable[Cell]) -> list[Verdict]:
        return [said for cell in cells if (said := self.at(cell))]

    def passes_on(self, cell: Cell) -> list[PythonVersion]:
        """The other Pythons on which the same passes."""
        found = ((p, self.at(replace(cell, python=p))) for p in self._pythons)
        return [python for python, said in found if said and said.outcome is Outcome.PASS]


def _attribution(verdict: Verdict, rows: _Rows) -> Attribution:
    cell = verdict.cell
    if plain(cell.config) == cell.config:
        as_then = rows.at(replace(cell, config=cell.config + AT_RELEASE))
        if as_then and as_then.outcome is Outcome.PASS and _rules_out(as_then, verdict):
            return Attribution(
                whose=DEPENDENCIES,
                says="What these releases depend on has changed since: with the dependencies of "
                f"the newer release's day the same {_passed(as_then)}.",
                rows=(as_then,),
            )
    elif not any(rows.at(alone(cell, pin.axis)) for pin in present(cell)):
        return _as_its_base(verdict, rows)
    if len(present(cell)) == 1:
        return _own(verdict, rows)
    return _of_several(verdict, rows)


def _as_its_base(verdict: Verdict, rows: _Rows) -> Attribution:
    """A composed configuration is run without baselines of its own."""
    base = rows.at(replace(verdict.cell, config=plain(verdict.cell.config)))
    if base and base.outcome in TROUBLE and is_same(verdict, base):
        found = _attribution(base, rows)
        if found.whose != DEPENDENCIES:
            says = f"The same as in {base.cell.config}. {found.says}"
            return replace(found, says=says, rows=(base, *found.rows))
    return Attribution(
        whose=OPEN,
        says=f"Not known: in {verdict.cell.config} no library was run alone.",
        missing=tuple(alone(verdict.cell, pin.axis) for pin in present(verdict.cell)),
    )


def _own(verdict: Verdict, rows: _Rows) -> Attribution:
    """A baseline: there is nobody else whose it could be."""
    (pin,) = present(verdict.cell)
    says = f"{pin.package}'s own: no other library that is tested here was in the process."
    return Attribution(whose=pin.axis, says=says + _only_here(verdict.cell, rows))


def _of_several(verdict: Verdict, rows: _Rows) -> Attribution:
    found = [_beside(verdict, pin, rows) for pin in present(verdict.cell)]
    same = [one for one in found if one.verdict and one.same]
    known = tuple(one.verdict for one in found if one.verdict)
    if not same:
        told = "; ".join(one.says for one in found)
        if all(one.cleared for one in found):
            return Attribution(whose=PAIR, says=f"Only together: {told}.", rows=known)
        return Attribution(
            whose=OPEN,
            says=f"Not known: {told}.",
            rows=known,
            missing=tuple(o.cell for o in found if not o.cleared and rows.can_be_run(o.cell)),
        )
    ratios = [ratio for one in same if (ratio := _ratio(verdict, one.verdict))]
    least = min(ratios, key=lambda ratio: ratio.between.low, default=None)
    if least and len(ratios) == len(same) and least.between.low > MARGIN:
        who = _listed([str(one) for one in same])
        says = f"The pair's: {who} alone can do the same, but together it is {least}."
        return Attribution(whose=PAIR, says=says, rows=known, ratio=least)
    if len(same) == len(found):
        return _shared(same, rows, known, least)
    return _one_of_several(verdict, same[0], rows, known, least)


def _one_of_several(
    verdict: Verdict, one: _Beside, rows: _Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    assert one.verdict is not None
    unseen = _unseen_alone(verdict, one.verdict)
    if unseen is not None and unseen.between.low > MARGIN:
        says = (
            f"The pair's: {one} alone hangs too, but never in all the ways that the pair does: "
            f"those it was not seen in are at least {_times(unseen.between.low)} times as likely "
            "together."
        )
        return Attribution(whose=PAIR, says=says, rows=known, ratio=unseen)
    says = f"{one.pin.package}'s own: {one} alone {_does(one.verdict)} in the same way"
    says += f"; together it is {ratio}." if ratio else "."
    if unseen is not None:
        says += " Not every way in which the pair hangs was seen alone, in too few runs to tell."
    says += _only_here(one.cell, rows)
    return Attribution(whose=one.pin.axis, says=says, rows=known, ratio=ratio)


def _shared(
    same: Sequence[_Beside], rows: _Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    """Every library alone shows it: it is something that they share."""
    who = _listed([f"{one} alone" for one in same])
    elsewhere = [rows.passes_on(one.cell) for one in same]
    if all(elsewhere):
        here = same[0].cell.python
        others = _listed([str(p) for p in elsewhere[0] if all(p in e for e in elsewhere)])
        on = f"on Python {others}" if others else "on other Pythons"
        says = f"Python {here}'s, as far as can be told: {who} do the same here, and pass {on}."
        return Attribution(whose=PYTHON, says=says, rows=known, ratio=ratio)
    says = f"Not known: {who} do the same, so it is something that they share."
    return Attribution(whose=OPEN, says=says, rows=known, ratio=ratio)


@dataclass(frozen=True, kw_only=True)
class _Beside:
    """What one library alone did where the pair has trouble."""

    pin: Pin
    cell: Cell
    verdict: Verdict | None
    same: bool
    cleared: bool
    """It is not this library's alone."""
    says: str

    def __str__(self) -> str:
        return f"{self.pin.package} {self.pin.version}"


def _beside(verdict: Verdict, pin: Pin, rows: _Rows) -> _Beside:
    cell = alone(verdict.cell, pin.axis)
    said = rows.at(cell)
    if said is None and _is_early(verdict):
        others = rows.by_other_probes(cell)
        elsewhere = (*others, *rows.in_other_configs(cell))
        said = next((v for v in elsewhere if is_same(verdict, v)), None)
        said = said or next((v for v in others if v.outcome is Outcome.PASS), None)
    same = said is not None and is_same(verdict, said)
    if said is None and not rows.can_be_run(cell):
        cleared = _in_the_situation(verdict)
        told = "can't be probed: what is probed does not exist without the other library"
    else:
        cleared, told = _cleared(verdict, said)
    return _Beside(
        pin=pin,
        cell=cell,
        verdict=said,
        same=same,
        cleared=cleared,
        says=f"{pin.package} {pin.version} alone {told}",
    )


def _cleared(trouble: Verdict, said: Verdict | None) -> tuple[bool, str]:
    """Whether a library is cleared by what it did alone, and what that was, in words."""
    if said is None:
        return False, "was not run"
    if said.outcome is Outcome.PASS:
        if _rules_out(said, trouble):
            return True, _passed(said)
        return False, f"{_passed(said)}, too few to have shown a hang as rare as this"
    if said.reason is Reason.NO_FEATURE and _in_the_situation(trouble):
        return True, "never comes into the situation that hangs"
    if said.outcome in (Outcome.UNSUPPORTED, Outcome.UNPROVEN):
        return False, f"proved nothing ({said.reason})"
    words = f"{_does(said)} in another way"
    if trouble.outcome is said.outcome is Outcome.HANG:
        return _rules_out(said, trouble), words
    return False, words


def _is_early(trouble: Verdict) -> bool:
    """It failed on the way to what the probe does, where another probe would have too."""
    early = (Phase.INSTALL, Phase.IMPORT, Phase.STARTUP)
    return trouble.outcome is Outcome.FAIL and trouble.phase in early


def _in_the_situation(trouble: Verdict) -> bool:
    """It hung where the probe leads it, not on the way there."""
    return trouble.outcome is Outcome.HANG and trouble.exposures > 0


def _rules_out(said: Verdict, trouble: Verdict) -> bool:
    """Whether so many exposures without this trouble speak against the rate that it was seen at."""
    if trouble.outcome is not Outcome.HANG:
        return True
    if _per_exposure(trouble):
        tried, rate = said.exposures, trouble.hangs / trouble.exposures
    else:
        tried, rate = said.trials, trouble.hangs / trouble.trials
    return tried > 0 and ruled_out_rate(tried) < rate


def is_same(one: Verdict, other: Verdict) -> bool:
    """Whether two cells have the same trouble."""
    if (one.outcome, one.reason) != (other.outcome, other.reason):
        return False
    if one.outcome is Outcome.HANG:
        return bool({s for s, _ in one.signatures} & {s for s, _ in other.signatures})
    return one.phase is other.phase and _named(one) == _named(other)


def _named(verdict: Verdict) -> str | None:
    found = _NAMED.search(verdict.detail)
    return found[0] if found else None


def _ratio(together: Verdict, one: Verdict | None) -> Ratio | None:
    """How much likelier the pair hangs, per exposure; a trial where exposures can't be counted."""
    if one is None or not together.hangs or not one.hangs:
        return None
    counted = _per_exposure(together) and _per_exposure(one)
    tried = [v.exposures if counted else v.trials for v in (together, one)]
    times, between = rate_ratio(together.hangs, tried[0], one.hangs, tried[1])
    return Ratio(times=times, between=between)


def _unseen_alone(together: Verdict, one: Verdict) -> Ratio | None:
    """The same for the ways of hanging that one alone was not seen in; None where there is none."""
    seen = {signature for signature, _ in one.signatures}
    hits = sum(count for signature, count in together.signatures if signature not in seen)
    if not hits or not (_per_exposure(together) and _per_exposure(one)):
        return None
    times, between = rate_ratio(min(hits, together.exposures), together.exposures, 0, one.exposures)
    return Ratio(times=times, between=between)


def _per_exposure(verdict: Verdict) -> bool:
    """Whether its hangs came in what the probe counts, rather than before the first of it."""
    return verdict.exposures >= max(1, verdict.hangs)


def _only_here(cell: Cell, rows: _Rows) -> str:
    passes = rows.passes_on(cell)
    on = _listed([str(python) for python in passes])
    return f" Here, on Python {cell.python}; alone on Python {on} it passes." if passes else ""


def _does(verdict: Verdict) -> str:
    return "hangs" if verdict.outcome is Outcome.HANG else "fails"


def _passed(verdict: Verdict) -> str:
    return f"passes ({verdict.exposures:,} exposures)"


def _times(number: float) -> str:
    """``0.25``, ``3.4``, ``120``; two digits, since the interval is wide."""
    if number == float("inf"):
        return "any number"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _listed(items: Sequence[str]) -> str:
    *front, last = items or [""]
    return f"{', '.join(front)} and {last}" if front else last
