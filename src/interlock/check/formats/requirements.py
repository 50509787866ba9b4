"""Requirement files, and what pip-compile, Poetry and uv write for pip.

The rules are pip's own: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from interlock.check.formats.annotations import (
    Annotation,
    annotation,
    listed,
    python_of,
    was_compiled,
)
from interlock.check.formats.reading import NAME, Place, Reading
from interlock.check.formats.text import UnreadableFile, text_of

MOST_DEPTH = 30
"""How many files may refer to each other in a row."""

MOST_STRANGE = 5
"""How many lines that are no requirements are told one by one."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_INCLUDE = re.compile(r"(-r|-c|--requirements?|--constraints?)(?:\s*=\s*|\s+|(?<=-[rc]))(.+)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(.+)")
_OPTIONS = re.compile(r"\s-{1,2}[A-Za-z]")
"""Where the options of one requirement start: ``--hash``, ``--config-settings``."""
_KNOWN = re.compile(
    r"-i|-f|--(?:index-url|pypi-url|extra-index-url|no-index|find-links|no-binary|only-binary"
    r"|prefer-binary|require-hashes|pre|trusted-host|use-feature|hash|config-settings?"
    r"|global-option|install-option|no-build-isolation|all-releases|only-final"
    r"|process-dependency-links|allow-external|allow-unverified|use-wheel|no-use-wheel)(?![-\w])"
)
_ADDRESS = re.compile(r"(?:[a-z+]+:)?//|file:|(?:git|hg|svn|bzr)\+|[./\\~]|[A-Za-z]:[\\/]|[\w.-]+/")
_ARCHIVE = re.compile(r"[^\s@;]+\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)(?:#\S*)?\s*(?:;|$)")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A whole line without its comments, and the comments that belong to it."""

    line: int
    text: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which files led here, so that a circle is noticed."""

    files: tuple[Path, ...] = ()
    seen: set[tuple[Path, bool]] = field(default_factory=set)


def read(
    file: Path,
    text: str,
    sought: frozenset[str],
    *,
    is_constraint: bool = False,
    route: Route | None = None,
) -> Reading:
    """Read a requirement file and the files that it refers to."""
    reading = Reading(file=file, sought=sought, python=python_of(text))
    route = route or Route(seen={(_key(file), is_constraint)})
    here = replace(route, files=(*route.files, _key(file)))
    entries = entries_of(text)
    is_compiled = was_compiled(text) or any(
        comment.startswith("via ") or comment == "via" for e in entries for comment in e.comments
    )
    is_locked = is_compiled or (file.suffix != ".in" and _lists_what_is_installed(entries))
    said = Place(is_direct=None if is_locked else True, is_constraint=is_constraint)
    said = replace(said, is_locked=is_locked and not is_constraint)
    names = listed(text, (name[1] for entry in entries if (name := NAME.match(entry.text))))
    for entry in entries:
        about = annotation(entry.comments, names)
        _read_entry(reading, entry, _placed(said, entry, about), here)
    _shorten(reading)
    return reading


