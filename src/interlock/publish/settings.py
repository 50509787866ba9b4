"""What an application can set: the choices, the configurations, and the workarounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock.matrix import AppChoice, Matrix
from interlock.model import Probe
from interlock.publish import templates
from interlock.publish.context import PageContext


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A configuration or a workaround, with what it chooses and what else it sets."""

    name: str
    title: str
    description: str
    chosen: list[str]
    """The titles of the values that are not the default."""
    sets: Mapping[str, Any]
    """What no reader chooses."""
    costs: str = ""
    paste: str = ""
    same_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice as the page has it."""

    choice: AppChoice
    probes: list[Probe]
    """That are about those who choose it, and about no others."""


def publish(context: PageContext, folder: Path) -> None:
    """``configurations.md``, a part of a hand-written page."""
    matrix = context.matrix
    of_controls = _of_controls(context)
    templates.write(
        folder / "configurations.md",
        "configurations.md.j2",
        choices=[
            Choice(
                choice=choice,
                probes=[p for n, p in matrix.probes.items() if matrix.is_about(choice.name, n)],
            )
            for choice in matrix.choices.values()
        ],
        configurations=[one for one in _configurations(matrix) if one.name not in of_controls],
        workarounds=list(_workarounds(matrix)),
    )


def _configurations(matrix: Matrix) -> Iterator[Setting]:
    for known in matrix.configurations.values():
        if not known.is_composed:
            chosen = known.choices or {}
            yield Setting(
                name=known.name,
                title=known.title,
                description=known.description,
                chosen=_titles(matrix, chosen),
                sets={} if chosen else {**known.environment, **known.settings},
            )


def _workarounds(matrix: Matrix) -> Iterator[Setting]:
    for way in matrix.workarounds.values():
        yield Setting(
            name=way.name,
            title=way.title,
            description=way.description,
            chosen=_titles(matrix, way.choices),
            sets={**way.environment, **way.settings},
            costs=way.costs,
            paste=way.paste,
            same_as=way.same_as,
        )


def _titles(matrix: Matrix, chosen: Mapping[str, str]) -> list[str]:
    """Of the values that are not the default."""
    return [
        matrix.choices[name].levels[value].title
        for name, value in chosen.items()
        if value != matrix.choices[name].default
    ]


def _of_controls(context: PageContext) -> set[str]:
    """Configurations that only controls are run in; no application sets them."""
    matrix = context.matrix
    probes = matrix.probes.values()
    judged = {c for p in probes if not matrix.use(p.name).only_as_control for c in p.configs}
    return {config for probe in probes for config in probe.configs} - judged
