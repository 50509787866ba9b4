"""A world for campaigns, under the test's control: sandbox, environments, stage."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from grids import NOON, cell
from languages import PROBE, STORIES, stream
from matrices import MATRIX

from interlock.campaign.loop import Campaign, Follow
from interlock.campaign.planning import Plan
from interlock.campaign.progress import (
    ControlRan,
    Judged,
    LeftOpen,
    Progress,
)
from interlock.isolation.environments import Made
from interlock.isolation.sandbox import Command, Ended, Image, Mount, Users
from interlock.matrix.definition import Control, MatrixLimits, SandboxLimits, Trials
from interlock.model import (
    Backend,
    Cell,
    Configuration,
    Environment,
    ImageMissing,
    Interrupted,
    Outcome,
    Pin,
    PythonVersion,
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
"""`serve` needs the machine alone; `ours` is in no set."""
TESTED = replace(
    MATRIX,
    sets={name: replace(of, probes=("restart", "serve")) for name, of in MATRIX.sets.items()},
    probes=PROBES,
    configurations=CONFIGURATIONS,
    trials=TRIALS,
)
LIMITS = SandboxLimits(memory_bytes=1 << 20, pids=8, output_bytes=1 << 20)
ALL_LIMITS = MatrixLimits(install=LIMITS, install_wall_s=60, probe=LIMITS, wall_factor=2.0)
IMAGE = Image(
    reference="python", digest="i", python="python3", python_full="3.10.14", machine="x86_64"
)

LATE_HANG = (
    "live | serving | 60 exposures | stall | [M has A wants A] | [M has A wants A] | "
    "sent SIGTERM | sent SIGKILL | exit SIGKILL | waited 0.5 s a second | end"
)
PASSES = (
    "live | serving | STARTS exposures | shutdown | done | exit 0 | waited 0.5 s a second | end"
)
KNOWN_HANG = Control(cell=cell("0.9"), expect=Outcome.HANG)

Act = str | Exception | Callable[[], str | None]
"""A story of ``languages.STORIES``, trouble, or an event in the middle of a story.

