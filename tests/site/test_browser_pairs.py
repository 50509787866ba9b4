"""The outcomes of many pairs at once are those that ``findings`` has for each of them."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from evaluator import ASSETS, SCRIPTS, Evaluator, evaluating
from packaging.version import Version
from random_worlds import context as world

from interlock.findings import AnswerBasis, Question, SituationAnswer, answer, is_own
from interlock.findings.question import every_situation
from interlock.matrix import matrix_file
from interlock.model import PythonVersion
from interlock.publish.context import PageContext
from interlock.publish.facts import facts
from interlock.record import read_results

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
MORE = ("spread", "pairs")
WITH_OUTCOMES = (*SCRIPTS, *(ASSETS / "evaluator" / f"{name}.js" for name in MORE))

Kind = tuple[str | None, str, bool, str | None]
"""An outcome, its basis, whether it is one library's alone, and what is said instead of a pass."""


@pytest.fixture(scope="module")
def evaluator(browser: Any) -> Iterator[Evaluator]:
    with evaluating(browser, WITH_OUTCOMES) as page:
        yield page


@pytest.fixture(scope="module")
def published() -> PageContext:
    """The results of this repository."""
    matrix = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    results = read_results(ROOT / "results", matrix.axes, matrix.renamed).within(matrix)
    return PageContext(matrix=matrix, results=results)


def drawn(
    evaluator: Evaluator,
    plain: Any,
    python: str,
    chosen: Mapping[str, str],
    places: Sequence[Sequence[int]],
) -> list[list[Kind]]:
    """What the script says of each row and column."""
    rows, columns = places
    asked = {"python": python, "chosen": chosen, "rows": rows, "columns": columns}
    script = """given => {
      const { facts, asked } = JSON.parse(given);
      const { kinds, found } = Evaluator.pairOutcomes(facts, asked);
      return JSON.stringify([...found].map((kind) => kinds[kind]));
    }"""
    given = json.dumps({"facts": plain, "asked": asked})
    kinds = [
        (one["outcome"], one["basis"], one["isOwn"], one["rare"])
        for one in json.loads(evaluator.page.evaluate(script, given))
    ]
    return [kinds[at : at + len(columns)] for at in range(0, len(kinds), len(columns))]


def expected(of: PageContext, texts: Sequence[str], python: str, chosen: Mapping[str, str]) -> Kind:
    """What ``findings`` says of a pair."""
    named = zip(of.axes, texts, strict=True)
    question = Question(
        versions={axis.name: Version(text) for axis, text in named},
        python=PythonVersion.parse(python),
        chosen=dict(chosen),
    )
    part = answer(question, of.findings, around=False).worst
    assert part is not None
    outcome = str(part.outcome) if part.outcome else None
    rare = str(part.rare.rate.state) if part.rare else None
    return outcome, str(part.basis), is_ones_own(part, of), rare


def is_ones_own(part: SituationAnswer, of: PageContext) -> bool:
    """Whether nothing that goes wrong like this needs both libraries."""
    wrong = [one for one in part.rests_on if one.is_trouble and one.verdict.outcome is part.outcome]
    tested = [one.inferred.corners[0] if one.inferred else one.verdict for one in wrong]
    return bool(tested) and all(is_own(one, of.findings.attributions) for one in tested)


def test_every_kind_of_made_up_results_is_drawn_as_it_is_answered(evaluator: Evaluator) -> None:
    """In each world, some pairs of each kind, in each situation and on each Python."""
    wrong, seen = [], Counter[str]()
    for number in range(4):
        of, draw = world(number), random.Random(number)
        plain = facts(of)
        texts = [one["versions"] for one in plain["releases"]]
        places = [[*range(len(one))] for one in texts]
        for python, chosen in itertools.product(plain["pythons"], situations(of)):
            found = drawn(evaluator, plain, python, chosen, places)
            for row, column in some_of_each_kind(found, draw):
                said = expected(of, (texts[0][row], texts[1][column]), python, chosen)
                seen.update([str(said[0]), said[1], str(said[3]), *(["own"] if said[2] else [])])
                if found[row][column] != said:
                    wrong.append((number, row, column, python, chosen, found[row][column], said))
    assert wrong == []
    kinds = ("pass", "hang", "fail", "unsupported", "unproven", "own", "can hang, rarely")
    assert min(seen[of] for of in (*kinds, *(basis.value for basis in AnswerBasis))) > 5, seen


def situations(of: PageContext) -> list[dict[str, str]]:
    """None stated, each that is answered then, and each kind of application."""
    known = [dict(one.chosen) for one in every_situation(of.findings)]
    choices = of.matrix.choices
    kinds = ({name: [*choices[name].levels][-1]} for name in of.matrix.applications)
    return [{}, *known, *kinds]


