"""The start page says what ``ask`` says: random questions, of tested and of inferred pairs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from browsing import Reader, served
from made_up import DDTRACE, HANG, PASS, SENTRY, cell, verdict
from packaging.version import Version

from interlock.findings import Answer, AnswerBasis, Findings, Question, answer, headlines
from interlock.matrix import Matrix
from interlock.model import Outcome, PythonVersion, Reason, Target
from interlock.publish.context import PageContext
from interlock.record import read_results
from interlock.record.releases import ListedRelease, ListedReleases

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PYTHON = ("3.10", "3.12")
LINES = {"sentry": ("2.5", "2.6", "2.70"), "ddtrace": ("2.14", "3.2", "4.16")}
LISTED = {
    axis: [f"{line}.{patch}" for line in lines for patch in range(5)]
    for axis, lines in LINES.items()
}
TESTED = {
    axis: [f"{line}.{patch}" for line in lines for patch in (0, 3)] for axis, lines in LINES.items()
}
NO_WHEEL = ("2.14.1", "2.14.2")
RELEASES = ListedReleases(
    pythons=tuple(map(PythonVersion.parse, PYTHON)),
    by_axis={
        axis: [
            ListedRelease(
                version=Version(one),
                yanked=one == "3.2.1",
                refused={PythonVersion(3, 12): Reason.NO_WHEEL} if one in NO_WHEEL else {},
            )
            for one in versions
        ]
        for axis, versions in LISTED.items()
    },
)


def verdicts() -> list[Any]:
    """Both ends of each line, but for the middle line of sentry-sdk."""
    pairs = [
        (sentry, ddtrace)
        for sentry, ddtrace in itertools.product(TESTED["sentry"], TESTED["ddtrace"])
        if not sentry.startswith("2.6") or ddtrace.startswith("3.2")
    ]
    return [
        verdict(cell(sentry, ddtrace, python, config), HANG if hangs else PASS)
        for (sentry, ddtrace), python, config in itertools.product(
            pairs, PYTHON, ("stock", "warning-events")
        )
        for hangs in [ddtrace.startswith("2") and config == "warning-events"]
    ]


@pytest.fixture(scope="module")
def between(publish: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A data set with untested releases between the tested ones."""
    return publish(verdicts(), tmp_path_factory.mktemp("between"), releases=RELEASES)


@pytest.fixture(scope="module")
def address(between: Any) -> Iterator[str]:
    with served(between.public) as address:
        yield address


def findings_of(published: Any) -> Findings:
    found = read_results(published.results, published.matrix.axes, {}).within(published.matrix)
    return PageContext(matrix=published.matrix, results=found).findings


SETTINGS: list[Mapping[str, str]] = [
    {},
    {"event-level": "ERROR"},
    {"event-level": "WARNING"},
    {"lock-profiling": "off", "event-level": "WARNING"},
    {"forks": "yes"},
]


RUN = {"sentry": [*SENTRY, "2.8.0"], "ddtrace": [*DDTRACE, "2.14.9"]}
"""What was run of the complete data set, and one more release of each."""


@pytest.mark.parametrize(("which", "kinds"), [("between", 4), ("complete", 2)])
def test_page_says_what_ask_says(browser: Any, which: str, kinds: int, request: Any) -> None:
    """``kinds``: how many of the bases occur often in the data set."""
    published = request.getfixturevalue(which)
    findings, drawn = findings_of(published), random.Random(21)
    listed = LISTED if which == "between" else RUN
    counted, wrong = dict.fromkeys(AnswerBasis, 0), []
    with served(published.public) as address, Reader(browser, address) as reader:
        page = reader.open("index.html")
        for _ in range(300):
            versions = {axis: drawn.choice(of) for axis, of in listed.items()}
            python, chosen = drawn.choice(PYTHON), drawn.choice(SETTINGS)
            question = Question(
                versions={axis: Version(one) for axis, one in versions.items()},
                python=PythonVersion.parse(python),
                chosen=chosen,
            )
            asked = {"versions": versions, "python": python, "chosen": chosen}
            said = page.evaluate("asked => Start.told(interlock, asked)", asked)
            found = answer(question, findings)
            assert found.worst
            counted[found.worst.basis] += 1
            if differences := [*differing(said, found, published.matrix)]:
                wrong.append((asked, differences))
        assert reader.complaints == []
    assert wrong == []
    assert sum(count > 5 for count in counted.values()) == kinds, counted


def differing(said: Mapping[str, Any], found: Answer, matrix: Matrix) -> Iterator[str]:
    """Where the headline, the other settings and the moves of a page are not those of ``ask``."""
    first, *others = headlines.headlines(found, matrix)
    head = first.parts[0]
    wanted = first.sentence if not found.question.chosen else f"{headlines.headline(head)}."
    if head.basis is AnswerBasis.INDEX:
        wanted = "It cannot be installed like this."
    elif head.outcome is None:
        wanted = headlines.NOT_KNOWN
    if said["headline"] != wanted:
        yield f"{said['headline']} instead of {wanted}"
    beside = [one["says"] for one in said["others"]]
    if beside != [one.sentence for one in others]:
        yield f"{beside} instead of {[one.sentence for one in others]}"
    notes = [one["says"] for one in said["kinds"]]
    wanted_notes = [
        " ".join(filter(None, [headlines.kind_note(one, matrix), one.kind.instead_plain]))
        for one in found.kinds
        if headlines.kind_note(one, matrix)
    ]
    if notes != wanted_notes:
        yield f"{notes} instead of {wanted_notes}"
    pins = [target["pin"] for move in said["moves"] for target in move["targets"]]
    if pins != [*pins_of(found, matrix)]:
        yield f"{pins} instead of {[*pins_of(found, matrix)]}"
    if head.outcome is not Outcome.PASS and "✓" in said["sign"]["symbol"]:
        yield "a sign of a pass"
    if head.basis is AnswerBasis.INFERRED and "il-pass" in said["sign"]["look"]:
        yield "the colour of a pass for what nobody ran"


def pins_of(found: Answer, matrix: Matrix) -> Iterator[str]:
    for move in found.moves:
        package = matrix.axis(move.axis).package
        targets = [one for one in (move.nearest, move.newest) if isinstance(one, Target)]
        yield from dict.fromkeys(f"{package}=={one.version}" for one in targets)


def test_an_inferred_answer_says_what_it_rests_on(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.5.0&ddtrace=2.14.4&python=3.10")
        told = page.evaluate(
            "Start.told(interlock, {versions: {sentry: '2.5.0', ddtrace: '2.14.2'}, "
            "python: '3.10', chosen: {'event-level': 'WARNING'}})"
        )
        (because,) = [one for one in told["because"] if "hang" in one]
        assert because == (
            "ddtrace 2.14.0 and 2.14.3 both hang with sentry-sdk 2.5.0 "
            "(worker_restart, tested 9 March 2025); "
            "how often this is wrong is not measured yet."
        )
        passing = page.evaluate(
            "Start.told(interlock, {versions: {sentry: '2.5.0', ddtrace: '3.2.2'}, "
            "python: '3.10', chosen: {'event-level': 'WARNING'}})"
        )
        assert passing["sign"] == {"look": "il-untested il-inferred", "symbol": "(✓)"}
        assert not passing["isSafe"]
        assert reader.complaints == []
