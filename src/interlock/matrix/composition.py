"""Build the full sets, configurations and controls from a valid ``matrix.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from interlock.matrix.definition import EVERYWHERE, CellSet, Control, Matrix, Workaround
from interlock.matrix.document import Document
from interlock.matrix.schema import MatrixFile
from interlock.matrix.situations import AppChoice
from interlock.model import AT_RELEASE, Axis, Cell, Configuration, Outcome, Pin, Probe, Renamed


def compose(
    written: MatrixFile, document: Document, probes: Mapping[str, Probe], image: str | None
) -> Matrix:
    """The matrix that a file describes. ``image`` replaces the file's template."""
    axes = tuple(
        Axis(name=name, package=axis.package) for name, axis in written.axes.packages.items()
    )
    return Matrix(
        name=document.name,
        axes=axes,
        sets={name: _in_full(cells, written) for name, cells in written.sets.items()},
        default_set=written.default_set,
        probes={name: probes[name] for name in written.probes},
        configurations=_configurations(written),
        controls=tuple(_controls(written, axes)),
        controls_every=written.controls_every,
        image=image or written.image,
        limits=written.limits,
        trials=written.trials,
        fresh_for=written.freshness.verdicts,
        resolve_fresh_for=written.freshness.resolutions,
        policy=written.policy,
        upstream=written.upstream,
        changes=written.changes,
        uses=written.probes,
        workarounds=written.workarounds,
        renamed=_renamed(written),
        choices=written.choices,
        only={
            name: configuration.only
            for name, configuration in written.configurations.items()
            if configuration.only != EVERYWHERE
        },
        lines=document.lines,
    )


def _in_full(cells: CellSet, written: MatrixFile) -> CellSet:
    """The set, with every probe and every configuration if it names none."""
    probes = tuple(name for name, use in written.probes.items() if not use.only_as_control)
    return replace(
        cells,
        title=cells.title or cells.name,
        probes=cells.probes or probes,
        configs=cells.configs or tuple(written.configurations),
    )


def _controls(written: MatrixFile, axes: tuple[Axis, ...]) -> Iterator[Control]:
    """The controls of each entry, one for each Python."""
    for entry, control in enumerate(written.controls):
        pins = tuple(
            Pin(axis=axis.name, package=axis.package, version=control.versions[axis.name])
            for axis in axes
        )
        for python in control.pythons:
            yield Control(
                cell=Cell(pins=pins, python=python, probe=control.probe, config=control.config),
                expect=Outcome(control.expect),
                rounds=control.rounds,
                tries=control.tries,
                scale_by_load=control.scale_by_load,
                entry=entry,
            )


@dataclass(frozen=True, kw_only=True)
class Sets:
    """The choices of a configuration, and its settings beside them."""

    chosen: Mapping[str, str] | None
    """None if neither it nor a base chooses. Then no choice has its default either."""
    settings: Mapping[str, Any]
    environment: Mapping[str, str | None]

    def over(self, base: Sets) -> Sets:
        """Add the settings of the base. This configuration's own settings win."""
        both = self.chosen is not None or base.chosen is not None
        return Sets(
            chosen={**(base.chosen or {}), **(self.chosen or {})} if both else None,
            settings={**base.settings, **self.settings},
            environment={**base.environment, **self.environment},
        )

    def choices(self, known: Mapping[str, AppChoice]) -> Mapping[str, str] | None:
        """The situation of this configuration. None if it sets what no reader chooses."""
        if not known:
            return {}
        return None if self.settings or self.environment else self.chosen

    def in_full(self, known: Mapping[str, AppChoice]) -> Sets:
        """The same, with the settings of each choice."""
        settings: dict[str, Any] = {}
        environment: dict[str, str | None] = {}
        for name, choice in known.items():
            if self.chosen is not None and name in self.chosen:
                value = choice.levels[self.chosen[name]]
                settings |= value.settings
                environment |= value.environment
        return replace(
            self,
            settings={**settings, **self.settings},
            environment={**environment, **self.environment},
        )


def _configurations(written: MatrixFile) -> dict[str, Configuration]:
    """Each configuration, followed by those that are composed on top of it."""
    named = {
        (config, name)
        for use in written.probes.values()
        for config, names in use.workarounds.items()
        for name in names
    }
    found: dict[str, Configuration] = {}
    for plain in written.configurations:
        sets = _with_its_bases(plain, written)
        base = found[plain] = _configuration(plain, sets, written)
        for way in written.workarounds.values():
            if (plain, way.name) in named and not way.same_as:
                found[way.on(plain)] = _on_top(plain, sets, way, written)
        as_then = f"{plain}{AT_RELEASE}"
        found[as_then] = replace(
            base,
            name=as_then,
            title=f"{plain}, with the dependencies of the newer release's day",
            description="All other dependencies are resolved as of a day after the newer "
            "release's last upload. So a failure is not the fault of later dependencies.",
            base=plain,
            at_release=True,
        )
    return found


def _renamed(written: MatrixFile) -> dict[tuple[str, str], Renamed]:
    """The configuration names in older results, by probe, with today's names."""
    found = {}
    for probe, use in written.probes.items():
        for before, today in use.formerly.items():
            old, new = (_with_workarounds(name, written) for name in (before, today))
            for one, other in zip(old, new, strict=True):
                digests = {"before": one.digest, "today": other.digest}
                found[probe, one.name] = Renamed(config=other.name, **digests)
            found[probe, f"{before}{AT_RELEASE}"] = Renamed(
                config=f"{today}{AT_RELEASE}", before=old[0].digest, today=new[0].digest
            )
    return found


def _with_workarounds(plain: str, written: MatrixFile) -> list[Configuration]:
    """The configuration, and its combinations with each workaround."""
    sets = _with_its_bases(plain, written)
    ways = (way for way in written.workarounds.values() if not way.same_as)
    return [
        _configuration(plain, sets, written),
        *(_on_top(plain, sets, way, written) for way in ways),
    ]


def _configuration(name: str, sets: Sets, written: MatrixFile) -> Configuration:
    own, full = written.configurations[name], sets.in_full(written.choices)
    return Configuration(
        name=name,
        title=own.title,
        description=own.description,
        settings=full.settings,
        environment=full.environment,
        choices=sets.choices(written.choices),
    )


def _on_top(plain: str, base: Sets, way: Workaround, written: MatrixFile) -> Configuration:
    """A configuration with a workaround."""
    own = Sets(chosen=way.choices or None, settings=way.settings, environment=way.environment)
    sets = own.over(base)
    full = sets.in_full(written.choices)
    return Configuration(
        name=way.on(plain),
        title=f"{way.title}, on top of {plain}",
        description=way.description,
        settings=full.settings,
        environment=full.environment,
        # If the base chooses nothing, a workaround's choice is not a whole situation.
        choices=sets.choices(written.choices) if base.chosen is not None else None,
        base=plain,
        workaround=way.name,
        costs=way.costs,
    )


def _with_its_bases(name: str, written: MatrixFile) -> Sets:
    """The settings of the configuration and its bases. The nearer one wins."""
    own = written.configurations[name]
    chosen = None
    if own.choices is not None:
        chosen = {choice: known.default for choice, known in written.choices.items()}
    base = (
        _with_its_bases(own.base, written)
        if own.base
        else Sets(chosen=None, settings={}, environment={})
    )
    base = replace(base, chosen=base.chosen if base.chosen is not None else chosen)
    return Sets(chosen=own.choices, settings=own.settings, environment=own.environment).over(base)
