"""What the start page looks up is what ``ask`` says, whatever a reader chooses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st
from packaging.version import Version
from start_page import in_words, situations, told
from three_choices import BASELINES, LEFT, OUTCOMES, RIGHT, TRACKS, context, of
from whole_page import differences, hides_a_hang

from interlock.findings import Place
from interlock.findings.question import Question, answer
from interlock.model import Verdict
from interlock.publish.answer import answers
from interlock.publish.card import card
from interlock.publish.context import PageContext


@st.composite
def tables(draw: st.DrawFn) -> list[Verdict]:
    """Some of all rows; more of them hang or pass than not."""
    pairs = [(left, right) for left in LEFT for right in RIGHT]
    every = [(*pair, track) for pair in (*pairs, *BASELINES) for track in TRACKS]
    cells = draw(st.lists(st.sampled_from(every), min_size=1, max_size=40, unique=True))
    outcomes = st.sampled_from([*OUTCOMES, "pass", "pass", "hang", "hang"])
    return [of(*one, draw(outcomes), draw(st.sampled_from([20, 500]))) for one in cells]


def asked_at(about: PageContext) -> Iterator[tuple[Place, str, dict[str, Version]]]:
    """Each tested place, its key on the page, and the releases to ask about."""
    for place in about.findings.tested.places:
        pins, python = place
        versions = {pin.axis: pin.version for pin in pins if pin.version}
        yield place, "|".join([*map(str, versions.values()), str(python)]), versions


@settings(max_examples=60, deadline=None)
@given(tables())
def test_page_says_what_the_answer_says_in_every_situation(verdicts: list[Verdict]) -> None:
    about = context(verdicts)
    data = answers(about)
    for place, key, versions in asked_at(about):
        for chosen in situations(data):
            asked = Question(versions=versions, python=place[1], chosen=chosen)
            (part,) = answer(asked, about.findings).parts
            assert told(data, key, chosen) == in_words(card(about, part, place), place)
    assert len(data["places"]) == len([*about.findings.tested.places])


@settings(max_examples=60, deadline=None)
@given(tables())
def test_without_settings_the_page_says_what_ask_says(verdicts: list[Verdict]) -> None:
    about = context(verdicts)
    data = answers(about)
    for place, key, versions in asked_at(about):
        found = answer(Question(versions=versions, python=place[1]), about.findings)
        assert differences(found, about.findings, told(data, key, {})) == []
        assert not hides_a_hang(data, key)


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
    # A row of groups, one answer for every situation, and that for a reader who chooses none.
    assert len(one) == 3
    assert len(data["answers"]) == 2


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
