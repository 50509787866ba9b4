"""One cell in one sandbox: the harness's events, kept as a ``Trial``.

Nothing is judged here. The events include the work of the outer guard and of the install. So a
trial can be judged again from its events alone.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from interlock.campaign.workplace import Setting
from interlock.evidence import events
from interlock.isolation import Command, Ended, Image, Limits, Mount
from interlock.model import (
    ABSENT,
    Backend,
    Cell,
    Configuration,
    Environment,
    Probe,
    ProtocolError,
    Trial,
    TroubleError,
    Unsupported,
)

INTAKE_BYTES = 16 * 2**20
"""Raw bodies that the intake keeps of one trial; it only counts later ones."""

_IN_PROCESSES = (
    "; a process can be killed by the app that it watches: run the cell in a container, where it "
    "can't (--backend docker)"
)

_MISUSED = 64
"""The supervisor's exit code for a mistake of the probe's own: see ``PROTOCOL.md``."""

_WAITING = '{"event": "waiting"'
"""How the supervisor's line begins that says so."""

APP_OUTPUT_BYTES = 64 * 2**10
"""The end of the app's own standard output and error that a trial keeps."""


def run(
    cell: Cell,
    *,
    probe: Probe,
    configuration: Configuration,
    environment: Environment,
    image: Image,
    install: Mapping[str, Any],
    setting: Setting,
    waiting: Callable[[], object],
) -> Trial:
    """Run the probe once; ``install`` is the event of the install.

    ``waiting`` is called when the trial does nothing more than wait for a silence to last.

    Raises ``ProtocolError`` if the supervisor did not finish its stream and no guard had stopped
    it. Also raises any trouble of the sandbox, and for an app that somebody killed. Both leave the
    cell open.
    """
    lines: list[str] = []
    errors: list[str] = []
    spec = specification(cell, probe, configuration, environment, setting)
    command = _command(cell, probe, spec, environment, image, setting)
    began = datetime.now(timezone.utc)
    clock = time.monotonic()
    heard = _heard(lines, waiting)
    ended = setting.sandbox.run(command, on_line=heard, on_stderr=errors.append)
    return _trial(
        cell,
        began=began,
        seconds=time.monotonic() - clock,
        told=(install, *_read(lines, errors, ended, setting.sandbox.backend, probe.name)),
        probe=probe,
        configuration=configuration,
        environment_digest=environment.digest,
        image=image,
        setting=setting,
    )


def _heard(lines: list[str], waiting: Callable[[], object]) -> Callable[[str], None]:
    """Keeps each line of the stream, and says when the trial only waits."""

    def keep(line: str) -> None:
        lines.append(line)
        if line.startswith(_WAITING):
            waiting()

    return keep


def prepare(cell: Cell, probe: Probe, environment: Environment, setting: Setting) -> None:
    """Have a container ready for the cell's first trial."""
    image = setting.sandbox.available(cell.python)
    setting.sandbox.prepare(_command(cell, probe, {}, environment, image, setting))


def without_running(
    cell: Cell,
    event: Mapping[str, Any],
    *,
    probe: Probe,
    configuration: Configuration,
    image: Image,
    setting: Setting,
    seconds: float = 0.0,
) -> Trial:
    """A trial that ended before any probe ran; ``event`` is the install's."""
    return _trial(
        cell,
        began=datetime.now(timezone.utc),
        seconds=seconds,
        told=(event,),
        probe=probe,
        configuration=configuration,
        environment_digest="",
        image=image,
        setting=setting,
    )


def unsupported_event(finding: Unsupported) -> dict[str, Any]:
    """The decision of the index, as an event."""
    return {
        "event": "unsupported",
        "at": 0.0,
        "reason": finding.reason.value,
        "detail": finding.detail,
    }


def specification(
    cell: Cell,
    probe: Probe,
    configuration: Configuration,
    environment: Environment,
    setting: Setting,
) -> dict[str, Any]:
    """The supervisor's input, as ``probes/harness/PROTOCOL.md`` describes it."""
    path: Callable[[Path], str] = setting.sandbox.path
    users = setting.sandbox.users
    return {
        "protocol": events.PROTOCOL,
        "probe": probe.name,
        "app": path(setting.probes / probe.name / "app.py"),
        "python": f"{environment.path}/bin/python",
        "settings": dict(configuration.settings),
        "environment": {
            name: value
            for name, value in {**probe.environment, **configuration.environment}.items()
            if value is not None
        },
        "knobs": dict(probe.knobs),
        "users": users and {"supervisor": users.supervisor, "app": users.app},
        "versions": {pin.axis: str(pin.version or ABSENT) for pin in cell.pins},
        "limits": {
            "startup_s": probe.limits.startup_s,
            "stall_s": probe.limits.stall_s,
            "deadline_s": probe.limits.deadline_s,
            "grace_s": probe.limits.grace_s,
            "intake_bytes": INTAKE_BYTES,
            "output_bytes": APP_OUTPUT_BYTES,
        },
    }


