"""The start page: what is safe, and the answer to each combination."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

from start_page import situations, told, worded


def test_badge_names_the_newest_safe_release(complete: Any, nothing: Any) -> None:
    safe = "4.16.0"  # of the data set: the newest ddtrace, which passes wherever it installs

    assert json.loads(complete.text("badges/target.json"))["message"] == f"safe: ddtrace {safe}"
    assert safe in complete.text("badges/target.svg")
    assert json.loads(nothing.text("badges/target.json"))["message"] == "not tested yet"


def test_start_page_names_what_is_safe_and_since_when(complete: Any) -> None:
    text = re.sub(r"<[^>]+>", "", complete.text("answer.md"))

    assert "ddtrace 4.16.0 on Python 3.9 to 3.14, ddtrace 3.19.9 on Python 3.8" in text
    assert "So does every release tested since 3.2.1" in text
    assert "in some configuration: ddtrace 2.5.6 to 2.21.12" in text
    assert "Moving sentry-sdk alone is not enough" in text
    assert "Last tested on 9 March 2025" in text


def test_release_of_the_other_library_is_safe_all_the_same(complete: Any) -> None:
    text = re.sub(r"<[^>]+>", "", complete.text("answer.md"))

    assert "Safe: ddtrace 4.16.0" in text
    assert "What sentry-sdk does by itself, with any of them, is told below" in text
    assert "sentry-sdk hangs by itself, with or without ddtrace: releases 2.5.1 to 2.20.0" in text


def test_withdrawn_release_is_never_recommended(complete: Any, tmp_path: Path) -> None:
    from packaging.version import Version

    from interlock.publish.publishers import generate
    from interlock.record.results import write_results

    withdrawn = {"ddtrace": [Version("3.2.1"), Version("4.16.0"), Version("1.0")]}
    write_results(complete.verdicts, {}, tmp_path / "results", complete.matrix.axes, withdrawn)
    folder = generate(tmp_path / "results", tmp_path / "site", complete.matrix)
    said = (folder / "answers.js").read_text(encoding="utf-8")

    assert "ddtrace 3.19.9" in json.dumps(_moves(said))
    assert "ddtrace 3.2.1" not in json.dumps(_moves(said))
    assert "ddtrace 4.16.0" not in json.dumps(_moves(said))


def _moves(script: str) -> list[str]:
    data = json.loads(script.removeprefix("window.interlock = ").rstrip(";\n"))
    every = (worded(data, place, n) for place, (_, *here) in data["places"].items() for n in here)
    return sorted({to for found in every for to, _ in found["moves"] if to is not None})


def answer(complete: Any, *names: str) -> dict[str, Any]:
    """An answer of the start page, in words."""
    data = complete.answers()
    *releases, config = names
    found = told(data, "|".join(releases), data["configs"][config]["chosen"])
    return {
        **found,
        "probes": [(symbol, says) for symbol, says, _ in found["probes"]],
        "moves": [to for to, _ in found["moves"]],
    }


def test_answer_says_that_a_hang_is_the_pairs_and_from_what(complete: Any) -> None:
    found = answer(complete, "2.5.1", "2.14.2", "3.10", "warning-events")

    assert found["whose"][0].startswith("Only the pair does this: sentry-sdk 2.5.1 alone passed")
    assert found["says"].startswith("It hangs: ")


def test_answer_to_what_one_library_does_alone_says_so_and_moves_that_library(
    complete: Any,
) -> None:
    found = answer(complete, "2.5.1", "4.16.0", "3.10", "stock")

    assert "as sentry-sdk does alone" in found["says"]
    assert "Caused by sentry-sdk" in found["whose"][0]
    assert found["moves"] == [None, "sentry-sdk 2.30.0", "sentry-sdk 2.70.1"]


def test_answer_lists_workarounds_that_were_run_right_there_with_what_they_cost(
    complete: Any,
) -> None:
    hangs = answer(complete, "2.10.0", "2.14.2", "3.10", "warning-events")["ways"]
    older = answer(complete, "2.10.0", "2.9.6", "3.10", "warning-events")["ways"]

    assert [(symbol, says.partition(":")[0]) for symbol, says in hangs] == [
        ("✓", "Lock profiling off"),
        ("✗", "Only errors in the log become Sentry events"),
        ("✗", "The lock of Sentry's worker replaced by a re-entrant one"),
    ]
    assert "It costs: No lock samples in the profiles." in hangs[0][1]
    assert "BackgroundWorker._lock → Handler.lock → BackgroundWorker._lock" in hangs[2][1]
    # They pass with this release, and hang with another in the same way.
    assert [symbol for symbol, _ in older] == ["✓", "?", "?"]
    assert all("don't count on it. It passes here, yet with it" in says for _, says in older[1:])


def test_workaround_that_was_not_run_there_is_not_claimed(complete: Any) -> None:
    found = answer(complete, "2.5.1", "2.14.2", "3.10", "stock")

    assert found["ways"] == []
    assert found["until"] == ["No settings that were tested keep these releases from hanging."]


def test_workaround_that_was_run_for_one_of_two_hanging_probes_says_so(complete: Any) -> None:
    found = answer(complete, "2.5.1", "2.14.2", "3.10", "warning-events")

    symbol, says = found["ways"][0]
    assert symbol == "✓…"
    assert says.startswith(
        "Lock profiling off: passes by worker_restart (not run by gunicorn_flask). "
    )


def test_answer_tells_the_probes_apart(complete: Any) -> None:
    found = answer(complete, "2.70.1", "2.14.2", "3.10", "warning-events")

    assert found["symbol"] == "✗"
    assert [(symbol, says.partition(":")[0]) for symbol, says in found["probes"]] == [
        ("✗", "The background worker, started again and again"),
        ("✗~", "flask under gunicorn, as in the report"),
    ]


def test_following_a_note_leads_to_trouble_every_time(complete: Any) -> None:
    """A note names what else to switch on; with the reader's other settings it has to go wrong."""
    wrong, notes = untrue_notes(complete.answers())

    assert notes and wrong == []


def untrue_notes(data: dict[str, Any]) -> tuple[list[str], int]:
    """The notes that lead to an answer without trouble, and how many notes there are."""
    choices, wrong, count = data["choices"], [], 0
    levels = [[value["title"] for value in choice["values"]] for choice in choices]
    every = list(itertools.product(*(range(len(titles)) for titles in levels)))
    for place in data["places"]:
        told_there = [told(data, place, chosen) for chosen in situations(data)]
        for at, chosen in enumerate(every):
            for note in told_there[at]["mind"]:
                if not note.startswith("Note that the same releases"):
                    continue
                # titles themselves may have commas and "and" in them
                more = [
                    next((n for n, title in enumerate(titles) if n > now and title in note), now)
                    for titles, now in zip(levels, chosen, strict=True)
                ]
                there = told_there[every.index(tuple(more))]
                count += 1
                if there["symbol"][0] not in "✗!" and "forks" not in note:
                    wrong.append(f"{place} {chosen}: {note}")
    return wrong, count
