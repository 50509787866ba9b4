"""pyproject.toml: what PEP 621, PEP 735 and the tools ask for in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from interlock.check.formats.document import strings, table, tables, toml_of
from interlock.check.formats.lines import Place as Way, toml_lines
from interlock.check.formats.pixi import read_pixi
from interlock.check.formats.poetry import read_poetry, read_table
from interlock.check.formats.reading import Place, Reading, requires_python
from interlock.check.formats.requirements import read_line

_DIRECT = Place(is_direct=True)
_LIMIT = Place(is_constraint=True)


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought)
    lines = toml_lines(text)
    project, tool = table(document.get("project")), table(document.get("tool"))
    reading.python = requires_python(project.get("requires-python"))
    for place, way, asked in _lists(document):
        _read_list(reading, asked, way, lines, place)
    _check_includes(reading, document, lines)
    _tell_dynamic(reading, document, lines)
    beside = frozenset().union(*reading.asked_for.values()) if reading.asked_for else frozenset()
    read_poetry(reading, table(tool.get("poetry")), lines, beside)
    overrides = table(table(table(tool.get("pdm")).get("resolution")).get("overrides"))
    way = ("tool", "pdm", "resolution", "overrides")
    read_table(reading, overrides, way, lines, _LIMIT)
    read_pixi(reading, table(tool.get("pixi")), ("tool", "pixi"), lines)
    _replace_sources(reading, table(table(tool.get("uv")).get("sources")))
    return reading


def _read_list(
    reading: Reading, asked: object, way: Way, lines: dict[Way, int], place: Place
) -> None:
    if asked is None:
        return
    if not isinstance(asked, list):
        name = ".".join(map(str, way))
        reading.unsure(name, lines.get(way), "it is not a list of strings; correct it")
        return
    for index, one in enumerate(asked):
        line = lines.get((*way, index), lines.get(way))
        if isinstance(one, str):
            read_line(reading, one.strip(), replace(place, line=line))
        elif "include-group" not in table(one):
            reading.unsure(str(one), line, "it is not a string; correct it")


def _lists(document: dict[str, Any]) -> Iterator[tuple[Place, Way, object]]:
    """Each list of requirements, with what is known of those in it."""
    project = table(document.get("project"))
    tool = table(document.get("tool"))
    yield _DIRECT, ("project", "dependencies"), project.get("dependencies")
    uv = table(tool.get("uv"))
    groups: list[tuple[Way, object]] = [
        (("project", "optional-dependencies"), project.get("optional-dependencies")),
        (("dependency-groups",), document.get("dependency-groups")),
        (("tool", "pdm", "dev-dependencies"), table(tool.get("pdm")).get("dev-dependencies")),
    ]
    flit = table(table(tool.get("flit")).get("metadata"))
    yield _DIRECT, ("tool", "flit", "metadata", "requires"), flit.get("requires")
    groups.append((("tool", "flit", "metadata", "requires-extra"), flit.get("requires-extra")))
    for way, held in groups:
        for group, asked in table(held).items():
            yield replace(_DIRECT, group=group), (*way, group), asked
    for name in ("uv", "rye"):
        asked = table(tool.get(name)).get("dev-dependencies")
        yield replace(_DIRECT, group="dev"), ("tool", name, "dev-dependencies"), asked
    for key in ("constraint-dependencies", "override-dependencies"):
        yield _LIMIT, ("tool", "uv", key), uv.get(key)
    for name, held in table(table(tool.get("hatch")).get("envs")).items():
        for key in ("dependencies", "extra-dependencies"):
            asked = table(held).get(key)
            yield replace(_DIRECT, group=name), ("tool", "hatch", "envs", name, key), asked


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _check_includes(reading: Reading, document: dict[str, Any], lines: dict[Way, int]) -> None:
    """Tell of a group that includes one that is not there."""
    groups = table(document.get("dependency-groups"))
    known = {canonicalize_name(name) for name in groups}
    for name, held in groups.items():
        for index, one in enumerate(_list(held)):
            included = table(one).get("include-group")
            if isinstance(included, str) and canonicalize_name(included) not in known:
                line = lines.get(("dependency-groups", name, index))
                why = f'there is no group "{included}"; correct its name'
                reading.unsure(f'include-group = "{included}"', line, why)


def _tell_dynamic(reading: Reading, document: dict[str, Any], lines: dict[Way, int]) -> None:
    """Point to the files from which setuptools takes the requirements."""
    way = ("tool", "setuptools", "dynamic")
    dynamic = table(table(table(document.get("tool")).get("setuptools")).get("dynamic"))
    files = strings(table(dynamic.get("dependencies")).get("file"))
    for extra in table(dynamic.get("optional-dependencies")).values():
        files += strings(table(extra).get("file"))
    for name in files:
        reading.other_file(name, lines.get((*way, "dependencies"), lines.get(way)))
    told = strings(table(document.get("project")).get("dynamic"))
    poetry = table(table(document.get("tool")).get("poetry"))
    if "dependencies" in told and not files and "dependencies" not in poetry:
        why = "the build computes the dependencies; give the lock file or the requirements instead"
        line = lines.get(("project", "dynamic"))
        reading.unsure('dynamic = ["dependencies"]', line, why, elsewhere=True)


def _replace_sources(reading: Reading, sources: dict[str, Any]) -> None:
    """Put in where uv takes a package from, if not from the index."""
    by_name: dict[str, object] = {canonicalize_name(name): held for name, held in sources.items()}
    for index, one in enumerate(reading.mentions):
        held = by_name.get(one.package)
        for source in tables(held if isinstance(held, list) else [held]):
            address = next((source[k] for k in ("git", "url", "path") if k in source), "")
            if address:
                reading.mentions[index] = reading.from_source(one, str(address))
