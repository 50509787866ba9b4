"""``audits.csv`` and the ledger's draws: nothing is lost, doubled, or believed blindly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from published import AXES, cell

from interlock.findings.inference import Rule
from interlock.model import AuditedCell, Outcome, Renamed, UsageError, audit_key
from interlock.record.audits import (
    AUDITS,
    audit_columns,
    join_audits,
    read_audits,
    write_audits,
)
from interlock.record.ledger import Ledger
from interlock.record.schema import AUDIT_COLUMNS, STORED

DAY = date(2026, 11, 28)
HUNG = AuditedCell(
    seed=7,
    day=DAY,
    cell=cell("2.9", "3.1"),
    rule="box",
    inferred=Outcome.HANG,
    inferred_as="Worker._lock",
    seen=Outcome.HANG,
    seen_as="Worker._lock",
)
WRONG = replace(HUNG, cell=cell("2.10", "3.1"), seen=Outcome.PASS, seen_as="")
OPEN = replace(HUNG, cell=cell("2.9", "3.0"), seen=None, seen_as="")
ROWS = [OPEN, HUNG, WRONG]


def test_rows_are_read_back_sorted_by_release(tmp_path: Path) -> None:
    write_audits([WRONG, HUNG, OPEN], AXES, tmp_path)
    assert (tmp_path / AUDITS).read_text().splitlines() == [
        "seed,day,left,right,python,probe,config,rule,inferred,inferred_as,seen,seen_as,wrong",
        "7,2026-11-28,2.9,3.0,3.10,restart,stock,box,hang,Worker._lock,,,",
        "7,2026-11-28,2.9,3.1,3.10,restart,stock,box,hang,Worker._lock,hang,Worker._lock,no",
        "7,2026-11-28,2.10,3.1,3.10,restart,stock,box,hang,Worker._lock,pass,,yes",
    ]
    assert read_audits(tmp_path, AXES) == ROWS


def test_a_folder_without_the_file_has_no_audits(tmp_path: Path) -> None:
    assert read_audits(tmp_path, AXES) == []


def test_writing_keeps_the_rows_of_others_and_doubles_none(tmp_path: Path) -> None:
    write_audits([HUNG, OPEN], AXES, tmp_path)
    write_audits([WRONG, OPEN, HUNG], AXES, tmp_path)
    assert read_audits(tmp_path, AXES) == ROWS
    again = replace(HUNG, seed=8)
    write_audits([again], AXES, tmp_path)
    assert len(read_audits(tmp_path, AXES)) == 4


@pytest.mark.parametrize("order", [1, -1])
def test_a_draw_with_a_result_stands_before_one_without(order: int) -> None:
    without = replace(HUNG, seen=None, seen_as="")
    assert join_audits(*[[HUNG], [without]][::order]) == [HUNG]


def test_of_two_results_of_one_draw_the_later_counts() -> None:
    passed = replace(HUNG, seen=Outcome.PASS, seen_as="")
    assert join_audits([passed], [HUNG]) == [HUNG]


def test_a_row_is_as_its_schema_says(tmp_path: Path) -> None:
    write_audits(ROWS, AXES, tmp_path)
    header, *lines = (tmp_path / AUDITS).read_text().splitlines()
    assert header.split(",") == audit_columns(AXES)
    assert all(about["description"] for about in AUDIT_COLUMNS.values())
    for line in lines:
        row: dict[str, object] = dict(zip(header.split(","), line.split(","), strict=True))
        jsonschema.validate({**row, "seed": int(str(row["seed"]))}, STORED["$defs"]["audit"])


def test_the_schema_knows_every_rule_and_outcome() -> None:
    assert AUDIT_COLUMNS["rule"]["enum"] == [*map(str, Rule)]
    assert AUDIT_COLUMNS["seen"]["enum"] == [*map(str, Outcome), ""]


def test_the_longest_row_is_short(tmp_path: Path) -> None:
    long = audit_key("a.very.long.name.of.an.exception.in.some.package." * 4)
    write_audits([replace(HUNG, inferred_as=long, seen_as="x" * 64)], AXES, tmp_path)
    assert max(map(len, (tmp_path / AUDITS).read_text().splitlines())) < 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("A.lock → A.lock", "A.lock → A.lock"),
        ("two\nlines", "two lines"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "#"),
    ],
)
def test_the_key_of_a_key_is_the_key(text: str, expected: str) -> None:
    key = audit_key(text)
    assert key.startswith("#") if expected == "#" else key == expected
    assert audit_key(key) == key


@pytest.mark.parametrize(
    ("seen", "seen_as", "wrong"),
    [
        (None, "", None),
        (Outcome.UNPROVEN, "", None),
        (Outcome.HANG, "Worker._lock", False),
        (Outcome.HANG, "Handler.lock", True),
        (Outcome.PASS, "", True),
        (Outcome.FAIL, "serving: error: KeyError", True),
        (Outcome.UNSUPPORTED, "", True),
    ],
)
def test_what_came_out_otherwise_is_wrong(
    seen: Outcome | None, seen_as: str, wrong: bool | None
) -> None:
    assert replace(HUNG, seen=seen, seen_as=seen_as).is_wrong is wrong


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("7,", "-7,", ":2: '-7' is not a count"),
        ("2026-11-28", "20261128", ":2: day: '20261128' is not a day such as 2026-01-31"),
        ("2026-11-28", "28 November", "is not a day such as"),
        (",2.9,", ",2.x,", ":2: Invalid version: '2.x'"),
        (",2.9,", ",-,", "only pairs are inferred, and here a library is left out"),
        (",3.10,", ",three,", "is not a Python feature release"),
        (",restart,", ",,", "probe, config: one of them is empty"),
        (",box,", ",guess,", "rule: 'guess' is not one of line, reference, box"),
        (",hang,Worker._lock,hang", ",hung,Worker._lock,hang", "'hung' is not a valid Outcome"),
        (",hang,Worker._lock,hang,", ",unproven,,hang,", "inferred: unproven is never inferred"),
        (",hang,Worker._lock,no", ",hang,,yes", "seen_as: hang cannot have ''"),
        (",hang,Worker._lock,no", ",pass,Worker._lock,yes", "seen_as: pass cannot have 'Worker"),
        (",Worker._lock,no", f",{'x' * 65},yes", "seen_as: 'xxxx"),
        (",no", ",yes", ":2: wrong: it says 'yes', and by the outcomes it is 'no'"),
        (",hang,Worker._lock,no", ",pass,,no", "by the outcomes it is 'yes'"),
        (",hang,Worker._lock,no", ",unproven,,no", "by the outcomes it is ''"),
        (",no", "", ":2: 12 values, for 13 columns"),
        ("wrong", "right", ": no column wrong"),
    ],
)  # fmt: skip
def test_a_row_that_no_audit_can_have_written_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    write_audits([HUNG], AXES, tmp_path)
    path = tmp_path / AUDITS
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError) as raised:
        read_audits(tmp_path, AXES)
    assert str(raised.value).startswith(str(path))
    assert expected in str(raised.value)


def test_a_draw_that_is_there_twice_is_named(tmp_path: Path) -> None:
    write_audits([HUNG], AXES, tmp_path)
    path = tmp_path / AUDITS
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(UsageError, match=r":3: .* of this draw is in two rows"):
        read_audits(tmp_path, AXES)


RENAMED = {("restart", "stock"): Renamed(config="plain", before="b", today="t")}


def test_a_row_of_a_renamed_configuration_has_its_name_of_today(tmp_path: Path) -> None:
    write_audits([HUNG], AXES, tmp_path)
    today = replace(HUNG, cell=replace(HUNG.cell, config="plain"))
    assert read_audits(tmp_path, AXES, RENAMED) == [today]
    write_audits([today], AXES, tmp_path, RENAMED)
    assert read_audits(tmp_path, AXES) == [today]


# The ledger ---------------------------------------------------------------------------------------


def test_the_ledger_keeps_each_draw_once_and_without_a_result(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.keep_drawn([HUNG, OPEN])
        ledger.keep_drawn([OPEN])
    with Ledger(tmp_path) as ledger:
        drawn = ledger.drawn()
    assert sorted(drawn, key=lambda row: row.cell.key) == [
        OPEN,
        replace(HUNG, seen=None, seen_as=""),
    ]


def test_the_ledger_moves_draws_to_the_configuration_of_today(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.keep_drawn([OPEN])
        ledger.rename(RENAMED)
        assert ledger.drawn() == [replace(OPEN, cell=replace(OPEN.cell, config="plain"))]


def test_a_draw_that_was_changed_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.keep_drawn([OPEN, HUNG])
        ledger._db.execute("UPDATE audits SET rule = 'line' WHERE cell LIKE '%3.0%'")
        assert len(ledger.drawn()) == 1
    assert "a cell of an audit is left out" in caplog.text
