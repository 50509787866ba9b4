"""Verdicts → the cause of each hang and failure. Pure.

The cause is the pair, one library alone, the Python, or dependencies that changed. A cell that
hangs or fails is compared with its baselines (the same cell with one library alone), and with the
same cell as of its releases' day (``@release``):

=================================================  ==============================================
what was seen beside the pair's trouble            cause
=================================================  ==============================================
``@release`` passes                                the dependencies': they drifted
every library alone passes                         the pair's
one alone shows the same                           that library's, unless the pair's rate is above
                                                   its own by ``MARGIN``: then the pair's
every one alone shows the same, on this Python,    the Python's
and passes on another
one alone shows another trouble, or did not run    open, and said so
=================================================  ==============================================

The rules behind the table:

- *The same* hang has the same reason and a signature in common. The same failure has the same
  phase, reason, and exception or signal.
- *Passes* counts against a hang if the difference is significant: were both to hang as often, the
  pair would have all of the hangs in at most 5 % of cases.
- Some hangs can't exist without the other library (``no-feature``, or the probe needs it). Both
  libraries are needed for those.
- For a failure before anything is served, the library's baseline in another probe is enough. A
  baseline in another configuration is used only where it fails in the same way. A pass there proves
  nothing.

A rare hang shows in one cell and not in the next, by chance. So the same hang of one library alone
may be seen on any Python. It may also be seen in another configuration or with another release,
unless the pair's rate is certainly higher than that of its own release. The rates are compared over
all releases, over all Pythons, and in the cell. Only places count that both have. Whichever ratio
is certainly above ``MARGIN`` decides, unless a wider comparison shows no such difference. A library
that never hangs is cleared by any comparison that is significant. With several comparisons, each
has to be surer.

This can't tell apart:

- a dependency that both libraries share, and the Python;
- the Python patch release that was run, and the others of its line;
- a failure that comes in some trials, and one that always comes, because a row counts hangs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from interlock.evidence import LEVEL
from interlock.findings.baselines import Key, Needs, Rows, alone, plain, present
from interlock.findings.beside import Beside, beside, does, passed, unseen_alone
from interlock.findings.comparison import Comparisons
from interlock.findings.likeness import TROUBLE, comes_by_chance, is_same
from interlock.findings.pools import Pool, pool
from interlock.findings.ratio import Look, Ratio, times
from interlock.model import AT_RELEASE, Cell, Outcome, PythonVersion, Verdict, listing

PAIR = "pair"
PYTHON = "python"
DEPENDENCIES = "dependencies"
OPEN = "open"
WHOSE = (PAIR, PYTHON, DEPENDENCIES, OPEN)
"""What ``whose`` can be besides the name of an axis."""


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """The cause of a cell's trouble, and the evidence."""

    whose: str
    """``pair``, ``python``, ``dependencies``, ``open``, or the name of an axis."""
    says: str
    """The explanation, for a reader."""
    rows: tuple[Verdict, ...] = ()
    """The other verdicts that it rests on."""
    ratio: Ratio | None = None
    """The pair's rate divided by that of the library alone, where both hang."""
    other_release: str = ""
    """The release that does it alone, where the cell's own is not known to: ``left-lib 1.1``."""
    missing: tuple[Cell, ...] = ()
    """Cells that would have to be run to know more."""


class Attributions(Mapping[Key, Attribution]):
    """By ``Cell.key``, for every tested cell with a library in it that hangs or fails.

    Each is computed when it is first read, so that one question does not pay for all others.
    """

    def __init__(self, rows: Rows) -> None:
        self._compared = Comparisons(rows)
        self._found: dict[Key, Attribution] = {}
        self._rows = rows

    def __getitem__(self, key: Key) -> Attribution:
        if key not in self._found:
            verdict = self._rows.at_key(key)
            if verdict is None or verdict.outcome not in TROUBLE or not present(verdict.cell):
                raise KeyError(key)
            self._found[key] = _attribution(verdict, self._compared, self)
        return self._found[key]

    def __iter__(self) -> Iterator[Key]:
        return self._rows.with_outcome(TROUBLE)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def attribute(
    verdicts: Iterable[Verdict],
    needs: Needs | None = None,
    titles: Mapping[str, str] | None = None,
) -> Attributions:
    """The cause of each hang and failure among the verdicts.

    ``titles`` are those of the configurations, by name.
    """
    return Attributions(Rows(verdicts, needs or {}, titles or {}))


def _attribution(
    verdict: Verdict, compared: Comparisons, others: Mapping[Key, Attribution]
) -> Attribution:
    cell, rows = verdict.cell, compared.rows
    if plain(cell.config) == cell.config:
        as_then = rows.at(replace(cell, config=cell.config + AT_RELEASE))
        if as_then and as_then.outcome is Outcome.PASS:
            look = compared.speaks_against(as_then, verdict)
            if look is not None:
                return Attribution(
                    whose=DEPENDENCIES,
                    says="Caused by a dependency that changed later: with the dependencies of the "
                    f"newer release's day, the pair {passed(as_then, look)}.",
                    rows=(as_then,),
                )
    elif not any(rows.at(alone(cell, pin.axis)) for pin in present(cell)):
        return _as_its_base(verdict, rows, others)
    if len(present(cell)) == 1:
        return _own(verdict, rows)
    return _of_several(verdict, compared)


