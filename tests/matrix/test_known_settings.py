"""A setting that no probe knows, or a wrong value of one, is found when the matrix is read."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from matrix_files import MATRIX, Load, edited, mistakes
from ours import PROBES

KNOWN = """\
known:
  profiling: flag
  level: [low, high]
  loggers: texts
own:
  restart: {odd: flag}
  another: {strange: flag}
needed:
  restart: {level: high}
"""
RIGHT = (
    "settings: {profiling: true, level: 1} => settings: {profiling: true, level: high}"
    ";; settings: {level: 2} => settings: {profiling: false}"
)


@pytest.fixture
def known(folder: Path) -> Path:
    path = folder / "probes" / "settings.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(KNOWN)
    return path


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            "{profiling: false} => {profilng: false}",
            "matrix.yaml:27: configurations.warnings.settings.profilng: no probe knows this "
            'setting; did you mean "profiling"?',
        ),
        (
            '{profiling: false} => {profiling: "no"}',
            'matrix.yaml:27: configurations.warnings.settings.profiling: "no" is not true or false',
        ),
        (
            "{profiling: false} => {loggers: ddtrace}",
            'matrix.yaml:27: configurations.warnings.settings.loggers: "ddtrace" is not a list of '
            "texts",
        ),
        (
            "{profiling: false} => {level: 2}",
            "matrix.yaml:27: configurations.warnings.settings.level: 2 is not one of low, high",
        ),
        (
            "{profiling: false} => {level: low}",
            'matrix.yaml:18: probes.restart: restart needs level: "high", which "warnings" does '
            "not set",
        ),
        (
            "{profiling: false} => {strange: true}",
            'matrix.yaml:18: probes.restart: "warnings" sets strange, which restart does not know',
        ),
        ("{profiling: false} => {odd: true}", None),
        ("{profiling: false} => {loggers: [a, b]}", None),
    ],
)
def test_the_settings_of_a_configuration(loaded: Load, edit: str, expected: str | None) -> None:
    if expected is None:
        loaded(edited(MATRIX, f"{RIGHT};; {edit}"))
    else:
        # A mistake in a base is one of what builds on it too.
        assert mistakes(loaded, f"{RIGHT};; {edit}")[0].replace(".configs", "") == expected


def test_without_the_file_nothing_is_checked(loaded: Load) -> None:
    assert loaded().configurations["stock"].settings["level"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "probes/settings.yaml: is empty"),
        ("known: {a: number}", "probes/settings.yaml:1: known.a"),
        ("known: {a: flag}\nneeded: {restart: {b: true}}", "which it does not know"),
        ("known: {a: flag}\nneeded: {restart: {a: 1}}", "which it does not know"),
    ],
)
def test_a_mistake_in_the_file_itself(loaded: Load, known: Path, text: str, expected: str) -> None:
    known.write_text(text)
    found = mistakes(loaded, RIGHT)
    assert expected in found[0]


def test_the_file_knows_what_the_probes_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROBES))
    from libraries.settings import Settings

    written = yaml.safe_load((PROBES / "settings.yaml").read_text())["known"]
    kinds = {"bool": "flag", "tuple": "texts", "str | None": "one of"}
    known = {name: kind if isinstance(kind, str) else "one of" for name, kind in written.items()}
    assert known == {field.name: kinds[str(field.type)] for field in fields(Settings)}
