"""Which rows a release has to pass."""

from __future__ import annotations

import pytest
from grids import cell, matrix, verdict
from packaging.version import Version

from interlock.findings.criteria import bounds_by, everything, is_amplified, meant_by
from interlock.matrix.choices import read_choice
from interlock.matrix.definition import Only, ProbeUse
from interlock.model import Basis, PythonVersion


def only(python: str = "", **versions: str) -> Only:
    return Only(
        versions={axis: tuple(map(read_choice, text.split())) for axis, text in versions.items()},
        pythons=tuple(map(PythonVersion.parse, python.split())),
    )


TESTED = [
    verdict(cell(left, right)) for left in ("1.0", "1.1", "2.0b1") for right in ("1.0", "2.0")
]


@pytest.mark.parametrize(
    ("left", "right", "config", "expected"),
    [
        ("1.0", "1.0", "stock", True),
        ("1.0", "-", "stock", False),
        ("-", "-", "stock", False),
        ("1.0", "1.0", "stock+workaround", False),
        ("1.0", "1.0", "stock@release", False),
    ],
)
def test_a_baseline_and_what_is_composed_are_asked_of_nobody(
    left: str, right: str, config: str, expected: bool
) -> None:
    of = cell(left, right, config=config)

    assert everything(of) is expected
    assert meant_by(matrix(), TESTED)(of) is expected


@pytest.mark.parametrize(
    ("narrowed", "left", "python", "expected"),
    [
        (only(left="1.0"), "1.0", "3.10", True),
        (only(left="1.0"), "1.1", "3.10", False),
        (only(left="1.0", python="3.12"), "1.0", "3.10", False),
        (only(python="3.10 3.12"), "1.1", "3.10", True),
        # the newest that was tested, pre-releases aside
        (only(left="latest"), "1.1", "3.10", True),
        (only(left="latest"), "2.0b1", "3.10", False),
        (only(left="latest:==1.0.*"), "1.0", "3.10", True),
        (only(left="latest:==7.*"), "1.1", "3.10", False),
        (only(), "1.1", "3.8", True),
    ],
)
@pytest.mark.parametrize("by", ["probe", "configuration", "probe in a configuration"])
def test_what_is_narrowed_is_asked_of_what_it_names(
    narrowed: Only, left: str, python: str, expected: bool, by: str
) -> None:
    found = {
        "probe": matrix(uses={"restart": ProbeUse(only=narrowed)}),
        "configuration": matrix(only={"stock": narrowed}),
        "probe in a configuration": matrix(uses={"restart": ProbeUse(only_in={"stock": narrowed})}),
    }[by]

    assert meant_by(found, TESTED)(cell(left, "1.0", python)) is expected
    # and nothing else is
    assert meant_by(found, TESTED)(cell(left, "1.0", python, "warnings", "serve"))

    bounds = bounds_by(found, TESTED)("restart", "stock")
    assert bounds
    is_there = bounds.pythons is None or PythonVersion.parse(python) in bounds.pythons
    named = bounds.versions.get("left")
    assert (is_there and (named is None or Version(left) in named)) is expected


def test_what_is_narrowed_twice_is_asked_of_what_both_name() -> None:
    use = ProbeUse(
        only=only(left="1.0 1.1", python="3.10 3.12"),
        only_in={"stock": only(left="1.1", right="2.0", python="3.12")},
    )
    bounds = bounds_by(matrix(uses={"restart": use}), TESTED)

    both = bounds("restart", "stock")
    assert both and both.pythons == {PythonVersion(3, 12)}
    assert both.versions == {"left": {Version("1.1")}, "right": {Version("2.0")}}
    assert bounds("restart", "calm") is None
    assert bounds("gone", "stock") is None


def test_an_inferred_release_is_no_latest_one() -> None:
    found = matrix(uses={"restart": ProbeUse(only=only(left="latest"))})
    inferred = verdict(cell("1.2", "1.0"), basis=Basis.INFERRED)

    assert meant_by(found, [*TESTED, inferred])(cell("1.1", "1.0"))


@pytest.mark.parametrize(
    ("probe", "config"), [("gone", "stock"), ("restart", "gone"), ("serve", "calm")]
)
def test_what_the_matrix_no_longer_runs_is_asked_of_nobody(probe: str, config: str) -> None:
    assert not meant_by(matrix(), TESTED)(cell(config=config, probe=probe))


def test_without_amplification_a_pass_says_little_and_is_asked_of_nobody() -> None:
    assert not is_amplified(matrix(), "calm")
    assert is_amplified(matrix(), "stock")
    assert not meant_by(matrix(), TESTED)(cell(config="calm"))