def _as_its_base(verdict: Verdict, rows: Rows, others: Mapping[Key, Attribution]) -> Attribution:
    """The cause where there is no baseline, as in a composed configuration."""
    base = rows.at(replace(verdict.cell, config=plain(verdict.cell.config)))
    if base and base.outcome in TROUBLE and is_same(verdict, base):
        found = others[base.cell.key]
        if found.whose != DEPENDENCIES:
            says = f"It is the same without the workaround. {found.says}"
            return replace(found, says=says, rows=(base, *found.rows))
    return Attribution(
        whose=OPEN,
        says="Cause unknown: with these settings, no library was tested alone.",
        missing=tuple(alone(verdict.cell, pin.axis) for pin in present(verdict.cell)),
    )


def _own(verdict: Verdict, rows: Rows) -> Attribution:
    """The cause of a baseline's trouble: the only library in it."""
    (pin,) = present(verdict.cell)
    says = f"Caused by {pin.package}: no other tested library was in the process."
    return Attribution(whose=pin.axis, says=says + _only_here(verdict.cell, rows))


def _of_several(verdict: Verdict, compared: Comparisons) -> Attribution:
    rows = compared.rows
    found = [beside(verdict, pin, compared) for pin in present(verdict.cell)]
    same = [one for one in found if one.same]
    known = tuple(row for one in found for row in one.read.rows)
    if not same:
        told = "; ".join(one.says for one in found)
        if all(one.cleared for one in found):
            return Attribution(whose=PAIR, says=f"Only the pair does this: {told}.", rows=known)
        return Attribution(
            whose=OPEN,
            says=f"Cause unknown: {told}.",
            rows=known,
            missing=tuple(o.cell for o in found if not o.cleared and rows.can_be_run(o.cell)),
        )
    ratios = [one.ratio for one in same if one.ratio]
    least = min(ratios, key=lambda ratio: ratio.at_least, default=None)
    if least and len(ratios) == len(same) and least.certain:
        who = listing([f"{one.who} alone" for one in same])
        says = f"Caused by the pair: {who} can do the same, but together it is {least}."
        return Attribution(whose=PAIR, says=says, rows=known, ratio=least)
    if len(same) == len(found):
        return _shared(same, rows, known, least)
    return _one_of_several(verdict, same[0], rows, known, least)


def _one_of_several(
    verdict: Verdict, one: Beside, rows: Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    unseen = unseen_alone(verdict, one)
    if unseen is not None and unseen.certain:
        says = (
            f"Caused by the pair: {one.who} alone hangs too, but not in all the same ways. The "
            f"other ways are at least {times(unseen.between.low)} times as likely together."
        )
        return Attribution(whose=PAIR, says=says, rows=known, ratio=unseen)
    alike = f"alone {does(verdict)} in the same way{one.where}"
    if one.is_other:
        says = f"Probably caused by {one.pin.package}: {one.who} {alike}, and is another release; "
        says += f"{one.says}."
    else:
        says = f"Caused by {one.pin.package}: {one.who} {alike}."
    says += f" Together it is {ratio}." if ratio else ""
    if unseen is not None:
        says += " The pair also hangs in ways that were not seen alone, in too few runs to tell."
    says += _only_here(one.cell, rows)
    other = one.who if one.is_other else ""
    return Attribution(whose=one.pin.axis, says=says, rows=known, ratio=ratio, other_release=other)


def _shared(
    same: Sequence[Beside], rows: Rows, known: tuple[Verdict, ...], ratio: Ratio | None
) -> Attribution:
    """The cause where every library alone shows it: something that they share."""
    who = listing([f"{one.who} alone" for one in same])
    elsewhere = [_passes_on(one.cell, rows) for one in same]
    if all(elsewhere) and not any(one.where for one in same):
        here = same[0].cell.python
        others = listing([str(p) for p in elsewhere[0] if all(p in e for e in elsewhere)])
        on = f"on Python {others}" if others else "on other Pythons"
        says = f"Probably caused by Python {here}: {who} do the same there, and pass {on}."
        return Attribution(whose=PYTHON, says=says, rows=known, ratio=ratio)
    says = f"Cause unknown: {who} do the same, so it is something that they share."
    return Attribution(whose=OPEN, says=says, rows=known, ratio=ratio)


def _only_here(cell: Cell, rows: Rows) -> str:
    on = listing([str(python) for python in _passes_on(cell, rows)])
    return f" It does so on Python {cell.python}, and passes alone on Python {on}." if on else ""


def _passes_on(cell: Cell, rows: Rows) -> list[PythonVersion]:
    """The other Pythons on which the same cell passes, by more than chance."""
    said = rows.at(cell)
    if said is None or said.outcome not in TROUBLE:
        return []
    others = [row for row in rows.on_pythons(cell) if row.outcome is Outcome.PASS]
    return [row.cell.python for row in others if _differs(row, said)]


def _differs(passed: Verdict, trouble: Verdict) -> bool:
    """Whether a pass on another Python differs from the trouble by more than chance."""
    if trouble.outcome is Outcome.HANG:
        hung = pool([trouble])
    elif comes_by_chance(trouble):
        hung = Pool(hangs=1, exposures=trouble.exposures, trials=trouble.trials)
    else:
        return True
    look = Look(places=((hung, pool([passed])),))
    return look.chance <= 1 - LEVEL
