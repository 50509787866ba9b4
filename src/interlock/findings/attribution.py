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
for the same reason, with the same exception or signal. *Passes* counts against a hang where the
pair would hardly, in 5 % of all cases, have all of the hangs if both hung as often. A hang in a
situation that does not exist without the other library (``no-feature``, or the probe needs it)
needs both. For a failure before anything is served the library's baseline in another probe will do,
and where it fails in the same way, one in another configuration: that it passes there would say
nothing.

A rare hang shows in one cell and not in the next, and each cell is hung or not by chance. That one
library alone does the same may therefore be seen on any Python, and, unless the pair's rate is
certainly above what its own release could have, with another configuration of the probe or another
of its releases. The rates of the same hang are compared over all its releases, over all Pythons,
and in the cell, place by place of those that both have: whichever of these lies certainly above
``MARGIN`` decides, unless a wider one says that there is no such difference. A library that hangs
nowhere is cleared by any of them at which the hangs of the pair are no chance. A row of several
looks finds something more easily than one: each has to be surer for that.

What this can't tell: a dependency that both libraries share from the Python it runs on; the one
Python patch release that was run from the others of its line; a failure that comes in some trials
only from one that always comes, since a row counts hangs alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from interlock.evidence import LEVEL, Interval, Stratum, chance, rate_ratio
from interlock.findings.baselines import (
    Needs,
    Pool,
    Rows,
    alone,
    counts,
    fails_early,
    places,
    plain,
    pool,
    present,
)
from interlock.model import (
    AT_RELEASE,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Verdict,
    listing,
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


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times the rate alone the pair's is, per exposure, and between which bounds."""

    times: float
    between: Interval
    at_least: float
    """The lower bound where this is one of several looks at the same: each has to be surer."""
    together: Pool
    alone: Pool
    over: str = ""
    """What both were compared over beyond the cell."""

    @property
    def short(self) -> str:
        """``7.7 (3.6–17)``, and the bound that decides where the interval alone would mislead."""
        low, high = self.between
        return f"{_times(self.times)} ({_times(low)}–{_times(high)}){self._surely}"

    @property
    def _surely(self) -> str:
        """``, surely above 1.9``: as one of several looks, where the interval says more."""
        if self.certain or self.between.low <= MARGIN:
            return ""
        # Rounded down: 1.95 is not above 2.
        return f", surely above {math.floor(self.at_least * 10) / 10:g}"

    @property
    def certain(self) -> bool:
        """Likelier together by more than chance or a trifle."""
        return self.at_least > MARGIN

    def __str__(self) -> str:
        counted = ""
        if self.over:
            together, apart = (
                f"{p.hangs:,} of {p.exposures if p.per_exposure else p.trials:,}"
                for p in (self.together, self.alone)
            )
            counted = f" ({together} against {apart}, {self.over})"
        return (
            f"{_times(self.times)} times as likely, between {_times(self.between.low)} and "
            f"{_times(self.between.high)}{self._surely}{counted}"
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


class Attributions(Mapping[tuple[str, ...], Attribution]):
    """By ``Cell.key``, for every tested cell with a library in it that hangs or fails.

    Each is worked out when it is first read: one question does not pay for all the others.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._found: dict[tuple[str, ...], Attribution] = {}
        self._troubled = {
            verdict.cell.key: verdict
            for verdict in rows
            if verdict.outcome in TROUBLE and present(verdict.cell)
        }

    def __getitem__(self, key: tuple[str, ...]) -> Attribution:
        if key not in self._found:
            self._found[key] = _attribution(self._troubled[key], self._rows)
        return self._found[key]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._troubled)

    def __len__(self) -> int:
        return len(self._troubled)


def attribute(verdicts: Iterable[Verdict], needs: Needs | None = None) -> Attributions:
    """Whose each hang and failure among the verdicts is."""
    return Attributions(Rows(verdicts, needs or {}))


def _attribution(verdict: Verdict, rows: Rows) -> Attribution:
    cell = verdict.cell
    if plain(cell.config) == cell.config:
        as_then = rows.at(replace(cell, config=cell.config + AT_RELEASE))
        if as_then and as_then.outcome is Outcome.PASS:
            look = _speaks_against(as_then, verdict, rows)
            if look is not None:
                return Attribution(
                    whose=DEPENDENCIES,
                    says="What these releases depend on has changed since: with the dependencies "
                    f"of the newer release's day the same {_passed(as_then, look)}.",
                    rows=(as_then,),
                )
    elif not any(rows.at(alone(cell, pin.axis)) for pin in present(cell)):
        return _as_its_base(verdict, rows)
    if len(present(cell)) == 1:
        return _own(verdict, rows)
    return _of_several(verdict, rows)


def _as_its_base(verdict: Verdict, rows: Rows) -> Attribution:
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


def _own(verdict: Verdict, rows: Rows) -> Attribution:
    """A baseline: there is nobody else whose it could be."""
    (pin,) = present(verdict.cell)
    says = f"{pin.package}'s own: no other library that is tested here was in the process."
    return Attribution(whose=pin.axis, says=says + _only_here(verdict.cell, rows))


def _of_several(verdict: Verdict, rows: Rows) -> Attribution:
    found = [_beside(verdict, pin, rows) for pin in present(verdict.cell)]
    same = [one for one in found if one.same]
    known = tuple(row for one in found for row in one.rows)
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
    ratios = [one.ratio for one in same if one.ratio]
    least = min(ratios, key=lambda ratio: ratio.at_least, default=None)
    if least and len(ratios) == len(same) and least.certain:
        who = listing([f"{one.who} alone" for one in same])
        says = f"The pair's: {who} can do the same, but together it is {least}."
        return Attribution(whose=PAIR, says=says, rows=known, ratio=least)
    if len(same) == len(found):
        return _shared(same, rows, known, least)
    return _one_of_several(verdict, same[0], rows, known, least)


def _one_of_several(
    verdict: Verdict, one: _Beside, rows: Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    unseen = _unseen_alone(verdict, one)
    if unseen is not None and unseen.certain:
        says = (
            f"The pair's: {one.who} alone hangs too, but never in all the ways that the pair does: "
            f"those it was not seen in are at least {_times(unseen.between.low)} times as likely "
            "together."
        )
        return Attribution(whose=PAIR, says=says, rows=known, ratio=unseen)
    says = f"{one.pin.package}'s own: {one.who} alone {_does(verdict)} in the same way{one.where}"
    says += f"; together it is {ratio}." if ratio else "."
    if unseen is not None:
        says += " Not every way in which the pair hangs was seen alone, in too few runs to tell."
    says += _only_here(one.cell, rows)
    return Attribution(whose=one.pin.axis, says=says, rows=known, ratio=ratio)


def _shared(
    same: Sequence[_Beside], rows: Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    """Every library alone shows it: it is something that they share."""
    who = listing([f"{one.who} alone" for one in same])
    elsewhere = [_passes_on(one.cell, rows) for one in same]
    if all(elsewhere) and not any(one.where for one in same):
        here = same[0].cell.python
        others = listing([str(p) for p in elsewhere[0] if all(p in e for e in elsewhere)])
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
    rows: tuple[Verdict, ...]
    """What was read of it, the cell itself at first where it was run."""
    same: bool
    """In one of the rows it does the same."""
    cleared: bool
    """It is not this library's alone."""
    says: str
    who: str
    """The release that did it, which may be another than the pair's."""
    where: str = ""
    """Where it did the same, if not in the cell itself: `` on Python 3.8``."""
    ratio: Ratio | None = None
    """How much likelier the pair hangs like this."""


def _beside(verdict: Verdict, pin: Pin, rows: Rows) -> _Beside:
    cell = alone(verdict.cell, pin.axis)
    who = f"{pin.package} {pin.version}"
    said = rows.at(cell)
    if said is None and fails_early(verdict.outcome, verdict.phase):
        others = rows.by_other_probes(cell)
        elsewhere = (*others, *rows.in_other_configs(cell))
        said = next((v for v in elsewhere if is_same(verdict, v)), None)
        said = said or next((v for v in others if v.outcome is Outcome.PASS), None)
    ratio = _ratio(verdict, cell, pin.axis, rows)
    seen = _seen_alone(verdict, said, pin, rows, ratio)
    if said is None and not rows.can_be_run(cell):
        cleared = _in_the_situation(verdict, rows)
        told = "can't be probed: what is probed does not exist without the other library"
    else:
        cleared, told = _cleared(verdict, said, pin, rows)
    return _Beside(
        pin=pin,
        cell=cell,
        rows=seen or ((said,) if said else ()),
        same=bool(seen),
        cleared=cleared,
        says=f"{who} alone {told}",
        who=_who(seen[0], pin) if seen else who,
        where=_where(seen[0], cell) if seen else "",
        ratio=ratio,
    )


def _seen_alone(
    verdict: Verdict, said: Verdict | None, pin: Pin, rows: Rows, ratio: Ratio | None
) -> tuple[Verdict, ...]:
    """Where one library alone does the same: the nearest such row, and those it was found among.

    Not further away than on other Pythons where the pair's ``ratio`` to it is certain.
    """
    if said is not None and is_same(verdict, said):
        return (said,)
    if verdict.outcome is not Outcome.HANG:
        return ()
    cell = alone(verdict.cell, pin.axis)
    nearest = [rows.on_pythons(cell)]
    if not (ratio and ratio.certain):
        nearest += [rows.on_pythons(beside) for beside in rows.configs_beside(cell)]
        nearest += [rows.with_releases(cell, pin.axis)]
    for found in nearest:
        if alike := [row for row in found if is_same(verdict, row)]:
            return (alike[0], *(row for row in found if row is not alike[0]))
    return ()


def _who(row: Verdict, pin: Pin) -> str:
    return f"{pin.package} {row.cell.version(pin.axis)}"


def _where(row: Verdict, cell: Cell) -> str:
    said = f" on Python {row.cell.python}" if row.cell.python != cell.python else ""
    return said + (f" in {row.cell.config}" if row.cell.config != cell.config else "")


def _cleared(trouble: Verdict, said: Verdict | None, pin: Pin, rows: Rows) -> tuple[bool, str]:
    """Whether a library is cleared by what it did alone, and what that was, in words."""
    if said is None:
        return False, "was not run"
    short = said.reason is Reason.TOO_FEW_EXPOSURES and trouble.outcome is Outcome.HANG
    if said.outcome is Outcome.PASS or short:
        if look := _speaks_against(said, trouble, rows, pin.axis):
            return True, _passed(said, look)
        return False, f"{_passed(said)}, too few to have shown what is as rare as this"
    if said.reason is Reason.NO_FEATURE and _in_the_situation(trouble, rows):
        return True, "never comes into the situation that hangs"
    if said.outcome in (Outcome.UNSUPPORTED, Outcome.UNPROVEN):
        return False, f"proved nothing ({said.reason})"
    words = f"{_does(said)} in another way"
    if trouble.outcome is said.outcome is Outcome.HANG:
        look = _speaks_against(said, trouble, rows, pin.axis)
        return look is not None, words
    return False, words


def _in_the_situation(trouble: Verdict, rows: Rows) -> bool:
    """It hung where the probe leads it, not on the way there: here or, in the same way, on another
    Python, where a hang in the very first exposure is told from one before it."""
    alike = (row for row in rows.on_pythons(trouble.cell) if is_same(row, trouble))
    return trouble.outcome is Outcome.HANG and any(row.exposures > 0 for row in alike)


def _speaks_against(
    said: Verdict, trouble: Verdict, rows: Rows, axis: str | None = None
) -> Look | None:
    """Where what was done without this trouble is more than chance; None where it is nowhere.

    ``axis`` is that of the library that was alone, if any. A failure always comes, as far as is
    known, except that of an app that ran for a while, and crashed or did worse than its probe
    allows: that was seen at least once in the exposures of all cells like it, with any release of
    either library, since which of them it came in is chance.
    """
    if trouble.outcome is Outcome.HANG:
        looks = _looks(trouble, said.cell, rows, axis)
    elif comes_by_chance(trouble):
        looks = [Look(places=((_worse(trouble, rows), pool([said])),))]
    else:
        return Look(places=())
    level = (1 - LEVEL) / len(looks)
    # The narrowest that tells is the simplest to follow.
    return next((o for o in reversed(looks) if o.places and chance(o.strata) <= level), None)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The pair's hangs of one kind beside those of something else, place by place."""

    places: tuple[tuple[Pool, Pool], ...]
    over: str = ""

    @cached_property
    def strata(self) -> list[Stratum]:
        """Counted per exposure, a hang before the first as one in it; per trial where exposures
        can't be counted."""
        together, alone = self.sums
        if together.per_exposure and alone.per_exposure:
            tried = [
                (max(one.exposures, one.hangs), max(other.exposures, other.hangs))
                for one, other in self.places
            ]
        else:
            tried = [(one.trials, other.trials) for one, other in self.places]
        return [
            Stratum(one.hangs, a, other.hangs, b)
            for (one, other), (a, b) in zip(self.places, tried, strict=True)
            if a and b
        ]

    @cached_property
    def sums(self) -> tuple[Pool, Pool]:
        nothing = Pool(hangs=0, exposures=0, trials=0)
        return (
            sum((one for one, _ in self.places), nothing),
            sum((other for _, other in self.places), nothing),
        )


def _looks(trouble: Verdict, other: Cell, rows: Rows, axis: str | None) -> list[Look]:
    """The same hang in the cell and in the other, in both on all Pythons, and with all releases of
    one axis, the widest first; where the next sees no less than a wider one, the wider alone."""
    ways = _ways(trouble)
    here = [row for row in [rows.at(other)] if row]
    wider = [(rows.on_pythons(trouble.cell), rows.on_pythons(other), "Pythons")]
    if axis is not None:
        families = rows.with_releases(trouble.cell, axis), rows.with_releases(other, axis)
        wider.insert(0, (*families, "releases and Pythons"))
    by = () if axis is None else (axis,)
    found: list[Look] = []
    for together, apart, of in wider:
        compared = places(together, apart, *by, signatures=ways)
        is_cell = len(compared) == 1 and any(map(counts, here))
        if compared and not is_cell and not (found and len(compared) == len(found[-1].places)):
            over = f"over {len(compared)} {of}, each held against itself"
            found.append(Look(places=tuple(compared), over=over))
    cell = tuple((pool([trouble], ways), pool([row], ways)) for row in here if counts(row))
    return [*found, Look(places=cell)]


def _ways(verdict: Verdict) -> list[Signature]:
    return [signature for signature, _ in verdict.signatures]


def comes_by_chance(trouble: Verdict) -> bool:
    """Whether a failure came in the middle of what its probe does over and over."""
    later = trouble.reason is Reason.CRASH and trouble.exposures > 0
    return later or trouble.reason is Reason.DEGRADED


def _worse(trouble: Verdict, rows: Rows) -> Pool:
    """How often cells like it crashed, or did worse than their probe allows, once each."""
    alike = {
        row.cell.key: row
        for pin in present(trouble.cell)
        for row in rows.with_releases(trouble.cell, pin.axis)
        if counts(row) or _is_alike(row, trouble)
    }
    return Pool(
        hangs=sum(_is_alike(row, trouble) for row in alike.values()),
        exposures=sum(row.exposures for row in alike.values()),
        trials=sum(row.trials for row in alike.values()),
    )


def _is_alike(one: Verdict, trouble: Verdict) -> bool:
    return one.reason is trouble.reason and comes_by_chance(one) and one.cause == trouble.cause


def is_same(one: Verdict, other: Verdict) -> bool:
    """Whether two cells have the same trouble."""
    if (one.outcome, one.reason) != (other.outcome, other.reason):
        return False
    if one.outcome is Outcome.HANG:
        return bool({s for s, _ in one.signatures} & {s for s, _ in other.signatures})
    return (one.phase, one.cause) == (other.phase, other.cause)


def _ratio(verdict: Verdict, alone: Cell, axis: str, rows: Rows) -> Ratio | None:
    """How much likelier the pair hangs like this than one library alone: over all that library's
    releases and every Python, which knows most, unless its Pythons or the cell tell it apart
    better, and no wider look says that there is nothing to tell apart."""
    if verdict.outcome is not Outcome.HANG:
        return None
    looks = _looks(verdict, alone, rows, axis)
    found = []
    for look in looks:
        ratio = ratio_of(look.places, look.over, len(looks))
        if ratio is None or not ratio.times:
            continue
        if ratio.certain:
            return ratio
        found.append(ratio)
        if ratio.between.high <= MARGIN:
            break
    return found[0] if found else None


def ratio_of(compared: Sequence[tuple[Pool, Pool]], over: str = "", looks: int = 1) -> Ratio | None:
    """Place by place, one of so many looks at the same; None where neither hangs, or one was not
    run."""
    look = Look(places=tuple(compared))
    together, apart = look.sums
    if not any(place.hits_a or place.hits_b for place in look.strata):
        return None
    times, between = rate_ratio(look.strata)
    at_least = between.low
    if looks > 1:
        _, (at_least, _) = rate_ratio(look.strata, 1 - (1 - LEVEL) / looks)
    return Ratio(
        times=times, between=between, at_least=at_least, together=together, alone=apart, over=over
    )


def _unseen_alone(together: Verdict, one: _Beside) -> Ratio | None:
    """The same for the ways of hanging that one alone was not seen in; None where there is none."""
    seen = {signature for row in one.rows for signature, _ in row.signatures}
    unseen = [signature for signature, _ in together.signatures if signature not in seen]
    hit, apart = pool([together], unseen), pool(one.rows)
    if not hit.hangs or not (hit.per_exposure and apart.per_exposure):
        return None
    return ratio_of([(hit, replace(apart, hangs=0))])


def _only_here(cell: Cell, rows: Rows) -> str:
    on = listing([str(python) for python in _passes_on(cell, rows)])
    return f" Here, on Python {cell.python}; alone on Python {on} it passes." if on else ""


def _passes_on(cell: Cell, rows: Rows) -> list[PythonVersion]:
    """The other Pythons on which the same passes, where that speaks against what it does here."""
    said = rows.at(cell)
    if said is None or said.outcome not in TROUBLE:
        return []
    others = [row for row in rows.on_pythons(cell) if row.outcome is Outcome.PASS]
    return [row.cell.python for row in others if _differs(row, said)]


def _differs(passed: Verdict, trouble: Verdict) -> bool:
    """Of one cell and another of the same on another Python, which alone can tell them apart."""
    if trouble.outcome is Outcome.HANG:
        hung = pool([trouble])
    elif comes_by_chance(trouble):
        hung = Pool(hangs=1, exposures=trouble.exposures, trials=trouble.trials)
    else:
        return True
    look = Look(places=((hung, pool([passed])),))
    return chance(look.strata) <= 1 - LEVEL


def _does(verdict: Verdict) -> str:
    return "hangs" if verdict.outcome is Outcome.HANG else "fails"


def _passed(verdict: Verdict, look: Look | None = None) -> str:
    """``passes (40 exposures)``, and how many those are with all that was counted beside them.

    A run that was too short to pass is one without a hang all the same.
    """
    did = "passes" if verdict.outcome is Outcome.PASS else "does not"
    counted = f"{verdict.exposures:,} exposures"
    if look is not None and look.over:
        _, alone = look.sums
        hung = f"{alone.hangs:,} like it in {alone.exposures:,}" if alone.hangs else None
        counted += f"; {hung or f'{alone.exposures:,}'} {look.over}"
    return f"{did} ({counted})"


def _times(number: float) -> str:
    """``0.25``, ``3.4``, ``120``; two digits, since the interval is wide."""
    if number == float("inf"):
        return "any number"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
