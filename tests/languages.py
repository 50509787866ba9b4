"""The little languages in which tests describe how a trial went.

``stream("live | serving | 40 exposures | done | exit 0 | end")`` is the stream of a harness, event
by event. Its looks are in the language of ``looks.py``. All processes are looked at before it is
done, and the intake has counted what arrived before its end, unless a clause differs.
``trials("pass*19 hang")`` are trials of one cell, in the order in which they ran.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from looks import HELLO, Raw, snapshot
from packaging.version import Version

from interlock.model import Backend, Cell, Pin, Probe, ProbeLimits, ProofRule, PythonVersion, Trial

CELL = Cell(
    pins=(
        Pin(axis="left", package="left-lib", version=Version("1.0")),
        Pin(axis="right", package="right-lib", version=Version("2.0")),
    ),
    python=PythonVersion(3, 10),
    probe="restart",
    config="stock",
)

PROBE = Probe(
    name="restart",
    title="",
    stresses="",
    cannot_see="",
    live=(ProofRule(name="profiled", says="its locks are profiled", fact="profiled-lock"),),
    knobs={},
    environment={},
    requirements=(),
    least_exposures=10,
    exposure_unit="worker starts",
    limits=ProbeLimits(startup_s=10, stall_s=1, deadline_s=10, grace_s=1),
    configs=("stock",),
    digest="p",
)


def stream(text: str) -> tuple[Raw, ...]:
    """The events of one trial; ``|`` separates clauses, and brackets hold a snapshot.

    ``7:[…]`` is a snapshot of process 7; without a number it is the app's.
    """
    said = Telling()
    for clause in (part.strip() for part in text.split("|")):
        said.tell(clause)
    return tuple(said.events)


class Telling:
    """The state so far: the phase, the count and the stall of the next events."""

    def __init__(self) -> None:
        self.events: list[Raw] = []
        self.phase = "import"
        self.exposures = 0
        self.stall = 0
        self.index: Counter[str | None] = Counter()
        self.app: int | None = None
        self.clock = 0.0

    def tell(self, clause: str) -> None:
        counted = any(event["event"] == "intake-end" for event in self.events)
        if clause == "end" and not counted:
            self.tell(f"intake counts {sum(e['event'] == 'intake' for e in self.events)}")
        looked = any(event["event"] == "looked" and event["last"] for event in self.events)
        if clause == "done" and not looked:
            self.tell("looked")
        for pattern, build in _CLAUSES:
            match = re.fullmatch(pattern, clause)
            if match:
                event = build(self, match)
                if HELLO not in self.events and event["event"] not in HOST:
                    self.events.append(HELLO)
                self.clock += 0.5
                self.events.append({"at": self.clock, **event})
                if event["event"] == "snapshot" and event["index"] == 1:
                    # A closed wait is looked at once more.
                    self.events.append({**self.events[-1], "index": 2})
                return
        raise AssertionError(f"no such clause: {clause!r}")


HOST = ("unsupported", "install", "guard", "truncated")


def _phase(said: Telling, match: re.Match[str]) -> Raw:
    said.phase = match[0]
    return {"event": "phase", "phase": match[0]}


def _progress(said: Telling, match: re.Match[str]) -> Raw:
    said.exposures = int(match[1])
    return {"event": "progress", "exposures": said.exposures}


def _stall(said: Telling, match: re.Match[str]) -> Raw:
    said.stall += 1
    said.index.clear()
    return {
        "event": "stall",
        "number": said.stall,
        "phase": said.phase,
        "silent_s": 1.0,
        "exposures": said.exposures,
        "asked": match[1],
        "process": int(match[2]) if match[2] else None,
    }


def _snapshot(said: Telling, match: re.Match[str]) -> Raw:
    process, text = match[1], match[2]
    moved = text.endswith(" elsewhere")
    event = snapshot(
        text.removesuffix(" elsewhere"),
        index=said.index[process],
        number=said.stall,
        line=200 if moved else 100,
        process=int(process) if process else said.app,
    )
    said.index[process] += 1
    del event["at"]
    return event


def _app(said: Telling, match: re.Match[str]) -> Raw:
    said.app = int(match[1])
    return {**_process(said.app), "app": True}


def _child(said: Telling, match: re.Match[str]) -> Raw:
    forked = match[2].endswith("forked")
    command = [] if forked else match[3].split()
    joined = not match[2].startswith("found")
    return {**_process(int(match[1])), "forked": forked, "joined": joined, "command": command}


def _process(pid: int) -> Raw:
    own = {"app": False, "forked": False, "command": ["python", "bootstrap.py"]}
    return {"event": "process", "process": pid, "parent": 1, **own}


def _child_ended(said: Telling, match: re.Match[str]) -> Raw:
    code = int(match[2]) if match[2].isdigit() else None
    signal = match[2] if code is None else None
    return {"event": "child", "process": int(match[1]), "code": code, "signal": signal}


def _crash(said: Telling, match: re.Match[str]) -> Raw:
    text = (
        "Fatal Python error: Segmentation fault\n\nStack (most recent call first):\n"
        f'  File "/env/lib/python3.10/site-packages/lib/native.py", line 9 in {match[2]}\n'
    )
    return {"event": "crash", "process": int(match[1]), "text": text}


def _stood(said: Telling, match: re.Match[str]) -> Raw:
    return {
        "event": "stood",
        "number": said.stall,
        "process": int(match[1]) if match[1] else said.app,
        "seconds": float(match[2]),
        "tasks_before": _tasks(),
        "tasks_after": [
            *_tasks(
                ran=10**6 if match[3] == "running" else 0,
                waited=10**9 if match[3] == "starved" else 0,
                switched=40 if match[3] == "polling" else 0,
            ),
            *([{**_tasks()[0], "tid": 1009, "run_ns": 1_100_000_000}] * (match[3] == "beside")),
        ],
    }


def _tasks(ran: int = 0, waited: int = 0, switched: int = 0) -> list[Raw]:
    return [
        {
            "tid": tid,
            "state": "S",
            "run_ns": 10**9 + ran,
            "wait_ns": 10**8 + waited,
            "voluntary": 100 + switched,
            "involuntary": 3,
        }
        for tid in range(1000, 1004)
    ]


def _error(said: Telling, match: re.Match[str]) -> Raw:
    return {
        "event": "error",
        "phase": said.phase,
        "type": match[1],
        "message": match[3] or "",
        "traceback": "Traceback (most recent call last): …",
        "feature": match[2],
    }


def _looked(said: Telling, match: re.Match[str]) -> Raw:
    """``closer`` is with the evidence of the last stall; without ``before``, before the end."""
    known = [event for event in said.events if event["event"] == "process"]
    known = known or [_process(7)]
    silent = [int(match[3])] if match[3] else []
    return {
        "event": "looked",
        "before": match[2] or "its end",
        "last": match[2] is None,
        "seconds": 0.01,
        "number": said.stall if match[1] else None,
        "processes": [p["process"] for p in known if p["process"] not in silent],
        "unanswered": silent,
        "unjoined": [p["process"] for p in known if not p.get("joined", True)],
    }


def _exit(said: Telling, match: re.Match[str]) -> Raw:
    code = int(match[1]) if match[1].isdigit() else None
    return {
        "event": "exit",
        "code": code,
        "signal": match[1] if code is None else None,
        "phase": said.phase,
    }


def _witness(said: Telling, match: re.Match[str]) -> Raw:
    file = "/env/lib/python3.10/site-packages/lib/native.py"
    if match[2] == "_answered":  # where the harness itself waits for the supervisor
        file = "/interlock/probes/harness/trial.py"
    text = (
        ""
        if match[2] is None
        else (
            "Current thread 0x00007f0000000001 (most recent call first):\n"
            f'  File "{file}", line 9 in {match[2]}\n'
        )
    )
    told: Raw = {
        "event": "witness",
        "number": said.stall,
        "text": text,
        "process": int(match[1]) if match[1] else None,
    }
    if match[3]:
        ran = int(said.clock * 10**9) if match[3] == "running" else 0
        told["tasks_before"] = told["tasks_after"] = _tasks(ran=ran)
    return told


_CLAUSES: tuple[tuple[str, Callable[[Telling, re.Match[str]], Raw]], ...] = (
    ("import|startup|serving|shutdown", _phase),
    (r"(\d+) exposures", _progress),
    ("live", lambda s, m: {"event": "fact", "name": "profiled-lock", "value": True}),
    ("not live", lambda s, m: {"event": "fact", "name": "profiled-lock", "value": False}),
    (r"stall(?: as (no \w+(?: of (\d+))?))?", _stall),
    (r"process (\d+)", _app),
    (r"process (\d+) ((?:found )?(?:forked|starts (.*)))", _child),
    (r"child (\d+) exit (\w+)", _child_ended),
    (r"(\d+) crashed in (\w+)", _crash),
    ("resumed", lambda s, m: {"event": "resumed", "number": s.stall, "silent_s": 1.5}),
    (r"(?:(\d+):)?\[(.*)\]", _snapshot),
    (r"(?:(\d+):)?(?:dump in (\w+)|no dump)(?: (still|running))?", _witness),
    (r"(?:(\d+):)?stood ([\d.]+) s (still|running|starved|polling|beside)", _stood),
    (
        "deadline",
        lambda s, m: {"event": "deadline", "phase": s.phase, "exposures": s.exposures},
    ),
    (r"sent (\w+)", lambda s, m: {"event": "signal", "signal": m[1], "reason": "stall"}),
    (r"looked( closer)?(?: before ([\w ]+?))?(?: without (\d+))?", _looked),
    (r"(\w+Error|(?:\w+\.)+[A-Z]\w+)(?: for ([\w ]+))?(?:: (.*))?", _error),
    (
        "missing ([^:]+): (.*)",
        lambda s, m: {"event": "missing", "feature": m[1], "detail": m[2]},
    ),
    (
        "degraded (.*?)(?: but (.*))?",
        lambda s, m: {"event": "degraded", "phase": s.phase, "detail": m[1], "doubt": m[2]},
    ),
    (r"exit (\w+)", _exit),
    (
        r"stderr (.*)",
        lambda s, m: {"event": "output", "stream": "stderr", "text": m[1], "dropped_bytes": 0},
    ),
    (
        "broken: (.*)",
        lambda s, m: {"event": "breach", "phase": s.phase, "detail": m[1]},
    ),
    (r"intake counts (\d+)", lambda s, m: {"event": "intake-end", "requests": int(m[1])}),
    ("intake gone", lambda s, m: {"event": "intake-end", "requests": None}),
    ("done", lambda s, m: {"event": "done", "exposures": s.exposures}),
    ("end", lambda s, m: {"event": "end"}),
    (
        "unsupported (.*): (.*)",
        lambda s, m: {"event": "unsupported", "reason": m[1], "detail": m[2]},
    ),
    (
        r"(installed|install failed) at (resolve|build|install)(?:: (.*))?",
        lambda s, m: {
            "event": "install",
            "ok": m[1] == "installed",
            "stage": m[2],
            "seconds": 1.0,
            "cached": False,
            "output": m[3] or "",
        },
    ),
    (
        r"guard (wall|memory|output)",
        lambda s, m: {"event": "guard", "limit": m[1], "seconds": 60.0},
    ),
    (
        r"waited ([\d.]+) s a second",
        lambda s, m: {
            "event": "usage",
            "cpu_s": 1.0,
            "run_queue_s": 2 * float(m[1]),
            "wall_s": 2.0,
        },
    ),
    (
        r"refused (\d+) tasks",
        lambda s, m: {
            "event": "usage",
            "cpu_s": 1.0,
            "run_queue_s": 0.1,
            "wall_s": 2.0,
            "refused_tasks": int(m[1]),
        },
    ),
    (r"cut (.*)", lambda s, m: {"event": "truncated", "text": m[1]}),
)

_HANGING = "live | serving | 30 exposures | stall"
_KILLED = "sent SIGTERM | sent SIGKILL | exit SIGKILL | end"

STORIES: Mapping[str, str] = {
    "pass": "live | serving | 40 exposures | shutdown | done | exit 0 | end",
    "hang": f"{_HANGING} | [M has A wants A] | [M has A wants A] | {_KILLED}",
    "cycle": f"{_HANGING} | [M has A wants B; T has B wants A] "
    f"| [M has A wants B; T has B wants A] | {_KILLED}",
    "slow": f"{_HANGING} | deadline | {_KILLED}",
    "crash": "live | serving | 5 exposures | exit SIGSEGV | end",
    "error": "startup | TypeError: no | exit 1 | end",
    "not-live": "not live | serving | 40 exposures | done | exit 0 | end",
    "no-wheel": "unsupported no-wheel: no wheel for Python 3.10",
}


def trials(text: str) -> list[Trial]:
    """``"pass*19 hang"``: trials in the order in which they ran, a minute apart."""
    words: list[str] = []
    for word in text.split():
        name, _, count = word.partition("*")
        words += [name] * int(count or 1)
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
    return [
        Trial(
            cell=CELL,
            campaign="c",
            started_at=noon + timedelta(minutes=number),
            seconds=2.0 + number,
            events=stream(STORIES[word]),
            backend=Backend.DOCKER,
            probe_digest="p",
            config_digest="c",
            environment_digest=f"e{number}",
            image_digest="i",
            python_full="3.10.14",
            machine="x86_64",
        )
        for number, word in enumerate(words)
    ]
