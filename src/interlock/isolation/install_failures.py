"""Decide from uv's error whether the packages are at fault, or our own trouble.

The packages are at fault in three cases: no candidate satisfies the requirements, a build fails by
itself, or a whole archive holds what no installer takes. Everything else is trouble. A list of
known trouble would be wrong at every new message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from interlock.model import IndexUnreachable, StorageTrouble, TroubleError

Listed = Callable[[str], Collection[Version]]
"""The versions of a package in the index, asked once more. Empty if it has none.

Raises ``IndexUnreachable`` if the index gives no usable answer.
"""


@dataclass(frozen=True, kw_only=True)
class InstallFailed:
    """These releases do not install here. The machine is not at fault."""

    stage: str
    """``resolve`` or ``build``. Old trials have ``install`` too."""
    output: str
    """The beginning and the end of uv's output."""
    kept: Path | None = None
    """The rest of the environment, if the caller asked to keep it."""

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


# uv's own words for a failed request, without any package's text. A plain 404 of a package is not
# among them: uv says then that the package does not exist.
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|Request failed after|client error \(Connect\)|"
    r"dns error|tcp connect error|connection reset|error decoding response body|"
    r"operation timed out|network timeout|UV_HTTP_TIMEOUT|HTTP status (?:server|client) error|"
    r"lack of valid authentication credentials|returned a 403 Forbidden|"
    r"failed to read from file|Permission denied",
    re.IGNORECASE,
)
_OF_BUILDING = re.compile(r"^error: Failed to (?:download and )?build\b", re.MULTILINE)
# The kernel sends SIGKILL when memory runs out. We may send SIGTERM.
_BACKEND_FAILED = re.compile(
    r"The build backend returned an error\s+cause: Call to `[^`]+` failed "
    r"\((?:exit status: \d+|signal: (?!9\b|15\b)\d+ )"
)
# An archive that was cut or changed on its way fails by its length or its checksums, before that.
_NO_SOURCE = re.compile(
    r"cause: Invalid tar file\s+cause: at byte \d+: "
    r"(?:unsafe (?:symbolic-link target|hard-link target|member path)|"
    r"cannot extract unsupported member type) |"
    r"cause: `[^`\n]+` does not appear to be a Python project,|"
    r"cause: The source distribution declares (?:name|version) [^\n]+, but the wheel declares "
)
_NO_WHEEL = re.compile(r"cause: `RECORD` file is invalid\s+cause: CSV ")
CUT = "[…]"
"""Replaces the part of uv's output that an installer left out."""
_NO_SOLUTION = re.compile(r"No solution found when resolving[^\n]*")
# uv's statements about a package, between "Because" and the conclusion, have such a verb.
_STATED = re.compile(r"(?<=\s)(?:has|have|was|were|is|are)\s+(\S.*?)(?=,|\.?$|\.\s| and )")
_OF_THE_PACKAGES = re.compile(
    r"no usable wheels|no wheels |no \S+ wheels|no source distribution|yanked|available|"
    r"unsatisfiable|incompatible|no versions? of |not found in the (?:package registry|provided)"
)
_NOT_LISTED = re.compile(
    r"(?:there (?:is|are) no versions? of (?P<missing>\S+))|"
    r"(?:(?P<unknown>\S+) was not found in the (?:package registry|provided))"
)
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?(?:\{[^}]*\})?(?P<specifier>[<>=!~][^\s{]*)?"
)
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)


def read_failure(
    stage: str, said: str, *, index: str, listed: Listed | None = None
) -> InstallFailed:
    """What uv's words mean, for the stage in which it stopped.

    Raises ``IndexUnreachable`` or ``TroubleError`` if the packages are not at fault. uv quotes a
    build's output after ``[stdout]`` or ``[stderr]``, and that text is not trusted. An empty page
    and an unpublished version read the same, so ``listed`` is asked. Without ``listed``, such a
    claim is trouble.
    """
    own = re.split(r"^\s*\[(?:stdout|stderr)\]\s*$", said, maxsplit=1, flags=re.MULTILINE)[0]
    if _UNREACHABLE.search(own):
        reason = _causes(own)
        raise IndexUnreachable(f"the package index did not answer ({index}): {reason}")
    building = bool(_OF_BUILDING.search(own))
    if building and _BACKEND_FAILED.search(own):
        return InstallFailed(stage="build", output=said)
    if building and _NO_SOURCE.search(own):
        return InstallFailed(stage="build", output=said)
    if _NO_WHEEL.search(own):
        return InstallFailed(stage="install", output=said)
    if found := _NO_SOLUTION.search(own):
        _believe(own[found.end() :].partition("\nhint:")[0], index, listed)
        return InstallFailed(stage="build" if building else stage, output=said)
    raise TroubleError(
        f"the install failed, and there is no sign that the packages are at fault ({index}): "
        f"{_causes(own)}"
    )


def _believe(because: str, index: str, listed: Listed | None) -> None:
    """Raise trouble unless each reason is a fault of the packages."""
    plain = " ".join(re.sub(r"\([^)]*\)", "", because).split()).removeprefix("cause: ")
    if CUT in plain:
        raise TroubleError(f"uv's reasons are too long to read ({index}): {plain[:500]}")
    for stated in _STATED.findall(plain):
        if not _OF_THE_PACKAGES.match(stated):
            raise IndexUnreachable(f"the package index sent an unusable answer ({index}): {plain}")
    for claim in _NOT_LISTED.finditer(plain):
        wanted = (claim["missing"] or claim["unknown"]).rstrip(",.")
        if listed is None or _is_listed(wanted, listed):
            raise IndexUnreachable(
                f"the package index contradicts itself about {wanted} ({index}): uv found no "
                "version, but the index may list one; try again later"
            )


def _is_listed(wanted: str, listed: Listed) -> bool:
    """Whether the index lists a version of ``left`` or ``left[extra]>=2`` after all."""
    read = _REQUIREMENT.fullmatch(wanted)
    if read is None:
        return True
    try:
        allowed = SpecifierSet(read["specifier"] or "")
    except InvalidSpecifier:
        return True
    return any(allowed.contains(version, prereleases=True) for version in listed(read["name"]))


def _causes(own: str) -> str:
    """The last cause in uv's output, which happened first; or the hint that states it."""
    said: list[tuple[str, str]] = re.findall(
        r"^\s*(cause|Caused by|error|hint): *(.+)$", own, re.MULTILINE
    )
    causes = [text for kind, text in said if kind != "hint"]
    hints = [text for kind, text in said if kind == "hint" and _UNREACHABLE.search(text)]
    told = causes + hints
    return told[-1] if told else "no reason given"


def disk_full(said: str) -> StorageTrouble | None:
    """The trouble that these words mean, if they are about our disk."""
    if not _DISK_FULL.search(said):
        return None
    return StorageTrouble(
        "the disk with the environments is full; make room (`nox -s clean` shows what is kept), "
        "or set INTERLOCK_HOME to another folder"
    )
