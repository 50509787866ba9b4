"""Random inferred pairs, and the share of them that is wrong."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from grids import NOON, cell, matrix, verdict
from release_grids import LETTERS, drawn

from interlock.findings.audit import ErrorRate, draw, rate_of, rates_by_rule, with_results
from interlock.findings.findings import Findings
from interlock.findings.inference import Rule, TrackMap
from interlock.model import AuditedCell, Cell, Outcome, Signature, Verdict

SOME = drawn("1.0.0 1.0.1 1.0.2 1.1.0 1.1.1 1.1.2\n5.0 P . P H . H\n5.1 x x P . . P")
HERE = cell()
OTHERS = drawn("1.0.0 1.0.1 1.0.2\n5.0 P . P\n5.1 P x P")


def spots(maps: list[TrackMap], n: int, seed: int) -> list[tuple[int, tuple[int, int]]]:
    return [(one.track, one.spot) for one in draw(maps, n, seed)]


def test_only_inferred_pairs_are_drawn_and_each_once() -> None:
    assert sorted(spots([SOME, OTHERS], 10, 1)) == [(0, (0, 1)), (0, (0, 4)), (1, (0, 1))]


def test_a_draw_can_be_repeated_with_its_seed() -> None:
    draws = [spots([SOME, OTHERS], 2, seed) for seed in range(20)]
    assert draws == [spots([SOME, OTHERS], 2, seed) for seed in range(20)]
    assert len({*map(tuple, draws)}) > 1


def test_each_inferred_pair_is_as_likely_as_any_other() -> None:
    """Also those of a small map. Chi-squared is above 13.8 in one of 1,000 such tests."""
    counted = Counter(spots([SOME, OTHERS], 1, seed)[0] for seed in range(3000))
    assert len(counted) == 3
    assert sum((seen - 1000) ** 2 / 1000 for seen in counted.values()) < 13.8


def test_nothing_is_drawn_where_nothing_is_inferred() -> None:
    assert draw([drawn("1.0.0 1.1.0\n5.0 P H")], 3, 1) == []
    assert draw([], 3, 1) == []


def row(inferred: str, seen: str | None, rule: Rule = Rule.LINE, of: Cell = HERE) -> AuditedCell:
    """``P`` passes, ``H`` and ``J`` hang in two ways, and so on; None was not run."""
    expected, shown = LETTERS[inferred], LETTERS[seen] if seen else None
    return AuditedCell(
        seed=1,
        day=NOON.date(),
        cell=of,
        rule=rule.value,
        inferred=expected.outcome,
        inferred_as=expected.key,
        seen=shown and shown.outcome,
        seen_as=shown.key if shown else "",
    )


def test_what_came_out_otherwise_is_wrong_and_what_proved_nothing_is_left_out() -> None:
    rows = [row(*pair) for pair in ["PP", "PH", "HJ", "HH", "FE", "P?", "P-"]]
    assert rate_of([*rows, row("P", None)]) == ErrorRate(wrong=4, run=6, unproven=1)


def test_the_rule_that_misleads_is_named() -> None:
    found = rates_by_rule(
        [
            row("P", "H", Rule.BOX),
            row("P", "P", Rule.BOX),
            row("P", "P", Rule.LINE),
            row("P", None, Rule.REFERENCE),
        ]
    )
    assert {rule: (rate.wrong, rate.run) for rule, rate in found.items()} == {
        Rule.LINE: (0, 1),
        Rule.BOX: (1, 2),
    }


def test_findings_state_the_error_rate_by_probe() -> None:
    audited = [
        row("P", "H", Rule.BOX),
        row("P", "P", Rule.LINE),
        row("P", "P", of=cell(probe="serve")),
        row("P", None, of=cell(probe="alone")),
    ]
    found = Findings(matrix=matrix(), verdicts=[], audited=audited)
    assert found.audits == {
        "restart": ErrorRate(wrong=1, run=2),
        "serve": ErrorRate(wrong=0, run=1),
    }
    assert Findings(matrix=matrix(), verdicts=[]).audits == {}


# Results of drawn cells ---------------------------------------------------------------------------

WITHIN = timedelta(days=7)
A, B = Signature(locks=("A.lock",)), Signature(locks=("B.lock",))


def hung(*seen: Signature, of: Cell = HERE, days: int = 0) -> Verdict:
    return verdict(
        of,
        "hang",
        hangs=len(seen),
        trials=len(seen),
        signatures=tuple((one, 1) for one in seen),
        tested_at=NOON + timedelta(days=days),
    )


OPEN = AuditedCell(
    seed=1,
    day=NOON.date(),
    cell=HERE,
    rule="line",
    inferred=Outcome.HANG,
    inferred_as=str(B),
)


def filled(*verdicts: Verdict, of: AuditedCell = OPEN) -> AuditedCell:
    (found,) = with_results([of], verdicts, WITHIN)
    return found


def test_a_drawn_cell_gets_the_result_of_its_verdict() -> None:
    assert filled(verdict(cell("2.0"))) == OPEN
    assert filled(verdict(HERE, "pass")).is_wrong is True
    assert filled(hung(B)).is_wrong is False
    assert filled(hung(A)).is_wrong is True


def test_a_hang_that_another_cell_has_shown_to_be_the_same_is_not_wrong() -> None:
    found = filled(hung(A), hung(A, B, of=cell("2.0")))
    assert (found.is_wrong, found.inferred_as) == (False, found.seen_as)


def test_a_result_is_changed_only_by_trials_of_its_time() -> None:
    passed = filled(verdict(HERE, "pass"))
    assert filled(hung(B, days=3), of=passed).is_wrong is False
    assert filled(hung(B, days=30), of=passed) == passed
    assert filled(hung(B, days=-3), of=passed) == passed
    assert filled(hung(B, days=30)).is_wrong is False


@pytest.mark.parametrize(
    ("wrong", "run", "low", "high"),
    [
        # quantiles of the beta distribution at 2.5 % and 97.5 %
        (0, 300, 0.0, 0.0122),
        (3, 300, 0.00207, 0.02894),
        (0, 0, 0.0, 1.0),
    ],
)
def test_an_error_rate_has_its_exact_interval(
    wrong: int, run: int, low: float, high: float
) -> None:
    found = ErrorRate(wrong=wrong, run=run).interval
    assert found == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("share", [0.004, 0.02, 0.1])
def test_the_interval_covers_the_true_share_of_errors(share: float) -> None:
    """In at least 95 of 100 audits; 1,000 of them fall below 93.3 % by chance in 1 of 100."""
    size = 5000
    wrong = set(range(round(size * share)))
    covered = 0
    for seed in range(1000):
        audited = random.Random(seed).sample(range(size), 300)
        found = ErrorRate.of(each in wrong for each in audited)
        low, high = found.interval
        covered += low <= share <= high
    assert covered >= 933
