"""Jobs on threads and on processes give the same verdicts, and all end.

Only data crosses between them.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.managers import SyncManager
from pathlib import Path

import pytest
from grids import cell
from worlds import ALL_LIMITS, IMAGE, RESTART, TESTED, Elsewhere, Stage, planned

from interlock.campaign.channel import Channel
from interlock.campaign.jobs import Job, Piece, Probing, Ran, Task
from interlock.campaign.loop import Campaign
from interlock.campaign.progress import ControlRan, Judged, LeftOpen, Progress
from interlock.campaign.worker import without_running
from interlock.campaign.workplace import Setting, Workplace
from interlock.evidence.power import Needs, Reached
from interlock.index import IndexSettings
from interlock.isolation.store import Store
from interlock.matrix.definition import Control
from interlock.model import Backend, EngineUnavailable, Outcome, PythonVersion

KNOWN_HANG = Control(cell=cell("0.9"), expect=Outcome.HANG)
LEFTS = {"0.9": "hang", "1.0": "pass", "1.1": "hang", "1.2": "crash", "1.3": "slow"}


@pytest.fixture(scope="module")
def manager() -> Iterator[SyncManager]:
    with get_context("spawn").Manager() as manager:
        yield manager


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


def campaign(
    stage: Stage,
    executor: ProcessPoolExecutor | ThreadPoolExecutor,
    channel: Channel,
    acts: Mapping[str, str | Exception],
) -> Campaign:
    place = Elsewhere(stage.folder, tuple(acts.items()))
    return replace(
        stage.campaign(stage.world()),
        place=place,
        executor=executor,
        channel=channel,
        jobs=2,
        matrix=replace(TESTED, controls=(KNOWN_HANG,)),
    )


def said(events: list[Progress]) -> dict[str, list[tuple[object, ...]]]:
    """The events on the cells and on the controls, in the order of the cells."""
    verdicts = [e.verdict for e in events if isinstance(e, Judged)]
    controls = [e.result for e in events if isinstance(e, ControlRan)]
    return {
        "verdicts": sorted(
            (v.cell.key, v.outcome, v.reason, v.trials, v.exposures, v.signatures, v.detail)
            for v in verdicts
        ),
        "controls": [(r.control.cell.key, r.outcome, r.exposures, r.load) for r in controls],
    }


def test_the_same_campaign_with_threads_and_processes_has_the_same_verdicts(
    tmp_path_factory: pytest.TempPathFactory,
    processes: ProcessPoolExecutor,
    manager: SyncManager,
) -> None:
    told = {}
    built_by = {}
    with ThreadPoolExecutor(2) as threads:
        ways = {
            "threads": (threads, Channel.for_threads()),
            "processes": (processes, Channel.for_processes(manager)),
        }
        for name, (executor, channel) in ways.items():
            folder = tmp_path_factory.mktemp(name)
            with Stage.at(folder) as stage:
                run = campaign(stage, executor, channel, LEFTS)
                cells = [cell(left) for left in LEFTS if left != "0.9"]
                told[name] = said(list(run.run(planned(*cells, controls=[KNOWN_HANG]))))
                assert isinstance(run.place, Elsewhere)
                built_by[name] = run.place.builders()
    assert told["processes"] == told["threads"]
    outcomes = [outcome for _, outcome, *_ in told["threads"]["verdicts"]]
    assert outcomes == ["pass", "hang", "fail", "unproven"]
    assert built_by["threads"] == {os.getpid()}
    assert len(built_by["processes"] - {os.getpid()}) in (1, 2)


def test_closing_the_run_ends_what_runs_in_other_processes(
    stage: Stage, processes: ProcessPoolExecutor, manager: SyncManager
) -> None:
    acts = {"1.0": "waits"}
    run = campaign(stage, processes, Channel.for_processes(manager), acts)
    with closing(run.run(planned(cell("1.0"), cell("1.0", python="3.12")))) as events:
        next(event for event in events if isinstance(event, Probing))
    assert processes.submit(os.getpid).result(10) != os.getpid()
    assert list(stage.ledger.trials()) == []


def test_trouble_that_all_would_meet_ends_what_runs_in_other_processes(
    stage: Stage, processes: ProcessPoolExecutor, manager: SyncManager
) -> None:
    acts = {"1.0": "waits", "1.1": EngineUnavailable("gone")}
    run = campaign(stage, processes, Channel.for_processes(manager), acts)
    events = list(run.run(planned(cell("1.0"), cell("1.1"), cell("1.2"))))
    (left_open,) = [event for event in events if isinstance(event, LeftOpen)]
    assert str(left_open.trouble) == "gone"
    assert set(left_open.cells) == {cell("1.0"), cell("1.1"), cell("1.2")}


def test_a_worker_that_dies_stops_the_run_and_costs_no_verdict(
    stage: Stage, manager: SyncManager
) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as mortal:
        acts = {"1.1": "dies"}
        run = replace(campaign(stage, mortal, Channel.for_processes(manager), acts), jobs=1)
        events = list(run.run(planned(cell("1.0"), cell("1.1"), cell("1.2"))))
    assert [e.cell for e in events if isinstance(e, Judged)] == [cell("1.0")]
    (left_open,) = [event for event in events if isinstance(event, LeftOpen)]
    assert set(left_open.cells) == {cell("1.1"), cell("1.2")}


# Only data ----------------------------------------------------------------------------------------


def workplace(folder: Path) -> Workplace:
    return Workplace(
        campaign="c",
        backend=Backend.PROCESS,
        image="python:{python}-slim",
        store=Store(home=folder),
        probes=folder / "probes",
        limits=ALL_LIMITS,
        index=IndexSettings(proxies={"https": "http://proxy"}),
        only_binary=("left-lib", "right-lib"),
        resolve_fresh_for=timedelta(days=7),
    )


def job(folder: Path) -> Job:
    python = PythonVersion(3, 10)
    hang = Reached(python=python, load=0.5, exposures=60)
    return Job(
        number=7,
        place=workplace(folder),
        piece=Piece(
            pins=cell("1.0").pins,
            python=python,
            requirements=("flask",),
            as_of=None,
            tasks=(Task(cell=cell("1.0"), trials=2, control=KNOWN_HANG),),
        ),
        probes={"restart": RESTART},
        configurations={"stock": TESTED.configurations["stock"]},
        needs={"restart": Needs().plus(hang)},
        most_trials=3,
    )


def test_a_job_comes_through_a_pickle_as_it_was(tmp_path: Path) -> None:
    before = job(tmp_path)
    after = pickle.loads(pickle.dumps(before))
    assert after == before
    assert after.needs["restart"].at(0.5) == 60


def test_a_sandbox_that_is_there_stays_at_home(tmp_path: Path, stage: Stage) -> None:
    """A lock, a socket, an event: built objects are not sent, but built again."""
    held = replace(workplace(tmp_path), sandbox=stage.world())
    assert held.build()[0] is held.sandbox
    assert pickle.loads(pickle.dumps(held)).sandbox is None


def test_what_a_worker_says_comes_through_a_pickle_as_it_was(tmp_path: Path, stage: Stage) -> None:
    world = stage.world()
    setting = Setting(
        campaign="c", sandbox=world, environments=world, probes=tmp_path, limits=ALL_LIMITS
    )
    event = {"event": "unsupported", "at": 0.0, "reason": "no-wheel", "detail": "no wheel"}
    said = without_running(
        Task(cell=cell("1.0"), trials=1),
        event,
        probe=RESTART,
        configuration=TESTED.configurations["stock"],
        image=IMAGE,
        setting=setting,
    )
    assert isinstance(said, Ran)
    assert pickle.loads(pickle.dumps(said)) == said