def read_constraints(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read a file for ``-c``: it limits versions and installs nothing."""
    return read(file, text, sought, is_constraint=True)


def entries_of(text: str) -> list[Entry]:
    """The lines with something in them: continuations joined, comments apart."""
    entries: list[Entry] = []
    joined, start = "", 0
    is_beside = False  # no empty line since the last entry
    for number, line in enumerate(text.split("\n"), start=1):
        is_comment = bool(re.match(r"\s*#", line))
        start = start or number
        if line.endswith("\\") and not is_comment:
            joined += line[:-1]
            continue
        whole = joined + (f" {line}" if is_comment else line)
        first, joined, start = start, "", 0
        comment = _COMMENT.search(whole)
        rest = (whole[: comment.start()] if comment else whole).strip()
        words = comment[0].strip().lstrip("#").strip() if comment else ""
        if rest:
            entries.append(Entry(line=first, text=rest, comments=(words,) if comment else ()))
        elif comment and entries and is_beside:
            entries[-1] = replace(entries[-1], comments=(*entries[-1].comments, words))
        is_beside = bool(rest) or (is_beside and bool(comment))
    if joined.strip():
        entries.append(Entry(line=start, text=_COMMENT.sub("", joined).strip()))
    return [entry for entry in entries if entry.text]


def read_line(reading: Reading, text: str, place: Place) -> None:
    """Read one requirement as pip takes it: a name, a URL or a path."""
    options = _OPTIONS.search(text)
    wanted = (text[: options.start()] if options else text).strip()
    if _ADDRESS.match(wanted) or _ARCHIVE.match(wanted):
        address, _, marker = re.sub(r"\s;", " ; ", wanted).partition(" ; ")
        reading.url(address.strip(), replace(place, marker=marker.strip()))
    else:
        reading.requirement(wanted, place)


def _read_entry(reading: Reading, entry: Entry, place: Place, route: Route) -> None:
    text = entry.text
    include, editable = _INCLUDE.match(text), _EDITABLE.match(text)
    if include:
        target = include[2].strip().strip("'\"")
        is_constraint = place.is_constraint or include[1].startswith(("-c", "--c"))
        follow(reading, text, entry.line, target, is_constraint, route)
    elif editable:
        reading.url(editable[1].strip("'\""), place)
    elif text.startswith("-"):
        if not _KNOWN.match(text):
            reading.unsure(text, entry.line, "it is neither a requirement nor an option of pip")
    else:
        read_line(reading, text, place)


def follow(
    reading: Reading, text: str, line: int, target: str, is_constraint: bool, route: Route
) -> None:
    """Read a file that ``-r`` or ``-c`` names."""
    if "://" in target or "$" in target:
        reading.other_file(text, line)
        return
    file = _beside(reading.file, target)
    key = _key(file)
    if key in route.files:
        reading.unsure(text, line, "the files refer to each other in a circle; remove one -r")
        return
    if (key, is_constraint) in route.seen:
        return
    if len(route.files) >= MOST_DEPTH:
        why = f"more than {MOST_DEPTH} files refer to each other in a row; it is not followed"
        reading.unsure(text, line, why)
        return
    route.seen.add((key, is_constraint))
    try:
        content = text_of(file)
    except UnreadableFile as wrong:
        reading.unsure(text, line, str(wrong))
        return
    reading.take(read(file, content, reading.sought, is_constraint=is_constraint, route=route))


def _beside(file: Path, target: str) -> Path:
    """The path that a file refers to, without ``..`` where that is the same file."""
    path = file.parent / target
    short = Path(os.path.normpath(path))
    return short if _key(short) == _key(path) else path


def _shorten(reading: Reading) -> None:
    """Tell only of the first lines of a text that is no requirement file at all."""
    strange = [one for one in reading.unread if not (one.package or one.is_elsewhere)]
    if len(strange) > MOST_STRANGE:
        kept = {id(one) for one in strange[:MOST_STRANGE]}
        left = strange[MOST_STRANGE:]
        reading.unread = [
            one for one in reading.unread if id(one) in kept or one.package or one.is_elsewhere
        ]
        why = f"it and the {len(left)} like it are no requirements; is this the right file?"
        reading.unread.append(replace(left[0], why=why))


def _key(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, or a zero byte
        return file.absolute()


def _placed(said: Place, entry: Entry, about: Annotation | None) -> Place:
    if about is None:
        return replace(said, line=entry.line)
    return replace(said, line=entry.line, needed_by=about.needed_by, is_direct=about.is_direct)


def _lists_what_is_installed(entries: list[Entry]) -> bool:
    """Whether it looks written by ``pip freeze`` or by an export of a lock file.

    Then each line is one exact version, and either each has a hash or they are sorted, without a
    comment of a person.
    """
    packages = [entry for entry in entries if not entry.text.startswith("-")]
    pinned = [bool(re.match(r"[^=<>~!;]*={2,3}[^*]+(?:;|$)", e.text)) for e in packages]
    if not packages or not all(pinned):
        return False
    names = [re.sub(r"[-_.]+", "-", re.split(r"[\[=\s]", e.text)[0]).lower() for e in packages]
    is_hashed = all("--hash" in entry.text for entry in packages)
    return is_hashed or (names == sorted(names) and not any(e.comments for e in packages))
