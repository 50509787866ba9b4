"""A selector accepts or rejects a cell, and makes the cells one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product

import pytest
from grids import LEFT, RIGHT, cell
from matrices import MATRIX, RELEASES
from packaging.version import Version

from interlock.matrix.choices import Latest
from interlock.matrix.definition import Only
from interlock.matrix.selection import Request, select
from interlock.matrix.selector import Selector, Within
from interlock.model import Cell, Pin, PythonVersion

VERSIONS = ("0.9", "1.0", "1.1", "1.2", "2.10", "-")
EVERY = [
    replace(cell(left, right, python=python), probe=probe, config=config)
    for left, right, python, probe, config in product(
        VERSIONS, VERSIONS, ("3.8", "3.10"), ("restart", "serve"), ("stock", "warnings")
    )
]


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(set_name="smoke"),
        Request(versions={"left": ["0.9", "latest"]}, probes=["serve", "restart"]),
        Request(versions={"right": ["-"]}, pythons=[">=3.9"], configs=["warnings"]),
    ],
)
def test_a_selector_says_yes_to_the_cells_that_it_makes_and_to_no_other(request_: Request) -> None:
    selector = select(MATRIX, RELEASES, request_).selector
    made = list(selector)
    assert made and all(map(selector, made))
    assert {of for of in EVERY if selector(of)} == set(made) & set(EVERY)


@pytest.mark.parametrize(
    ("only", "inside", "outside"),
    [
        (Only(versions={"left": (Version("1.0"),)}), ("1.0", "3.8"), ("1.1", "3.8")),
        (Only(versions={"left": (Latest(),)}), ("1.2", "3.8"), ("1.1", "3.8")),
        (Only(pythons=(PythonVersion(3, 10),)), ("1.1", "3.10"), ("1.1", "3.8")),
        # a library that is left out is never narrowed
        (
            Only(versions={"left": (Version("1.0"),)}, pythons=(PythonVersion(3, 10),)),
            ("-", "3.10"),
            ("-", "3.8"),
        ),
    ],
)
def test_a_part_of_the_matrix_says_which_cells_are_in_it(
    only: Only, inside: tuple[str, str], outside: tuple[str, str]
) -> None:
    within = Within.of(only, RELEASES)
    assert within(cell(inside[0], python=inside[1]))
    assert not within(cell(outside[0], python=outside[1]))


def test_what_is_lifted_is_not_narrowed() -> None:
    only = Only(versions={"left": (Version("1.0"),)}, pythons=(PythonVersion(3, 10),))
    assert Within.of(only, RELEASES, lifted=["left", "python"]) == Within()
    assert not Within.of(only, RELEASES, lifted=["left"])(cell("1.1", python="3.8"))


def test_the_cells_of_a_space_that_fits_no_memory_begin_at_once() -> None:
    def pins(axis: str, package: str) -> tuple[Pin, ...]:
        many = (Version(str(number)) for number in range(20_000))
        return tuple(Pin(axis=axis, package=package, version=version) for version in many)

    space = Selector(
        pins={axis.name: pins(axis.name, axis.package) for axis in (LEFT, RIGHT)},
        pythons=tuple(PythonVersion(3, minor) for minor in range(8, 15)),
        pairs=(("restart", "stock"),),
    )
    first: list[Cell] = list(islice(space, 8))
    assert [str(of.version("right")) for of in first] == ["0"] * 7 + ["1"]
    assert space(first[-1])
