"""A little language for what files ask for, and a check of it against made-up verdicts.

``project("requirements.txt: left-lib==1.0, right-lib>=2", "uv.lock: right-lib==2.1")`` are two
files, a line for each library. ``transitive``, ``group NAME`` and ``if MARKER`` may follow a
requirement; ``@ URL`` stands for a source.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from grids import AXES, matrix
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.check.deciding import Request, decide
from interlock.check.found import DependencyFile, Mention, Project, Unread, joined
from interlock.check.result import Result
from interlock.findings import Findings
from interlock.matrix.situations import AppChoice
from interlock.model import PythonVersion, Reason, Verdict
from interlock.record.listed import NONE_LISTED, ListedRelease, ListedReleases

TODAY = date(2026, 3, 2)
FORMATS = {
    "Dockerfile": "Dockerfile",
    "constraints.txt": "constraints file",
    "uv.lock": "uv.lock",
    "pyproject.toml": "pyproject.toml",
}

_ASKED = re.compile(
    r"(?P<name>[\w-]+)(?P<of>[^ ]*)(?: @ (?P<source>\S+))?(?P<transitive> transitive)?"
    r"(?: group (?P<group>\w+))?(?: if (?P<marker>.+))?"
)


def project(*files: str, python: str | None = None) -> Project:
    return joined(_file(text, python) for text in files)


def _file(text: str, python: str | None) -> DependencyFile:
    name, _, content = text.partition(": ")
    asked = [one for one in re.split(r", (?=[a-z])", content) if one]
    return DependencyFile(
        path=Path(name),
        format=FORMATS.get(name, "requirements file"),
        mentions=tuple(_mention(name, at, one) for at, one in enumerate(asked, 1)),
        python=SpecifierSet(python) if python else None,
        packages=len(asked),
    )


def _mention(file: str, line: int, text: str) -> Mention:
    found = _ASKED.fullmatch(text)
    assert found, f"no such requirement: {text!r}"
    of = found["of"]
    is_exact = of.startswith("==") and not of.endswith("*")
    return Mention(
        package=found["name"],
        file=Path(file),
        line=line,
        version=Version(of[2:]) if is_exact else None,
        specifier=None if is_exact or found["source"] else SpecifierSet(of),
        source=found["source"] or "",
        marker=found["marker"] or "",
        group=found["group"] or "",
        is_direct=False if found["transitive"] else None,
        needed_by=("somebody",) if found["transitive"] else (),
        is_constraint=file == "constraints.txt",
        is_locked=file == "uv.lock",
    )


def unread(
    text: str = "left-lib @@ 1", *, elsewhere: bool = False, package: str = ""
) -> DependencyFile:
    one = Unread(
        file=Path("app.txt"),
        line=4,
        text=text,
        why="it has no version",
        is_elsewhere=elsewhere,
        package=package,
    )
    return DependencyFile(path=Path("app.txt"), format="requirements file", unread=(one,))


def listed(pythons: str = "3.10", refused: dict[str, str] | None = None, **of: str) -> Any:
    """``left="1.0 1.1! 2.0rc1"``: an exclamation mark is a yanked release.

    ``refused`` has the Python on which a release of ``right`` has no wheel.
    """
    no_wheel = {Version(v): PythonVersion.parse(p) for v, p in (refused or {}).items()}
    return ListedReleases(
        pythons=tuple(map(PythonVersion.parse, pythons.split())),
        by_axis={
            axis: [
                ListedRelease(
                    version=(version := Version(word.rstrip("!"))),
                    yanked=word.endswith("!"),
                    refused={no_wheel[version]: Reason.NO_WHEEL}
                    if axis == "right" and version in no_wheel
                    else {},
                )
                for word in words.split()
            ]
            for axis, words in of.items()
        },
    )


def checked(
    verdicts: list[Verdict],
    files: Project,
    *,
    releases: ListedReleases = NONE_LISTED,
    choices: dict[str, AppChoice] | None = None,
    changes: dict[str, object] | None = None,
    pythons: str = "3.10",
    **request: Any,
) -> Result:
    """What a check of these files finds, with the choice ``level`` unless others are named."""
    of = {**({"choices": choices} if choices else {}), **(changes or {})}
    findings = Findings(matrix=matrix(**of), verdicts=verdicts, releases=releases)
    asked = tuple(map(PythonVersion.parse, pythons.split()))
    return decide(files, findings, Request(pythons=asked, today=TODAY, **request))


PINNED = project("app.txt: left-lib==1.0, right-lib==1.0")
PACKAGES = [axis.package for axis in AXES]
