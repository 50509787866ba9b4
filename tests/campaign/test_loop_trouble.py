"""The loop in trouble: what it retries, leaves open, keeps and stops."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from grids import cell
from worlds import (
    Stage,
    judged,
    left_open,
    planned,
)

from interlock.campaign.progress import (
    Judged,
    LeftOpen,
)
from interlock.evidence import classification, judge
from interlock.model import (
    EngineUnavailable,
    IndexUnreachable,
    Interrupted,
    Probe,
    PythonVersion,
    StorageTrouble,
    Trial,
    TroubleError,
)

# Trouble of our own -------------------------------------------------------------------------------


def test_trouble_is_met_again_before_a_cell_is_left_open(stage: Stage) -> None:
    trouble = TroubleError("the supervisor was killed")
    world = stage.world(v1_0=[trouble, "pass"], v1_1=trouble, v1_2="pass")
    events = stage.run(world, cell("1.0"), cell("1.1"), cell("1.2"))
    assert judged(events) == {"1.0": "pass", "1.2": "pass"}
    assert left_open(events) == [(["1.1"], "the supervisor was killed")]
    assert [run.split()[0] for run in world.ran].count("1.1") == 2


def test_trouble_is_never_a_verdict(stage: Stage) -> None:
    stage.run(stage.world(v1_0=TroubleError("no")), cell("1.0"))
    assert stage.ledger.verdicts() == []
    assert list(stage.ledger.trials()) == []


@pytest.mark.parametrize("act", ["pass", "hang"])
def test_a_trial_whose_environment_was_changed_is_no_trial(stage: Stage, act: str) -> None:
    world = stage.world(v1_0=act)
    world.changed = ["1.0"]
    events = stage.run(world, cell("1.0"), cell("1.1"))
    assert left_open(events) == [(["1.0"], "/environments/1.0 was changed")]
    assert judged(events) == {"1.1": "pass"}


def test_a_cell_that_was_judged_is_not_run_again_for_its_neighbours_trouble(stage: Stage) -> None:
    world = stage.world(v1_0=["pass", TroubleError("no"), "hang"])
    events = stage.run(world, cell("1.0", config="stock"), cell("1.0", config="warnings"))
    assert world.ran == ["1.0 3.10 stock", "1.0 3.10 warnings", "1.0 3.10 warnings"]
    assert [e.verdict.outcome for e in events if isinstance(e, Judged)] == ["pass", "hang"]


def test_an_index_that_does_not_answer_leaves_open_what_needs_it(stage: Stage) -> None:
    world = stage.world()
    world.installs["1.0"] = IndexUnreachable("the index did not answer")
    events = stage.run(world, cell("1.0"), cell("1.1"))
    assert left_open(events) == [(["1.0"], "the index did not answer")]
    assert judged(events) == {"1.1": "pass"}


@pytest.mark.parametrize("trouble", [EngineUnavailable("gone"), StorageTrouble("full")])
def test_what_all_would_meet_stops_the_run(stage: Stage, trouble: TroubleError) -> None:
    world = stage.world(v1_1=trouble)
    events = stage.run(world, cell("1.0"), cell("1.1"), cell("1.2"), cell("1.3"))
    assert judged(events) == {"1.0": "pass"}
    assert left_open(events) == [(["1.1", "1.2", "1.3"], str(trouble))]
    assert not {run.split()[0] for run in world.ran} & {"1.2", "1.3"}
    assert world.stopped.is_set()


def test_a_stopped_run_names_no_cell_as_open_that_has_its_verdict(stage: Stage) -> None:
    """Left 1.0 has one of its two verdicts when the engine is reported gone."""
    at_work = threading.Event()
    world = stage.world()

    def interrupted() -> None:
        at_work.set()
        assert world.stopped.wait(10)
        raise Interrupted("stopped")

    def gone() -> None:
        assert at_work.wait(10)
        raise EngineUnavailable("gone")

    world.acts |= {"1.0": ["pass", interrupted], "1.1": [gone]}
    stock, warnings = cell("1.0", config="stock"), cell("1.0", config="warnings")
    with ThreadPoolExecutor(2) as both:
        events = list(
            stage.campaign(world, both, jobs=2).run(planned(stock, warnings, cell("1.1")))
        )
    assert [e.cell for e in events if isinstance(e, Judged)] == [stock]
    assert [e.cells for e in events if isinstance(e, LeftOpen)] == [(warnings, cell("1.1"))]


def test_a_trial_that_ends_while_the_run_is_stopped_is_kept(stage: Stage) -> None:
    """Left 1.1 runs when the engine is reported gone, and still finishes."""
    at_work = threading.Event()
    world = stage.world()

    def until_stopped() -> None:
        at_work.set()
        assert world.stopped.wait(10)

    def gone() -> None:
        assert at_work.wait(10)
        raise EngineUnavailable("gone")

    world.acts |= {"1.0": [gone], "1.1": [until_stopped]}
    with ThreadPoolExecutor(2) as both:
        events = list(stage.campaign(world, both, jobs=2).run(planned(cell("1.0"), cell("1.1"))))
    assert judged(events) == {"1.1": "pass"}
    assert left_open(events) == [(["1.0"], "gone")]


def test_a_python_without_image_keeps_its_own_cells_open_and_no_others(stage: Stage) -> None:
    world = stage.world(no_image_for=[PythonVersion(3, 14)])
    events = stage.run(world, cell("1.0", python="3.14"), cell("1.1", python="3.10"))
    assert left_open(events) == [(["1.0"], "no image for 3.14")]
    assert judged(events) == {"1.1": "pass"}


def test_a_stream_that_breaks_the_protocol_is_trouble_and_no_trial(stage: Stage) -> None:
    world = stage.world(v1_0="live | serving")
    ((cells, why),) = left_open(stage.run(world, cell("1.0")))
    assert cells == ["1.0"]
    assert "before its stream did" in why
    assert list(stage.ledger.trials()) == []


def test_a_stream_whose_supervisor_did_not_end_well_is_no_trial(stage: Stage) -> None:
    world = stage.world(v1_0="hang and exit code 137")
    ((cells, why),) = left_open(stage.run(world, cell("1.0")))
    assert cells == ["1.0"]
    assert why.startswith("the supervisor was killed by SIGKILL after its stream did")
    assert why.endswith("run the cell in a container, where it can't (--backend docker)")
    assert list(stage.ledger.trials()) == []


@pytest.mark.parametrize(("module", "step"), [(classification, "classify"), (judge, "decide")])
def test_a_crash_in_the_judge_leaves_the_cell_open_and_keeps_the_trial(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    right = getattr(module, step)

    def crash(told: object, probe: Probe, *more: object) -> object:
        first = told[0] if step == "decide" else None  # type: ignore[index]
        if step == "classify" or (isinstance(first, Trial) and first.cell == cell("1.0")):
            raise ZeroDivisionError("division by zero")
        return right(told, probe, *more)

    monkeypatch.setattr(module, step, crash)
    events = stage.run(stage.world(), cell("1.0"))
    assert left_open(events) == [(["1.0"], "division by zero")]
    assert len(list(stage.ledger.trials(cell("1.0")))) == 1
    assert stage.ledger.verdicts() == []
