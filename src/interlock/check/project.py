"""Files and folders → one project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from interlock.check.formats.kinds import UNDERSTOOD, kind_of
from interlock.check.formats.text import UnreadableFile, text_of
from interlock.check.found import DependencyFile, Mention, Project, Unread, joined

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "conda-lock.yml")
_INSTALLED = (
    *_LOCKS,
    "pylock*.toml",
    "*requirements*.txt",
    "requirements*.lock",
    "constraints.txt",
)
"""What a folder has that says what is installed."""
_ASKED = (
    "pyproject.toml",
    "Pipfile",
    "pixi.toml",
    "environment.yml",
    "environment.yaml",
    "*requirements*.in",
)
_COMMANDS = ("Dockerfile*", "*.[Dd]ockerfile", "Containerfile*", "*.sh")
"""What a folder has that installs by commands."""
_OLDER = ("setup.cfg", "setup.py")
"""What a folder has that says what is asked for, if it has nothing of the others."""


def read_project(paths: Sequence[Path], packages: Mapping[str, str]) -> Project:
    """Read dependency files as one project. Nothing in them is executed.

    ``packages`` maps the name of each tested package to its axis. A folder stands for the files at
    its top that ``files_in`` names, or for the packages that are installed in it. Raises
    ``UsageError`` for a file that can't be read, and for one that no format is known for.
    """
    sought = frozenset(canonicalize_name(name) for name in packages)
    read = [one for path in paths for one in _read(path, sought)]
    return joined(_without_doubles(_without_given(read)))


def read_environment(packages: Mapping[str, str], folder: Path | None = None) -> Project:
    """Read what is installed in this Python, or in a folder of another one."""
    sought = frozenset(canonicalize_name(name) for name in packages)
    return joined([_installed(folder, sought)])


def files_in(folder: Path) -> list[Path]:
    """The files of a folder that say what is installed, what is asked for, or what a command does.

    ``setup.cfg`` and ``setup.py`` are among them only if nothing else says what is asked for.
    """
    named = _matching(folder, _INSTALLED)
    if folder.name.startswith("requirements"):
        named += _matching(folder, ("*.txt",)) or _matching(folder, ("*.in",))
    named += _matching(folder, _ASKED)
    named = named or _matching(folder, _OLDER)
    return list(dict.fromkeys([*named, *_matching(folder, _COMMANDS)]))


def _matching(folder: Path, patterns: Sequence[str]) -> list[Path]:
    try:
        return [path for one in patterns for path in sorted(folder.glob(one)) if path.is_file()]
    except OSError as trouble:
        raise UnreadableFile(folder, None, f"it can't be read: {trouble.strerror}") from None


def _read(path: Path, sought: frozenset[str]) -> Iterator[DependencyFile]:
    if not _is_folder(path):
        yield _read_file(path, sought)
    elif (path / "pyvenv.cfg").is_file() or any(path.glob("*.dist-info")):
        yield _installed(path, sought)
    else:
        files = files_in(path)
        if not files:
            why = f"no dependency file is in this folder; understood are {UNDERSTOOD}"
            raise UnreadableFile(path, None, why)
        for file in files:
            yield _read_file(file, sought)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False  # reading it as a file says what is wrong


def _installed(folder: Path | None, sought: frozenset[str]) -> DependencyFile:
    from interlock.check.formats import environment  # it takes time to import

    return environment.read(folder, sought).done("installed packages")


def _read_file(file: Path, sought: frozenset[str]) -> DependencyFile:
    text = text_of(file)
    kind = kind_of(file, text)
    try:
        return kind.read(file, text, sought).done(kind.title)
    except RecursionError:
        raise UnreadableFile(file, None, "it is nested too deep to be read") from None


def _without_given(read: list[DependencyFile]) -> list[DependencyFile]:
    """Drop the pointers to files that were given as well."""
    given = {file.path.name for file in read}
    projects = {file.path.parent.absolute() for file in read if _is_of_a_project(file.path)}

    def is_given(one: Unread) -> bool:
        names = set(re.split(r"[\s/\\=]+", one.text))
        folder = re.sub(r"\[.*\]$", "", one.text.strip())
        is_here = folder in (".", "./") and one.file.parent.absolute() in projects
        return one.is_elsewhere and (is_here or bool(given & names))

    return [
        replace(file, unread=tuple(one for one in file.unread if not is_given(one)))
        for file in read
    ]


def _is_of_a_project(file: Path) -> bool:
    """Whether it tells what ``pip install .`` installs."""
    return file.name in (*_LOCKS, "pyproject.toml", "setup.cfg", "setup.py")


def _without_doubles(read: list[DependencyFile]) -> list[DependencyFile]:
    """Keep the first mention where two files refer to the same third one."""
    seen: set[Mention] = set()
    kept = []
    for file in read:
        mentions = []
        for one in file.mentions:
            key = replace(one, file=one.file.absolute())
            if key not in seen:
                mentions.append(one)
            seen.add(key)
        kept.append(replace(file, mentions=tuple(mentions)))
    return kept
