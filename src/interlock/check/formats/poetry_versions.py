"""Poetry's constraints (``^1.2``, ``~1.2``, ``1.*``, ``||``) as specifiers.

https://python-poetry.org/docs/dependency-specification/#version-constraints
"""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

_PART = re.compile(r"(\^|~(?!=)|~=|===?|!=|<=?|>=?)?\s*([^\s,<>=!~^][^\s,]*)")


def alternatives(text: str) -> list[SpecifierSet]:
    """The ranges, of which any will do. Raises ``InvalidSpecifier`` for what is none."""
    found = [_range(one) for one in re.split(r"\s*\|\|?\s*", text.strip())]
    return _joined(found)


def envelope(ranges: list[SpecifierSet]) -> SpecifierSet:
    """One range around all: from the lowest start to the highest end."""
    if len(ranges) == 1:
        return ranges[0]
    starts = [_bound(one, (">=", ">", "==")) for one in ranges]
    ends = [_bound(one, ("<", "<=")) for one in ranges]
    lowest = min((v for v in starts if v), default=None) if all(starts) else None
    highest = max((v for v in ends if v), default=None) if all(ends) else None
    parts = [f">={lowest}"] if lowest else []
    return SpecifierSet(",".join([*parts, *([f"<{highest}"] if highest else [])]))


def _range(text: str) -> SpecifierSet:
    text = text.strip()
    if text in ("*", ""):
        return SpecifierSet()
    parts: list[str] = []
    for operator, version in _PART.findall(text):
        parts += _part(operator, version)
    rest = _PART.sub("", text).replace(",", "").strip()
    if rest:
        raise InvalidSpecifier(f"Invalid specifier: {text!r}")
    return SpecifierSet(",".join(parts))


def _part(operator: str, version: str) -> list[str]:
    if version == "*":
        return []
    if operator in ("^", "~"):
        try:
            start = Version(version.removesuffix(".*"))
        except ValueError:
            raise InvalidSpecifier(f"Invalid specifier: {operator}{version!r}") from None
        return [f">={start}", f"<{_caret(start) if operator == '^' else _tilde(start)}"]
    if not operator and version.endswith(".*"):
        return [f"=={version}"]
    return [f"{operator or '=='}{version}"]


def _caret(start: Version) -> str:
    """The next version that changes the first digit that is not 0."""
    release = start.release
    place = next((index for index, digit in enumerate(release) if digit), len(release) - 1)
    return ".".join(map(str, (*release[:place], release[place] + 1)))


def _tilde(start: Version) -> str:
    release = start.release
    return str(release[0] + 1) if len(release) == 1 else f"{release[0]}.{release[1] + 1}"


def _bound(one: SpecifierSet, operators: tuple[str, ...]) -> Version | None:
    versions = [
        Version(each.version.removesuffix(".*")) for each in one if each.operator in operators
    ]
    return max(versions, default=None)


def _joined(ranges: list[SpecifierSet]) -> list[SpecifierSet]:
    """Neighbours as one: ``^1 || ^2`` has no hole."""
    joined = ranges[:1]
    for one in ranges[1:]:
        end, start = _bound(joined[-1], ("<",)), _bound(one, (">=",))
        operators = [{each.operator for each in spec} for spec in (joined[-1], one)]
        if end is not None and end == start and all(o <= {">=", "<"} for o in operators):
            joined[-1] = envelope([joined[-1], one])
        else:
            joined.append(one)
    return joined
