"""The start page in a browser, asked about pairs that nobody ran: it says what ``ask`` says."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Reader, served
from made_up import HANG, PASS, cell, verdict
from packaging.version import Version
from start_page import in_words, situations

from interlock.findings import AnswerBasis, Question, answer, headlines, sentences
from interlock.model import Outcome, PythonVersion, Reason
from interlock.publish.card import card
from interlock.publish.context import PageContext
from interlock.publish.inferred import LEFT_OUT
from interlock.record import read_results
from interlock.record.releases import ListedRelease, ListedReleases

pytestmark = pytest.mark.browser

PYTHON = ("3.10", "3.12")
LEVELS = ("ERROR", "WARNING")
LINES = {"sentry": ("2.5", "2.6", "2.70"), "ddtrace": ("2.14", "3.2", "4.16")}
LISTED = {
    axis: [f"{line}.{patch}" for line in lines for patch in range(5)]
    for axis, lines in LINES.items()
}
TESTED = {
    axis: [f"{line}.{patch}" for line in lines for patch in (0, 3)] for axis, lines in LINES.items()
}
RELEASES = ListedReleases(
    pythons=tuple(map(PythonVersion.parse, PYTHON)),
    by_axis={
        axis: [
            ListedRelease(
                version=Version(one),
                yanked=one == "3.2.1",
                refused={PythonVersion(3, 12): Reason.NO_WHEEL}
                if one in ("2.14.1", "2.14.2")
                else {},
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


ASK = """
question => {
  location.hash = question;
  dispatchEvent(new HashChangeEvent("hashchange"));
  document.querySelectorAll("[data-answer] details").forEach((one) => { one.open = true; });
  return document.querySelector("[data-answer]").innerText;
}
"""


def test_page_infers_what_ask_infers(browser: Any, address: str, between: Any) -> None:
    """Random questions: each text of the answer is on the page, and nothing untested is a ✓."""
    found = read_results(between.results, between.matrix.axes, {}).within(between.matrix)
    about = PageContext(matrix=between.matrix, results=found)
    every = [*situations(between.answers())]
    likely = [{**every[0], "profiling": "on", "event-level": level} for level in LEVELS]
    drawn, counted, wrong = random.Random(21), dict.fromkeys(AnswerBasis, 0), []
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        for _ in range(250):
            versions = {axis: drawn.choice(listed) for axis, listed in LISTED.items()}
            python, chosen = drawn.choice(PYTHON), drawn.choice([*likely * 20, *every])
            asked = Question(
                versions={axis: Version(one) for axis, one in versions.items()},
                python=PythonVersion.parse(python),
                chosen=chosen,
            )
            (part,) = answer(asked, about.findings).parts
            fields = {**versions, "python": python, **chosen}
            text = page.evaluate(ASK, "&".join(f"{name}={one}" for name, one in fields.items()))
            counted[part.basis] += 1
            wrong += [(fields, one) for one in lacking(text, about, part, asked)]
        assert reader.complaints == []
    assert wrong == []
    assert min(counted[basis] for basis in AnswerBasis) > 5, counted


def test_without_settings_the_page_says_what_ask_says(
    browser: Any, address: str, between: Any
) -> None:
    """Random questions: the headlines and the moves of ``ask``, in the page itself."""
    found = read_results(between.results, between.matrix.axes, {}).within(between.matrix)
    findings = PageContext(matrix=between.matrix, results=found).findings
    drawn, counted, wrong = random.Random(22), dict.fromkeys(AnswerBasis, 0), []
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        for _ in range(120):
            versions = {axis: drawn.choice(listed) for axis, listed in LISTED.items()}
            asked = Question(
                versions={axis: Version(one) for axis, one in versions.items()},
                python=PythonVersion.parse(drawn.choice(PYTHON)),
            )
            said = answer(asked, findings)
            fields = {**versions, "python": str(asked.python)}
            text = page.evaluate(ASK, "&".join(f"{name}={one}" for name, one in fields.items()))
            shown = " ".join(text.split())
            assert said.worst
            counted[said.worst.basis] += 1
            first, *others = headlines.headlines(said, between.matrix)
            wanted = [one.sentence for one in (first, *others)]
            wanted += [
                sentences.upgrade(
                    move, between.matrix.axis(move.axis).package, asked.versions[move.axis]
                )
                for move in said.moves
            ]
            if said.worst.basis is AnswerBasis.INDEX:
                wanted = ["It cannot be installed like this."]
            elif said.worst.basis is AnswerBasis.UNKNOWN and not first.parts[0].rests_on:
                wanted = [headlines.NOT_KNOWN[:-1]]
            wrong += [(fields, one) for one in wanted if one.lower() not in shown.lower()]
            if said.worst.outcome is not Outcome.PASS and shown.startswith("✓"):
                wrong.append((fields, "no sign of a pass"))
        assert reader.complaints == []
    assert wrong == []
    assert min(counted[basis] for basis in AnswerBasis) > 3, counted


def lacking(text: str, about: PageContext, part: Any, asked: Question) -> list[str]:
    """What the page should show and does not."""
    versions = {axis: str(one) for axis, one in asked.versions.items()}
    place = cell(*versions.values(), str(asked.python), "stock").pins, asked.python
    if part.basis is AnswerBasis.INDEX:
        wanted = ["– It cannot be installed like this.", f"{part.refusals[0].says}."]
    elif part.basis is AnswerBasis.UNKNOWN:
        wanted = ["· Not"]
    else:
        told = in_words(card(about, part, place), place)
        wanted = [f"{told['symbol']} {told['says']}", *told["facts"], *told["whose"]]
        wanted += [f"{to or ''} {why}".strip() for to, why in told["moves"]]
        wanted += [told["run"]]
    shown = " ".join(text.split())
    missing = [one for one in wanted if " ".join(one.format(**versions).split()) not in shown]
    if part.basis is not AnswerBasis.TESTED and shown.startswith("✓"):
        missing.append("no sign of a pass")
    return missing


LEAVE_OUT = """
() => {
  const last = window.interlock.axes[0].listed.length - 1;
  window.interlock.regions = {};
  window.interlock.left_out = { "3.12": [[0, last]] };
}
"""


def test_what_was_too_much_for_the_page_is_not_called_unknown(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = []
        for change in ("() => {}", LEAVE_OUT):
            page.evaluate(change)
            for python in PYTHON:
                said.append(page.evaluate(ASK, f"sentry=2.5.1&ddtrace=3.2.2&python={python}"))
        assert reader.complaints == []
    told, _, elsewhere, left_out = said
    assert "tested releases around it pass" in told
    assert LEFT_OUT in left_out and "It is not known whether it hangs" not in left_out
    assert "interlock ask --sentry 2.5.1 --ddtrace 3.2.2 --python 3.12" in left_out
    assert "It is not known whether it hangs" in elsewhere and LEFT_OUT not in elsewhere
