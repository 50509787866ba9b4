"""Which packages of a lock file bring which others in, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from interlock.check.formats.reading import Place

MAIN = ""
"""The group of what is always installed."""


@dataclass(kw_only=True)
class Graph:
    """Names are canonical. ``name[extra]`` is a node of its own."""

    edges: dict[str, set[str]] = field(default_factory=dict)
    """From each package to those that it requires."""
    roots: dict[str, set[str]] = field(default_factory=dict)
    """From each group to what the project itself names. Empty: the files do not say."""
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, name: str, required: str) -> None:
        self.edges.setdefault(name, set()).add(required)

    def root(self, group: str, name: str) -> None:
        self.roots.setdefault(group, set()).add(name)

    def needed_by(self, name: str) -> tuple[str, ...]:
        """The packages that require it."""
        found = {one.partition("[")[0] for one, to in self.edges.items() if name in to}
        return tuple(sorted(found - {name}))

    def is_direct(self, name: str) -> bool | None:
        if not self.roots:
            return None
        return any(one.partition("[")[0] == name for names in self.roots.values() for one in names)

    def group_of(self, name: str) -> str:
        """The groups that bring it in. Empty if the main one does, or if nobody knows."""
        groups = [group for group in self.roots if name in self._reach(group)]
        return "" if MAIN in groups else ", ".join(sorted(groups))

    def place(self, name: str, line: int | None, **known: str) -> Place:
        """What is known of an entry. ``known`` are fields that the entry itself tells."""
        place = Place(
            line=line,
            group=self.group_of(name),
            needed_by=self.needed_by(name),
            is_direct=self.is_direct(name),
            is_locked=True,
        )
        return replace(place, **known)  # type: ignore[arg-type]

    def _reach(self, group: str) -> frozenset[str]:
        if group not in self._reached:
            self._reached[group] = _reachable(self.roots[group], self.edges)
        return self._reached[group]


def _reachable(roots: set[str], edges: Mapping[str, set[str]]) -> frozenset[str]:
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += edges.get(name, ())
        if "[" in name:
            waiting.append(name.partition("[")[0])
    return frozenset(reached)
