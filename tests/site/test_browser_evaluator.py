"""One evaluator in two languages: the page's script answers as ``findings`` does, to the field."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from evaluated import Asked, by_findings, questions
from evaluator import SCRIPTS, Evaluator, evaluating
from made_up import DDTRACE, PYTHON, SENTRY, all_verdicts
from packaging.version import Version
from random_worlds import context

from interlock.matrix import matrix_file
from interlock.model import PythonVersion
from interlock.publish.context import PageContext
from interlock.publish.facts import facts
from interlock.record.listed import ListedRelease, ListedReleases
from interlock.record.order import ordered
from interlock.record.results import Results, read_results

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

NAMED = """
2.8.0  2.12.2  3.11  lock-profiling=on
2.35.1 2.14.4  3.12  structured-logs=on
2.50.0 3.2.1   3.12  forks=yes
1.45.0 1.20.0  3.9

2.63.0 4.10.5  3.14
2.66.0 4.12.2  3.12
2.62.0 4.10.6  3.12
2.56.0 4.6.2   3.13
2.48.0 4.0.1   3.13
2.19.1 4.2.1   3.12
2.39.0 3.14.4  3.13
2.30.0 3.9.3   3.13
2.53.0 3.10.3  3.10
2.38.0 3.10.3  3.10
2.22.0 3.1.0   3.10
2.24.1 3.0.0   3.13
2.29.1 3.2.1   3.12
2.8.0  3.7.0   3.9
2.21.0 2.19.0  3.12
2.19.2 2.17.3  3.10
2.14.0 2.12.1  3.10
2.5.1  2.14.2  3.10
2.13.0 2.7.6   3.12
2.7.1  2.9.2   3.12
2.5.1  1.18.2  3.10
1.42.0 1.18.2  3.10
1.39.1 2.3.2   3.11
1.45.1 2.11.2  3.8
"""
"""What readers ask, and then pairs that stand in lock files of real projects."""


@pytest.fixture(scope="module")
def evaluator(browser: Any) -> Iterator[Evaluator]:
    with evaluating(browser) as page:
        yield page


@pytest.fixture(scope="module")
def published() -> PageContext:
    """The results of this repository."""
    matrix = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    results = read_results(ROOT / "results", matrix.axes, matrix.renamed).within(matrix)
    return PageContext(matrix=matrix, results=results)


def differing(
    evaluator: Evaluator, of: PageContext, asked: Sequence[Asked]
) -> tuple[list[Any], list[Any]]:
    """The questions that both answer differently, and the answers of ``findings``."""
    expected = [json.loads(json.dumps(by_findings(one, of.findings))) for one in asked]
    found = evaluator.answers(facts(of), asked)
    every = zip(asked, expected, found, strict=True)
    wrong = [(one, [*_differences(said, other)][:3]) for one, said, other in every if said != other]
    return wrong, expected


def _differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ: the innermost field, and what each has there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from _differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, both in enumerate(zip(one, other, strict=True)):
            yield from _differences(*both, f"{path}[{at}]")
    elif one != other:
        yield path, one, other


def kinds(answers: Sequence[Any]) -> Counter[str]:
    """How often each basis, outcome, rule and more comes up."""
    found: Counter[str] = Counter()
    for part in (part for one in answers for part in one["parts"]):
        found.update([part["basis"], str(part["outcome"])])
        found.update(seen["rule"] for seen in part["rests_on"] if seen["rule"])
        found.update(str(move["reason"] or "move") for move in part["moves"])
        found.update(bar for move in part["moves"] for b in move["barred"] for bar in b["bars"])
        found.update(one["effect"] for one in part["workarounds"])
        found.update(name for name in FIELDS if part[name])
    return found


FIELDS = ("rare", "lacking", "smallest", "refusals", "passing", "neighbours")


def test_named_questions_have_the_same_answers(
    evaluator: Evaluator, published: PageContext
) -> None:
    """With the settings that the reader states, with none, and with those of each situation."""
    choices = published.matrix.choices
    situations = [dict(one.chosen) for one in published.findings.tested.situations]
    asked: list[Asked] = []
    for line in filter(None, NAMED.splitlines()):
        sentry, ddtrace, python, *stated = line.split()
        versions = {"sentry": sentry, "ddtrace": ddtrace}
        chosen = dict(word.split("=") for word in stated)
        assert chosen.keys() <= choices.keys()
        for settings in ({}, chosen, *({**one, **chosen} for one in situations)):
            asked.append({"versions": versions, "python": python, "chosen": settings})

    wrong, _ = differing(evaluator, published, asked)
    assert wrong == []


@pytest.mark.parametrize("seed", range(4))
def test_random_questions_about_the_results_have_the_same_answers(
    evaluator: Evaluator, published: PageContext, seed: int
) -> None:
    asked = [*questions(published.findings, seed, 1000)]
    wrong, expected = differing(evaluator, published, asked)

    assert wrong == []
    seen = kinds(expected)
    assert min(seen[basis] for basis in ("tested", "inferred", "index", "unknown")) > 20, seen
    assert min(seen[rule] for rule in ("line", "reference", "feature")) > 5, seen


@pytest.mark.parametrize("seed", [0, 20])
def test_random_questions_about_made_up_results_have_the_same_answers(
    evaluator: Evaluator, seed: int
) -> None:
    """What real results have too few of; see ``random_worlds``."""
    seen: Counter[str] = Counter()
    for world in range(seed, seed + 20):
        of = context(world)
        wrong, expected = differing(evaluator, of, [*questions(of.findings, world, 150)])
        assert wrong == [], world
        seen += kinds(expected)
    assert min(seen[kind] for kind in EVERY_KIND) > 0, seen


def test_random_questions_about_a_campaign_have_the_same_answers(evaluator: Evaluator) -> None:
    """The data set of the site's tests: libraries alone, workarounds, rare hangs."""
    matrix = matrix_file.load(HERE / "matrix.yaml", HERE / "probes")
    listed = {"sentry": (*SENTRY, "2.8.0"), "ddtrace": (*DDTRACE, "2.14.9")}
    releases = ListedReleases(
        pythons=tuple(map(PythonVersion.parse, PYTHON)),
        by_axis={
            axis: [ListedRelease(version=Version(text)) for text in sorted(texts, key=Version)]
            for axis, texts in listed.items()
        },
    )
    results = Results(
        verdicts=ordered(all_verdicts(), matrix.axes),
        signatures=[],
        yanked={},
        controls=[],
        releases=releases,
    )
    of = PageContext(matrix=matrix, results=results)

    wrong, expected = differing(evaluator, of, [*questions(of.findings, 9, 500)])
    assert wrong == []
    seen = kinds(expected)
    assert min(seen[kind] for kind in ("hang", "works", "none-helps", "lacking")) > 0, seen


