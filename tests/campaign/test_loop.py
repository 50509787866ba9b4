"""The loop: what runs, is recorded, judged and followed up, and how it ends."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from grids import NOON, cell
from worlds import (
    RESTART,
    TRIALS,
    Act,
    Stage,
    following,
    judged,
    planned,
)

from interlock.campaign.jobs import Installing, Kept, Probing
from interlock.campaign.progress import (
    Judged,
    Planned,
)
from interlock.campaign.verdicts import verdict_of
from interlock.isolation.environments import InstallFailed
from interlock.matrix.definition import Trials
from interlock.model import (
    Outcome,
    Phase,
    Reason,
    TroubleError,
    Unsupported,
)

# What is recorded ---------------------------------------------------------------------------------


def test_every_cell_is_run_judged_and_remembered(stage: Stage) -> None:
    world = stage.world(v1_0="pass", v1_1="hang")
    events = stage.run(world, cell("1.0"), cell("1.1"))
    assert judged(events) == {"1.0": "pass", "1.1": "hang"}
    assert [v.outcome for v in stage.ledger.verdicts()] == [Outcome.PASS, Outcome.HANG]


def test_a_trial_is_on_disk_before_its_verdict_is_told(stage: Stage) -> None:
    with closing(stage.campaign(stage.world()).run(planned(cell("1.0"), cell("1.1")))) as events:
        next(event for event in events if isinstance(event, Judged))
        assert len(list(stage.ledger.trials(cell("1.0")))) == 1


@pytest.mark.parametrize(
    ("jobs", "there_already", "prepared"),
    [
        (2, ["1.2", "1.3", "1.4"], ["1.2", "1.3", "1.4"]),
        # Nothing is installed early.
        (2, ["1.3"], ["1.3"]),
        (2, [], []),
        # Nothing runs beside the only job.
        (1, ["1.2", "1.3", "1.4"], []),
    ],
)
def test_what_runs_next_is_got_ready_while_others_run(
    stage: Stage, jobs: int, there_already: list[str], prepared: list[str]
) -> None:
    def waits() -> None:
        while len(world.prepared) < min(2, len(prepared)):
            time.sleep(0.001)

    world = stage.world(v1_0=waits, v1_1=waits)
    world.there_already = there_already
    with ThreadPoolExecutor(jobs) as executor:
        cells = [cell(f"1.{number}") for number in range(5)]
        events = stage.run(world, *cells, executor=executor, jobs=jobs, ahead=True)
    assert judged(events) == {f"1.{number}": "pass" for number in range(5)}
    assert world.prepared == prepared


def test_trouble_of_getting_ready_is_left_to_the_job(stage: Stage) -> None:
    world = stage.world(v1_2=[TroubleError("the engine hiccuped"), "pass"])
    world.there_already = ["1.2"]
    world.prepare = lambda command: world.prepared.append("tried") or 1 / 0  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as executor:
        cells = [cell(f"1.{number}") for number in range(3)]
        events = stage.run(world, *cells, executor=executor, jobs=2, ahead=True)
    assert judged(events) == {"1.0": "pass", "1.1": "pass", "1.2": "pass"}
    assert "tried" in world.prepared


def test_cells_of_one_combination_share_one_installation(stage: Stage) -> None:
    world = stage.world()
    stage.run(world, cell("1.0", config="stock"), cell("1.0", config="warnings"))
    assert world.installed == ["1.0 3.10"]
    assert world.ran == ["1.0 3.10 stock", "1.0 3.10 warnings"]


def test_what_the_index_alone_decides_is_recorded_and_not_run(stage: Stage) -> None:
    world = stage.world()
    why = Unsupported(phase=Phase.INSTALL, reason=Reason.NO_WHEEL, detail="no wheel for 3.10")
    events = stage.run(world, cell("1.0"), unsupported={cell("1.0"): why})
    assert judged(events) == {"1.0": "unsupported"}
    assert (world.installed, world.ran) == ([], [])


def test_what_does_not_install_is_a_failure_of_every_cell_that_needs_it(stage: Stage) -> None:
    world = stage.world()
    world.installs["1.0"] = InstallFailed(stage="build", output="gcc: not found")
    cells = cell("1.0", config="stock"), cell("1.0", config="warnings")
    events = stage.run(world, *cells)
    reasons = [event.verdict.reason for event in events if isinstance(event, Judged)]
    assert reasons == [Reason.BUILD, Reason.BUILD]
    assert world.ran == []


def test_what_was_kept_of_a_failed_install_is_said(stage: Stage) -> None:
    world = stage.world()
    place = Path("environments/1")
    world.installs["1.0"] = InstallFailed(stage="build", output="gcc: not found", kept=place)
    events = stage.run(world, cell("1.0"))
    assert [event.path for event in events if isinstance(event, Kept)] == [place]


def test_a_cell_is_judged_once_all_of_its_trials_are_there(stage: Stage) -> None:
    trials = Trials(per_cell=3, when_unproven=3, on_trouble=2)
    events = stage.run(stage.world(v1_0=["pass", "hang", "pass"]), cell("1.0"), trials=trials)
    (verdict,) = [event.verdict for event in events if isinstance(event, Judged)]
    assert (verdict.outcome, verdict.hangs, verdict.trials) == (Outcome.HANG, 1, 3)


@pytest.mark.parametrize(
    ("acts", "runs", "outcome"),
    [
        (["slow", "pass"], 2, "pass"),
        (["not-live", "slow", "pass"], 3, "pass"),
        (["slow"], 3, "unproven"),
        (["crash"], 1, "fail"),
    ],
)
def test_what_proves_nothing_is_tried_a_few_more_times(
    stage: Stage, acts: list[Act], runs: int, outcome: str
) -> None:
    world = stage.world(v1_0=acts)
    assert judged(stage.run(world, cell("1.0"))) == {"1.0": outcome}
    assert len(world.ran) == runs


# What follows -------------------------------------------------------------------------------------


def test_what_follows_is_run_once_a_round_is_judged(stage: Stage) -> None:
    world = stage.world(v1_0="hang")
    follow, knew = following(planned(cell("1.1")), planned(cell("1.2")))
    events = stage.run(world, cell("1.0"), follow=follow)
    assert judged(events) == {"1.0": "hang", "1.1": "pass", "1.2": "pass"}
    assert knew == [{"1.0"}, {"1.0", "1.1"}, {"1.0", "1.1", "1.2"}]
    rounds = [(e.round, e.follows) for e in events if isinstance(e, Planned)]
    assert rounds == [(1, False), (2, True), (3, True)]


def test_what_was_run_already_is_not_run_again_because_it_is_planned_again(stage: Stage) -> None:
    world = stage.world()
    follow, _ = following(planned(cell("1.0"), cell("1.1")), planned(cell("1.1")))
    stage.run(world, cell("1.0"), follow=follow)
    assert world.ran == ["1.0 3.10 stock", "1.1 3.10 stock"]


def test_what_trouble_left_open_is_not_tried_round_after_round(stage: Stage) -> None:
    world = stage.world(v1_0=TroubleError("no"))
    follow, _ = following(planned(cell("1.0")))
    stage.run(world, cell("1.0"), follow=follow)
    assert len(world.ran) == TRIALS.on_trouble


def test_where_nothing_was_asked_for_that_is_open_what_follows_is_run(stage: Stage) -> None:
    """A stopped run goes on: it has the verdicts, but not their follow-ups."""
    follow, _ = following(planned(cell("1.1")))
    assert judged(stage.run(stage.world(), follow=follow)) == {"1.1": "pass"}


def test_more_trials_of_a_verdict_are_added_to_those_it_has(stage: Stage) -> None:
    world = stage.world(v1_0="hang")
    follow, _ = following(planned(cell("1.0"), more={cell("1.0"): 4}))
    events = stage.run(world, cell("1.0"), follow=follow)
    verdicts = [event.verdict for event in events if isinstance(event, Judged)]
    assert [(verdict.hangs, verdict.trials) for verdict in verdicts] == [(1, 1), (5, 5)]


def test_as_of_another_day_is_another_environment(stage: Stage) -> None:
    world = stage.world()
    stage.run(world, cell("1.0"), cell("1.0", config="stock@release"))
    assert world.resolved_as_of == [None, NOON]


def test_the_same_again_is_run_round_by_round(stage: Stage) -> None:
    world = stage.world()
    events = stage.run(world, cell("1.0"), cell("1.1"), repeat=3)
    assert [e.follows for e in events if isinstance(e, Planned)] == [False] * 3
    assert [run.split()[0] for run in world.ran] == ["1.0", "1.1"] * 3


# What has to be alone -----------------------------------------------------------------------------


def test_what_has_to_be_alone_is_run_after_the_others_and_one_at_a_time(stage: Stage) -> None:
    """Two of the others wait for each other, so they are at work together."""
    world = stage.world()
    both = threading.Barrier(2)
    world.acts |= {"1.0": [lambda: both.wait(10)], "1.1": [lambda: both.wait(10)]}
    alone = [cell(left, probe="serve") for left in ("1.2", "1.3", "1.4")]
    with ThreadPoolExecutor(3) as executor:
        stage.run(world, *alone, cell("1.0"), cell("1.1"), executor=executor, jobs=3)
    assert {run.split()[0] for run in world.ran[:2]} == {"1.0", "1.1"}
    assert [run.split()[0] for run in world.ran[2:]] == ["1.2", "1.3", "1.4"]
    assert world.most_at_once == {"restart": 2, "serve": 1}


# The end ------------------------------------------------------------------------------------------


def test_closing_the_run_ends_what_is_running(stage: Stage) -> None:
    world = stage.world()
    world.acts["1.0"] = [lambda: _wait_for(world.stopped)]
    events = stage.campaign(world).run(planned(cell("1.0"), cell("1.1")))
    next(event for event in events if isinstance(event, Probing))
    events.close()
    assert world.stopped.is_set()
    assert {run.split()[0] for run in world.ran} <= {"1.0"}
    assert stage.executor.submit(lambda: "idle").result(10) == "idle"


def test_a_run_tells_what_it_is_about_to_do(stage: Stage) -> None:
    kinds = [type(event) for event in stage.run(stage.world(), cell("1.0"))]
    assert kinds[:2] == [Planned, Installing]
    assert kinds[-1] is Judged
    assert kinds.count(Probing) == 1


def test_nothing_to_do_is_done_at_once(stage: Stage) -> None:
    assert stage.run(stage.world()) == []


def _wait_for(event: threading.Event) -> None:
    assert event.wait(10)


def test_what_is_judged_again_leaves_out_what_was_stale_when_the_newest_ran(stage: Stage) -> None:
    stage.run(stage.world(v1_1="hang"), cell("1.1"))
    (hung,) = stage.ledger.trials(cell("1.1"))
    week = timedelta(days=7)
    before = hung.started_at - week - timedelta(hours=1)
    stage.ledger.record(replace(hung, cell=cell("1.0"), started_at=before))
    stage.run(stage.world(v1_0="pass"), cell("1.0"))
    *_, later = stage.ledger.trials(cell("1.0"))

    def says(**since: datetime) -> str:
        return str(verdict_of(stage.ledger, cell("1.0"), probe=RESTART, **since).outcome)

    assert says(newer_than=later.started_at - week) == "pass"
    assert says(newer_than=later.started_at - 2 * week) == says() == "hang"
