"""Each part of the findings is computed once, and no step rereads all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from grids import LEVEL, cell, forking, grid, matrix, rows, verdict

from interlock.findings import attribution, comparison
from interlock.findings.attribution import Attribution
from interlock.findings.findings import Findings
from interlock.findings.weighing import Combinations
from interlock.matrix.definition import Matrix, ProbeUse
from interlock.matrix.policy import Policy, Required
from interlock.model import Outcome, Reason, Signature, Verdict


def known() -> Matrix:
    return matrix(
        uses={"serve": ProbeUse(choices={"forking": "yes"})},
        choices={**LEVEL, **forking()},
    )


def read_all(findings: Findings) -> None:
    """Everything that a site build takes."""
    dict(findings.attributions)
    for about in findings.by_application.values():
        _ = about.pairs, about.by_combination, about.recommendations, about.advice
    _ = findings.by_cell, findings.by_track, findings.windows, findings.workaround_records


def test_whose_a_trouble_is_is_worked_out_once_for_every_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out: Counter[tuple[str, ...]] = Counter()
    attributed = attribution._attribution

    def counted(of: Verdict, *rest: Any) -> Attribution:
        worked_out[of.cell.key] += 1
        return attributed(of, *rest)

    monkeypatch.setattr(attribution, "_attribution", counted)
    verdicts = rows(
        "pair: hang A 3/90; pair+way: hang A 1/20; pair by serve: fail crash SIGSEGV; "
        "left: hang A 1/400; left on 3.11: pass 300; right: pass 500"
    )
    read_all(Findings(matrix=known(), verdicts=verdicts))

    troubled = [v for v in verdicts if v.outcome in (Outcome.HANG, Outcome.FAIL)]
    assert worked_out == {v.cell.key: 1 for v in troubled}


def hanging(releases: int) -> list[Verdict]:
    """Each pair of that many releases hangs in the same way, and so does left alone."""
    seen = {
        "signatures": ((Signature(locks=("A",)), 1),),
        "reason": Reason.SELF_DEADLOCK,
    }
    names = [f"1.{number}" for number in range(releases)]
    return [
        *(verdict(cell(left, right), "hang", **seen) for left in names for right in names),
        *(verdict(cell(left, "-"), "hang", **seen, exposures=4000) for left in names),
        *(verdict(cell("-", right), exposures=4000) for right in names),
    ]


def test_the_rows_of_a_family_are_pooled_once_not_once_a_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = comparison.places
    pooled: list[int] = []

    def counted(one: Sequence[Verdict], other: Sequence[Verdict], *of: str, **more: Any) -> Any:
        pooled.append(len(one) + len(other))
        return compared(one, other, *of, **more)

    monkeypatch.setattr(comparison, "places", counted)
    totals = []
    for releases in (6, 12):
        pooled.clear()
        read_all(Findings(matrix=matrix(), verdicts=hanging(releases)))
        totals.append(sum(pooled))

    small, large = totals
    assert 0 < large <= 4 * small  # of four times the pairs


def test_a_combination_is_weighed_once_for_each_of_its_uses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weighed: Counter[tuple[int, str, str]] = Counter()
    weight = Combinations._weight

    def counted(self: Combinations, here: Any, track: tuple[str, str]) -> Any:
        weighed[(id(here), *track)] += 1
        return weight(self, here, track)

    monkeypatch.setattr(Combinations, "_weight", counted)
    read_all(Findings(matrix=matrix(), verdicts=hanging(5)))

    assert len(weighed) == 25
    assert set(weighed.values()) == {1}


def test_findings_of_nothing_are_nothing() -> None:
    findings = Findings(matrix=known(), verdicts=[])
    read_all(findings)
    about = findings.by_application["forking"]
    assert (dict(findings.attributions), about.pairs, dict(about.advice)) == ({}, (), {})


def test_releases_pass_in_a_configuration_with_as_many_trials_as_the_policy_asks() -> None:
    verdicts = [verdict(cell(probe=probe), trials=2) for probe in ("restart", "serve")]
    of = cell().pins, cell().python, "stock"

    def passes(least: int) -> bool:
        policy = Policy(prefer=("right", "left"), least_trials=least)
        findings = Findings(matrix=matrix(policy=policy), verdicts=verdicts)
        return findings.by_application[None].passes(*of)

    assert (passes(2), passes(3)) == (True, False)


def test_a_release_that_is_not_tested_enough_ends_no_window_of_hanging_releases() -> None:
    restart = replace(matrix().probes["restart"], configs=("stock",))
    two = Policy(prefer=("right", "left"), safe=Required(partners=2))
    one_probe = matrix(probes={"restart": restart}, policy=two)
    windows = [
        [
            f"{window.first}-{window.last}"
            for window in Findings(matrix=one_probe, verdicts=grid(text))
            .by_application[None]
            .hanging("right")
        ]
        for text in (
            "     1.0  2.0  3.0\n1.0  hang pass hang\n1.1  hang pass hang",
            "     1.0  2.0  3.0\n1.0  hang pass hang\n1.1  hang .    hang",
        )
    ]

    assert windows == [["1.0-1.0", "3.0-3.0"], ["1.0-3.0"]]


def test_the_advice_on_one_combination_is_what_the_advice_on_all_has_for_it() -> None:
    verdicts = grid("""
                    1.0   2.0
             1.0    hang  pass
             2.0    pass  hang
    """)
    about = Findings(matrix=matrix(), verdicts=verdicts).by_application[None]
    each = {v.cell: about.advice_on(v.cell.pins, v.cell.python) for v in verdicts}
    expected = {v.cell: about.advice.get((v.cell.pins, v.cell.python, None)) for v in verdicts}
    assert each == expected
    assert sum(advice is not None for advice in each.values()) == 2
