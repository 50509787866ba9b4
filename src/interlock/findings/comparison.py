"""A pair compared with something else: in the cell, over Pythons, over releases. Pure.

A rare hang shows in one cell and not in the next. The wider comparisons pool all cells that match.
The cells of one release with any release of the other library are a family, and a family shares
its comparison. Each is pooled once, and not once for every verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from interlock.evidence import LEVEL
from interlock.findings.baselines import Key, Rows, but_python, family, present
from interlock.findings.likeness import comes_by_chance, is_alike, is_same
from interlock.findings.pools import Pool, counts, places, pool
from interlock.findings.ratio import MARGIN, Look, Ratio
from interlock.model import Cell, Outcome, Reason, Signature, Verdict

Ways = frozenset[Signature]
"""The signatures with which a cell hangs."""


@dataclass(frozen=True)
class Seen:
    """A row that shows a certain trouble, and behind it the rows it was found among."""

    rows: tuple[Verdict, ...] = ()

    @classmethod
    def among(cls, found: Sequence[Verdict], trouble: Verdict) -> Seen:
        """Empty where no row shows it."""
        shows = next((row for row in found if is_same(trouble, row)), None)
        return cls() if shows is None else cls((shows, *(row for row in found if row is not shows)))

    @cached_property
    def ways(self) -> Ways:
        """Every signature with which any of them hangs."""
        return frozenset(signature for row in self.rows for signature, _ in row.signatures)

    @cached_property
    def pool(self) -> Pool:
        return pool(self.rows)


class Comparisons:
    """Comparisons of a trouble with something else, each made once."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._looks: dict[tuple[Key, Key, Ways], Look] = {}
        self._seen: dict[tuple[Key, Reason | None, Ways], Seen] = {}
        self._worse: dict[tuple[Key, Reason | None, str | None], Pool] = {}

    def looks(self, trouble: Verdict, other: Cell, axis: str | None) -> list[Look]:
        """The same hang in the cell and in the other, on all Pythons, and with all releases.

        The widest comparison comes first. One that has the same places as a wider one is left out.
        """
        ways = frozenset(signature for signature, _ in trouble.signatures)
        here = self.rows.at(other)
        counted = here if here and counts(here) else None
        found: list[Look] = []
        for look in self._wider(trouble.cell, other, axis, ways):
            is_cell = len(look.places) == 1 and counted
            seen = found and len(look.places) == len(found[-1].places)
            if look.places and not is_cell and not seen:
                found.append(look)
        cell = ((pool([trouble], ways), pool([counted], ways)),) if counted else ()
        return [*found, Look(places=cell)]

    def speaks_against(
        self, said: Verdict, trouble: Verdict, axis: str | None = None
    ) -> Look | None:
        """The comparison by which ``said`` differs from the trouble by more than chance, if any.

        ``axis`` is that of the library that was alone, if any. A failure is taken to come always,
        except where an app ran for a while, and then crashed or did worse than its probe allows.
        For that, all cells like it are counted, with any release of either library.
        """
        if trouble.outcome is Outcome.HANG:
            looks = self.looks(trouble, said.cell, axis)
        elif comes_by_chance(trouble):
            looks = [Look(places=((self._with_worse(trouble), pool([said])),))]
        else:
            return Look(places=())
        level = (1 - LEVEL) / len(looks)
        # The narrowest one that is significant is the simplest to follow.
        return next((o for o in reversed(looks) if o.places and o.chance <= level), None)

    def ratio(self, verdict: Verdict, alone: Cell, axis: str) -> Ratio | None:
        """How many times as likely the pair hangs like this as one library alone.

        Over all releases of that library and every Python, because that counts most. A narrower
        comparison decides where it is certain, and no wider one shows that there is no difference.
        """
        if verdict.outcome is not Outcome.HANG:
            return None
        looks = self.looks(verdict, alone, axis)
        found = []
        for look in looks:
            ratio = look.ratio(len(looks))
            if ratio is None or not ratio.times:
                continue
            if ratio.certain:
                return ratio
            found.append(ratio)
            if ratio.between.high <= MARGIN:
                break
        return found[0] if found else None

    def seen_with_releases(self, hang: Verdict, cell: Cell, axis: str) -> Seen:
        """Where the same happens with any release of that axis, on any Python."""
        ways = frozenset(signature for signature, _ in hang.signatures)
        key = family(cell, axis), hang.reason, ways
        if key not in self._seen:
            self._seen[key] = Seen.among(self.rows.with_releases(cell, axis), hang)
        return self._seen[key]

    def _wider(self, cell: Cell, other: Cell, axis: str | None, ways: Ways) -> Sequence[Look]:
        """The comparisons over all releases of the axis, if one is given, and over Pythons."""
        pythons = self._look(
            but_python(cell),
            but_python(other),
            ways,
            lambda: (self.rows.on_pythons(cell), self.rows.on_pythons(other)),
            () if axis is None else (axis,),
            "Pythons",
        )
        if axis is None:
            return [pythons]
        releases = self._look(
            family(cell, axis),
            family(other, axis),
            ways,
            lambda: (self.rows.with_releases(cell, axis), self.rows.with_releases(other, axis)),
            (axis,),
            "releases and Pythons",
        )
        return [releases, pythons]

    def _look(
        self,
        together: Key,
        apart: Key,
        ways: Ways,
        both: Callable[[], tuple[Sequence[Verdict], Sequence[Verdict]]],
        by: Sequence[str],
        of: str,
    ) -> Look:
        key = together, apart, ways
        if key not in self._looks:
            compared = places(*both(), *by, signatures=ways)
            over = f"over {len(compared)} {of}"
            self._looks[key] = Look(places=tuple(compared), over=over)
        return self._looks[key]

    def _with_worse(self, trouble: Verdict) -> Pool:
        """How many cells like it crashed, or did worse than their probe allows."""
        cell = trouble.cell
        families = [
            self._worse_among(
                family(cell, pin.axis), self.rows.with_releases(cell, pin.axis), trouble
            )
            for pin in present(cell)
        ]
        # The cell's own releases are counted in every family.
        again = len(families) - 1
        own = self._worse_among(but_python(cell), self.rows.on_pythons(cell), trouble)
        return Pool(
            hangs=sum(one.hangs for one in families) - again * own.hangs,
            exposures=sum(one.exposures for one in families) - again * own.exposures,
            trials=sum(one.trials for one in families) - again * own.trials,
        )

    def _worse_among(self, key: Key, rows: Sequence[Verdict], trouble: Verdict) -> Pool:
        of = key, trouble.reason, trouble.cause
        if of not in self._worse:
            alike = [row for row in rows if counts(row) or is_alike(row, trouble)]
            self._worse[of] = Pool(
                hangs=sum(is_alike(row, trouble) for row in alike),
                exposures=sum(row.exposures for row in alike),
                trials=sum(row.trials for row in alike),
            )
        return self._worse[of]