Without a named story, that is a pass.
"""


@dataclass
class World:
    """Sandbox and environments in one; each release of ``left`` acts as told."""

    store: Path
    acts: dict[str, list[Act]]
    """By the left version, the act of each run; the last act repeats."""
    backend: Backend = Backend.PROCESS
    users: Users | None = None
    no_image_for: Sequence[PythonVersion] = ()
    installs: dict[str, Made | Exception] = field(default_factory=dict)
    """By the left version, the result of an install that gives no environment."""
    ran: list[str] = field(default_factory=list)
    """Every run: left version, Python and configuration."""
    knobs: list[Mapping[str, object]] = field(default_factory=list)
    """Of every run."""
    installed: list[str] = field(default_factory=list)
    resolved_as_of: list[datetime | None] = field(default_factory=list)
    there_already: Sequence[str] = ()
    """Left versions with an environment that an earlier run has made."""
    changed: Sequence[str] = ()
    """Left versions whose trials change their environment."""
    prepared: list[str] = field(default_factory=list)
    """Left versions with something ready before their job began."""
    at_once: int = 0
    most_at_once: dict[str, int] = field(default_factory=dict)
    """By probe: how many runs were on the machine during one of its own."""
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
        told = json.loads(command.stdin)
        left = told["versions"]["left"]
        self.ran.append(f"{left} {command.python} {told['settings']['named']}")
        self.knobs.append(told["knobs"])
        self.at_once += 1
        try:
            return self._act(left, told["probe"], on_line)
        finally:
            self.at_once -= 1

    def prepare(self, command: Command) -> None:
        self.prepared.append(command.mounts[0].source.name)

    def there(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str] = (),
        *,
        as_of: datetime | None = None,
    ) -> Environment | None:
        left = str(pins[0].version)
        return environment(left) if left in self.there_already else None

    def _act(self, left: str, probe: str, on_line: Callable[[str], None]) -> Ended:
        self.most_at_once[probe] = max(self.most_at_once.get(probe, 0), self.at_once)
        acts = self.acts.get(left, ["pass"])
        act = acts.pop(0) if acts[1:] else acts[0]
        if isinstance(act, Exception):
            raise act
        if not isinstance(act, str):
            act = act() or "pass"
        act, _, code = act.partition(" and exit code ")
        story = STORIES.get(act, act).replace("STARTS", str(self.knobs[-1]["starts"]))
        for event in stream(story):
            on_line(json.dumps(event))
        return Ended(exit_code=int(code or 0), seconds=1.0, guard=None)

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

    @contextmanager
    def unchanged(self, environment: Environment) -> Iterator[None]:
        yield
        if environment.digest in self.changed:
            raise TroubleError(f"{environment.path} was changed")

    def place(self, environment: Environment) -> Path:
        return Path(environment.path)

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


@dataclass(frozen=True)
class Here:
    """The place of a campaign with jobs in threads of this process, in this world."""

    world: World
    probes: Path
    campaign: str = "c"
    limits: MatrixLimits = ALL_LIMITS

    @property
    def key(self) -> object:
        return self.campaign, id(self.world)

    def build(self) -> tuple[World, World]:
        return self.world, self.world


@dataclass(frozen=True)
class Elsewhere:
    """The place of a campaign with jobs in other processes; each builds its own world.

    An act is a story, trouble, ``waits`` (until it is stopped) or ``dies`` (with its worker).
    """

    probes: Path
    acts: tuple[tuple[str, str | Exception], ...]
    campaign: str = "c"
    limits: MatrixLimits = ALL_LIMITS

    @property
    def key(self) -> object:
        return str(self.probes)

    def build(self) -> tuple[World, World]:
        (self.probes / f"built-by-{os.getpid()}").touch()
        world = World(store=self.probes, acts={})

        def waits() -> None:
            (self.probes / "at-work").touch()
            assert world.stopped.wait(30)
            raise Interrupted("stopped")

        special: dict[object, Act] = {"waits": waits, "dies": lambda: os._exit(1)}
        world.acts |= {left: [special.get(act, act)] for left, act in self.acts}
        return world, world

    def builders(self) -> set[int]:
        """The processes that have built it."""
        return {int(path.name.rpartition("-")[2]) for path in self.probes.glob("built-by-*")}


@dataclass
class Stage:
    """A world, a ledger, and a campaign to run in them."""

    ledger: Ledger
    folder: Path
    executor: ThreadPoolExecutor

    @classmethod
    @contextmanager
    def at(cls, folder: Path) -> Iterator[Stage]:
        """One job at a time, so the order of events is that of the cells."""
        with Ledger(folder / "ledger") as ledger, ThreadPoolExecutor(1) as executor:
            began = datetime(2026, 1, 2, tzinfo=timezone.utc)
            ledger.begin(CampaignRecord(id="c", started_at=began, resolved={}))
            yield cls(ledger, folder, executor)

    def world(self, no_image_for: Sequence[PythonVersion] = (), **acts: Act | list[Act]) -> World:
        """``v1_0="crash"``: the act of all runs of left 1.0."""
        return World(
            store=self.folder,
            acts={
                name[1:].replace("_", "."): act if isinstance(act, list) else [act]
                for name, act in acts.items()
            },
            no_image_for=no_image_for,
        )

    def campaign(
        self, world: World, executor: ThreadPoolExecutor | None = None, jobs: int = 1
    ) -> Campaign:
        return Campaign(
            place=Here(world, self.folder),  # type: ignore[arg-type]
            matrix=TESTED,
            ledger=self.ledger,
            executor=executor or self.executor,
            jobs=jobs,
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


def following(*rounds: Plan) -> tuple[Follow, list[set[str]]]:
    """One plan after the other, with the left versions that had a verdict each time."""
    left, knew = list(rounds), []

    def follow(told: Mapping[tuple[str, ...], object]) -> Plan:
        knew.append({key[0] for key in told})
        return left.pop(0) if left else planned()

    return follow, knew


def results(events: Sequence[Progress]) -> list[tuple[str, bool]]:
    """The answer of each control, and whether it was as expected."""
    return [
        (str(event.result.outcome), event.result.as_expected)
        for event in events
        if isinstance(event, ControlRan)
    ]


def lefts(world: World) -> str:
    return " ".join(run.split()[0] for run in world.ran)
