"""How often a probe hangs with each release and without, by hand-counted examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import grids
import pytest
from grids import LEVEL, cell, matrix, rows, verdict
from packaging.version import Version

from interlock.findings.findings import Findings, ForApplication
from interlock.findings.pools import Pool
from interlock.findings.rates import Rates
from interlock.matrix.definition import Matrix, ProbeUse, Workaround

FORKS = (
    "pair by serve: hang A 6/60; pair on 3.11 by serve: hang A 6/60; "
    "pair 2.0 by serve: hang A 1/50; "
    "left by serve: hang A 1/200; left on 3.11 by serve: hang A 1/200; "
    "left 2.0 by serve: pass 400; right by serve: pass 300; right on 3.11 by serve: pass 300"
)
"""The pair hangs 10 to 20 times as often as left alone; right alone never hangs."""
CALM = Workaround(name="calm", title="calm down", description="", costs="Nothing.", settings={})


def known(workarounds: Mapping[str, tuple[str, ...]] | None = None) -> Matrix:
    use = ProbeUse(choices={"forking": "yes"}, workarounds=workarounds or {})
    made = matrix(uses={"serve": use}, choices={**LEVEL, **grids.forking()})
    return replace(made, workarounds={"calm": CALM})


def forking(text: str, of: Matrix | None = None) -> ForApplication:
    findings = Findings(matrix=of or known(), verdicts=rows(f"pair: pass 500; {text}"))
    return findings.by_application["forking"]


def rates(text: str, of: Matrix | None = None) -> Rates:
    (found,) = forking(text, of).rates
    return found


def test_rates_are_counted_over_what_both_sides_were_run_on() -> None:
    found = rates(FORKS)

    assert found.without == Pool(hangs=2, exposures=800, trials=3)
    assert found.alone == Pool(hangs=0, exposures=600, trials=2)
    (row,) = found.lines
    assert (row.line, row.pool.hangs, row.pool.exposures) == ("1.0.x", 13, 170)
    assert row.ratio is not None
    # Mantel and Haenszel's: 6/60 against 1/200 twice, and 1/50 against 0/400
    expected = (2 * 6 * 200 / 260 + 1 * 400 / 450) / (2 * 1 * 60 / 260)
    assert row.ratio.times == pytest.approx(expected)
    assert row.is_likelier
    # For a single line, the total is the same.
    assert (found.every.line, found.every.pool) == (None, row.pool)
    assert found.every.ratio == row.ratio


def test_the_releases_of_a_line_are_counted_together() -> None:
    served = [
        replace(verdict(cell("1.0", right, probe="serve")), exposures=exposures)
        for right, exposures in (("1.10", 1), ("1.9.1", 20), ("1.9", 300))
    ]
    findings = Findings(matrix=known(), verdicts=[*rows("pair: pass 500"), *served])
    (found,) = findings.by_application["forking"].rates
    assert [(one.line, one.pool.exposures) for one in found.lines] == [
        ("1.9.x", 320),
        ("1.10.x", 1),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FORKS, ("1.0.x",)),
        # as often with the other as without it
        ("pair by serve: hang A 2/200; left by serve: hang A 2/200", None),
        # never, so there is nothing to compare
        ("pair by serve: pass 200; left by serve: pass 200", None),
        # without the other it was not run
        ("pair by serve: hang A 6/60", None),
    ],
)
def test_what_makes_a_hang_certainly_likelier_is_named(
    text: str, expected: tuple[str, ...] | None
) -> None:
    assert rates(text).likelier == expected


def test_workarounds_are_counted_over_all_releases_that_they_were_run_with() -> None:
    tried = "pair+calm by serve: hang A 1/40; pair+calm 2.0 by serve: pass 60"

    found = rates(f"{FORKS}; {tried}", known(workarounds={"stock": ("calm",)}))

    (calm,) = found.workarounds
    assert (calm.way, calm.pool) == (CALM, Pool(hangs=1, exposures=100, trials=2))


def test_a_workaround_that_was_not_run_has_no_rate() -> None:
    assert rates(FORKS, known(workarounds={"stock": ("calm",)})).workarounds == ()


def test_what_hangs_without_any_other_library_is_named_with_all_of_its_runs() -> None:
    (found,) = forking(FORKS).hang_alone()

    assert (found.axis, found.releases, found.every) == ("left", (Version("1.0"),), False)
    assert [(row.hangs, row.exposures) for row in found.rows] == [(1, 200), (1, 200)]


def test_every_release_that_was_run_alone_hangs() -> None:
    (found,) = forking(f"{FORKS}; left 2.0 by serve: hang A 1/300").hang_alone()

    assert found.every


def test_a_library_alone_is_told_by_the_probes_of_that_kind_and_without_workarounds() -> None:
    text = "pair by serve: pass 9; left: hang A 1/9; left+calm by serve: hang A 1/9"

    assert list(forking(text).hang_alone()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FORKS, True),
        ("pair by serve: pass 9; left by serve: hang A 1/9", False),
        ("pair by serve: pass 9; pair in warnings: hang A 1/9", False),
    ],
)
def test_a_kind_of_application_can_hang_where_a_probe_about_it_saw_a_pair_hang(
    text: str, expected: bool
) -> None:
    about = forking(text)

    assert about.can_hang is expected
