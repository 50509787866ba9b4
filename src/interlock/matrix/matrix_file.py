"""``matrix.yaml`` → ``Matrix``, validated as a whole before anything runs.

Every mistake is named with its place in the file, all of them at once (``MatrixError``). Whether
a version was ever published only the index knows: ``matrix.check_published`` asks that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from interlock.matrix import probes as probe_files
from interlock.matrix.definition import (
    EVERYWHERE,
    PYTHON,
    Application,
    CellSet,
    Control,
    Matrix,
    MatrixLimits,
    Only,
    Policy,
    ProbeUse,
    Rounds,
    SandboxLimits,
    Trials,
    Upstream,
    WayOut,
)
from interlock.matrix.document import Document, read
from interlock.matrix.schema import AXIS_NAME, RESERVED, SandboxSection, image_problem, schema
from interlock.model import AT_RELEASE, Axis, Cell, Configuration, MatrixError, Outcome, Pin, Probe


def load(path: Path, probes: Path, image: str | None = None) -> Matrix:
    """Read ``matrix.yaml`` and the probes it names, from the folder ``probes``.

    ``image`` replaces the template of the file. Raises ``MatrixError`` with every mistake of all
    these files.
    """
    document = read(path)
    axes = tuple(name for name in document.keys("axes") if name != PYTHON)
    context = {
        "axes": axes,
        "sets": document.keys("sets"),
        "probes": probe_files.available(probes),
        "probes in use": document.keys("probes"),
        "configurations": document.keys("configurations"),
        "ways out": document.keys("ways_out"),
        "applications": document.keys("applications"),
    }
    _report_circles(document)
    _report_ways_out(document)
    _report_only_as_control(document)
    _report_axis_names(document, axes)
    if image is not None:
        _report_image(document, image)
    usable = [axis for axis in axes if AXIS_NAME.fullmatch(axis) and axis not in RESERVED]
    content = document.validate(schema(usable), context)
    mistakes = list(document.mistakes)
    found: dict[str, Probe] = {}
    for name in document.keys("probes"):
        if name not in context["probes"]:
            continue
        configs = document.get("probes", name, "configs")
        listed = configs if isinstance(configs, list) else context["configurations"]
        probe = probe_files.load(probes, name, listed, axes)
        if isinstance(probe, Probe):
            found[name] = probe
        else:
            mistakes += probe.mistakes
    if content is None or mistakes:
        raise MatrixError(mistakes)
    return _matrix(cast(Any, content), document, axes, found, image)


def _report_axis_names(document: Document, axes: Sequence[str]) -> None:
    if document.keys("axes") and not axes:
        document.report(("axes",), "names no package; the matrix needs at least one")
    for axis in axes:
        if axis in RESERVED or not AXIS_NAME.fullmatch(axis):
            document.report(
                ("axes", axis),
                f'"{axis}" can\'t be an axis: it becomes the option --{axis}, so lower-case '
                f"letters and digits, and none of {', '.join(sorted(RESERVED))}",
            )


def _report_circles(document: Document) -> None:
    for name in document.keys("configurations"):
        chain = [name]
        while isinstance(base := document.get("configurations", chain[-1], "base"), str):
            if base in chain:
                if base == name:
                    circle = " → ".join([*chain, base])
                    document.report(("configurations", name, "base"), f"goes in a circle: {circle}")
                break
            chain.append(base)


def _report_ways_out(document: Document) -> None:
    """A way out stands on a configuration that its probe is judged in, and leads elsewhere."""
    for probe in document.keys("probes"):
        listed = document.get("probes", probe, "configs")
        for config in document.keys("probes", probe, "ways_out"):
            place = ("probes", probe, "ways_out", config)
            if isinstance(listed, list) and config not in listed:
                document.report(place, f'the probe is not judged in "{config}"')
            named = document.get(*place)
            for position, name in enumerate(named if isinstance(named, list) else ()):
                if document.get("ways_out", name, "same_as") == config:
                    document.report((*place, position), f'"{name}" is "{config}" itself')


def _report_only_as_control(document: Document) -> None:
    for name in document.keys("sets"):
        listed = document.get("sets", name, "probes")
        for position, probe in enumerate(listed if isinstance(listed, list) else ()):
            if document.get("probes", probe, "only_as_control"):
                place = ("sets", name, "probes", position)
                document.report(place, f'"{probe}" is only a control; a set can\'t have it')


def _report_image(document: Document, image: str) -> None:
    problem = image_problem(image)
    if problem:
        document.report((), f"the image template given instead of the file's: {problem}")


def _matrix(
    content: Any,
    document: Document,
    axis_names: Sequence[str],
    probes: Mapping[str, Probe],
    image: str | None,
) -> Matrix:
    axes = tuple(
        Axis(name=name, package=getattr(content.axes, name).package) for name in axis_names
    )
    limits = content.limits
    return Matrix(
        name=document.name,
        axes=axes,
        sets={name: _cell_set(name, item, axes, content) for name, item in content.sets.items()},
        default_set=content.default_set,
        probes={name: probes[name] for name in content.probes},
        configurations=_configurations(content),
        controls=tuple(
            control
            for entry, item in enumerate(content.controls)
            for control in _controls(entry, item, axes)
        ),
        controls_every=content.controls_every,
        image=image or content.image,
        limits=MatrixLimits(
            install=_sandbox_limits(limits.install),
            install_wall_s=limits.install.wall.total_seconds(),
            probe=_sandbox_limits(limits.probe),
            wall_factor=limits.probe.wall_factor,
        ),
        trials=Trials(**content.trials.model_dump()),
        fresh_for=content.freshness.verdicts,
        resolve_fresh_for=content.freshness.resolutions,
        policy=Policy(
            prefer=tuple(content.policy.prefer), least_trials=content.policy.least_trials
        ),
        upstream=tuple(Upstream(**item.model_dump()) for item in content.upstream),
        uses={name: _use(item, axes) for name, item in content.probes.items()},
        ways_out=_ways_out(content),
        applications={
            name: Application(
                name=name,
                title=item.title,
                description=_folded(item.description),
                instead=_folded(item.instead),
            )
            for name, item in content.applications.items()
        },
        only={
            name: _only(item.only, axes)
            for name, item in content.configurations.items()
            if item.only
        },
        lines=document.lines,
    )


def _cell_set(name: str, item: Any, axes: Sequence[Axis], content: Any) -> CellSet:
    return CellSet(
        name=name,
        title=item.title or name,
        pinned=item.pinned,
        versions={axis.name: tuple(getattr(item, axis.name)) for axis in axes},
        pythons=tuple(item.python),
        probes=tuple(
            item.probes or [p for p, use in content.probes.items() if not use.only_as_control]
        ),
        configs=tuple(item.configs or content.configurations),
    )


def _controls(entry: int, item: Any, axes: Sequence[Axis]) -> Iterator[Control]:
    """One a Python."""
    pins = tuple(
        Pin(axis=axis.name, package=axis.package, version=getattr(item, axis.name)) for axis in axes
    )
    for python in item.python:
        yield Control(
            cell=Cell(pins=pins, python=python, probe=item.probe, config=item.config),
            expect=Outcome(item.expect),
            rounds=Rounds(item.rounds),
            tries=item.tries,
            scale_by_load=item.scale_by_load,
            entry=entry,
        )


def _use(item: Any, axes: Sequence[Axis]) -> ProbeUse:
    return ProbeUse(
        ways_out={config: tuple(names) for config, names in item.ways_out.items()},
        only=_only(item.only, axes),
        only_as_control=item.only_as_control,
        application=item.application,
    )


def _only(item: Any, axes: Sequence[Axis]) -> Only:
    if item is None:
        return EVERYWHERE
    named = {axis.name: getattr(item, axis.name) for axis in axes}
    return Only(
        versions={name: tuple(choices) for name, choices in named.items() if choices},
        pythons=tuple(item.python or ()),
    )


def _ways_out(content: Any) -> dict[str, WayOut]:
    return {
        name: WayOut(
            name=name,
            title=item.title,
            description=_folded(item.description),
            costs=_folded(item.costs),
            settings=item.settings,
            environment=item.environment,
            same_as=item.same_as,
        )
        for name, item in content.ways_out.items()
    }


def _configurations(content: Any) -> dict[str, Configuration]:
    """Each with what is composed on top of it behind it."""
    named = {
        (config, name)
        for use in content.probes.values()
        for config, names in use.ways_out.items()
        for name in names
    }
    found: dict[str, Configuration] = {}
    for plain in content.configurations:
        base = found[plain] = _configuration(plain, content.configurations)
        for way in _ways_out(content).values():
            if (plain, way.name) in named and not way.same_as:
                found[way.on(plain)] = Configuration(
                    name=way.on(plain),
                    title=f"{way.title}, on top of {plain}",
                    description=way.description,
                    settings={**base.settings, **way.settings},
                    environment={**base.environment, **way.environment},
                    base=plain,
                    way_out=way.name,
                    costs=way.costs,
                )
        as_then = f"{plain}{AT_RELEASE}"
        found[as_then] = Configuration(
            name=as_then,
            title=f"{plain}, with the dependencies of the newer release's day",
            description="Everything else is resolved as of the newer release's last upload and a "
            "day, to tell what later dependencies broke from what the releases do.",
            settings=base.settings,
            environment=base.environment,
            base=plain,
            at_release=True,
        )
    return found


def _configuration(name: str, items: Mapping[str, Any]) -> Configuration:
    """The configuration with what its bases set; what stands nearer wins."""
    item = items[name]
    base = _configuration(item.base, items) if item.base else None
    return Configuration(
        name=name,
        title=item.title,
        description=_folded(item.description),
        settings={**(base.settings if base else {}), **item.settings},
        environment={**(base.environment if base else {}), **item.environment},
    )


def _folded(text: str) -> str:
    return " ".join(text.split())


def _sandbox_limits(item: SandboxSection) -> SandboxLimits:
    return SandboxLimits(memory_bytes=item.memory, pids=item.pids, output_bytes=item.output)
