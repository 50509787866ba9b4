"""The loop: what is run, recorded, retried, left open, in a world that does as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
from grids import NOON, cell
from languages import PROBE, STORIES, stream
from matrices import MATRIX

from interlock.campaign.controls import Answers
from interlock.campaign.loop import (
    Answered,
    Campaign,
    Follow,
    Judged,
    LeftOpen,
    Planned,
    Progress,
    Withdrawn,
    answers_in,
    verdict_of,
)
from interlock.campaign.planning import Plan
from interlock.campaign.trial import Setting
from interlock.campaign.work import Installing, Kept, Probing
from interlock.evidence import classification, judge
from interlock.isolation.environments import InstallFailed, Made
from interlock.isolation.sandbox import Command, Ended, Image, Mount
from interlock.matrix.definition import Control, MatrixLimits, Rounds, SandboxLimits, Trials
from interlock.model import (
    Backend,
    Cell,
    Configuration,
    EngineUnavailable,
    Environment,
    ImageMissing,
    IndexUnreachable,
    Interrupted,
    Outcome,
    Phase,
    Pin,
    Probe,
    PythonVersion,
    Reason,
    StorageTrouble,
    Trial,
    TroubleError,
    Unsupported,
)
from interlock.record.ledger import CampaignRecord, Ledger

CONFIGURATIONS = {
    name: Configuration(
        name=name,
        title=name,
        description="",
        settings={"named": name},
        base=name.partition("@")[0],
        at_release="@" in name,
    )
    for name in ("stock", "warnings", "stock@release")
}
TRIALS = Trials(per_cell=1, when_unproven=3, on_trouble=2)
RESTART = replace(PROBE, knobs={"starts": 40, "seconds": 4.0})
PROBES = {
    "restart": RESTART,
    "serve": replace(RESTART, name="serve", alone=True),
    "ours": replace(RESTART, name="ours"),
}
"""`serve` has to be alone on the machine; `ours` is in no set."""
TESTED = replace(
    MATRIX,
    sets={name: replace(of, probes=("restart", "serve")) for name, of in MATRIX.sets.items()},
    probes=PROBES,
    configurations=CONFIGURATIONS,
    trials=TRIALS,
)
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
    knobs: list[Mapping[str, object]] = field(default_factory=list)
    """Of every run."""
    installed: list[str] = field(default_factory=list)
    resolved_as_of: list[datetime | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: dict[str, int] = field(default_factory=dict)
    """By probe: how many runs there were on the machine while one of it was."""
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
        self.knobs.append(told["knobs"])
        self.at_once += 1
        try:
            return self._act(left, told["probe"], on_line)
        finally:
            self.at_once -= 1

    def _act(self, left: str, probe: str, on_line: Callable[[str], None]) -> Ended:
        self.most_at_once[probe] = max(self.most_at_once.get(probe, 0), self.at_once)
        acts = self.acts.get(left, ["pass"])
        act = acts.pop(0) if acts[1:] else acts[0]
        if isinstance(act, Exception):
            raise act
        if not isinstance(act, str):
            act()
            act = "pass"
        story = STORIES.get(act, act).replace("STARTS", str(self.knobs[-1]["starts"]))
        for event in stream(story):
            on_line(json.dumps(event))
        return Ended(exit_code=0, seconds=1.0, guard=None)

    def ensure(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str] = (),
        *,
        as_of: datetime | None = None,
    ) -> Made:
        left = str(pins[0].version)
        self.installed.append(f"{left} {python}")
        self.resolved_as_of.append(as_of)
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
            matrix=TESTED,
            environments=world,  # type: ignore[arg-type]
            ledger=self.ledger,
            executor=executor or self.executor,
            released=lambda pins: NOON,
        )

    def run(
        self,
        world: World,
        *cells: Cell,
        unsupported: dict[Cell, Unsupported] | None = None,
        follow: Follow | None = None,
        repeat: int = 1,
        trials: Trials = TRIALS,
        controls: Sequence[Control] = (),
        controls_every: int = 100,
        **changed: object,
    ) -> list[Progress]:
        matrix = replace(TESTED, trials=trials, controls_every=controls_every)
        matrix = replace(matrix, controls=tuple(controls))
        campaign = replace(self.campaign(world), matrix=matrix, **changed)  # type: ignore[arg-type]
        first = planned(*cells, unsupported=unsupported or {}, controls=controls)
        return list(campaign.run(first, follow, repeat=repeat))


def planned(
    *cells: Cell,
    unsupported: Mapping[Cell, Unsupported] | None = None,
    controls: Sequence[Control] = (),
    more: Mapping[Cell, int] | None = None,
) -> Plan:
    return Plan(
        cells=tuple(cell for cell in cells if cell not in (unsupported or {})),
        unsupported=unsupported or {},
        known=(),
        seconds=0.0,
        controls=tuple(controls),
        more=more or {},
    )


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
    with closing(stage.campaign(stage.world()).run(planned(cell("1.0"), cell("1.1")))) as events:
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


def following(*rounds: Plan) -> tuple[Follow, list[set[str]]]:
    """One plan after the other; and which left versions had a verdict when it was asked for."""
    left, knew = list(rounds), []

    def follow(told: Mapping[tuple[str, ...], object]) -> Plan:
        knew.append({key[0] for key in told})
        return left.pop(0) if left else planned()

    return follow, knew


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
    """A stopped run goes on: the verdicts are there, and what they call for is not."""
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
        stage.run(world, *alone, cell("1.0"), cell("1.1"), executor=executor)
    assert {run.split()[0] for run in world.ran[:2]} == {"1.0", "1.1"}
    assert [run.split()[0] for run in world.ran[2:]] == ["1.2", "1.3", "1.4"]
    assert world.most_at_once == {"restart": 2, "serve": 1}


# Controls -----------------------------------------------------------------------------------------

KNOWN_HANG = Control(cell=cell("0.9"), expect=Outcome.HANG)


def answers(events: Sequence[Progress]) -> list[tuple[str, bool]]:
    """What each control gave, and whether that was known."""
    return [
        (str(event.answer.outcome), event.answer.as_expected)
        for event in events
        if isinstance(event, Answered)
    ]


def lefts(world: World) -> str:
    return " ".join(run.split()[0] for run in world.ran)


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
    assert lefts(world) == "0.9 1.0 0.8 1.1 0.9 0.8"


def test_each_round_of_a_control_is_an_answer(stage: Stage) -> None:
    events = stage.run(stage.world(v0_9=["hang", "pass"]), cell("1.0"), controls=[KNOWN_HANG])
    assert answers(events) == [("hang", True), ("pass", False)]


def test_a_control_with_several_tries_is_over_with_the_known_answer(stage: Stage) -> None:
    rare = replace(KNOWN_HANG, tries=3)
    world = stage.world(v0_9=["pass", "hang", "hang"])
    events = stage.run(world, cell("1.0"), controls=[rare])
    # The known hang took two trials, so a pass needs as much.
    assert lefts(world) == "0.9 0.9 1.0 1.0 0.9"
    assert answers(events) == [("hang", True), ("hang", True)]
    assert judged(events) == {"1.0": "pass"}


@pytest.mark.parametrize(
    ("control", "others", "outcome", "withdrawn"),
    [
        ("hang", "pass", "pass", []),
        # known before it is judged, or only at the end
        ("pass", "pass", "unproven", []),
        (["hang", "pass"], "pass", "pass", ["unproven"]),
        # what was seen, was seen
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
        next(e for e in events if isinstance(e, Answered))
    kept = {v.cell: v.reason for v in stage.ledger.verdicts()}
    assert kept[cell("1.0")] is Reason.CONTROL_DIFFERS


def test_a_control_speaks_for_its_own_campaign_alone(stage: Stage) -> None:
    stage.run(stage.world(v0_9="pass"), cell("1.1"), controls=[KNOWN_HANG])
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    world = stage.world()
    later = replace(stage.campaign(world).setting, campaign="d")
    assert judged(stage.run(world, cell("1.0"), setting=later)) == {"1.0": "pass"}


def test_a_pass_stands_on_the_campaign_in_which_no_control_differs(stage: Stage) -> None:
    """The earlier campaign saw hangs, and the cell passed; in the later one nothing is proven."""
    stage.run(stage.world(v0_9="hang"), cell("1.0"), controls=[KNOWN_HANG])
    stage.ledger.begin(
        CampaignRecord(id="d", started_at=datetime(2026, 1, 3, tzinfo=timezone.utc), resolved={})
    )
    world = stage.world(v0_9="pass")
    later = replace(stage.campaign(world).setting, campaign="d")
    events = stage.run(world, cell("1.0"), controls=[KNOWN_HANG], setting=later)
    assert judged(events) == {"1.0": "pass"}
    matrix = replace(TESTED, controls=(KNOWN_HANG,))
    told = Answers(matrix, answers_in(stage.ledger, matrix))
    verdict = verdict_of(stage.ledger, cell("1.0"), probe=RESTART, answers=told)
    assert (str(verdict.outcome), verdict.trials) == ("pass", 1)


def test_a_control_that_trouble_kept_from_running_says_nothing(stage: Stage) -> None:
    world = stage.world(v0_9=TroubleError("no"))
    events = stage.run(world, cell("1.0"), controls=[KNOWN_HANG])
    assert judged(events) == {"1.0": "pass"}
    assert [cells for cells, _ in left_open(events)] == [["0.9"], ["0.9"]]


# How busy the machine was -------------------------------------------------------------------------

LATE_HANG = (
    "live | serving | 60 exposures | stall | [M has A wants A] | [M has A wants A] | "
    "sent SIGTERM | sent SIGKILL | exit SIGKILL | waited 0.5 s a second | end"
)
PASSES = (
    "live | serving | STARTS exposures | shutdown | done | exit 0 | waited 0.5 s a second | end"
)
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
        events = list(stage.campaign(world, both).run(planned(stock, warnings, cell("1.1"))))
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
        events = list(stage.campaign(world, both).run(planned(cell("1.0"), cell("1.1"))))
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
    stage.run(stage.world(v1_0="hang"), cell("1.0"))
    (old,) = stage.ledger.trials(cell("1.0"))
    passed = stage.world(v1_0="pass")
    stage.run(passed, cell("1.1"))
    (fresh,) = stage.ledger.trials(cell("1.1"))
    week = timedelta(days=7)
    later = replace(fresh, cell=cell("1.0"), started_at=old.started_at + week + timedelta(hours=1))
    stage.ledger.record(later)

    def says(**since: datetime) -> str:
        return str(verdict_of(stage.ledger, cell("1.0"), probe=RESTART, **since).outcome)

    assert says(newer_than=later.started_at - week) == "pass"
    assert says(newer_than=later.started_at - 2 * week) == says() == "hang"
