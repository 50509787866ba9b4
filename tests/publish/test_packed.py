"""What the start page looks up is what ``ask`` says, whatever a reader chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import LEVEL, cell, choice, forking, matrix, verdict
from hypothesis import given, settings, strategies as st
from packaging.version import Version
from start_page import in_words, situations, told

from interlock.findings.question import Question, answer
from interlock.matrix.definition import Matrix, Only, ProbeUse, Workaround
from interlock.model import Configuration, Outcome, Reason, Verdict
from interlock.publish.answer import answers
from interlock.publish.card import Track, card
from interlock.publish.context import PageContext
from interlock.record.results import Results

LEFT, RIGHT = ("1.0", "2.0"), ("1.0", "2.0", "3.0")
BASELINES = (("1.0", "-"), ("-", "1.0"))
TRACKS = (
    ("restart", "stock"),
    ("restart", "warnings"),
    ("restart", "logs"),
    ("restart", "both"),
    ("restart", "warnings+quiet"),
    ("serve", "stock"),
    ("preload", "stock"),
    ("preload", "both"),
)
OUTCOMES = {
    "pass": {},
    "hang": {"reason": Reason.SELF_DEADLOCK},
    "fail": {"reason": Reason.ERROR},
    "unproven": {"reason": Reason.NOT_LIVE},
    "lacks": {"reason": Reason.NO_FEATURE},
    "no-wheel": {"reason": Reason.NO_WHEEL},
}


def known() -> Matrix:
    """Three choices and a kind of application. What has logs is meant for one release alone."""
    made = matrix()
    stock, restart = made.configurations["stock"], made.probes["restart"]
    warnings = replace(stock, name="warnings", choices={"level": "WARNING"})
    logs = replace(stock, name="logs", choices={"logs": "on"})
    both = replace(stock, name="both", choices={"level": "WARNING", "logs": "on"})
    quiet = Configuration(
        name="warnings+quiet",
        title="quiet",
        description="",
        base="warnings",
        workaround="quiet",
        choices={"level": "WARNING", "noise": "off"},
    )
    return replace(
        made,
        choices={
            **LEVEL,
            "logs": choice("logs", "off: logs are off", "on: logs are on"),
            "noise": choice("noise", "off: all is quiet", "on: there is noise", default="on"),
            **forking(instead="Start it in the child."),
        },
        configurations={one.name: one for one in (stock, warnings, logs, both, quiet)},
        workarounds={
            "quiet": Workaround(name="quiet", title="quiet", costs="No noise.", choices={})
        },
        probes={
            "restart": replace(restart, configs=("stock", "warnings", "logs", "both")),
            "serve": replace(restart, name="serve", configs=("stock",)),
            "preload": replace(restart, name="preload", configs=("stock", "both")),
        },
        uses={
            "restart": ProbeUse(workarounds={"warnings": ("quiet",)}),
            "preload": ProbeUse(choices={"forking": "yes"}),
        },
        only={name: Only(versions={"right": (Version("3.0"),)}) for name in ("logs", "both")},
    )


def of(left: str, right: str, track: Track, said: str, exposures: int) -> Verdict:
    probe, config = track
    outcome = said if said in set(map(str, Outcome)) else "unsupported"
    there = cell(left, right, config=config, probe=probe)
    return verdict(there, outcome, exposures=exposures, **OUTCOMES[said])


@st.composite
def tables(draw: st.DrawFn) -> list[Verdict]:
    """Some of all rows; more of them hang or pass than not."""
    pairs = [(left, right) for left in LEFT for right in RIGHT]
    every = [(*pair, track) for pair in (*pairs, *BASELINES) for track in TRACKS]
    cells = draw(st.lists(st.sampled_from(every), min_size=1, max_size=40, unique=True))
    outcomes = st.sampled_from([*OUTCOMES, "pass", "pass", "hang", "hang"])
    return [of(*one, draw(outcomes), draw(st.sampled_from([20, 500]))) for one in cells]


def context(verdicts: Sequence[Verdict]) -> PageContext:
    listed = Results(verdicts=[*verdicts], signatures=[], yanked={}, controls=[])
    return PageContext(matrix=known(), results=listed)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_page_says_what_the_answer_says_in_every_situation(verdicts: list[Verdict]) -> None:
    about = context(verdicts)
    data = answers(about)
    for place in about.findings.tested.places:
        pins, python = place
        versions = {pin.axis: pin.version for pin in pins if pin.version}
        key = "|".join([*map(str, versions.values()), str(python)])
        for chosen in situations(data):
            asked = Question(versions=versions, python=python, chosen=chosen)
            (part,) = answer(asked, about.findings).parts
            assert told(data, key, chosen) == in_words(card(about, part, place), place)
    assert len(data["places"]) == len([*about.findings.tested.places])


def test_situations_are_told_apart_where_only_the_move_differs() -> None:
    """Nothing of the place itself is about logs, but the release to move to is."""
    rows = [
        of("1.0", "1.0", ("restart", "stock"), "hang", 20),
        of("1.0", "3.0", ("restart", "stock"), "pass", 500),
        of("1.0", "3.0", ("restart", "logs"), "pass", 500),
        of("1.0", "3.0", ("restart", "both"), "hang", 500),
    ]
    data = answers(context(rows))
    with_logs = {"level": "ERROR", "logs": "on", "noise": "on", "forking": "no"}

    def move(**chosen: str) -> str | None:
        ((to, _), *_) = told(data, "1.0|1.0|3.10", {**with_logs, **chosen})["moves"]
        return to

    assert move() == "right-lib 3.0"
    assert move(level="WARNING") is None


def test_an_answer_that_two_places_share_is_kept_once() -> None:
    rows = [of(left, "1.0", ("serve", "stock"), "no-wheel", 0) for left in LEFT]
    data = answers(context(rows))

    (one, other) = data["places"].values()
    assert one == other
    assert len(one) == 2  # a row of groups, and one answer for every situation
    assert len(data["answers"]) == 1


@pytest.mark.parametrize("kept", ["text", "marks", "lists", "answers", "groups"])
def test_nothing_is_kept_twice(kept: str) -> None:
    rows = [
        of(left, right, track, "hang" if right == "1.0" else "pass", 500)
        for left in LEFT
        for right in RIGHT
        for track in TRACKS
    ]
    found = [str(one) for one in answers(context(rows))[kept]]

    assert len(found) == len(set(found)) > 1
