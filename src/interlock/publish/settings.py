"""What an application can set: the configurations, and the workarounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlock.model import Probe
from interlock.publish import templates
from interlock.publish.context import PageContext


@dataclass(frozen=True, kw_only=True)
class Application:
    """A kind of application, and the probes that are about it."""

    name: str
    title: str
    description: str
    probes: list[Probe]


def publish(context: PageContext, folder: Path) -> None:
    """``configurations.md``, a part of a hand-written page."""
    matrix = context.matrix
    of_controls = _of_controls(context)
    templates.write(
        folder / "configurations.md",
        "configurations.md.j2",
        configurations=[
            known
            for known in matrix.configurations.values()
            if not known.is_composed and known.name not in of_controls
        ],
        applications=[
            Application(
                name=kind.name,
                title=kind.title,
                description=kind.description,
                probes=[p for name, p in matrix.probes.items() if matrix.is_about(kind.name, name)],
            )
            for kind in matrix.applications.values()
        ],
        workarounds=list(matrix.workarounds.values()),
    )


def _of_controls(context: PageContext) -> set[str]:
    """Configurations that only controls are run in; no application sets them."""
    matrix = context.matrix
    probes = matrix.probes.values()
    judged = {c for p in probes if not matrix.use(p.name).only_as_control for c in p.configs}
    return {config for probe in probes for config in probe.configs} - judged
