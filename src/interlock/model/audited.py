"""A cell that was inferred, and then run to see whether that was right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from interlock.model.outcome import Outcome
from interlock.model.specification import Cell, digest_of

LONGEST_KEY = 64
"""Characters of a signature or a cause that a row holds as it is."""


def audit_key(text: str) -> str:
    """A signature or a cause in the form of a row: as it is, or by its digest if it is long.

    The key of a key is the key itself.
    """
    line = " ".join(text.split())
    is_short = len(line) <= LONGEST_KEY and line.isprintable()
    return line if is_short else f"#{digest_of(text)[:10]}"


@dataclass(frozen=True, kw_only=True)
class AuditedCell:
    """What was inferred of a cell that an audit drew, and what its trials showed."""

    seed: int
    """Drew the cell. With the same verdicts, it draws the same cells again."""
    day: date
    """When it was drawn, in UTC."""
    cell: Cell
    rule: str
    """The rule that inferred it."""
    inferred: Outcome
    inferred_as: str = ""
    """The ``audit_key`` of the signature or cause; empty for a pass."""
    seen: Outcome | None = None
    """None if it is still to be run."""
    seen_as: str = ""

    @property
    def is_wrong(self) -> bool | None:
        """Whether it came out otherwise. None if it was not run, or its trials prove nothing."""
        if self.seen in (None, Outcome.UNPROVEN):
            return None
        return (self.seen, self.seen_as) != (self.inferred, self.inferred_as)

    @property
    def identity(self) -> tuple[int, date, Cell]:
        """Two rows with the same one are about the same draw."""
        return self.seed, self.day, self.cell
