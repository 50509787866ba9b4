"""Environment markers: what depends on the machine, and what on the extras."""

from __future__ import annotations

import re

_EXTRA = re.compile(r"\bextras?\b|\bdependency_groups\b")
_NAMES = re.compile(
    r"""\bextra\s*==\s*['"]([^'"]+)['"]|['"]([^'"]+)['"]\s+in\s+(?:extras|dependency_groups)\b"""
)
_CONFLICT = re.compile(r"(?:extra|group)-\d+-")
"""How uv names the extras of projects that exclude each other."""


def both(first: str, second: str) -> str:
    """A marker that holds where both hold. An empty one holds everywhere."""
    if not (first and second):
        return first or second
    return " and ".join(f"({one})" if " or " in one else one for one in (first, second))


def any_of(markers: list[str]) -> str:
    """A marker that holds where any of them holds."""
    if "" in markers or not markers:
        return ""
    distinct = list(dict.fromkeys(markers))
    return distinct[0] if len(distinct) == 1 else " or ".join(f"({one})" for one in distinct)


def extras_in(marker: str) -> list[str]:
    """The extras and groups that a marker asks for, in their order."""
    names = (one or other for one, other in _NAMES.findall(marker))
    return [name for name in dict.fromkeys(names) if not _CONFLICT.match(name)]


def without_extras(marker: str) -> str:
    """What a marker asks of the machine. Empty where that can't be told apart.

    Whoever installs chooses the extras. So a marker must not rule a package out for them.
    """
    if not _EXTRA.search(marker):
        return marker
    if " or " in marker or "(" in marker:
        return ""
    return " and ".join(one for one in marker.split(" and ") if not _EXTRA.search(one))
