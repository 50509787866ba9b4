"""The facts that the page's evaluator reads: small, described, and the same every time."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from random_worlds import context

from interlock.matrix import matrix_file
from interlock.model import Axis
from interlock.publish.context import PageContext
from interlock.publish.facts import facts, publish, schema
from interlock.publish.facts_releases import ranges
from interlock.publish.facts_tracks import steps
from interlock.record.results import Results, read_results

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ([], []),
        ([3], [3, 3]),
        ([0, 1, 2], [0, 2]),
        ([5, 1, 2, 7, 5], [1, 2, 5, 5, 7, 7]),
    ],
)
def test_a_set_is_its_ranges(positions: list[int], expected: list[int]) -> None:
    assert ranges(positions) == expected


@pytest.mark.parametrize(("numbers", "expected"), [([], []), ([4], [4]), ([9, 2, 3], [2, 1, 6])])
def test_sorted_numbers_are_steps(numbers: list[int], expected: list[int]) -> None:
    assert steps(numbers) == expected


@pytest.mark.parametrize("seed", [1, 5, 7])
def test_facts_are_as_their_schema_says(seed: int, tmp_path: Path) -> None:
    publish(context(seed), tmp_path)

    described = json.loads((tmp_path / "facts.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(described)
    jsonschema.validate(json.loads((tmp_path / "facts.json").read_text("utf-8")), described)


def test_schema_describes_every_field_of_facts() -> None:
    assert [*json.loads(schema())["properties"]] == [*facts(context(1))]


def test_equal_results_have_equal_facts() -> None:
    assert json.dumps(facts(context(3))) == json.dumps(facts(context(3)))


def test_results_of_this_repository_have_small_facts() -> None:
    matrix = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    results = read_results(ROOT / "results", matrix.axes, matrix.renamed).within(matrix)
    made = facts(PageContext(matrix=matrix, results=results))

    jsonschema.validate(made, json.loads(schema()))
    text = json.dumps(made, separators=(",", ":"))
    per_row = len(gzip.compress(text.encode())) / len(results.verdicts)
    assert per_row < 6


def test_without_verdicts_there_are_facts_of_the_releases() -> None:
    of = context(1)
    made = facts(PageContext(matrix=of.matrix, results=replace(of.results, verdicts=[])))

    jsonschema.validate(made, json.loads(schema()))
    assert made["tracks"] == []
    assert "1.0.4" in made["releases"][0]["versions"]


def test_a_matrix_of_three_axes_has_no_facts(tmp_path: Path) -> None:
    of = context(1)
    third = Axis(name="third", package="third-lib")
    wide = replace(of.matrix, axes=(*of.matrix.axes, third))
    empty = Results(verdicts=[], signatures=[], yanked={}, controls=[])
    publish(PageContext(matrix=wide, results=empty), tmp_path)

    assert [*tmp_path.iterdir()] == []
