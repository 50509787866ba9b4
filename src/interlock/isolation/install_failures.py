"""What uv says when it can't install: the packages' fault, or trouble of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock.model import IndexUnreachable, StorageTrouble


@dataclass(frozen=True, kw_only=True)
class InstallFailed:
    """Nothing is wrong with the machine: these releases do not install there."""

    stage: str
    """``resolve``, ``build``, or ``install`` for what is neither."""
    output: str
    """What uv said: its beginning and its end."""
    kept: Path | None = None
    """What was left of the environment, where it was asked to be kept."""

    def event(self, seconds: float) -> dict[str, Any]:
        """As an event of a trial."""
        return {
            "event": "install",
            "at": 0.0,
            "ok": False,
            "stage": self.stage,
            "seconds": round(seconds, 3),
            "cached": False,
            "output": self.output,
        }


# What uv writes in its own name about a request that failed; no package's text is among it. A
# plain 404 of a package is not: uv says then that the package is not there.
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|Request failed after|client error \(Connect\)|"
    r"dns error|tcp connect error|connection reset|error decoding response body|"
    r"operation timed out|network timeout|UV_HTTP_TIMEOUT|HTTP status (?:server|client) error|"
    r"lack of valid authentication credentials|returned a 403 Forbidden|"
    r"failed to read from file|Permission denied",
    re.IGNORECASE,
)
_BUILD = re.compile(r"Failed to build|build backend|Failed to download and build", re.IGNORECASE)
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)


def read_failure(stage: str, said: str, *, index: str) -> InstallFailed:
    """What uv's words mean, for the stage in which it stopped.

    Raises ``IndexUnreachable`` for what is not the packages' fault. What a build printed is quoted
    by uv after ``[stdout]`` or ``[stderr]``, and is not believed.
    """
    own = re.split(r"^\s*\[(?:stdout|stderr)\]\s*$", said, maxsplit=1, flags=re.MULTILINE)[0]
    if _UNREACHABLE.search(own):
        reason = _causes(own)
        raise IndexUnreachable(f"the package index did not answer ({index}): {reason}")
    if _BUILD.search(own):
        return InstallFailed(stage="build", output=said)
    return InstallFailed(stage=stage, output=said)


def _causes(own: str) -> str:
    """The last cause uv names, which is the first that happened; or the hint that says it."""
    said: list[tuple[str, str]] = re.findall(
        r"^\s*(cause|Caused by|error|hint): *(.+)$", own, re.MULTILINE
    )
    causes = [text for kind, text in said if kind != "hint"]
    hints = [text for kind, text in said if kind == "hint" and _UNREACHABLE.search(text)]
    told = causes + hints
    return told[-1] if told else "no reason given"


def disk_full(said: str) -> StorageTrouble | None:
    """The trouble that these words mean, if the disk that they speak of is ours."""
    if not _DISK_FULL.search(said):
        return None
    return StorageTrouble(
        "the disk is full where environments are kept; `nox -s clean` shows what is held, and "
        "INTERLOCK_HOME names another folder"
    )
