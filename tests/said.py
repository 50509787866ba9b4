"""The findings on a few verdicts, in the words that tests expect."""

from __future__ import annotations

from collections.abc import Iterable

from grids import AXES, cell, rows

from interlock.findings.advice import Advice, Move, advise
from interlock.findings.attribution import Attribution, attribute
from interlock.findings.criteria import EVERYTHING, Criteria
from interlock.findings.standing import Recommendation
from interlock.findings.weighing import Combinations, Excluded
from interlock.matrix.policy import Policy
from interlock.model import NoTarget, Target, Verdict

POLICY = Policy(prefer=("right", "left"), least_trials=1)


def found(text: str, who: str = "pair", config: str = "stock") -> Attribution | None:
    left, right = {"pair": ("1.0", "1.0"), "left": ("1.0", "-")}[who]
    return attribute(rows(text)).get(cell(left, right, config=config).key)


def whose(text: str, **of: str) -> str:
    attribution = found(text, **of)
    return attribution.whose if attribution else "nobody's"


def weighed(
    verdicts: Iterable[Verdict],
    policy: Policy = POLICY,
    excluded: Excluded | None = None,
    criteria: Criteria = EVERYTHING,
) -> Combinations:
    verdicts = list(verdicts)
    return Combinations(verdicts, attribute(verdicts), policy, excluded, criteria)


def advice(
    verdicts: Iterable[Verdict], left: str = "1.0", right: str = "1.0", config: str | None = None
) -> Advice:
    pins = cell(left, right).pins
    (found,) = [a for a in advise(weighed(verdicts), AXES) if (a.pins, a.config) == (pins, config)]
    return found


def says(move: Move) -> str:
    """``"right 1.2, newest 2.0"``, or the reason why there is none."""
    if isinstance(move.nearest, NoTarget):
        return move.nearest.reason
    assert isinstance(move.newest, Target)
    return f"{move.axis} {move.nearest.version}, newest {move.newest.version}"


def table(found: Recommendation) -> list[str]:
    """A line a release, with the result on each Python."""
    return [
        f"{s.version}: passes {' '.join(map(str, s.passes)) or '-'}; "
        f"breaks {' '.join(map(str, s.breaks)) or '-'}; "
        f"unproven {' '.join(map(str, s.unproven)) or '-'}; {'safe' if s.is_safe else 'not safe'}"
        for s in found.standings
    ]