def some_of_each_kind(
    found: Sequence[Sequence[Kind]], draw: random.Random
) -> list[tuple[int, int]]:
    """The places of pairs: a few of each kind."""
    places: dict[Kind, list[tuple[int, int]]] = {}
    for row, kinds in enumerate(found):
        for column, kind in enumerate(kinds):
            places.setdefault(kind, []).append((row, column))
    return [at for of in places.values() for at in draw.sample(of, min(3, len(of)))]


ONE_BY_ONE = """given => {
  const plain = JSON.parse(given);
  const { concluded, factsOf, rareInsteadOfPass, testedOn, worstOf } = Evaluator;
  const facts = factsOf(plain);
  const [rows, columns] = facts.axes.map(({ texts }) => [...texts.keys()]);
  const kindOf = (place, tested, situations) => {
    const parts = situations.map((asked) => ({
      ...concluded({ facts, place, tested }, asked), asked, isMeant: tested.covers(asked, place),
    }));
    const { asked, outcome, basis, restsOn } = worstOf(parts, plain.precedence);
    const rare = outcome === "pass" ? rareInsteadOfPass(facts, place, asked, restsOn) : null;
    return [outcome, basis, rare?.state ?? null].join();
  };
  const wrong = [];
  const rules = new Set();
  plain.pythons.forEach((python, at) => {
    const tested = testedOn(facts, at);
    const known = Object.values(plain.settings_of).flat().map(([, levels]) => levels);
    const named = [...plain.situations, ...known].map((one) => [one.join(), one]);
    const each = [...new Map(named).values()];
    for (const situations of [plain.situations, ...each.map((one) => [one])]) {
      const stated = situations === plain.situations ? {} : Object.fromEntries(
        plain.choices.map(({ name, values }, n) => [name, values[situations[0][n]]]));
      const asking = { python, chosen: stated, rows, columns };
      const { kinds, found } = Evaluator.pairOutcomes(plain, asking);
      rows.forEach((row) => columns.forEach((column) => {
        const place = facts.place([facts.axes[0].at(row), facts.axes[1].at(column)], at);
        const said = kindOf(place, tested, situations);
        const { outcome, basis, rare } = kinds[found[row * columns.length + column]];
        const drawn = [outcome, basis, rare].join();
        if (drawn !== said) wrong.push([python, stated, row, column, drawn, said]);
        tested.inferred(place).forEach((one) => rules.add(one.inferred.rule));
      }));
    }
  });
  return [wrong.slice(0, 5), [...rules]];
}"""
"""Each pair by itself, as the evaluator's own tests compare it with ``findings``."""


def test_every_pair_has_the_kind_that_it_has_by_itself(evaluator: Evaluator) -> None:
    """In the last worlds, what proved nothing and what lacks a feature make a difference."""
    rules: set[str] = set()
    for number in (*range(8), 47, 54, 64, 67):
        wrong, found = evaluator.page.evaluate(ONE_BY_ONE, json.dumps(facts(world(number))))
        assert wrong == [], number
        rules.update(found)
    assert rules == {"line", "reference", "box"}


def test_pairs_of_the_results_are_drawn_as_they_are_answered(
    evaluator: Evaluator, published: PageContext
) -> None:
    """A quarter of them beside what was tested; and a row of a map is as it is in the whole."""
    draw, plain, wrong = random.Random(5), facts(published), []
    texts = [one["versions"] for one in plain["releases"]]
    tested = sorted({pins for pins, _ in published.findings.tested.places}, key=str)
    for python, chosen in itertools.product(plain["pythons"], situations(published)):
        rows = sorted(draw.sample(range(len(texts[0])), 12))
        columns = sorted(draw.sample(range(len(texts[1])), 12))
        for pins in draw.sample(tested, 4):
            rows.append(texts[0].index(str(pins[0].version)))
            columns.append(texts[1].index(str(pins[1].version)))
        rows, columns = sorted({*rows}), sorted({*columns})
        found = drawn(evaluator, plain, python, chosen, (rows, columns))
        for r, c in draw.sample([*itertools.product(range(len(rows)), range(len(columns)))], 40):
            said = expected(published, (texts[0][rows[r]], texts[1][columns[c]]), python, chosen)
            if found[r][c] != said:
                wrong.append((rows[r], columns[c], python, chosen, found[r][c], said))
        (alone,) = drawn(evaluator, plain, python, chosen, (rows[:1], columns))
        assert alone == found[0]
    assert wrong == []


def test_a_python_that_nobody_ran_is_unknown(evaluator: Evaluator) -> None:
    plain = facts(world(1))
    found = drawn(evaluator, plain, "3.99", {}, ([0, 1], [0, 1, 2]))
    assert {kind[:2] for row in found for kind in row} == {(None, "unknown")}
