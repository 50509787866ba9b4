"""conda's specs: ``name=2.14`` is every 2.14.x, ``name==2.14`` is one release.

https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html
"""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from interlock.check.formats.reading import Place, Reading, specifiers

_SPEC = re.compile(r"(?:[^\s:\[]+::?)?([A-Za-z0-9][A-Za-z0-9._-]*)\s*(.*)$")
"""A channel, a name, and the rest: ``conda-forge::name>=1``."""
_IN_BRACKETS = re.compile(r"\[.*?version\s*=\s*['\"]?([^'\"\]]+)")


def read_spec(reading: Reading, text: str, place: Place) -> None:
    """Read one spec of conda."""
    found = _SPEC.match(text.strip())
    if not found:
        return
    name, rest = found[1], found[2].strip()
    bracket = _IN_BRACKETS.match(rest)
    version = (bracket[1] if bracket else re.sub(r"\[.*\]$", "", rest)).strip()
    ranges = _range(version)
    if ranges is None and canonicalize_name(name) not in reading.sought:
        ranges = SpecifierSet()
    if name == "python":
        reading.python = ranges or reading.python
    elif ranges is not None:
        reading.asked(name, ranges, place)
    else:
        reading.requirement(f"{name} {version}", place)


def _range(text: str) -> SpecifierSet | None:
    """conda's version as specifiers. None if there is no such specifier."""
    if re.fullmatch(r"[^=\s]\S*\s+\S+", text) and not re.match(r"[<>!~]", text):
        text = f"=={text.split()[0]}"  # `name 2.14.4 build`
    text = re.sub(r"\s+", "", text)
    if text in ("", "*", "=*"):
        return SpecifierSet()
    parts: list[str] = []
    for part in text.split(","):
        single = re.fullmatch(r"=(?!=)([^=]+?)(\*?)(?:=(.*))?", part)
        if single and single[3]:  # with the name of a build, it is one release
            parts.append(f"=={single[1]}")
        elif single:
            parts.append(f"=={single[1].rstrip('.')}.*")
        elif re.match(r"\d", part):
            parts.append(f"=={part.removesuffix('*').rstrip('.')}{'.*' if '*' in part else ''}")
        else:
            parts.append(part)
    return specifiers(",".join(parts))
