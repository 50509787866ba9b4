"""The orchestrator's own events, which stand before and after those of the harness."""

from __future__ import annotations

from typing import Literal

from interlock.evidence.wire import Seconds, TimedEvent


class NotSupported(TimedEvent):
    """Ours: known before anything was run."""

    event: Literal["unsupported"]
    reason: Literal["no-wheel", "requires-python", "no-feature"]
    detail: str


class Install(TimedEvent):
    """Ours: what came of installing the environment."""

    event: Literal["install"]
    ok: bool
    stage: Literal["resolve", "build", "install"]
    seconds: Seconds
    cached: bool = False
    output: str = ""


class Guard(TimedEvent):
    """Ours: the outer guard ended the sandbox."""

    event: Literal["guard"]
    limit: Literal["wall", "memory", "pids", "output"]
    seconds: Seconds


class Truncated(TimedEvent):
    """Ours: the stream's last line was cut, as happens when its container is killed."""

    event: Literal["truncated"]
    text: str
