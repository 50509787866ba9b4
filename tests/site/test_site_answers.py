"""The start page: what is safe, and the answer to each combination."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from interlock.findings import WHOSE
from interlock.publish.words import CAUSES, EFFECTS, NO_MOVE


def test_badge_names_the_newest_safe_release(complete: Any, nothing: Any) -> None:
    safe = "4.16.0"  # of the data set: the newest ddtrace, which passes wherever it installs

    assert json.loads(complete.text("badges/target.json"))["message"] == f"safe: ddtrace {safe}"
    assert safe in complete.text("badges/target.svg")
    assert json.loads(nothing.text("badges/target.json"))["message"] == "not tested yet"


def test_start_page_names_what_is_safe_and_since_when(complete: Any) -> None:
    text = re.sub(r"<[^>]+>", "", complete.text("answer.md") + complete.text("releases.md"))

    assert "ddtrace 4.16.0 on Python 3.9 to 3.14, ddtrace 3.19.9 on Python 3.8" in text
    assert "So does every release tested since 3.2.1" in text
    assert "in some configuration: ddtrace 2.5.6 to 2.21.12" in text
    assert "Moving sentry-sdk alone is not enough" in text
    assert "Last tested on 9 March 2025" in text


def test_release_of_the_other_library_is_safe_all_the_same(complete: Any) -> None:
    text = re.sub(r"<[^>]+>", "", complete.text("answer.md") + complete.text("releases.md"))

    assert "Safe: ddtrace 4.16.0" in text
    assert "What sentry-sdk does by itself, with any of them, is told below" in text
    assert "sentry-sdk hangs by itself, with or without ddtrace: releases 2.5.1 to 2.20.0" in text


def test_page_has_no_answer_that_is_made_ahead(complete: Any) -> None:
    """It has what was tested, and words: so it does not grow with what can be asked."""
    facts = json.loads(complete.text("facts.json"))
    assert complete.text("facts.js").endswith(f"{complete.text('facts.json').strip()};\n")
    words = json.loads(complete.text("words.js").partition("words = ")[2].rstrip(";\n"))
    assert {one["probe"] for one in facts["tracks"]} <= {*words["probes"]}
    assert {*facts["signatures"]} <= {*words["hangs"]}
    assert {*facts["workarounds"]} <= {*words["workarounds"]}
    assert [one["name"] for one in facts["choices"]] == [*words["choices"]]
    assert {bar for of in facts["releases"] for bar in of["barred"]} <= {*words["bars"]}
    told = {reason for of in facts["releases"] for _, reason, _ in of["refused"]}
    assert all(told <= {*words["refused"][axis["name"]]} for axis in facts["axes"])


def test_every_code_of_the_evaluator_has_words() -> None:
    """The script would show nothing for a code that has none."""
    root = Path(__file__).parents[2] / "site" / "assets" / "evaluator"
    targets = (root / "targets.js").read_text(encoding="utf-8")
    returned = re.search(r"\n    whyNone\(.*?\n    }\n", targets, re.DOTALL)
    assert returned
    codes = {*re.findall(r'"([a-z-]+)"', returned[0]), "not-its-own"}
    assert codes == {*NO_MOVE}
    workarounds = (root / "workarounds.js").read_text(encoding="utf-8")
    effects = re.search(r"effectOf\(tried, records.*?\n  }\n", workarounds, re.DOTALL)
    assert effects
    assert {*re.findall(r'return "([a-z-]+)"', effects[0])} <= {*EFFECTS, "fails", "unproven"}
    assert {*WHOSE} == {*CAUSES}
