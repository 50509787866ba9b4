"""What follows from a ``matrix.yaml`` that is right: sets, configurations and controls in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from interlock.matrix.definition import EVERYWHERE, CellSet, Control, Matrix, Workaround
from interlock.matrix.document import Document
from interlock.matrix.schema import ConfigurationOfTheFile, MatrixFile
from interlock.model import AT_RELEASE, Axis, Cell, Configuration, Outcome, Pin, Probe, Renamed


def compose(
    written: MatrixFile, document: Document, probes: Mapping[str, Probe], image: str | None
) -> Matrix:
    """The matrix that a file means; ``image`` replaces the template of the file."""
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
        uses=written.probes,
        workarounds=written.workarounds,
        renamed=_renamed(written),
        applications=written.applications,
        only={
            name: configuration.only
            for name, configuration in written.configurations.items()
            if configuration.only != EVERYWHERE
        },
        lines=document.lines,
    )


def _in_full(cells: CellSet, written: MatrixFile) -> CellSet:
    """The set with every probe and every configuration, where it names none."""
    probes = tuple(name for name, use in written.probes.items() if not use.only_as_control)
    return replace(
        cells,
        title=cells.title or cells.name,
        probes=cells.probes or probes,
        configs=cells.configs or tuple(written.configurations),
    )


def _controls(written: MatrixFile, axes: tuple[Axis, ...]) -> Iterator[Control]:
    """Those of each entry, one a Python."""
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


def _configurations(written: MatrixFile) -> dict[str, Configuration]:
    """Each with what is composed on top of it behind it."""
    named = {
        (config, name)
        for use in written.probes.values()
        for config, names in use.workarounds.items()
        for name in names
    }
    found: dict[str, Configuration] = {}
    for plain in written.configurations:
        base = found[plain] = _with_its_bases(plain, written.configurations)
        for way in written.workarounds.values():
            if (plain, way.name) in named and not way.same_as:
                found[way.on(plain)] = _with_workaround(base, way)
        as_then = f"{plain}{AT_RELEASE}"
        found[as_then] = replace(
            base,
            name=as_then,
            title=f"{plain}, with the dependencies of the newer release's day",
            description="Everything else is resolved as of the newer release's last upload and a "
            "day, to tell what later dependencies broke from what the releases do.",
            base=plain,
            at_release=True,
        )
    return found


def _with_workaround(base: Configuration, way: Workaround) -> Configuration:
    return Configuration(
        name=way.on(base.name),
        title=f"{way.title}, on top of {base.name}",
        description=way.description,
        settings={**base.settings, **way.settings},
        environment={**base.environment, **way.environment},
        base=base.name,
        workaround=way.name,
        costs=way.costs,
    )


def _renamed(written: MatrixFile) -> dict[tuple[str, str], Renamed]:
    """What older results call the cells of each probe, and what those are called today."""
    found = {}
    for probe, use in written.probes.items():
        for before, today in use.formerly.items():
            old = _with_its_bases(before, written.configurations)
            new = _with_its_bases(today, written.configurations)
            pairs = [(old, new)]
            for way in written.workarounds.values():
                if not way.same_as:
                    pairs.append((_with_workaround(old, way), _with_workaround(new, way)))
            for one, other in pairs:
                digests = {"before": one.digest, "today": other.digest}
                found[probe, one.name] = Renamed(config=other.name, **digests)
            found[probe, f"{before}{AT_RELEASE}"] = Renamed(
                config=f"{today}{AT_RELEASE}", before=old.digest, today=new.digest
            )
    return found


def _with_its_bases(
    name: str, configurations: Mapping[str, ConfigurationOfTheFile]
) -> Configuration:
    """The configuration with what its bases set; what stands nearer wins."""
    own = configurations[name]
    base = _with_its_bases(own.base, configurations) if own.base else None
    return Configuration(
        name=name,
        title=own.title,
        description=own.description,
        settings={**(base.settings if base else {}), **own.settings},
        environment={**(base.environment if base else {}), **own.environment},
    )
