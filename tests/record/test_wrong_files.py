"""Published files of the wrong shape: one line a mistake, with file and place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from matrices import MATRIX
from published import AXES, SELF, cell, control, example, verdict

from interlock.model import AuditedCell, Measured, Outcome, Signature, UsageError
from interlock.record import rows
from interlock.record.audits import write_audits
from interlock.record.control_results import write_controls
from interlock.record.results import read_results, write_results

SIGNATURE = f"signatures/{SELF.slug}.json"
LONG_AGO = datetime(2000, 1, 1, tzinfo=timezone.utc)
AUDITED = AuditedCell(
    seed=1,
    day=LONG_AGO.date(),
    cell=cell("2.9", "3.0"),
    rule="line",
    inferred=Outcome.PASS,
    seen=Outcome.PASS,
)
CONTROL = control(cell(None, None, python="3.8", probe="own"))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    hung = verdict(
        cell("2.9", "3.1"),
        Outcome.HANG,
        measured=(Measured(name="per-s", trials=3, median=2.0, least=1.0, most=3.0),),
    )
    write_results([hung], {SELF: example(hung.cell)}, tmp_path, AXES)
    write_controls([CONTROL], tmp_path, newer_than=LONG_AGO)
    write_audits([AUDITED], AXES, tmp_path)
    assert read_results(tmp_path, AXES).controls == [CONTROL]
    return tmp_path


def complaint(results: Path) -> str:
    with pytest.raises(UsageError) as raised:
        read_results(results, AXES)
    assert raised.value.exit_code == 2
    return str(raised.value)


FILES = ("yanked.json", "controls.json", "shared.json", SIGNATURE)
TABLES = ("verdicts.csv", "measures.csv", "audits.csv")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content",
    ["", "null", "[]", "[1]", "7", '"text"', "NaN", '{"a": NaN}', "[" * 100_000, "{", "{} {}"],
)
def test_what_is_no_such_file_at_all_is_named(results: Path, name: str, content: str) -> None:
    (results / name).write_text(content)
    said = complaint(results)
    assert said.startswith(str(results / name))
    assert "\n" not in said


@pytest.mark.parametrize("name", [*FILES, *TABLES])
@pytest.mark.parametrize("kind", ["pipe", "folder", "endless", "link to itself", "no text"])
def test_what_is_no_regular_file_of_text_is_named(results: Path, name: str, kind: str) -> None:
    path = results / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "link to itself":
        path.symlink_to(path)
    else:
        path.write_bytes(b"\xff\xfe")
    assert complaint(results).startswith(str(path))


@pytest.mark.parametrize("name", [*FILES, *TABLES])
def test_a_mark_of_byte_order_is_read(results: Path, name: str) -> None:
    before = read_results(results, AXES)
    path = results / name
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_results(results, AXES) == before


Change = Callable[[Any], Any]


def put(value: Any, *place: Any) -> Change:
    """Put a value at a place of the content; ``...`` removes what is there."""

    def change(content: Any) -> Any:
        inside = content
        for key in place[:-1]:
            inside = inside[key]
        if value is ...:
            del inside[place[-1]]
        else:
            inside[place[-1]] = value
        return content

    return change


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("yanked.json", put(["2.x"], "left"), 'left[0]: "2.x" is not a version'),
        ("yanked.json", put([None], "left"), "left[0]: must be text, and is nothing"),
        ("yanked.json", put(None, "left"), "left: must be a list, and is nothing"),
        ("yanked.json", put("2.9", "left"), "left: must be a list, and is text"),
        ("yanked.json", put(["1" * 5000], "left"), "is not a version"),
        ("controls.json", put(..., "controls"), "controls: is missing"),
        ("controls.json", put(2, "schema_version"), "schema_version: 2: input should be 1"),
        ("controls.json", put(None, "controls", 0), "controls[0]: must be a mapping"),
        ("controls.json", put(..., "controls", 0, "campaign"), "controls[0].campaign: is missing"),
        ("controls.json", put(..., "controls", 0, "cell", "left"), 'cell: has no "left"'),
        ("controls.json", put("x", "controls", 0, "cell", "left"), 'cell: "x" is not a version'),
        ("controls.json", put(3.8, "controls", 0, "cell", "python"), 'cell: has no "python"'),
        ("controls.json", put("3", "controls", 0, "cell", "python"), "is not a Python feature"),
        ("controls.json", put("now", "controls", 0, "last_at"), 'last_at: "now" is not a time'),
        (
            "controls.json",
            put("2026-11-25T04:37:45", "controls", 0, "last_at"),
            'last_at: "2026-11-25T04:37:45" is not a time',
        ),
        ("controls.json", put([1], "controls", 0, "load"), "load[1]: is missing"),
        ("controls.json", put(-1, "controls", 0, "trials"), "trials: -1: input should be"),
        ("controls.json", put("32", "controls", 0, "trials"), "trials: must be a whole number"),
        ("controls.json", put({"hang": 1.5}, "controls", 0, "got"), "got.hang: "),
        ("controls.json", put("no", "controls", 0, "differs"), "differs: must be true or false"),
        (SIGNATURE, put(..., "cells"), "cells: is missing"),
        (SIGNATURE, put([], "cells"), "cells: "),
        (SIGNATURE, put(0, "cells", 0, "hangs"), 'cells[0]: has no "hangs"'),
        (SIGNATURE, put(True, "cells", 0, "hangs"), 'cells[0]: has no "hangs"'),
        (SIGNATURE, put(..., "cells", 0, "probe"), 'cells[0]: has no "probe"'),
        (SIGNATURE, put([1], "locks"), "locks[0]: must be text, and is a number"),
        (SIGNATURE, put(..., "example"), "example: is missing"),
        (SIGNATURE, put(..., "example", "evidence"), "example.evidence: is missing"),
        (SIGNATURE, put(..., "example", "config"), 'example: has no "config"'),
        (SIGNATURE, put([{}], "example", "snapshots"), "example.snapshots[0].threads: is missing"),
        (
            SIGNATURE,
            put(None, "example", "snapshots", 0, "threads", 0, "frames"),
            "example.snapshots[0].threads[0].frames: must be a list, and is nothing",
        ),
        (
            SIGNATURE,
            put([], "example", "snapshots", 0, "locks"),
            "example.snapshots[0].locks: must be a mapping, and is a list",
        ),
    ],
)
def test_a_value_of_the_wrong_shape_is_named_with_its_place(
    results: Path, name: str, change: Change, expected: str
) -> None:
    path = results / name
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    said = complaint(results)
    assert said.startswith(f"{path}: ")
    assert expected in said
    assert "use the file as it was published" in said


def test_a_key_that_a_newer_interlock_added_is_no_mistake(results: Path) -> None:
    for name in ("controls.json", SIGNATURE):
        path = results / name
        path.write_text(json.dumps({**json.loads(path.read_text()), "new": 1}))
    assert read_results(results, AXES).signatures[0]["new"] == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",3,2.0,", ",3,nan,", ":2: median: 'nan' is not a number"),
        (",3,2.0,", ",3,inf,", ":2: median: 'inf' is not a number"),
        (",3,2.0,", ",3,many,", ":2: median: 'many' is not a number"),
        (",3,2.0,", ",3,9.0,", ":2: median: 9.0 is not between 1.0 and 3.0"),
        (",3,2.0,", ",-3,2.0,", ":2: '-3' is not a count"),
        (",3,2.0,", ",0,2.0,", ":2: trials: 0 trials measure nothing"),
        (",3,2.0,", f",{'3' * 5000},2.0,", "is not a count"),
        (",3,2.0,", ",2.0,", ":2: 9 values, for 10 columns"),
        ("2.9,", "2.x,", ":2: Invalid version: '2.x'"),
        ("2.9,", "2" * 5000 + ",", ":2: Invalid version"),
        (",3.10,", ",three,", ":2: 'three' is not a Python feature release"),
        ("per-s", "", ":2: measure: is empty"),
        ("median", "middle", ": no column median"),
    ],
)
def test_a_row_of_measures_is_named_with_its_line(
    results: Path, old: str, new: str, expected: str
) -> None:
    path = results / "measures.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    said = complaint(results)
    assert said.startswith(str(path))
    assert expected in said


def test_a_measure_that_is_there_twice_is_named(results: Path) -> None:
    path = results / "measures.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    assert ":3: per-s of this combination is in two rows" in complaint(results)


# Rows that can't be -------------------------------------------------------------------------------


NOW = datetime(2025, 3, 9, 12, 0, tzinfo=timezone.utc)
"""Some hours after the test of the published rows."""


@pytest.mark.parametrize(
    ("outcome", "changes", "expected"),
    [
        ("pass", {"trials": 0}, "trials: a verdict of 0 trials"),
        ("pass", {"hangs": 1}, "hangs: pass cannot have 1"),
        ("hang", {"hangs": 500, "trials": 1}, "hangs: 500 hangs and 0 failures in 1 trials"),
        ("hang", {"hangs": 2, "trials": 3, "failed": 2}, "hangs: 2 hangs and 2 failures in 3"),
        ("hang", {"hangs": 0, "signatures": ()}, "hangs: hang cannot have 0"),
        ("hang", {"hangs": 1}, "signatures: one was seen more often than in 1 hangs"),
        ("fail", {"failed": 4}, "hangs: 0 hangs and 4 failures in 3 trials"),
        ("pass", {"tested_at": NOW + timedelta(days=2)}, "tested_at: 2025-03-11T12:00:00Z is la"),
        ("pass", {"tested_at": NOW - timedelta(days=9999)}, "is not a time such as"),
        ("fail", {"phase": None}, "phase: fail cannot have ''"),
        ("pass", {"exposures": 0}, "exposures: a pass without any"),
        ("pass", {"python_full": "3.9.18"}, "environment: trials on Python 3.9.18 say nothing"),
        ("hang", {"python_full": "3.1"}, "environment: trials on Python 3.1 say nothing about"),
        # what can be
        ("pass", {"tested_at": NOW + timedelta(hours=20)}, None),
        ("pass", {"failed": 2}, None),
        ("fail", {"exposures": 0, "python_full": ""}, None),
        ("hang", {"hangs": 3, "trials": 3}, None),
        ("unproven", {"failed": 3}, None),
    ],
)
def test_a_row_that_no_trials_can_have_given_is_refused_with_its_line(
    tmp_path: Path, outcome: str, changes: dict[str, Any], expected: str | None
) -> None:
    said = Outcome(outcome)
    signatures = ((SELF, 2),) if said is Outcome.HANG else ()
    row = verdict(cell("2.9", "3.1"), said, **{"signatures": signatures, **changes})
    write_results([row], {}, tmp_path, AXES)
    path = tmp_path / "verdicts.csv"
    if expected is None:
        assert rows.read(path, AXES, now=NOW) == [row]
        return
    with pytest.raises(UsageError) as raised:
        rows.read(path, AXES, now=NOW)
    assert str(raised.value).startswith(f"{path}:2: ")
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",3,0,600,", ",-1,0,600,", "trials: '-1' is not a count"),
        (",3,0,600,", f",{'9' * 5000},0,600,", "is not a count"),
        (",3,0,600,", ",٣,0,600,", "trials: '٣' is not a count"),
        (",pass,,,", ",pass,,crash,", "reason: pass cannot have 'crash'"),
        (",pass,,,", ",pass,serving,,", "phase: pass cannot have 'serving'"),
        ("1.25", "many", "seconds: 'many' is not a duration in seconds"),
        ("1.25", "1e999", "seconds: '1e999' is not a duration"),
        ("2025-03-09T04:05:06Z", "2025-W10-7T04:05:06Z", "tested_at: '2025-W10-7T04:05:06Z' is"),
        ("2025-03-09T04:05:06Z", "1600-03-09T04:05:06Z", "tested_at: '1600-03-09T04:05:06Z' is"),
        ("2025-03-09T04:05:06Z", "2025-03-09 04:05:06Z", "is not a time such as 2026-01-31T"),
        (",restart,", ",,", "probe, config: one of them is empty"),
        ("2.9,", "9" * 5000 + ",", "left: Invalid version"),
    ],
)
def test_a_value_that_makes_no_sense_is_said_in_our_words(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)
    path = tmp_path / "verdicts.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError) as raised:
        rows.read(path, AXES)
    assert str(raised.value).startswith(f"{path}:2: ")
    assert expected in str(raised.value)
    assert len(str(raised.value)) < 500 + len(str(path))


def test_a_combination_that_is_there_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    write_results([verdict(cell("2.10.0", "3.1"))], {}, tmp_path, AXES)
    path = tmp_path / "verdicts.csv"
    row = path.read_text().splitlines()[1]
    path.write_text(f"{path.read_text()}{row.replace('2.10.0', '2.10')}\n")
    with pytest.raises(UsageError, match=r":3: two verdicts about .*, the other in line 2"):
        rows.read(path, AXES)


def test_of_a_table_without_any_sense_some_lines_are_told(tmp_path: Path) -> None:
    many = [verdict(cell(f"2.{n}", "3.1")) for n in range(100)]
    write_results(many, {}, tmp_path, AXES)
    path = tmp_path / "verdicts.csv"
    path.write_text(path.read_text().replace(",600,", ",many,"))
    with pytest.raises(UsageError) as raised:
        rows.read(path, AXES)
    lines = str(raised.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("80 more lines like these")


def test_a_value_of_any_length_is_told_in_a_line(tmp_path: Path) -> None:
    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)
    path = tmp_path / "verdicts.csv"
    path.write_text(path.read_text().replace(",600,", f",{'x' * 50_000},"))
    with pytest.raises(UsageError) as raised:
        rows.read(path, AXES)
    assert f"{path}:2: " in str(raised.value)
    assert len(str(raised.value)) < 1000


# Rows of what the matrix no longer has ------------------------------------------------------------


def test_rows_of_what_the_matrix_does_not_have_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = verdict(cell("2.9", "3.1"))
    gone = [
        verdict(cell("2.9", "3.1", probe="gone"), Outcome.HANG),
        verdict(cell("2.9", "3.1", config="gone")),
        verdict(cell("2.10", "3.1", config="gone")),
        verdict(cell("2.9", "3.1", python="2.7")),
    ]
    write_results([known, *gone], {SELF: example(gone[0].cell)}, tmp_path, AXES)

    found = read_results(tmp_path, AXES).within(MATRIX)

    assert found.verdicts == [known]
    assert found.signatures == []
    assert [record.message for record in caplog.records] == [
        f"{tmp_path / 'verdicts.csv'}: 4 rows left out, which {MATRIX.name} does not cover: "
        "2 of the configuration gone, 1 of the probe gone and 1 of Python 2.7"
    ]


def test_an_example_of_what_is_gone_leaves_its_signature_without_one(tmp_path: Path) -> None:
    known = verdict(cell("2.9", "3.1"), Outcome.HANG)
    gone = verdict(cell("2.9", "3.1", probe="gone"), Outcome.HANG)
    write_results([known, gone], {SELF: example(gone.cell)}, tmp_path, AXES)

    (file,) = read_results(tmp_path, AXES).within(MATRIX).signatures

    assert (len(file["cells"]), file["example"]) == (1, None)


def test_nothing_is_said_where_nothing_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_results([verdict(cell("2.9", "3.1"), Outcome.HANG)], {}, tmp_path, AXES)
    read = read_results(tmp_path, AXES)
    assert (read.within(MATRIX), caplog.records) == (read, [])


LATER = (datetime.now(timezone.utc) + timedelta(days=2)).isoformat(timespec="seconds")
IN_AN_HOUR = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(timespec="seconds")
RELEASES = {
    "schema_version": 1,
    "machine": "x86_64",
    "pythons": ["3.12"],
    "vulnerabilities": {},
    "releases": {"left": {"2.9": {"uploaded_at": None, "vulnerabilities": None}}},
}


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("controls.json", put(LATER, "controls", 0, "last_at"), "later than this machine's clock"),
        ("controls.json", put(LATER, "controls", 0, "first_at"), "later than this machine's clock"),
        (
            "controls.json",
            put("9999-12-31T23:59:59-14:00", "controls", 0, "last_at"),
            "is not a time such as",
        ),
        (
            "controls.json",
            put("0001-01-01T00:00:00+14:00", "controls", 0, "first_at"),
            "is not a time such as",
        ),
        (
            "controls.json",
            put("2015-02-01T00:00:00+00:00", "controls", 0, "last_at"),
            "its last trial is before its first",
        ),
        ("controls.json", put("safe", "controls", 0, "expected"), "'safe' is no outcome"),
        ("controls.json", put({"safe": 1}, "controls", 0, "got"), "'safe' is no outcome"),
        ("controls.json", put({}, "controls", 0, "got"), "trials cannot have given {}"),
        ("controls.json", put(0, "controls", 0, "trials"), "0 trials cannot have given"),
        ("controls.json", put(10**9, "controls", 0, "trials"), "trials cannot have given"),
        ("controls.json", put(7, "controls", 0, "as_expected"), "7 as expected, of"),
        ("controls.json", put(True, "controls", 0, "differs"), "how it differs if it does"),
        ("controls.json", put("so", "controls", 0, "says"), "how it differs if it does"),
        #
        ("releases.json", put("aarch64", "machine"), "is known for x86_64 alone"),
        (
            "releases.json",
            put(LATER, "releases", "left", "2.9", "uploaded_at"),
            "later than this machine's clock",
        ),
        (
            "releases.json",
            put("9999-12-31T23:59:59-14:00", "releases", "left", "2.9", "uploaded_at"),
            "is not a time such as",
        ),
        (
            "releases.json",
            put(RELEASES["releases"]["left"]["2.9"], "releases", "left", "2.9.0"),
            "2.9 and 2.9.0 are the same release",
        ),
    ],
)
def test_what_cannot_be_in_a_file_is_named(
    results: Path, name: str, change: Change, expected: str
) -> None:
    path = results / name
    content = json.loads(path.read_text()) if path.exists() else RELEASES
    path.write_text(json.dumps(change(json.loads(json.dumps(content)))))
    said = complaint(results)
    assert said.startswith(f"{path}: ")
    assert expected in said


def test_a_clock_that_is_a_little_behind_is_no_mistake(results: Path) -> None:
    path = results / "controls.json"
    path.write_text(
        json.dumps(put(IN_AN_HOUR, "controls", 0, "last_at")(json.loads(path.read_text())))
    )
    (results / "releases.json").write_text(
        json.dumps(
            {
                **RELEASES,
                "releases": {"left": {"2.9": {"uploaded_at": IN_AN_HOUR, "vulnerabilities": None}}},
            }
        )
    )
    assert read_results(results, AXES).controls[0]["last_at"] == IN_AN_HOUR


@pytest.mark.parametrize("days", [2, 400])
def test_an_audit_of_the_future_is_named_with_its_line(results: Path, days: int) -> None:
    day = (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()
    path = results / "audits.csv"
    path.write_text(path.read_text().replace(LONG_AGO.date().isoformat(), day))
    assert complaint(results).startswith(f"{path}:2: day: {day} is later than this machine's clock")


@pytest.mark.parametrize(
    ("name", "old", "new", "twice"),
    [
        ("controls.json", '"differs":', '"differs": true, "differs":', "differs"),
        ("shared.json", '"texts":', '"texts": {}, "texts":', "texts"),
        ("yanked.json", '"left":', '"left": ["2.9"], "left":', "left"),
        (SIGNATURE, '"cells":', '"cells": [], "cells":', "cells"),
    ],
)
def test_a_key_that_is_there_twice_is_named(
    results: Path, name: str, old: str, new: str, twice: str
) -> None:
    """As a merge of two versions may leave it. Only the last value would be read."""
    path = results / name
    path.write_text(path.read_text().replace(old, new, 1))
    assert f"{path}: the key '{twice}' is there twice" in complaint(results)


@pytest.mark.parametrize(
    ("name", "column"),
    [("verdicts.csv", "outcome"), ("measures.csv", "most"), ("audits.csv", "seen")],
)
def test_a_column_that_is_there_twice_is_named(results: Path, name: str, column: str) -> None:
    path = results / name
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},{column}", *(f"{line},1" for line in lines), ""]))
    assert f"{path}: this is not a table: it has two columns '{column}'" in complaint(results)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_table_that_lost_the_row_of_a_hang_is_named(results: Path, kept: int) -> None:
    """Cut between two rows, a table looks whole."""
    passed = verdict(cell("2.8", "3.1"))
    hung = read_results(results, AXES).verdicts
    write_results([passed, *hung], {}, results, AXES)
    path = results / "verdicts.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: 1 + kept]))
    said = complaint(results)
    assert said.startswith(f"{path}: signatures/ has a hang of 2.9, 3.1, 3.10, ")
    assert "keep the files of a folder together" in said


def test_a_signature_with_letters_of_any_alphabet_has_a_file(tmp_path: Path) -> None:
    """A file's name has at most 255 bytes, and a lock may have any name."""
    seen = Signature(locks=("\U00020000" * 200, "\u00e9.\u4e2d"))
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((seen, 1),), hangs=1)
    write_results([hung], {}, tmp_path, AXES)
    assert read_results(tmp_path, AXES).verdicts[0].signatures == ((seen, 1),)
    (file,) = (tmp_path / "signatures").iterdir()
    assert file.name.isascii()
