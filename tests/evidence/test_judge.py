"""The verdict from all trials of a cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from languages import CELL, PROBE, STORIES, trials
from stories import told_of_child

from interlock.evidence.judge import PRECEDENCE, decide, doubt
from interlock.model import Outcome, Reason


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("pass*3", "pass"),
        ("pass*19 hang", "hang"),
        ("hang pass*19", "hang"),
        ("hang crash error", "hang"),
        #
        ("pass crash pass", "fail"),
        ("slow crash", "fail"),
        ("no-wheel", "unsupported"),
        #
        ("slow", "unproven"),
        ("pass*2 slow", "unproven"),
        ("slow pass", "pass"),
        ("pass slow pass", "pass"),
        ("slow hang pass", "hang"),
        ("not-live*3", "unproven"),
    ],
)
def test_the_first_outcome_of_the_precedence_speaks_for_the_cell(story: str, expected: str) -> None:
    assert str(decide(trials(story), PROBE).outcome) == expected


def test_every_outcome_has_its_place_in_the_precedence() -> None:
    assert sorted(PRECEDENCE) == sorted(Outcome)


def test_a_pass_says_what_rate_its_exposures_rule_out() -> None:
    verdict = decide(trials("pass*3"), PROBE)
    assert verdict.exposures == 120
    # 1 - 0.05 ** (1 / 120) is one in 40.6.
    assert verdict.detail == (
        "3 trials without a hang in 120 worker starts: more than one hang in 41 worker starts is "
        "ruled out at 95 % confidence; no thread was in a deadlock at the end."
    )
    assert (verdict.phase, verdict.reason, verdict.signature) == (None, None, None)


def test_a_pass_rests_on_the_exposures_of_trials_that_passed() -> None:
    verdict = decide(trials("not-live slow pass"), PROBE)
    assert (verdict.trials, verdict.exposures) == (1, 40)
    assert "; 2 trials before that proved nothing." in verdict.detail


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # 40 exposures a pass, where each trial needed 60
        ("pass", ("unproven", 40)),
        ("pass*2", ("pass", 80)),
        ("pass slow pass", ("pass", 80)),
        ("pass hang pass", ("hang", 110)),
        # a trial that did not prove both libraries at work counts no exposures
        ("pass not-live", ("unproven", 80)),
        ("not-live*3", ("unproven", 120)),
        ("slow*3", ("unproven", 90)),
    ],
)
def test_trials_with_too_few_exposures_each_are_parts_of_one(
    story: str, expected: tuple[str, int]
) -> None:
    verdict = decide(trials(story), PROBE, lambda ran: 60)
    assert (str(verdict.outcome), verdict.exposures) == expected


def test_what_stood_to_the_end_is_cleared_by_no_pass() -> None:
    told = told_of_child(20, 24, 30, busy=True)
    passed, again = trials("pass*2")
    slow = replace(passed, events=told, started_at=passed.started_at - timedelta(hours=1))
    verdict = decide([slow, passed, again], PROBE)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNPROVEN, Reason.SLOW)
    assert verdict.detail.startswith("1 of 3 trials proved nothing: no sign of life")


def test_parts_are_measured_by_what_each_trial_needed() -> None:
    needs = iter([80, 100, 80, 50])
    # 40 of 80 and 40 of 100 are 0.9 of what is needed; of 80 and 50 it is 1.3.
    assert decide(trials("pass*2"), PROBE, lambda ran: next(needs)).outcome is Outcome.UNPROVEN
    assert decide(trials("pass*2"), PROBE, lambda ran: next(needs)).outcome is Outcome.PASS


def test_a_cell_keeps_all_its_signatures_and_shows_the_most_frequent() -> None:
    verdict = decide(trials("cycle hang*2 pass"), PROBE)
    assert [(str(s), n) for s, n in verdict.signatures] == [("A → A", 2), ("A → B → A", 1)]
    assert verdict.reason is Reason.SELF_DEADLOCK
    assert (verdict.hangs, verdict.trials, verdict.exposures) == (3, 4, 3 * 30 + 40)
    assert "M waits for A" in verdict.evidence[0]
    # Wilson's interval for 3 of 4.
    assert verdict.detail == (
        "3 of 4 trials hung (30 % to 95 % at 95 % confidence), in serving: A → A."
    )


def test_the_order_of_trials_does_not_change_which_signature_is_shown() -> None:
    one, other = decide(trials("cycle hang"), PROBE), decide(trials("hang cycle"), PROBE)
    assert one.signatures == other.signatures
    assert one.signature == other.signature


@pytest.mark.parametrize(
    ("story", "failed", "cause"),
    [
        ("crash", 1, "SIGSEGV"),
        ("pass error", 1, "TypeError"),
        ("pass*3 crash*2", 2, "SIGSEGV"),
        # the failure that stands for the cell
        ("error crash*2", 3, "SIGSEGV"),
        ("error*2 crash", 3, "TypeError"),
        #
        ("hang crash*2 error", 3, None),
        ("pass*2", 0, None),
        ("pass hang", 0, None),
        ("slow", 0, None),
        ("no-wheel", 0, None),
    ],
)
def test_a_verdict_says_how_many_trials_failed_and_by_what(
    story: str, failed: int, cause: str | None
) -> None:
    verdict = decide(trials(story), PROBE)
    assert (verdict.failed, verdict.cause) == (failed, cause)


def test_a_failure_is_told_with_its_count() -> None:
    assert decide(trials("pass*3 error*2"), PROBE).detail == (
        "2 of 5 trials failed in startup: TypeError: no."
    )


def test_a_verdict_carries_what_the_newest_trial_ran_in() -> None:
    ran = trials("pass*3")
    verdict = decide(list(reversed(ran)), PROBE)
    assert verdict.tested_at == ran[2].started_at
    assert verdict.environment_digest == "e2"
    assert verdict.seconds == 3.0


def test_a_control_that_differs_takes_the_proof_from_a_pass_alone() -> None:
    passed, hung = decide(trials("pass"), PROBE), decide(trials("hang"), PROBE)
    doubted = doubt(passed, "the known hang did not hang tonight.")
    assert (doubted.outcome, doubted.reason) == (Outcome.UNPROVEN, Reason.CONTROL_DIFFERS)
    assert doubted.detail.endswith("the known hang did not hang tonight.")
    assert doubt(hung, "the known hang did not hang tonight.") == hung


def test_trials_of_two_cells_are_refused() -> None:
    one, two = trials("pass*2")
    with pytest.raises(ValueError, match="of one cell"):
        decide([one, replace(two, cell=replace(CELL, config="other"))], PROBE)
    with pytest.raises(ValueError, match="needs trials"):
        decide([], PROBE)


@given(st.lists(st.sampled_from(sorted(STORIES)), min_size=1, max_size=6))
def test_one_proven_hang_makes_the_cell_hang(words: list[str]) -> None:
    verdict = decide(trials(" ".join(words)), PROBE)
    hung = sum(word in ("hang", "cycle") for word in words)
    assert verdict.hangs == hung
    assert (verdict.outcome is Outcome.HANG) == (hung > 0)
    assert sum(count for _, count in verdict.signatures) == hung


@given(st.lists(st.sampled_from(sorted(STORIES)), min_size=1, max_size=6))
def test_a_passing_cell_saw_nothing_go_wrong_and_passed_last(words: list[str]) -> None:
    verdict = decide(trials(" ".join(words)), PROBE)
    clean = {"pass", "slow", "not-live"}
    assert (verdict.outcome is Outcome.PASS) == (set(words) <= clean and words[-1] == "pass")
