"""Which verdicts concern a situation, and what follows from them.

Two choices, each ``off`` or ``on``, both off by default. A situation is written by what is on:
``-`` for nothing, ``a``, ``b``, ``ab``. ``"restart a: hang"`` is the verdict of a probe there, and
``restart a`` alone is a cell that is meant to run.
"""

from __future__ import annotations

import itertools

import pytest
from grids import cell, choice, verdict
from hypothesis import given, strategies as st

from interlock.findings.situation import Asked, Seen, concerns, conclude
from interlock.matrix.situations import Situation
from interlock.model import Outcome, Reason

CHOICES = {name: choice(name, "off: not", "on: so") for name in "abc"}
SITUATIONS = ["-", "a", "b", "ab", "c", "ac", "bc", "abc"]
OUTCOMES = ["pass", "hang", "fail", "unproven", "lacks", "no-wheel"]


def situation(on: str) -> Situation:
    return Situation.of(CHOICES, {name: "on" for name in on if name != "-"})


def seen(text: str) -> Seen:
    where, _, outcome = text.partition(": ")
    probe, on = where.split()
    of = cell(probe=probe, config=on)
    reasons = {"lacks": Reason.NO_FEATURE, "no-wheel": Reason.NO_WHEEL}
    if outcome in reasons:
        return Seen(
            verdict=verdict(of, "unsupported", reason=reasons[outcome]), situation=situation(on)
        )
    return Seen(verdict=verdict(of, outcome), situation=situation(on))


def meant(text: str) -> list[Asked]:
    found = []
    for where in text.split(", ") if text else ():
        probe, on = where.split()
        found.append(Asked(cell=cell(probe=probe, config=on), situation=situation(on)))
    return found


@pytest.mark.parametrize(
    ("said", "yes", "no"),
    [
        # a hang or a failure: whoever has at least that switched on
        ("restart -: hang", "- a b ab", ""),
        ("restart a: hang", "a ab", "- b"),
        ("restart a: fail", "a ab", "- b"),
        ("restart ab: hang", "ab", "- a b"),
        # a pass: whoever has at most that switched on
        ("restart -: pass", "-", "a b ab"),
        ("restart a: pass", "- a", "b ab"),
        ("restart ab: pass", "- a b ab", ""),
        # a feature that the release lacks: whoever would switch it on
        ("restart a: lacks", "a ab", "- b"),
        # an unproven cell concerns no other situation, a decision of the index all
        ("restart a: unproven", "a", "- b ab"),
        ("restart a: no-wheel", "- a b ab", ""),
    ],
)
def test_whom_a_verdict_concerns(said: str, yes: str, no: str) -> None:
    for on in (*yes.split(), *no.split()):
        assert concerns(seen(said), situation(on)) is (on in yes.split()), on


RULES = [
    # situation, planned cells, verdicts => result
    ("-", "restart -", "restart -: pass", "pass tested"),
    ("-", "restart -", "restart -: hang", "hang tested"),
    ("-", "restart -", "restart -: unproven", "unproven tested"),
    ("-", "restart -", "restart -: no-wheel", "unsupported index"),
    ("-", "restart -", "", "None unknown, restart -"),
    ("-", "", "", "None unknown"),
    # a hang with more switched on is none with less, and a pass with more is one
    ("-", "restart -, restart a", "restart -: pass; restart a: hang", "pass tested"),
    ("-", "restart -, restart a", "restart a: pass", "pass tested"),
    ("-", "restart a", "restart a: hang", "None unknown, restart a"),
    # a hang with less switched on is one with more, whatever passed there
    ("a", "restart -, restart a", "restart -: hang; restart a: pass", "hang tested"),
    ("a", "restart -, serve a", "restart -: fail; serve a: hang", "hang tested"),
    # a pass with less switched on is none with more
    ("a", "restart -", "restart -: pass", "None unknown"),
    ("ab", "restart a, restart b", "restart a: pass; restart b: pass", "None unknown"),
    ("ab", "restart a, restart b", "restart a: pass; restart b: hang", "hang tested"),
    # every probe that was meant for it has to pass
    ("-", "restart -, serve -", "restart -: pass", "None unknown, serve -"),
    ("-", "restart -, serve -", "restart -: pass; serve -: unproven", "unproven tested"),
    ("-", "restart -, serve a", "restart -: pass", "pass tested"),
    # situations with less switched on must run too, because they may hang
    ("a", "restart -, logs a", "logs a: pass", "None unknown, restart -"),
    ("a", "restart -, logs a", "restart -: pass; logs a: pass", "pass tested"),
    ("a", "restart -, logs a", "restart -: pass; logs a: lacks", "unsupported tested"),
    ("a", "restart a, logs a", "restart a: pass; logs a: lacks", "pass tested"),
    # between two that were run: the next with all of it switched on decides
    ("b", "restart -, restart ab", "restart -: pass; restart ab: pass", "pass tested"),
    ("b", "restart -, restart ab", "restart -: pass; restart ab: hang", "None unknown, restart ab"),
    # a workaround that switches something off was run as well, and is meant nowhere
    (
        "b",
        "restart -, restart ab",
        "restart -: pass; restart ab: hang; restart b: pass",
        "pass tested",
    ),
]


