"""What a campaign does only once: control cells, classifications, the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from grids import cell
from worlds import (
    KNOWN_HANG,
    LATE_HANG,
    PASSES,
    TESTED,
    Here,
    Stage,
    judged,
    lefts,
    planned,
    results,
)

from interlock.campaign.progress import ControlRan, Judged
from interlock.evidence import classification, judge
from interlock.model import Probe, Trial, Verdict
from interlock.record.ledger import CampaignRecord

# Once, where once is enough -----------------------------------------------------------------------


def test_a_cell_that_is_asked_for_and_is_a_control_is_run_once_and_is_both(stage: Stage) -> None:
    world = stage.world(v0_9="hang")
    events = stage.run(world, cell("1.0"), cell("0.9"), controls=[KNOWN_HANG])
    # It goes first, because the passes rest on it. Its last run measures it a second time.
    assert lefts(world) == "0.9 1.0 0.9"
    assert judged(events) == {"0.9": "hang", "1.0": "pass"}
    assert results(events) == [("hang", True), ("hang", True)]


def test_a_cell_that_is_run_again_and_again_is_no_control_beside(stage: Stage) -> None:
    """Each trial is judged by itself, so none may depend on the one before."""
    rare = replace(KNOWN_HANG, tries=3)
    world = stage.world(v0_9=["pass", "hang"])
    stage.run(world, cell("0.9"), controls=[rare], repeat=2)
    assert lefts(world).startswith("0.9 0.9 0.9 0.9")


EARLY_HANG = LATE_HANG.replace("60", "1")


@pytest.mark.parametrize(
    ("hang", "cells", "order"),
    [
        # a pass with 40 exposures has forty times what the known hang took
        (EARLY_HANG, 4, "0.9 1.0 1.1 1.2 1.3"),
        # more than a quarter of the cells that lie between two rounds
        (EARLY_HANG, 5, "0.9 1.0 1.1 1.2 1.3 1.4 0.9"),
        # and here they are no more than that
        (LATE_HANG.replace("60", "5"), 1, "0.9 1.0 0.9"),
    ],
)
def test_a_control_is_run_at_the_end_where_that_could_show_something(
    stage: Stage, hang: str, cells: int, order: str
) -> None:
    world = stage.world(v0_9=hang, **{f"v1_{n}": PASSES for n in range(cells)})
    run = [cell(f"1.{n}") for n in range(cells)]
    stage.run(world, *run, controls=[KNOWN_HANG], controls_every=16)
    assert lefts(world) == order


def test_a_load_that_grew_brings_the_known_hang_back(stage: Stage) -> None:
    heavier = PASSES.replace("waited 0.5 s", "waited 1.0 s")
    world = stage.world(v0_9=EARLY_HANG, v1_0=PASSES, v1_1=heavier)
    stage.run(world, cell("1.0"), cell("1.1"), controls=[KNOWN_HANG])
    assert lefts(world) == "0.9 1.0 1.1 0.9"


@pytest.mark.parametrize(
    ("needed", "order"), [("1", "0.9 1.0 1.1"), ("5", "0.9 1.0 1.1 0.9")], ids=["ample", "little"]
)
def test_a_hang_to_which_load_does_not_matter_is_brought_back_by_little_to_spare_alone(
    stage: Stage, needed: str, order: str
) -> None:
    unscaled = replace(KNOWN_HANG, scale_by_load=False)
    heavier = PASSES.replace("waited 0.5 s", "waited 1.0 s")
    world = stage.world(v0_9=LATE_HANG.replace("60", needed), v1_0=PASSES, v1_1=heavier)
    stage.run(world, cell("1.0"), cell("1.1"), controls=[unscaled])
    assert lefts(world) == order


def test_a_pass_is_told_once_its_controls_have_given_a_result(stage: Stage) -> None:
    """The pass ends while the known hang runs on the other of two workers."""
    passed = threading.Event()
    world = stage.world()
    kept: list[str] = []

    def hangs_late() -> str:
        assert passed.wait(10)
        return "hang"

    world.acts |= {"0.9": [hangs_late], "1.0": ["pass"], "1.1": [passed.set]}
    with ThreadPoolExecutor(2) as both:
        matrix = replace(TESTED, controls=(KNOWN_HANG,))
        run = replace(stage.campaign(world, both, jobs=2), matrix=matrix)
        cells = (cell("1.0"), cell("1.1"))
        for event in run.run(planned(*cells, controls=[KNOWN_HANG])):
            if isinstance(event, Judged | ControlRan):
                kept.append(type(event).__name__)
    assert kept[:3] == ["ControlRan", "Judged", "Judged"]


# Each once ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [3, 30])
def test_a_trial_is_classified_once_however_long_the_campaign(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    classify, asked = classification.classify, []

    def counting(events: Sequence[object], probe: Probe) -> object:
        asked.append(probe.name)
        return classify(events, probe)  # type: ignore[arg-type]

    monkeypatch.setattr(classification, "classify", counting)
    world = stage.world(v0_9="hang")
    run = [cell(f"1.{n}") for n in range(cells)]
    stage.run(world, *run, controls=[KNOWN_HANG], controls_every=5)
    assert len(asked) == len(world.ran)


def test_what_an_earlier_campaign_ran_is_classified_once_for_all_verdicts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.run(stage.world(v0_9="hang"), cell("1.0"), cell("1.1"), controls=[KNOWN_HANG])
    before = len(list(stage.ledger.trials()))
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    classify, asked = classification.classify, []

    def counting(events: Sequence[object], probe: Probe) -> object:
        asked.append(probe.name)
        return classify(events, probe)  # type: ignore[arg-type]

    monkeypatch.setattr(classification, "classify", counting)
    world = stage.world(v0_9="hang")
    later = Here(world, stage.folder, campaign="d")
    stage.run(world, cell("1.0"), cell("1.1"), controls=[KNOWN_HANG], place=later)
    assert len(asked) <= before + len(world.ran)


def test_a_control_is_judged_once_a_round_of_the_plan_and_not_once_a_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each verdict rests on all trials of a control.

    Judging after each trial would take ever longer in a long campaign.
    """
    decide, judged_trials = judge.decide, []

    def counting(trials: Sequence[Trial], *more: object) -> Verdict:
        judged_trials.append(len(trials))
        return decide(trials, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(judge, "decide", counting)
    world = stage.world(v0_9="hang")
    run = [cell(f"1.{n}") for n in range(20)]
    stage.run(world, *run, controls=[KNOWN_HANG], controls_every=1)
    of_controls = len(world.ran) - len(run)
    assert of_controls >= len(run)
    assert sum(judged_trials) <= len(run) + 2 * of_controls
