"""Read ``matrix.yaml`` into a ``Matrix``, with all checks before anything runs.

``MatrixError`` holds every mistake with its place in the file. Only the index knows whether a
version was ever published: ``matrix.check_published`` asks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from interlock.matrix import completeness, equivalence, known_settings, probes as probe_files
from interlock.matrix.composition import compose
from interlock.matrix.definition import PYTHON, Matrix
from interlock.matrix.document import Document, read
from interlock.matrix.mistakes import Place, nearest
from interlock.matrix.schema import AXIS_NAME, RESERVED, MatrixFile
from interlock.matrix.values import image_problem
from interlock.model import MatrixError, Probe


def load(
    path: Path,
    probes: Path,
    image: str | None = None,
    *,
    to_run: bool = False,
    digests: bool = True,
) -> Matrix:
    """Read ``matrix.yaml`` and the probes that it names, from the folder ``probes``.

    ``image`` replaces the template of the file. With ``to_run``, everything that a trial needs must
    exist as well. Without ``digests``, nobody can tell whether a verdict is of today's probes.
    Raises ``MatrixError`` with every mistake of all these files.
    """
    document = read(path)
    axes = tuple(name for name in document.keys("axes") if name != PYTHON)
    there = probe_files.available(probes)
    _report_each(document, axes)
    if image is not None:
        _report_image(document, image)
    context = {**_context(document, axes, there), "empty probes": probe_files.empty(probes)}
    written = document.validate(MatrixFile, context)
    found, mistakes = _probes(document, probes, there, axes, digests)
    mistakes = [*document.mistakes, *mistakes]
    if to_run and written and not mistakes:
        asked = [
            *(cells.pythons for cells in written.sets.values()),
            *(control.pythons for control in written.controls),
        ]
        oldest = min(python for pythons in asked for python in pythons)
        packages = [axis.package for axis in written.axes.packages.values()]
        mistakes += completeness.mistakes(probes, found.values(), packages, oldest)
    if written is None or mistakes:
        raise MatrixError(mistakes)
    matrix = compose(written, document, found, image)
    if mistakes := known_settings.mistakes(probes, document, matrix):
        raise MatrixError(mistakes)
    return matrix


def _report_each(document: Document, axes: Sequence[str]) -> None:
    """The mistakes that the shape of the file does not show."""
    _report_circles(document)
    _report_workarounds(document)
    _report_configs_of_probes(document)
    _report_choices(document)
    _report_only_as_control(document)
    _report_axis_names(document, axes)


def _context(
    document: Document, axes: Sequence[str], probes: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """The names that the file may refer to, for ``values``."""
    return {
        "axes": [axis for axis in axes if AXIS_NAME.fullmatch(axis) and axis not in RESERVED],
        "sets": document.keys("sets"),
        "probes": probes,
        "probes in use": document.keys("probes"),
        "configurations": document.keys("configurations"),
        "workarounds": document.keys("workarounds"),
        "choices": document.keys("choices"),
    }


def _probes(
    document: Document, folder: Path, there: Sequence[str], axes: Sequence[str], digests: bool
) -> tuple[dict[str, Probe], list[str]]:
    """The probes that the file names, and the mistakes in those that can't be read."""
    found: dict[str, Probe] = {}
    claimed, mistakes = equivalence.claims(folder)
    for name in document.keys("probes"):
        if name not in there:
            continue
        configs = document.get("probes", name, "configs")
        listed = configs if isinstance(configs, list) else document.keys("configurations")
        proven = () if document.get("probes", name, "only_as_control") else axes
        probe = probe_files.load(folder, name, listed, axes, proven=proven, digests=digests)
        if isinstance(probe, Probe):
            earlier = claimed[name].holds_for(probe.digest) if name in claimed else frozenset()
            found[name] = replace(probe, equivalent=earlier)
        else:
            mistakes += probe.mistakes
    # Each probe reads the shared files again, so a mistake there comes several times.
    return found, list(dict.fromkeys(mistakes))


def _report_axis_names(document: Document, axes: Sequence[str]) -> None:
    if document.keys("axes") and not axes:
        document.report(("axes",), "names no package; the matrix needs at least one")
    for axis in axes:
        if axis in RESERVED or not AXIS_NAME.fullmatch(axis):
            document.report(
                ("axes", axis),
                f'"{axis}" can\'t be an axis: it becomes the option --{axis}, so use '
                f"lower-case letters and digits, and none of {', '.join(sorted(RESERVED))}",
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


def _report_workarounds(document: Document) -> None:
    """A workaround must lead from a configuration of its probe to another one."""
    for probe in document.keys("probes"):
        listed = document.get("probes", probe, "configs")
        for config in document.keys("probes", probe, "workarounds"):
            place = ("probes", probe, "workarounds", config)
            if isinstance(listed, list) and config not in listed:
                document.report(place, f'the probe is not judged in "{config}"')
            named = document.get(*place)
            for position, name in enumerate(named if isinstance(named, list) else ()):
                if document.get("workarounds", name, "same_as") == config:
                    document.report((*place, position), f'"{name}" is "{config}" itself')


def _report_configs_of_probes(document: Document) -> None:
    """``only_in`` names configurations of the probe. ``formerly`` leads to one."""
    for probe in document.keys("probes"):
        listed = document.get("probes", probe, "configs")
        judged = listed if isinstance(listed, list) else document.keys("configurations")
        for config in document.keys("probes", probe, "only_in"):
            if config in document.keys("configurations") and config not in judged:
                place = ("probes", probe, "only_in", config)
                document.report(place, f'the probe is not judged in "{config}"')
        for before in document.keys("probes", probe, "formerly"):
            place = ("probes", probe, "formerly", before)
            today = document.get(*place)
            if before in judged:
                document.report(place, f'the probe is judged in "{before}" itself')
            if isinstance(today, str) and today not in judged:
                document.report(place, f'the probe is not judged in "{today}"')


def _report_choices(document: Document) -> None:
    """A choice has values and a default among them. Who chooses must name a value."""
    for name in document.keys("choices"):
        if name in (*document.keys("axes"), "config"):
            document.report(
                ("choices", name), f'"{name}" is taken: links use this name for an axis'
            )
        levels = document.keys("choices", name, "values")
        if isinstance(document.get("choices", name, "values"), dict) and len(levels) < 2:
            document.report(("choices", name, "values"), "needs two values to choose between")
        _report_value(document, ("choices", name, "default"), name)
    for section in ("configurations", "workarounds", "probes"):
        for owner in document.keys(section):
            for name in document.keys(section, owner, "choices"):
                place = (section, owner, "choices", name)
                _report_value(document, place, name)
                _report_who_chooses(document, place, name, by_probe=section == "probes")


def _report_value(document: Document, place: Place, choice: str) -> None:
    value, levels = document.get(*place), document.keys("choices", choice, "values")
    if isinstance(value, str) and levels and value not in levels:
        document.report(place, f'"{value}" is not a value of "{choice}"{nearest(value, levels)}')


def _report_who_chooses(document: Document, place: Place, choice: str, by_probe: bool) -> None:
    """Configurations choose what has settings. Only a probe chooses what has none."""
    levels = document.keys("choices", choice, "values")
    sets = any(
        document.get("choices", choice, "values", value, key)
        for value in levels
        for key in ("settings", "environment")
    )
    if levels and by_probe and sets:
        document.report(place, f'"{choice}" has settings, so configurations choose it')
    if levels and not by_probe and not sets:
        document.report(
            place, f'no value of "{choice}" sets anything, so only a probe can choose it'
        )


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