@pytest.mark.parametrize(("asked", "cells", "said", "expected"), RULES)
def test_what_the_verdicts_come_to(asked: str, cells: str, said: str, expected: str) -> None:
    rows = [seen(one) for one in said.split("; ") if one]
    found = conclude(situation(asked), rows, meant(cells))
    missing = [f", {one.probe} {one.config}" for one in found.missing]
    outcome = str(found.outcome) if found.outcome else "None"
    assert f"{outcome} {found.basis}{''.join(missing)}" == expected


def test_what_is_missing_where_it_hangs_with_more_is_the_very_situation() -> None:
    rows = [seen("restart -: pass"), seen("restart ab: hang")]
    exact = {"restart": "ab+quiet"}
    found = conclude(situation("b"), rows, meant("restart -, restart ab"), exact)
    assert [one.config for one in found.missing] == ["ab+quiet"]


def test_an_answer_rests_on_the_nearest_verdict_of_each_probe() -> None:
    rows = [seen(f"restart {on}: pass") for on in ("-", "a", "ab")] + [seen("serve -: pass")]
    found = conclude(situation("a"), rows, meant("restart -, restart a, serve -"))
    listed = [(s.verdict.cell.probe, s.verdict.cell.config) for s in found.rests_on]
    # that serve passes with less switched on says nothing, but it had to be run
    assert listed == [("restart", "a")]
    hung = [seen("restart -: hang"), seen("restart a: hang"), seen("serve -: hang")]
    found = conclude(situation("a"), hung, meant("restart -, restart a, serve -"))
    assert [(s.verdict.cell.probe, s.verdict.cell.config) for s in found.rests_on] == [
        ("restart", "a"),
        ("serve", "-"),
    ]


# Properties: whatever was run, and whatever was meant to be run ---------------------------------

PROBES = ["restart", "serve"]
CELLS = [f"{probe} {on}" for probe, on in itertools.product(PROBES, SITUATIONS)]
worlds = st.dictionaries(st.sampled_from(CELLS), st.sampled_from(OUTCOMES)).map(
    lambda said: [seen(f"{where}: {outcome}") for where, outcome in said.items()]
)
plans = st.sets(st.sampled_from(CELLS)).map(lambda cells: meant(", ".join(sorted(cells))))
asked = st.sampled_from(SITUATIONS).map(situation)
TROUBLE = (Outcome.HANG, Outcome.FAIL)


@given(worlds, plans, asked, asked)
def test_switching_more_on_never_loses_a_hang(
    rows: list[Seen], plan: list[Asked], less: Situation, more: Situation
) -> None:
    before, after = conclude(less, rows, plan).outcome, conclude(more, rows, plan).outcome
    if less <= more and before is Outcome.HANG:
        assert after is Outcome.HANG
    if less <= more and before is Outcome.FAIL:
        assert after in TROUBLE


@given(worlds, plans, asked, st.data())
def test_removing_a_verdict_that_is_no_hang_never_makes_a_pass(
    rows: list[Seen], plan: list[Asked], of: Situation, data: st.DataObject
) -> None:
    if not rows or conclude(of, rows, plan).outcome is Outcome.PASS:
        return
    gone = data.draw(st.sampled_from(rows))
    left = [one for one in rows if one is not gone]
    if not gone.is_trouble:
        assert conclude(of, left, plan).outcome is not Outcome.PASS


@given(worlds, plans, asked)
def test_a_pass_rests_on_a_pass_with_all_of_it_switched_on_and_on_no_hang_below(
    rows: list[Seen], plan: list[Asked], of: Situation
) -> None:
    if conclude(of, rows, plan).outcome is Outcome.PASS:
        assert any(s.verdict.outcome is Outcome.PASS and of <= s.situation for s in rows)
        assert not any(s.is_trouble and s.situation <= of for s in rows)
        run = {(s.verdict.cell.probe, s.verdict.cell.config) for s in rows}
        below = [one.cell for one in plan if one.situation <= of]
        passed = [s for s in rows if s.verdict.outcome is Outcome.PASS]
        for one in below:
            covered = (
                p.verdict.cell.probe == one.probe and situation(one.config) <= p.situation
                for p in passed
            )
            assert (one.probe, one.config) in run or any(covered)


@given(worlds, plans, asked, st.sampled_from(CELLS))
def test_meaning_to_run_more_of_what_is_below_never_makes_a_pass(
    rows: list[Seen], plan: list[Asked], of: Situation, more: str
) -> None:
    (extra,) = meant(more)
    if extra.situation <= of and extra.situation != of:
        before = conclude(of, rows, plan).outcome
        after = conclude(of, rows, [*plan, extra]).outcome
        assert before is Outcome.PASS or after is not Outcome.PASS


@given(worlds, plans, asked)
def test_what_is_not_known_says_so(rows: list[Seen], plan: list[Asked], of: Situation) -> None:
    found = conclude(of, rows, plan)
    assert (found.outcome is None) == (str(found.basis) == "unknown")
