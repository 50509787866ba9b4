"""conda's environment.yml, and the locks of conda-lock and pixi."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from interlock.check.formats.conda_spec import read_spec
from interlock.check.formats.reading import Place, Reading, release_in, requires_python
from interlock.check.formats.requirements import Route, follow, read_line
from interlock.check.formats.text import UnreadableFile

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read an environment: ``dependencies`` of conda, and its list for pip."""
    reading = Reading(file=file, sought=sought)
    for key, value in _pairs(_node_of(file, text)):
        if key == "dependencies":
            for one in _items(value):
                _read_dependency(reading, one)
        elif key in ("package", "packages"):  # of conda-lock, of pixi
            for one in _items(value):
                _read_locked(reading, one)
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
    """Read an entry of conda-lock or pixi.lock: one for each platform."""
    held = {key: value for key, value in _pairs(node) if isinstance(value, yaml.ScalarNode)}
    url = next((held[key].value for key in ("pypi", "conda") if key in held), "")
    name = held["name"].value if "name" in held else ""
    version = held["version"].value if "version" in held else None
    if not (name and version) and url:
        file = _in_url(url, is_conda="conda" in held)
        name, version = (name or file[0], version or file[1]) if file else (name, version)
    if not name:
        return
    group = held["category"].value if "category" in held else "main"
    line = held.get("name", node).start_mark.line + 1
    if name == "python" and version and re.match(r"\d+\.\d+", version):
        reading.python = requires_python(f"=={'.'.join(version.split('.')[:2])}.*")
    place = Place(line=line, group="" if group == "main" else group)
    reading.locked(name, version, place)


def _in_url(url: str, *, is_conda: bool) -> tuple[str, str] | None:
    """The name and the version in the file name of a URL. conda adds a build."""
    if is_conda:
        parts = url.rpartition("/")[2].rsplit("-", 2)
        return (parts[0], parts[1]) if len(parts) == 3 else None
    file = release_in(url)
    return (file[0], str(file[1])) if file else None


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
    return node.value if isinstance(node, yaml.SequenceNode) else []