EVERY_KIND = (
    *("tested", "inferred", "index", "unknown"),
    *("pass", "hang", "fail", "unsupported", "unproven"),
    *("line", "box"),
    *("move", "not-its-own", "barred", "none-helps", "none-tested", "not-with-these-settings"),
    *("yanked", "pre-release", "too-young", "vulnerable"),
    *("works", "not-by-all"),
    *FIELDS,
)
"""What has to come up in every draw of made-up results."""


def test_versions_are_in_the_order_of_packaging(evaluator: Evaluator) -> None:
    drawn = random.Random(11)
    parts = (
        ["", "1!"],
        ["1", "1.0", "1.0.0", "1.1", "2.10", "2.9"],
        ["", "a1", "b2", "rc1", "rc2", ".a0"],
        ["", ".post1", "-1", ".post0"],
        ["", ".dev0", ".dev3"],
        ["", "+local", "+local.2", "+5"],
    )
    texts = ["".join(part) for part in itertools.product(*parts)]
    drawn.shuffle(texts)
    pairs = list(itertools.pairwise([*texts, *texts[:1]]))
    script = """pairs => pairs.map(([one, other]) =>
      Math.sign(Evaluator.compare(Evaluator.parse(one), Evaluator.parse(other))))"""
    found = evaluator.page.evaluate(script, pairs)

    signs = [(Version(a) > Version(b)) - (Version(a) < Version(b)) for a, b in pairs]
    assert [p for p, one, other in zip(pairs, found, signs, strict=True) if one != other] == []


@pytest.mark.parametrize("text", ["", "latest", "2.x", "1..0", "1.0-", "==1.0", "1.0 2.0"])
def test_what_is_no_version_is_refused(evaluator: Evaluator, text: str) -> None:
    assert evaluator.page.evaluate("text => Evaluator.parse(text)", text) is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"chosen": {"colour": "red"}}, '"colour" is no choice'),
        ({"chosen": {"logs": "sometimes"}}, '"sometimes" is no value of logs'),
        ({"versions": {"left": "1.0"}}, "name one version of each of left, right"),
        ({"versions": {"left": "1.0", "right": "new"}}, '"new" is no version of right'),
    ],
)
def test_a_question_that_is_none_is_refused(
    evaluator: Evaluator, changed: dict[str, Any], says: str
) -> None:
    asked = {"versions": {"left": "1.0.0", "right": "1.0"}, "python": "3.10", "chosen": {}}
    script = """given => {
      try { return Evaluator.answer(...JSON.parse(given)); }
      catch (error) { return `${error.name}: ${error.message}`; }
    }"""
    given = json.dumps([facts(context(1)), {**asked, **changed}])

    assert evaluator.page.evaluate(script, given) == f"RangeError: {says}"


def test_scripts_touch_nothing_but_their_own_name(browser: Any) -> None:
    """No page, no network, no clock: all that they leave behind is ``Evaluator``."""
    words = ("document", "window", "fetch", "Date", "Math.random", "localStorage", "navigator")
    texts = {script.name: script.read_text(encoding="utf-8") for script in SCRIPTS}
    assert [(n, word) for n, text in texts.items() for word in words if f" {word}." in text] == []

    page = browser.new_page()
    before = set(page.evaluate("Object.getOwnPropertyNames(globalThis)"))
    for script in SCRIPTS:
        page.add_script_tag(path=str(script))
    after = set(page.evaluate("Object.getOwnPropertyNames(globalThis)"))
    page.close()
    assert after - before == {"Evaluator"}