def _command(
    cell: Cell,
    probe: Probe,
    spec: Mapping[str, Any],
    environment: Environment,
    image: Image,
    setting: Setting,
) -> Command:
    sandbox, limits = setting.sandbox, setting.limits.probe
    place = setting.environments.place(environment)
    supervisor = sandbox.path(setting.probes / "harness" / "supervisor.py")
    return Command(
        argv=(image.python, "-I", supervisor),
        python=cell.python,
        stdin=json.dumps(spec),
        mounts=(
            Mount(source=place, target=environment.path, writable=False),
            Mount(source=setting.probes, target=sandbox.path(setting.probes), writable=False),
        ),
        limits=Limits(
            wall_s=setting.limits.wall_s(probe),
            memory_bytes=limits.memory_bytes,
            pids=limits.pids,
            output_bytes=limits.output_bytes,
        ),
        label="probe",
        supervises=True,
    )


def _read(
    lines: list[str], errors: list[str], ended: Ended, backend: Backend, probe: str
) -> list[Mapping[str, Any]]:
    """The events of a supervisor that ended in good order, or that a guard ended.

    Raises ``ProtocolError`` for any other. Its last event proves nothing: only its own exit does.
    """
    told = list(events.read(lines))
    complete = bool(told) and told[-1].get("event") == "end"
    if ended.guard and (not complete or ended.exit_code == 0):
        told.append({"event": "guard", "limit": ended.guard, "seconds": round(ended.seconds, 3)})
        return told
    if complete and ended.exit_code == 0:
        if backend is Backend.PROCESS and (killed := _killed_by_whom(told)):
            raise TroubleError(killed)
        return told
    said = next((line.strip() for line in reversed(errors) if line.strip()), "")
    if ended.exit_code == _MISUSED and said:
        raise ProtocolError(
            f"the probe {probe} made a mistake, which says nothing about the libraries; "
            f"correct it and run again: {said}"
        )
    when = "after" if complete else "before"
    raise ProtocolError(
        f"the supervisor {_how(ended)} {when} its stream did"
        + (f"; it said: {said}" if said else "")
        + (_IN_PROCESSES if _signal(ended) and backend is Backend.PROCESS else "")
    )


def _killed_by_whom(told: Iterable[Mapping[str, Any]]) -> str | None:
    """That nobody knows who sent SIGKILL to the app; None where nobody did, or we did.

    No program of this user is out of another's reach, and the kernel sends it to one of them when
    the machine has no memory left. In a container the app is alone, and its memory is counted.
    """
    for event in told:
        if event.get("event") == "signal" and event.get("signal") == "SIGKILL":
            return None
        if event.get("event") in ("child", "exit") and event.get("signal") == "SIGKILL":
            what = "the app" if event["event"] == "exit" else "a process of the app"
            return (
                f"{what} was killed by SIGKILL, and nobody knows by whom: another program, or the "
                "kernel for lack of memory; run the cell in a container, where that is known "
                "(--backend docker)"
            )
    return None


def _how(ended: Ended) -> str:
    if ended.guard:
        return f"went over the limit on {ended.guard}"
    killed_by = _signal(ended)
    return f"was killed by {killed_by}" if killed_by else f"ended (exit code {ended.exit_code})"


def _signal(ended: Ended) -> str | None:
    """The name of the signal that ended it, or None."""
    number = (ended.exit_code or 0) - 128
    return next((known.name for known in signal.Signals if known == number), None)


def _trial(
    cell: Cell,
    *,
    began: datetime,
    seconds: float,
    told: tuple[Mapping[str, Any], ...],
    probe: Probe,
    configuration: Configuration,
    environment_digest: str,
    image: Image,
    setting: Setting,
) -> Trial:
    backend: Backend = setting.sandbox.backend
    return Trial(
        cell=cell,
        campaign=setting.campaign,
        started_at=began,
        seconds=round(seconds, 3),
        events=told,
        backend=backend,
        probe_digest=probe.digest,
        config_digest=configuration.digest,
        environment_digest=environment_digest,
        image_digest=image.digest,
        python_full=image.python_full,
        machine=image.machine,
    )
