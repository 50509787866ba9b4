"""The start page for a reader who chooses no settings, and the signs that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from packaging.version import Version
from start_page import told
from three_choices import TRACKS, context, known, of

from interlock.console import answer_text
from interlock.console.page import Page
from interlock.findings import OfferedWorkaround, Question, WorkaroundEffect, answer
from interlock.matrix import Matrix, Workaround
from interlock.model import PythonVersion, Verdict
from interlock.publish import grid, offered, whole as whole_of
from interlock.publish.answer import answers
from interlock.publish.context import PageContext

RESTART, WARNINGS, PRELOAD = ("restart", "stock"), ("restart", "warnings"), ("preload", "stock")
KEY = "1.0|1.0|3.10"
STOCK = {"level": "ERROR", "logs": "off", "noise": "on", "forking": "no"}


def whole(*rows: Verdict) -> dict[str, Any]:
    return told(answers(context(rows)), KEY, {})


def test_a_hang_with_some_settings_is_the_headline_and_no_green() -> None:
    said = whole(
        of("1.0", "1.0", RESTART, "pass", 500),
        of("1.0", "1.0", ("serve", "stock"), "pass", 500),
        of("1.0", "1.0", WARNINGS, "hang", 20),
        of("1.0", "2.0", RESTART, "pass", 500),
        of("1.0", "2.0", ("serve", "stock"), "pass", 500),
        of("1.0", "2.0", WARNINGS, "pass", 500),
    )

    assert (said["symbol"], said["look"]) == ("✗", "il-hang")
    assert said["says"].startswith("It hangs where warnings are events")
    assert ("✓", "No hang was found with the default settings.") in said["beside"]
    assert said["moves"][0][0] == "Upgrade right-lib to 2.0."


def test_what_is_known_comes_before_what_is_not_and_is_no_pass_of_the_whole() -> None:
    said = whole(
        of("1.0", "1.0", RESTART, "pass", 500),
        of("1.0", "1.0", ("serve", "stock"), "pass", 500),
        of("1.0", "2.0", WARNINGS, "pass", 500),
    )

    assert said["unknown"] and said["symbol"] == "·"
    assert said["says"].startswith("No hang was found with the default settings")
    (beside,) = said["beside"]
    assert beside[1].startswith("It is not known whether it hangs where warnings are events,")


def test_a_pair_that_hangs_where_it_forks_is_not_green() -> None:
    passes = [of("1.0", "1.0", track, "pass", 500) for track in (WARNINGS, ("serve", "stock"))]
    green = whole(*passes)
    said = whole(*passes, of("1.0", "1.0", PRELOAD, "hang", 20))

    assert "il-pass" in green["look"]
    assert "il-pass" not in said["look"] and said["symbol"] == "◐"
    sign, told_there = said["beside"][-1]
    assert sign == "✗" and "it hung" in told_there and "Start it in the child." in told_there


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([WARNINGS], "restart: pass, where warnings are events."),
        ([RESTART, WARNINGS], None),
    ],
)
def test_a_pass_from_a_run_with_more_switched_on_says_so(
    rows: list[tuple[str, str]], expected: str | None
) -> None:
    """With the words of ``ask``: the probe, its outcome, and the settings that it ran with."""
    data = answers(context([of("1.0", "1.0", track, "pass", 500) for track in rows]))
    said = " ".join(told(data, KEY, STOCK)["mind"])
    facts = " ".join(told(data, KEY, {})["facts"])

    if expected is None:
        assert "more switched on" not in said + facts
    else:
        assert expected in said
        assert f"With the default settings: {said}" in facts


@pytest.mark.parametrize(
    ("effect", "sign"),
    [
        (WorkaroundEffect.WORKS, "✓"),
        (WorkaroundEffect.NOT_BY_ALL, "✓…"),
        (WorkaroundEffect.TOO_FEW, "?"),
        (WorkaroundEffect.UNPROVEN, "?"),
        (WorkaroundEffect.HANGS_ELSEWHERE, "?"),
    ],
)
def test_a_sign_of_a_workaround_means_what_the_legend_says(
    effect: WorkaroundEffect, sign: str
) -> None:
    verdict = of("1.0", "1.0", RESTART, "pass", 500)
    tried = type("Tried", (), {"verdict": verdict})()
    way = Workaround(name="quiet", title="quiet", costs="No noise.", choices={})
    one = OfferedWorkaround(way=way, effect=effect, tried=(tried,), records=(), not_run_by=())
    meanings = {m.mark.symbol: m.name for m in grid.legend(context([verdict]), [verdict])}

    assert offered._sign(one).symbol == sign
    assert sign in meanings
    assert meanings["?"] == "unproven"
    assert meanings["✓…"] == "by the probes run so far"


def test_no_sign_of_an_answer_is_missing_in_the_legend() -> None:
    """The signs of the answers without settings, over outcomes of all kinds."""
    outcomes = ("pass", "hang", "fail", "unproven", "no-wheel", "lacks")
    rows = [
        of(left, right, track, outcomes[(n * 5 + m) % len(outcomes)], 500)
        for n, (left, right) in enumerate([("1.0", "1.0"), ("1.0", "2.0"), ("2.0", "1.0")])
        for m, track in enumerate(TRACKS)
    ]
    about = context(rows)
    data = answers(about)
    meant = {one.mark.symbol for one in whole_of.legend(about)}
    shown = {
        symbol
        for place in data["places"]
        for said in [told(data, place, {})]
        for symbol in [
            said["symbol"],
            *(s for s, _ in said["beside"]),
            *(s for s, _ in said["ways"]),
        ]
    }

    assert len(shown) > 3
    assert {re.sub(r"[~°…ᵖ()]", "", one) for one in shown} <= meant


def test_the_name_of_the_readers_release_is_left_to_the_script() -> None:
    """Pairs of several releases share an answer, so it names none of them."""
    made = known()
    needy = replace(made.probes["restart"], needs=("left",))
    lacks = of("1.0", "3.0", ("restart", "logs"), "lacks", 0)
    found = context([of("1.0", "3.0", WARNINGS, "hang", 20), lacks]).results
    matrix = replace(made, probes={**made.probes, "restart": needy})

    said = told(answers(PageContext(matrix=matrix, results=found)), "1.0|3.0|3.10", {})

    assert ("–", "left-lib {left} lacks the logs.") in said["beside"]


def needing_left() -> Matrix:
    """What has logs on is a feature of left, and is meant for every release."""
    made = known()
    needy = replace(made.probes["restart"], name="logs", configs=("logs",), needs=("left",))
    return replace(made, probes={**made.probes, "logs": needy}, only={})


@pytest.mark.parametrize("python", ["3.10", "3.12"])
def test_a_release_without_a_feature_is_not_called_untested(python: str) -> None:
    """Seen with another partner, on this Python or another. The words are those of ``ask``."""
    there = PythonVersion.parse(python)

    def on(made: Verdict) -> Verdict:
        return replace(made, cell=replace(made.cell, python=there))

    rows = [
        of("1.0", "1.0", ("logs", "logs"), "lacks", 0),
        on(of("1.0", "2.0", RESTART, "pass", 500)),
        on(of("1.0", "2.0", ("serve", "stock"), "pass", 500)),
        # the other release of the library has it
        of("2.0", "1.0", ("logs", "logs"), "pass", 500),
        on(of("2.0", "2.0", RESTART, "pass", 500)),
    ]
    found = context(rows).results
    about = PageContext(matrix=needing_left(), results=found)
    data = answers(about)
    with_logs = {**STOCK, "logs": "on"}

    said = told(data, f"1.0|2.0|{python}", with_logs)
    assert said["says"] == "left-lib {left} lacks the logs."
    assert (said["symbol"], said["unknown"]) == ("(–)", False)
    assert told(data, f"2.0|2.0|{python}", with_logs)["unknown"]
    versions = {"left": Version("1.0"), "right": Version("2.0")}
    asked = answer(Question(versions=versions, python=there, chosen=with_logs), about.findings)
    text = answer_text.as_text(asked, about.findings, Page(width=200))
    assert said["says"].replace("{left}", "1.0") in text
