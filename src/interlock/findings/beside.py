"""One library alone where a pair has trouble: what it did, and whether that clears it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from interlock.findings.baselines import Rows, alone, fails_early
from interlock.findings.comparison import Comparisons, Seen
from interlock.findings.likeness import is_same
from interlock.findings.pools import pool
from interlock.findings.ratio import Look, Ratio, ratio_of
from interlock.model import Cell, Outcome, Pin, Reason, Verdict


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What one library alone did where the pair has trouble."""

    pin: Pin
    cell: Cell
    read: Seen
    """The rows that were compared, that of the cell itself first where it was run."""
    same: bool
    """Whether one of the rows shows the same trouble."""
    cleared: bool
    """Whether this library alone is not the cause."""
    says: str
    who: str
    """The release that did it; it may be another than the pair's."""
    is_other: bool = False
    """Whether only another release did it."""
    where: str = ""
    """Where it did the same, if not in the cell itself: `` on Python 3.8``."""
    ratio: Ratio | None = None
    """How many times as likely the pair hangs like this."""


def beside(verdict: Verdict, pin: Pin, compared: Comparisons) -> Beside:
    """What the library of that pin did alone, where the pair hangs or fails."""
    rows, cell = compared.rows, alone(verdict.cell, pin.axis)
    who = f"{pin.package} {pin.version}"
    said = rows.at(cell)
    if said is None and fails_early(verdict.outcome, verdict.phase):
        others = rows.by_other_probes(cell)
        elsewhere = (*others, *rows.in_other_configs(cell))
        said = next((v for v in elsewhere if is_same(verdict, v)), None)
        said = said or next((v for v in others if v.outcome is Outcome.PASS), None)
    ratio = compared.ratio(verdict, cell, pin.axis)
    seen = _seen_alone(verdict, said, cell, pin.axis, compared, ratio)
    if said is None and not rows.can_be_run(cell):
        cleared = _in_the_situation(verdict, compared)
        told = "can't be tested: the probe needs the other library"
    else:
        cleared, told = _cleared(verdict, said, pin, compared)
    return Beside(
        pin=pin,
        cell=cell,
        read=seen if seen.rows or not said else Seen((said,)),
        same=bool(seen.rows),
        cleared=cleared,
        says=f"{who} alone {told}",
        who=_who(seen.rows[0], pin) if seen.rows else who,
        is_other=bool(seen.rows) and _who(seen.rows[0], pin) != who,
        where=_where(seen.rows[0], cell, rows) if seen.rows else "",
        ratio=ratio,
    )


def _seen_alone(
    verdict: Verdict,
    said: Verdict | None,
    cell: Cell,
    axis: str,
    compared: Comparisons,
    ratio: Ratio | None,
) -> Seen:
    """The nearest row in which one library alone does the same, and those around it.

    Where the pair's ``ratio`` to it is certain, only other Pythons are searched.
    """
    if said is not None and is_same(verdict, said):
        return Seen((said,))
    if verdict.outcome is not Outcome.HANG:
        return Seen()
    rows = compared.rows
    certain = ratio is not None and ratio.certain
    for config in [cell.config] if certain else [cell.config, *rows.configs_beside(cell)]:
        if (seen := Seen.among(rows.on_pythons(cell, config), verdict)).rows:
            return seen
    return Seen() if certain else compared.seen_with_releases(verdict, cell, axis)


def _who(row: Verdict, pin: Pin) -> str:
    return f"{pin.package} {row.cell.version(pin.axis)}"


def _where(row: Verdict, cell: Cell, rows: Rows) -> str:
    said = f" on Python {row.cell.python}" if row.cell.python != cell.python else ""
    config = row.cell.config
    return said + (f" with other settings ({rows.title(config)})" if config != cell.config else "")


def _cleared(
    trouble: Verdict, said: Verdict | None, pin: Pin, compared: Comparisons
) -> tuple[bool, str]:
    """Whether a library is cleared by what it did alone, and a description of that."""
    if said is None:
        return False, "was not tested"
    short = said.reason is Reason.TOO_FEW_EXPOSURES and trouble.outcome is Outcome.HANG
    if said.outcome is Outcome.PASS or short:
        if look := compared.speaks_against(said, trouble, pin.axis):
            return True, passed(said, look)
        did = "passed" if said.outcome is Outcome.PASS else "did not hang"
        return False, f"{did}, but {said.exposures:,} exposures are too few to rule it out"
    if said.reason is Reason.NO_FEATURE and _in_the_situation(trouble, compared):
        return True, "never gets into the situation that hangs"
    if said.outcome in (Outcome.UNSUPPORTED, Outcome.UNPROVEN):
        return False, f"proved nothing ({said.reason})"
    words = f"{does(said)} in another way"
    if trouble.outcome is said.outcome is Outcome.HANG:
        look = compared.speaks_against(said, trouble, pin.axis)
        return look is not None, words
    return False, words


def _in_the_situation(trouble: Verdict, compared: Comparisons) -> bool:
    """Whether it hung in what the probe does, and not on the way there.

    Seen here or, in the same way, on another Python. A hang in the very first exposure can't be
    told from one before it.
    """
    alike = (row for row in compared.rows.on_pythons(trouble.cell) if is_same(row, trouble))
    return trouble.outcome is Outcome.HANG and any(row.exposures > 0 for row in alike)


def unseen_alone(together: Verdict, one: Beside) -> Ratio | None:
    """The ratio for the signatures that were not seen alone; None where there are none."""
    seen, apart = one.read.ways, one.read.pool
    hit = pool([together], [way for way, _ in together.signatures if way not in seen])
    if not hit.hangs or not (hit.per_exposure and apart.per_exposure):
        return None
    return ratio_of([(hit, replace(apart, hangs=0))])


def does(verdict: Verdict) -> str:
    return "hangs" if verdict.outcome is Outcome.HANG else "fails"


def passed(verdict: Verdict, look: Look | None = None) -> str:
    """``passed (40 exposures)``, and the counts of a wider comparison where there is one.

    A run that was too short to pass is still a run without a hang.
    """
    did = "passed" if verdict.outcome is Outcome.PASS else "did not hang"
    counted = f"{verdict.exposures:,} exposures"
    if look is not None and look.over:
        _, alone = look.sums
        hung = f"{alone.hangs:,} hangs like it in {alone.exposures:,}" if alone.hangs else None
        counted += f"; {hung or f'{alone.exposures:,}'} {look.over}"
    return f"{did} ({counted})"
