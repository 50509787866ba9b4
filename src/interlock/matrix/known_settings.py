"""Check the settings of every configuration against what the probes know: ``probes/settings.yaml``.

A setting that no probe knows would be found in a container, after an installation. A wrong value
would look like a fault of the package that is started with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from interlock.matrix import values
from interlock.matrix.definition import Matrix
from interlock.matrix.document import SECTIONS, Document, read
from interlock.matrix.mistakes import Place, nearest, quoted, wrong

FILE = "settings.yaml"

Kind = Literal["flag", "texts"] | Annotated[tuple[values.Words, ...], values.at_least_one]
"""A yes or no, a list of texts, or one of the listed texts."""


@dataclass(frozen=True, kw_only=True)
class KnownSettings:
    """``probes/settings.yaml``."""

    __pydantic_config__ = SECTIONS

    known: Mapping[values.Words, Kind]
    """The settings of every probe, and their kinds."""
    own: Mapping[values.Words, Mapping[values.Words, Kind]] = field(default_factory=dict)
    """Those that one probe alone knows, by probe."""
    needed: Mapping[values.Words, Mapping[values.Words, Any]] = field(default_factory=dict)
    """The values that a probe's configurations have to set, by probe."""

    def of(self, probe: str) -> Mapping[str, Kind]:
        return {**self.known, **self.own.get(probe, {})}

    @property
    def of_any(self) -> Mapping[str, Kind]:
        kinds = dict(self.known)
        for own in self.own.values():
            kinds |= own
        return kinds


def _needs_what_is_known(file: KnownSettings) -> KnownSettings:
    for probe, needed in file.needed.items():
        for name, value in needed.items():
            kind = file.of(probe).get(name)
            if kind is None or not _fits(value, kind):
                raise wrong(f"{probe} needs {name}: {quoted(value)}, which it does not know")
    return file


_File = Annotated[KnownSettings, AfterValidator(_needs_what_is_known)]


def mistakes(probes: Path, document: Document, matrix: Matrix) -> list[str]:
    """The mistakes in the settings of the matrix. None if ``settings.yaml`` is not there."""
    path = probes / FILE
    if not path.exists() and not path.is_symlink():
        return []
    described = read(path, f"{probes.name}/{FILE}")
    known: KnownSettings | None = described.validate(_File)
    if known is None or described.mistakes:
        return described.mistakes
    before = len(document.mistakes)
    for place, name, value in _written(document):
        kind = known.of_any.get(name)
        if kind is None:
            said = f"no probe knows this setting{nearest(name, known.of_any)}"
            document.report((*place, name), said)
        elif not _fits(value, kind):
            document.report((*place, name), f"{quoted(value)} is not {_words(kind)}")
    if len(document.mistakes) == before:
        _report_probes(known, document, matrix)
    return document.mistakes[before:]


def _written(document: Document) -> Iterator[tuple[Place, str, Any]]:
    """Every setting of the file: its place, its name, its value."""
    owners: list[Place] = [
        (section, name)
        for section in ("configurations", "workarounds")
        for name in document.keys(section)
    ]
    for choice in document.keys("choices"):
        in_choice: Place = ("choices", choice, "values")
        owners += [(*in_choice, value) for value in document.keys(*in_choice)]
    for owner in owners:
        place = (*owner, "settings")
        for name in document.keys(*place):
            yield place, name, document.get(*place, name)


def _report_probes(known: KnownSettings, document: Document, matrix: Matrix) -> None:
    """Each probe must know what its configurations set, and get what it needs."""
    for place, probe, config in _judged(matrix):
        settings = matrix.configurations[config].settings
        for name in settings:
            if name not in known.of(probe):
                document.report(place, f'"{config}" sets {name}, which {probe} does not know')
        for name, value in known.needed.get(probe, {}).items():
            if settings.get(name) != value:
                said = f'{probe} needs {name}: {quoted(value)}, which "{config}" does not set'
                document.report(place, said)


def _judged(matrix: Matrix) -> Iterator[tuple[Place, str, str]]:
    """Every probe with each configuration that it can run in, and where the file says so."""
    for name, probe in matrix.probes.items():
        use = matrix.uses[name]
        for config in probe.configs:
            yield ("probes", name, "configs"), name, config
            for way in use.workarounds.get(config, ()):
                on_top = matrix.workarounds[way].on(config)
                if on_top in matrix.configurations:
                    yield ("probes", name, "workarounds", config), name, on_top
    for control in matrix.controls:
        cell = control.cell
        yield ("controls", control.entry, "config"), cell.probe, cell.config


def _fits(value: Any, kind: Kind) -> bool:
    if kind == "flag":
        return isinstance(value, bool)
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str) and value in kind


def _words(kind: Kind) -> str:
    if kind == "flag":
        return "true or false"
    return "a list of texts" if kind == "texts" else f"one of {', '.join(kind)}"
