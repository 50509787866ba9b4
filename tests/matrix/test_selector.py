"""A selector accepts or rejects a cell, and makes the cells one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice, product
from random import Random
from typing import Any

import pytest
from grids import LEFT, RIGHT, cell
from matrices import MATRIX, RELEASES
from packaging.version import Version

from interlock.matrix.choices import Latest
from interlock.matrix.definition import Matrix, Only, ProbeUse
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


NARROWED = replace(
    MATRIX,
    uses={"restart": ProbeUse(only=Only(versions={"left": (Version("1.0"), Version("1.1"))}))},
    only={"warnings": Only(pythons=(PythonVersion(3, 10),))},
)
REQUESTS = [
    Request(),
    Request(set_name="smoke"),
    Request(versions={"left": ["0.9", "latest"]}, probes=["serve", "restart"]),
    Request(versions={"left": [">=1.1"]}, probes=["serve", "restart"]),
]


@pytest.mark.parametrize("matrix", [MATRIX, NARROWED], ids=["whole", "narrowed"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_the_cells_are_counted_as_many_as_are_made(matrix: Matrix, request_: Request) -> None:
    selector = select(matrix, RELEASES, request_).selector
    made = list(selector)
    assert len(selector) == len(made) == len(set(made))
    assert {of for of in EVERY if of in selector} == set(made) & set(EVERY)
    assert {cell.python for cell in made} == set(selector.used_pythons)


@pytest.mark.parametrize("matrix", [MATRIX, NARROWED], ids=["whole", "narrowed"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_cells_are_drawn_at_random_each_once(matrix: Matrix, request_: Request) -> None:
    selector = select(matrix, RELEASES, request_).selector
    drawn = list(selector.shuffled(Random(1)))
    assert len(drawn) == len(selector) and set(drawn) == set(selector)
    assert drawn == list(selector.shuffled(Random(1)))
    assert len(selector) < 5 or drawn != list(selector.shuffled(Random(2)))


def test_every_cell_is_drawn_equally_often() -> None:
    selector = select(MATRIX, RELEASES, Request()).selector
    firsts = Counter(next(selector.shuffled(Random(seed))) for seed in range(2400))
    assert set(firsts) == set(selector)
    # 100 times each is expected, with a standard deviation of 10
    assert all(50 < times < 150 for times in firsts.values())


def test_the_cells_of_a_python_can_be_left_out() -> None:
    selector = select(MATRIX, RELEASES, Request()).selector
    rest = selector.without({PythonVersion(3, 8)})
    assert list(rest) == [cell for cell in selector if str(cell.python) != "3.8"]


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


def test_a_space_that_fits_no_memory_is_counted_and_drawn_from_without_its_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside, outside = cell("7", "19999", python="3.14"), cell("7", "20000", python="3.14")
    made: list[Cell] = []
    begin = Cell.__init__

    def counted(self: Cell, **fields: Any) -> None:
        made.append(self)
        begin(self, **fields)

    monkeypatch.setattr(Cell, "__init__", counted)
    space = vast()
    assert len(space) == 20_000 * 20_000 * 7
    assert len(space.without({PythonVersion(3, 8)})) == 20_000 * 20_000 * 6
    assert inside in space and outside not in space
    assert made == []
    drawn = list(islice(space.shuffled(Random(1)), 100))
    assert made == drawn and len(set(drawn)) == 100 and all(of in space for of in drawn)


def test_the_cells_of_a_space_that_fits_no_memory_begin_at_once() -> None:
    space = vast()
    first: list[Cell] = list(islice(space, 8))
    assert [str(of.version("right")) for of in first] == ["0"] * 7 + ["1"]
    assert space(first[-1])


@cache
def vast() -> Selector:
    """Of 20,000 releases on each axis."""

    def pins(axis: str, package: str) -> tuple[Pin, ...]:
        many = (Version(str(number)) for number in range(20_000))
        return tuple(Pin(axis=axis, package=package, version=version) for version in many)

    return Selector(
        pins={axis.name: pins(axis.name, axis.package) for axis in (LEFT, RIGHT)},
        pythons=tuple(PythonVersion(3, minor) for minor in range(8, 15)),
        pairs=(("restart", "stock"),),
    )
