"""The loop: what is run, recorded, retried, left open, in a world that does as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from grids import cell
from languages import PROBE, STORIES, stream

from interlock import judge
from interlock.campaign import (
    Campaign,
    Installing,
    Judged,
    Kept,
    LeftOpen,
    Probing,
    Progress,
    doubtful,
    verdict_of,
)
from interlock.environments import InstallFailed, Made
from interlock.errors import (
    EngineUnavailable,
    ImageMissing,
    IndexUnreachable,
    Interrupted,
    StorageTrouble,
    TroubleError,
)
from interlock.ledger import CampaignRecord, Ledger
from interlock.matrix import Control, MatrixLimits, SandboxLimits, Trials
from interlock.model import (
    Backend,
    Cell,
    Configuration,
    Environment,
    Outcome,
    Phase,
    Pin,
    Probe,
    PythonVersion,
    Reason,
    Trial,
    Unsupported,
)
from interlock.sandbox import Command, Ended, Image, Mount
from interlock.trial import Setting

CONFIGURATIONS = {
    name: Configuration(name=name, title=name, description="", settings={"named": name})
    for name in ("stock", "warnings")
}
LIMITS = SandboxLimits(memory_bytes=1 << 20, pids=8, output_bytes=1 << 20)
IMAGE = Image(
    reference="python", digest="i", python="python3", python_full="3.10.14", machine="x86_64"
)

Act = str | Exception | Callable[[], None]
"""A story of ``languages.STORIES``, trouble, or what happens in the middle of a pass."""


@dataclass
class World:
    """Sandbox and environments in one: does what it is told, release by release of ``left``."""

    store: Path
    acts: dict[str, list[Act]]
    """By the left version, what each run of it does; the last one is done again and again."""
    backend: Backend = Backend.PROCESS
    no_image_for: Sequence[PythonVersion] = ()
    installs: dict[str, Made | Exception] = field(default_factory=dict)
    """By the left version, what comes of installing it, where it is no environment."""
    ran: list[str] = field(default_factory=list)
    """Every run: left version, Python and configuration."""
    installed: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def available(self, python: PythonVersion) -> Image:
        if python in self.no_image_for:
            raise ImageMissing(f"no image for {python}")
        return IMAGE

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None],
        on_stderr: Callable[[str], None] | None = None,
    ) -> Ended:
        if self.stopped.is_set():
            raise Interrupted("stopped")
        told = json.loads(command.env["INTERLOCK_SPEC"])
        left = told["versions"]["left"]
        self.ran.append(f"{left} {command.python} {told['settings']['named']}")
        acts = self.acts.get(left, ["pass"])
        act = acts.pop(0) if acts[1:] else acts[0]
        if isinstance(act, Exception):
            raise act
        if not isinstance(act, str):
            act()
            act = "pass"
        for event in stream(STORIES.get(act, act)):
            on_line(json.dumps(event))
        return Ended(exit_code=0, seconds=1.0, guard=None)

    def ensure(
        self, pins: Sequence[Pin], python: PythonVersion, requirements: Sequence[str] = ()
    ) -> Made:
        left = str(pins[0].version)
        self.installed.append(f"{left} {python}")
        made = self.installs.get(left)
        if isinstance(made, Exception):
            raise made
        return made or (environment(left), False)

    def stop(self) -> None:
        self.stopped.set()

    def sweep(self) -> int:
        return 0

    def path(self, host: Path) -> str:
        return str(host)

    def mount(self, host: Path, name: str) -> Mount:
        return Mount(source=host, target=name)


def environment(digest: str) -> Environment:
    return Environment(
        digest=digest,
        path=f"/environments/{digest}",
        lock="",
        image="python",
        image_digest="i",
        python_full="3.10.14",
        resolved_at=datetime(2026, 1, 2, tzinfo=timezone.utc),
    )


@dataclass
class Stage:
    """A world, a ledger, and a campaign to be run in them."""

    ledger: Ledger
    folder: Path
    executor: ThreadPoolExecutor

    def world(self, no_image_for: Sequence[PythonVersion] = (), **acts: Act | list[Act]) -> World:
        """``v1_0="crash"``: what the runs of left 1.0 do."""
        return World(
            store=self.folder,
            acts={
                name[1:].replace("_", "."): act if isinstance(act, list) else [act]
                for name, act in acts.items()
            },
            no_image_for=no_image_for,
        )

    def campaign(self, world: World, executor: ThreadPoolExecutor | None = None) -> Campaign:
        return Campaign(
            setting=Setting(
                campaign="c",
                sandbox=world,
                probes=self.folder,
                limits=MatrixLimits(
                    install=LIMITS, install_wall_s=60, probe=LIMITS, wall_factor=2.0
                ),
            ),
            probes={"restart": PROBE},
            configurations=CONFIGURATIONS,
            environments=world,  # type: ignore[arg-type]
            ledger=self.ledger,
            executor=executor or self.executor,
            trials=Trials(per_cell=1, when_unproven=3, on_trouble=2),
            fresh_for=timedelta(days=7),
        )

    def run(
        self,
        world: World,
        *cells: Cell,
        unsupported: dict[Cell, Unsupported] | None = None,
        **changed: object,
    ) -> list[Progress]:
        campaign = replace(self.campaign(world), **changed)  # type: ignore[arg-type]
        return list(campaign.run(cells, unsupported or {}))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One thing after the other: the order of events is that of the cells."""
    with Ledger(tmp_path / "ledger") as ledger, ThreadPoolExecutor(1) as executor:
        ledger.begin(
            CampaignRecord(
                id="c", started_at=datetime(2026, 1, 2, tzinfo=timezone.utc), resolved={}
            )
        )
        yield Stage(ledger, tmp_path, executor)


