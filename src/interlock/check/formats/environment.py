"""The packages that are installed: in this Python, or in a folder of one."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from interlock.check.formats.graph import MAIN, Graph
from interlock.check.formats.reading import Reading
from interlock.check.formats.text import UnreadableFile


def read(folder: Path | None, sought: frozenset[str]) -> Reading:
    """Read what is installed in a site-packages or an environment; None is this one."""
    place = _site_packages(folder) if folder else Path(sys.prefix)
    found = list(distributions(path=[str(place)]) if folder else distributions())
    if folder and not found:
        raise UnreadableFile(folder, None, "no package is installed in this folder")
    reading = Reading(file=place, sought=sought, python=_python(place if folder else None))
    graph = Graph()
    named = [(canonicalize_name(name), each) for each in found if (name := _name(each))]
    for name, each in named:
        for required in _required(each):
            graph.add(name, required)
    if any(each.read_text("REQUESTED") is not None for _, each in named):
        for name, each in named:
            if each.read_text("REQUESTED") is not None:
                graph.root(MAIN, name)
    seen: set[str] = set()
    for name, each in named:
        if name not in seen:  # the first on the path is the one that is imported
            seen.add(name)
            reading.locked(name, _version(each), graph.place(name, None), _source(each))
    return reading


def _site_packages(folder: Path) -> Path:
    inside = [*folder.glob("lib/python3*/site-packages"), *folder.glob("Lib/site-packages")]
    return inside[0] if inside else folder


def _python(folder: Path | None) -> SpecifierSet | None:
    if folder is None:
        return SpecifierSet(f"=={sys.version_info[0]}.{sys.version_info[1]}.*")
    found = re.search(r"\bpython(\d+\.\d+)\b", str(folder.absolute()))
    return SpecifierSet(f"=={found[1]}.*") if found else None


def _name(each: Distribution) -> str:
    """Its name; empty where a half-removed package has none."""
    name = each.metadata["Name"] if each.metadata is not None else None
    return str(name or "")


def _version(each: Distribution) -> str | None:
    version = each.metadata["Version"]
    return str(version) if version else None


def _source(each: Distribution) -> str:
    """The URL that it was installed from, if not from an index (PEP 610)."""
    try:
        held = json.loads(each.read_text("direct_url.json") or "{}")
    except ValueError:
        return ""
    return str(held.get("url", "")) if isinstance(held, dict) else ""


def _required(each: Distribution) -> Iterator[str]:
    """What it requires. Only what an extra wants is left out."""
    for text in each.requires or ():
        try:
            requirement = Requirement(text)
        except ValueError:
            continue
        if requirement.marker is None or "extra" not in str(requirement.marker):
            yield canonicalize_name(requirement.name)
