"""conda's environment.yml, and the locks of conda-lock and pixi."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from interlock.check.formats.conda_spec import read_spec
from interlock.check.formats.reading import Place, Reading
from interlock.check.formats.requirements import Route, follow, read_line
from interlock.check.formats.text import UnreadableFile

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_ITEMS = 100_000


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read an environment: ``dependencies`` of conda, and its list for pip."""
    reading = Reading(file=file, sought=sought)
    for key, value in _pairs(_node_of(file, text)):
        if key == "dependencies":
            for one in _items(value):
                _read_dependency(reading, one)
        elif key == "package":
            for one in _items(value):
                _read_locked(reading, one)
        elif key == "packages":
            for one in _items(value):
                _read_pixi(reading, one)
    return reading


def _read_dependency(reading: Reading, node: yaml.Node) -> None:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        read_spec(reading, node.value, Place(line=line, is_direct=True))
    for key, value in _pairs(node):
        if key == "pip":
            for one in _items(value):
                _read_pip(reading, str(one.value), one.start_mark.line + 1)


def _read_pip(reading: Reading, text: str, line: int) -> None:
    """Read an item of the list for pip, which may name a file."""
    included = re.match(r"(-r|-c|--requirement|--constraint)[\s=]+(\S+)", text)
    if included:
        is_constraint = included[1].startswith(("-c", "--c"))
        follow(reading, text, line, included[2], is_constraint, Route())
    elif not text.startswith("-") or text.startswith(("-e ", "--editable")):
        wanted = re.sub(r"^(?:-e|--editable)[\s=]+", "", re.split(r"\s+#", text)[0].strip())
        read_line(reading, wanted, Place(line=line, is_direct=True))


def _read_locked(reading: Reading, node: yaml.Node) -> None:
    """Read an entry of conda-lock: one for each platform."""
    held = {key: value for key, value in _pairs(node) if isinstance(value, yaml.ScalarNode)}
    if "name" not in held:
        return
    groups = [held[key].value for key in ("category",) if key in held]
    group = "" if groups in ([], ["main"]) else groups[0]
    version = held["version"].value if "version" in held else None
    line = held["name"].start_mark.line + 1
    reading.locked(held["name"].value, version, Place(line=line, group=group))


def _read_pixi(reading: Reading, node: yaml.Node) -> None:
    """Read an entry of pixi.lock that comes from the Python index."""
    held = {key: value for key, value in _pairs(node) if isinstance(value, yaml.ScalarNode)}
    if "name" in held and ("pypi" in held or held.get("kind", node).value == "pypi"):
        version = held["version"].value if "version" in held else None
        line = held["name"].start_mark.line + 1
        reading.locked(held["name"].value, version, Place(line=line))
    elif "conda" in held:
        stem = held["conda"].value.rpartition("/")[2]
        parts = stem.rsplit("-", 2)
        if len(parts) == 3:
            line = held["conda"].start_mark.line + 1
            reading.locked(parts[0], parts[1], Place(line=line))


def _node_of(file: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else None
        raise UnreadableFile(file, line, f"it is not YAML: {wrong.problem}") from None
    except (yaml.YAMLError, ValueError) as wrong:
        why = str(wrong).partition("\n")[0]
        raise UnreadableFile(file, None, f"it is not YAML: {why}") from None
    except RecursionError:
        raise UnreadableFile(file, None, "it is nested too deep to be read") from None


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def _items(node: yaml.Node) -> list[yaml.Node]:
    return node.value[:_MOST_ITEMS] if isinstance(node, yaml.SequenceNode) else []
