"""Tables of Poetry, Pipenv and Pixi: the key is the name of a package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from interlock.check.formats.document import strings, table
from interlock.check.formats.graph import MAIN
from interlock.check.formats.lines import Place as Way
from interlock.check.formats.markers import both
from interlock.check.formats.poetry_versions import alternatives, envelope
from interlock.check.formats.reading import Place, Reading

_SOURCES = ("git", "url", "path", "file", "hg", "svn")
_MARKERS = ("os_name", "sys_platform", "platform_machine", "platform_system", "python_version")


def read_poetry(
    reading: Reading, poetry: dict[str, Any], lines: Mapping[Way, int], beside: frozenset[str]
) -> None:
    """Read ``[tool.poetry]``. ``beside`` are the names that ``[project]`` has already."""
    top: Way = ("tool", "poetry")
    main = table(poetry.get("dependencies"))
    python = main.get("python")
    if isinstance(python, str) and reading.python is None:
        reading.python = python_range(python)
    extras = {
        canonicalize_name(name): extra
        for extra, names in table(poetry.get("extras")).items()
        for name in strings(names)
    }
    optional = {
        name: extras.get(canonicalize_name(name), "optional")
        for name, asked in main.items()
        if any(table(one).get("optional") for one in _several(asked))
    }
    for name, asked in main.items():
        if name != "python" and not (canonicalize_name(name) in beside and _adds_nothing(asked)):
            place = Place(group=optional.get(name, MAIN), is_direct=True)
            read_table(reading, {name: asked}, (*top, "dependencies"), lines, place)
    groups: dict[Way, tuple[str, object]] = {
        ("dev-dependencies",): ("dev", poetry.get("dev-dependencies"))
    }
    for group, held in table(poetry.get("group")).items():
        groups["group", group, "dependencies"] = (group, table(held).get("dependencies"))
    for way, (group, wanted) in groups.items():
        place = Place(group=group, is_direct=True)
        read_table(reading, table(wanted), (*top, *way), lines, place)


def read_table(
    reading: Reading, asked: dict[str, Any], way: Way, lines: Mapping[Way, int], place: Place
) -> None:
    """Read a table from names to constraints."""
    for name, wanted in asked.items():
        for index, one in enumerate(_several(wanted)):
            at = (*way, name, index) if isinstance(wanted, list) else (*way, name)
            line = lines.get(at, lines.get((*way, name)))
            _read_one(reading, name, one, replace(place, line=line))


def python_range(text: str) -> SpecifierSet | None:
    """The Pythons of a constraint; with a hole in it, all from the first to the last."""
    try:
        return envelope(alternatives(text)) or None
    except ValueError:
        return None


def _several(asked: object) -> list[object]:
    """A constraint that depends on the Python is a list of them."""
    return asked if isinstance(asked, list) else [asked]


def _adds_nothing(asked: object) -> bool:
    """Whether it only says where to look for what ``[project]`` asks for."""
    held = table(asked)
    return isinstance(asked, dict) and not any(key in held for key in ("version", *_SOURCES))


def _read_one(reading: Reading, name: str, asked: object, place: Place) -> None:
    held = table(asked)
    version = held.get("version", "*") if isinstance(asked, dict) else asked
    text = version if isinstance(version, str) else f"not a string: {version}"
    place = replace(place, marker=_marker(held))
    source = next((str(held[key]) for key in _SOURCES if key in held), "")
    try:
        ranges = alternatives(text)
    except ValueError:
        ranges = []
    if len(ranges) == 1:
        reading.asked(name, ranges[0], place, source)
        return
    if canonicalize_name(name) not in reading.sought:
        reading.asked(name, SpecifierSet(), place)
        return
    reading.packages += 1
    if ranges:
        why = "these are several ranges with a gap between them; write one range"
    elif "$" in text:
        why = "its value stands in a variable; write the version out"
    else:
        why = "it is not a version constraint; correct it"
    package = canonicalize_name(name)
    reading.unsure(f'{name} = "{text}"', place.line, why, package=package)


def _marker(held: dict[str, Any]) -> str:
    marker = str(held.get("markers", ""))
    python, platform = held.get("python"), held.get("platform")
    if isinstance(python, str):
        within = python_range(python)
        terms = [f"python_full_version {o.operator} '{o.version}'" for o in within or ()]
        marker = both(marker, " and ".join(sorted(terms, reverse=True)))
    if isinstance(platform, str):
        marker = both(marker, f"sys_platform == '{platform}'")
    for key in _MARKERS:  # Pipenv writes them as keys
        if isinstance(held.get(key), str):
            marker = both(marker, f"{key} {held[key]}")
    return marker
