"""What ``matrix.yaml`` requires before a release is called safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix_files import Load, mistakes
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.matrix.matrix_file import load
from interlock.matrix.policy import ReleaseLines, Required
from interlock.model import PythonVersion

ROOT = Path(__file__).parents[2]
OLD, NEW = PythonVersion(3, 9), PythonVersion(3, 10)
WITH_LINES = (
    "policy: {prefer: [right, left]} => policy: {prefer: [right, left], safe: {partners: 2, "
    'trials: 5, lines: {left: [{lines: ["==1.*"], python: ["3.9", "3.10"]}, '
    '{lines: ["==2.*", ">=3"], python: ["3.10"]}]}}}'
)


def lines(*named: str, pythons: tuple[PythonVersion, ...]) -> ReleaseLines:
    return ReleaseLines(lines=tuple(map(SpecifierSet, named)), pythons=pythons)


REQUIRED = Required(
    partners=2,
    trials=5,
    lines={
        "left": (
            lines("==1.*", pythons=(OLD, NEW)),
            lines("==2.*", ">=3", pythons=(NEW,)),
        )
    },
)


def test_it_is_read_from_the_file(loaded: Load) -> None:
    from matrix_files import MATRIX, PROBE, edited

    assert loaded(edited(MATRIX, WITH_LINES), PROBE).policy.safe == REQUIRED


def test_without_it_one_passing_partner_is_required(loaded: Load) -> None:
    from matrix_files import MATRIX, PROBE

    assert loaded(MATRIX, PROBE).policy.safe == Required(partners=1, trials=1, lines={})


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            '"==2.*", ">=3" => "2.x"',
            'policy.safe.lines.left[1].lines[0]: "2.x" is not a specifier such as "==2.14.*" or '
            '">=3.2,<4"',
        ),
        (
            '"==2.*", ">=3" => "==2.*", "==2.*"',
            'policy.safe.lines.left[1].lines: lists "==2.*" twice',
        ),
        (
            "{left: [{lines => {lefd: [{lines",
            'policy.safe.lines.lefd: "lefd" is not an axis of this file; did you mean "left"?',
        ),
        (
            "partners: 2 => partners: 0",
            "policy.safe.partners: 0: input should be greater than 0",
        ),
        (
            "partners: 2 => partner: 2",
            'policy.safe.partner: unknown key "partner"; did you mean "partners"?',
        ),
    ],
)
def test_a_mistake_in_it_is_one_clear_line(loaded: Load, edit: str, expected: str) -> None:
    old, new = edit.split(" => ")
    assert mistakes(loaded, WITH_LINES.replace(old, new)) == [f"matrix.yaml:36: {expected}"]


def test_a_python_has_the_lines_that_can_be_installed_on_it() -> None:
    assert REQUIRED.lines_on("left", OLD) == (SpecifierSet("==1.*"),)
    assert [*map(str, REQUIRED.lines_on("left", NEW))] == ["==1.*", "==2.*", ">=3"]
    assert REQUIRED.lines_on("right", NEW) == ()


@pytest.mark.parametrize(
    ("axis", "version", "expected"),
    [
        ("left", "1.4", {OLD, NEW}),
        ("left", "2.0", {NEW}),
        ("left", "3.1b1", {NEW}),
        ("left", "0.9", None),
        # no line of right is listed
        ("right", "0.9", set()),
    ],
)
def test_a_release_has_to_pass_on_the_pythons_of_its_line(
    axis: str, version: str, expected: set[PythonVersion] | None
) -> None:
    assert REQUIRED.pythons(axis, Version(version)) == expected


def test_the_newest_line_is_the_last() -> None:
    assert REQUIRED.newest_line("left") == SpecifierSet(">=3")
    assert REQUIRED.newest_line("right") is None


def test_each_version_of_the_projects_sets_belongs_to_a_line() -> None:
    """Otherwise it could never be called safe."""
    matrix = load(ROOT / "matrix.yaml", ROOT / "probes")
    required = matrix.policy.safe
    for cells in matrix.sets.values():
        for axis, choices in cells.versions.items():
            for version in (choice for choice in choices if isinstance(choice, Version)):
                assert required.pythons(axis, version), f"{axis} {version}"
