"""The loop and its controls: when they run, and how they change passes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from grids import cell
from worlds import (
    KNOWN_HANG,
    LATE_HANG,
    PASSES,
    PROBES,
    RESTART,
    TESTED,
    Act,
    Here,
    Stage,
    following,
    judged,
    left_open,
    lefts,
    planned,
    results,
)

from interlock.campaign.controls import ControlResults
from interlock.campaign.progress import (
    ControlRan,
    Judged,
    Withdrawn,
)
from interlock.campaign.verdicts import control_results_in, verdict_of
from interlock.matrix.definition import Control, Rounds
from interlock.model import (
    Outcome,
    Reason,
    TroubleError,
)
from interlock.record.ledger import CampaignRecord

# Controls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "order"),
    [
        (100, "0.9 1.0 1.1 1.2 1.3 0.9"),
        (2, "0.9 1.0 1.1 0.9 1.2 1.3 0.9"),
        (1, "0.9 1.0 0.9 1.1 0.9 1.2 0.9 1.3 0.9"),
    ],
)
def test_controls_are_run_at_both_ends_and_after_every_so_many_cells(
    stage: Stage, every: int, order: str
) -> None:
    world = stage.world(v0_9="hang")
    cells = [cell(f"1.{number}") for number in range(4)]
    stage.run(world, *cells, controls=[KNOWN_HANG], controls_every=every)
    assert lefts(world) == order


def test_a_control_that_takes_long_is_run_at_both_ends_only(stage: Stage) -> None:
    world = stage.world(v0_9="hang")
    long = replace(KNOWN_HANG, rounds=Rounds.ENDS)
    cells = [cell(f"1.{number}") for number in range(4)]
    stage.run(world, *cells, controls=[long], controls_every=1)
    assert lefts(world) == "0.9 1.0 1.1 1.2 1.3 0.9"


def test_the_end_is_behind_what_follows(stage: Stage) -> None:
    world = stage.world(v0_9="hang")
    follow, _ = following(planned(cell("1.1"), controls=[KNOWN_HANG]))
    stage.run(world, cell("1.0"), follow=follow, controls=[KNOWN_HANG])
    assert lefts(world) == "0.9 1.0 1.1 0.9"


def test_what_has_to_be_alone_has_its_controls_beside_it(stage: Stage) -> None:
    serving = Control(cell=cell("0.8", probe="serve"), expect=Outcome.PASS)
    world = stage.world(v0_9="hang")
    cells = [cell("1.0"), cell("1.1", probe="serve")]
    stage.run(world, *cells, controls=[KNOWN_HANG, serving])
    assert lefts(world) == "0.9 1.0 0.8 1.1 0.9"


def test_each_round_of_a_control_is_an_answer(stage: Stage) -> None:
    events = stage.run(stage.world(v0_9=["hang", "pass"]), cell("1.0"), controls=[KNOWN_HANG])
    assert results(events) == [("hang", True), ("pass", False)]


def test_a_control_with_several_tries_is_over_with_the_known_answer(stage: Stage) -> None:
    rare = replace(KNOWN_HANG, tries=3)
    world = stage.world(v0_9=["pass", "hang", "hang"])
    events = stage.run(world, cell("1.0"), controls=[rare])
    # The known hang took two trials, so a pass needs as much.
    assert lefts(world) == "0.9 0.9 1.0 1.0 0.9"
    assert results(events) == [("hang", True), ("hang", True)]
    assert judged(events) == {"1.0": "pass"}


@pytest.mark.parametrize(
    ("control", "others", "outcome", "withdrawn"),
    [
        ("hang", "pass", "pass", []),
        # known before it is judged, or only at the end
        ("pass", "pass", "unproven", []),
        (["hang", "pass"], "pass", "pass", ["unproven"]),
        # a hang that was seen stays a hang
        ("pass", "hang", "hang", []),
    ],
)
def test_passes_prove_nothing_where_a_control_gave_another_answer(
    stage: Stage, control: Act | list[Act], others: Act, outcome: str, withdrawn: list[str]
) -> None:
    events = stage.run(stage.world(v0_9=control, v1_0=others), cell("1.0"), controls=[KNOWN_HANG])
    assert judged(events) == {"1.0": outcome}
    assert [str(e.verdict.outcome) for e in events if isinstance(e, Withdrawn)] == withdrawn
    kept = {v.cell: str(v.outcome) for v in stage.ledger.verdicts()}
    assert kept[cell("1.0")] == (withdrawn[0] if withdrawn else outcome)


def test_a_stopped_run_withdraws_what_its_controls_speak_against(stage: Stage) -> None:
    world = stage.world(v0_9=["hang", "pass"])
    matrix = replace(TESTED, controls=(KNOWN_HANG,), controls_every=1)
    campaign = replace(stage.campaign(world), matrix=matrix)
    cells = [cell(f"1.{number}") for number in range(4)]
    with closing(campaign.run(planned(*cells, controls=[KNOWN_HANG]))) as events:
        next(e for e in events if isinstance(e, Judged) and e.cell == cell("1.0"))
        next(e for e in events if isinstance(e, ControlRan))
    kept = {v.cell: v.reason for v in stage.ledger.verdicts()}
    assert kept[cell("1.0")] is Reason.CONTROL_DIFFERS


def test_a_control_speaks_for_its_own_campaign_alone(stage: Stage) -> None:
    stage.run(stage.world(v0_9="pass"), cell("1.1"), controls=[KNOWN_HANG])
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    world = stage.world()
    later = Here(world, stage.folder, campaign="d")
    assert judged(stage.run(world, cell("1.0"), place=later)) == {"1.0": "pass"}


def test_a_pass_stands_on_the_campaign_in_which_no_control_differs(stage: Stage) -> None:
    """The cell passed in the earlier campaign, which saw hangs.

    The later campaign proves nothing.
    """
    stage.run(stage.world(v0_9="hang"), cell("1.0"), controls=[KNOWN_HANG])
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    world = stage.world(v0_9="pass")
    later = Here(world, stage.folder, campaign="d")
    events = stage.run(world, cell("1.0"), controls=[KNOWN_HANG], place=later)
    assert judged(events) == {"1.0": "pass"}
    matrix = replace(TESTED, controls=(KNOWN_HANG,))
    told = ControlResults(matrix, control_results_in(stage.ledger, matrix))
    verdict = verdict_of(stage.ledger, cell("1.0"), probe=RESTART, controls=told)
    assert (str(verdict.outcome), verdict.trials) == ("pass", 1)


def test_a_control_that_trouble_kept_from_running_says_nothing(stage: Stage) -> None:
    world = stage.world(v0_9=TroubleError("no"))
    events = stage.run(world, cell("1.0"), controls=[KNOWN_HANG])
    assert judged(events) == {"1.0": "pass"}
    assert [cells for cells, _ in left_open(events)] == [["0.9"], ["0.9"]]


# How busy the machine was -------------------------------------------------------------------------

RAISED = replace(
    TESTED,
    probes={
        **PROBES,
        "restart": replace(RESTART, exposure_knob="starts", most_exposures=1000),
    },
)


def test_a_pass_with_fewer_exposures_than_the_known_hang_needed_is_run_with_more(
    stage: Stage,
) -> None:
    world = stage.world(v0_9=LATE_HANG, v1_0=PASSES)
    matrix = replace(RAISED, controls=(KNOWN_HANG,))
    campaign = replace(stage.campaign(world), matrix=matrix)
    events = list(campaign.run(planned(cell("1.0"), controls=[KNOWN_HANG])))
    assert lefts(world) == "0.9 1.0 1.0 0.9"
    assert [knobs["starts"] for knobs in world.knobs] == [40, 40, 75, 40]
    (verdict,) = [event.verdict for event in events if isinstance(event, Judged)]
    assert (str(verdict.outcome), verdict.exposures, verdict.trials) == ("pass", 75, 1)


@pytest.mark.parametrize(
    ("needed", "expected"),
    # 40 exposures a trial, three trials at most
    [(60, ("pass", 80, 2)), (120, ("pass", 120, 3)), (121, ("unproven", 120, 3))],
)
def test_trials_that_can_not_have_more_exposures_count_together(
    stage: Stage, needed: int, expected: tuple[str, int, int]
) -> None:
    world = stage.world(v0_9=LATE_HANG.replace("60", str(needed)), v1_0=PASSES)
    matrix = replace(RAISED, controls=(KNOWN_HANG,), probes={"restart": PROBES["restart"]})
    campaign = replace(stage.campaign(world), matrix=matrix)
    events = list(campaign.run(planned(cell("1.0"), controls=[KNOWN_HANG])))
    (verdict,) = [event.verdict for event in events if isinstance(event, Judged)]
    assert (str(verdict.outcome), verdict.exposures, verdict.trials) == expected
    if expected[0] == "unproven":
        assert verdict.reason is Reason.TOO_FEW_EXPOSURES


def test_what_the_controls_of_the_end_show_to_be_too_few_is_run_once_more(stage: Stage) -> None:
    early = LATE_HANG.replace("60", "10")
    world = stage.world(v0_9=[early, LATE_HANG], v1_0=PASSES)
    matrix = replace(RAISED, controls=(KNOWN_HANG,))
    campaign = replace(stage.campaign(world), matrix=matrix)
    events = list(campaign.run(planned(cell("1.0"), controls=[KNOWN_HANG])))
    told = [
        (type(event).__name__, str(event.verdict.outcome), event.verdict.exposures)
        for event in events
        if isinstance(event, Judged | Withdrawn)
    ]
    assert told == [("Judged", "pass", 40), ("Withdrawn", "unproven", 40), ("Judged", "pass", 155)]
    assert lefts(world) == "0.9 1.0 0.9 1.0 1.0 0.9"