def judged(events: Sequence[Progress]) -> dict[str, str]:
    """Outcomes by left version."""
    return {
        str(event.cell.version("left")): str(event.verdict.outcome)
        for event in events
        if isinstance(event, Judged)
    }


def left_open(events: Sequence[Progress]) -> list[tuple[list[str], str]]:
    """Left versions that stay open together, and why."""
    return [
        ([str(c.version("left")) for c in event.cells], str(event.trouble))
        for event in events
        if isinstance(event, LeftOpen)
    ]


# What is recorded ---------------------------------------------------------------------------------


def test_every_cell_is_run_judged_and_remembered(stage: Stage) -> None:
    world = stage.world(v1_0="pass", v1_1="hang")
    events = stage.run(world, cell("1.0"), cell("1.1"))
    assert judged(events) == {"1.0": "pass", "1.1": "hang"}
    assert [v.outcome for v in stage.ledger.verdicts()] == [Outcome.PASS, Outcome.HANG]


def test_a_trial_is_on_disk_before_its_verdict_is_told(stage: Stage) -> None:
    with closing(stage.campaign(stage.world()).run([cell("1.0"), cell("1.1")], {})) as events:
        next(event for event in events if isinstance(event, Judged))
        assert len(list(stage.ledger.trials(cell("1.0")))) == 1


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


CONTROL = Control(cell=cell("0.9"), expect=Outcome.HANG)


@pytest.mark.parametrize(
    ("control", "others", "outcome"),
    [
        ("hang", "pass", "pass"),
        ("pass", "pass", "unproven"),
        # what was seen, was seen
        ("pass", "hang", "hang"),
    ],
)
def test_passes_prove_nothing_where_the_control_gave_another_answer(
    stage: Stage, control: Act, others: Act, outcome: str
) -> None:
    stage.run(stage.world(v0_9=control, v1_0=others), CONTROL.cell, cell("1.0"))
    doubts = doubtful(stage.ledger, [CONTROL], {"restart": PROBE})
    verdict = verdict_of(stage.ledger, cell("1.0"), probe=PROBE, doubts=doubts)
    assert str(verdict.outcome) == outcome


def test_a_control_that_did_not_run_says_nothing(stage: Stage) -> None:
    stage.run(stage.world(), cell("1.0"))
    assert doubtful(stage.ledger, [CONTROL], {"restart": PROBE}) == {}


def test_a_control_speaks_for_its_own_campaign_alone(stage: Stage) -> None:
    stage.run(stage.world(v0_9="pass"), CONTROL.cell)
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    world = stage.world()
    later = replace(stage.campaign(world).setting, campaign="d")
    stage.run(world, cell("1.0"), setting=later)
    doubts = doubtful(stage.ledger, [CONTROL], {"restart": PROBE})
    verdict = verdict_of(stage.ledger, cell("1.0"), probe=PROBE, doubts=doubts)
    assert verdict.outcome is Outcome.PASS


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
    """Left 1.0 has one of its two verdicts when the engine is said to be gone."""
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
        events = list(stage.campaign(world, both).run([stock, warnings, cell("1.1")], {}))
    assert [e.cell for e in events if isinstance(e, Judged)] == [stock]
    assert [e.cells for e in events if isinstance(e, LeftOpen)] == [(warnings, cell("1.1"))]


def test_a_trial_that_ends_while_the_run_is_stopped_is_kept(stage: Stage) -> None:
    """Left 1.1 is at work when the engine is said to be gone, and comes to its end all the same."""
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
        events = list(stage.campaign(world, both).run([cell("1.0"), cell("1.1")], {}))
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


@pytest.mark.parametrize("step", ["classify", "decide"])
def test_a_crash_in_the_judge_leaves_the_cell_open_and_keeps_the_trial(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    right = getattr(judge, step)

    def crash(told: object, probe: Probe) -> object:
        first = told[0] if step == "decide" else None  # type: ignore[index]
        if step == "classify" or (isinstance(first, Trial) and first.cell == cell("1.0")):
            raise ZeroDivisionError("division by zero")
        return right(told, probe)

    monkeypatch.setattr(judge, step, crash)
    events = stage.run(stage.world(), cell("1.0"))
    assert left_open(events) == [(["1.0"], "division by zero")]
    assert len(list(stage.ledger.trials(cell("1.0")))) == 1
    assert stage.ledger.verdicts() == []


# The end ------------------------------------------------------------------------------------------


def test_closing_the_run_ends_what_is_running(stage: Stage) -> None:
    world = stage.world()
    world.acts["1.0"] = [lambda: _wait_for(world.stopped)]
    events = stage.campaign(world).run([cell("1.0"), cell("1.1")], {})
    next(event for event in events if isinstance(event, Probing))
    events.close()
    assert world.stopped.is_set()
    assert {run.split()[0] for run in world.ran} <= {"1.0"}
    assert stage.executor.submit(lambda: "idle").result(10) == "idle"


def test_a_run_tells_what_it_is_about_to_do(stage: Stage) -> None:
    kinds = [type(event) for event in stage.run(stage.world(), cell("1.0"))]
    assert kinds[0] is Installing
    assert kinds[-1] is Judged
    assert kinds.count(Probing) == 1


def test_nothing_to_do_is_done_at_once(stage: Stage) -> None:
    assert stage.run(stage.world()) == []


def _wait_for(event: threading.Event) -> None:
    assert event.wait(10)
