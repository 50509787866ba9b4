"""The results of a question: read once, and then as they were read."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from grids import AXES, NOON, cell, matrix, verdict

from interlock.model import UsageError
from interlock.record import results as results_files
from interlock.record.kept import Kept
from interlock.record.published import Published, read_published
from interlock.record.results import write_results

NOW = NOON + timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    verdicts = [verdict(cell("1.0", "1.0")), verdict(cell("1.1", "1.0"))]
    write_results(verdicts, {}, tmp_path / "results", AXES)
    return tmp_path / "results"


@pytest.fixture
def keep(tmp_path: Path) -> Kept:
    return Kept(folder=tmp_path / "kept")


def read(folder: Path, keep: Kept, now: datetime = NOW, **changes: object) -> Published:
    return read_published(folder, matrix(**changes), keep, now)


@pytest.fixture
def nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the files were read again")

    monkeypatch.setattr(results_files, "read_results", refuse)
    monkeypatch.setattr(results_files, "_read", refuse)


def test_the_next_question_gets_the_same(
    folder: Path, keep: Kept, request: pytest.FixtureRequest
) -> None:
    first = read(folder, keep)
    request.getfixturevalue("nothing_is_read")
    again = read(folder, keep)
    assert [*again.verdicts] == [*first.verdicts]
    assert len(again.verdicts) == 2
    assert (again.yanked, again.audited, again.releases) == (
        first.yanked,
        first.audited,
        first.releases,
    )


def test_a_changed_file_is_read(folder: Path, keep: Kept) -> None:
    assert len(read(folder, keep).verdicts) == 2
    write_results([verdict(cell("1.0", "1.0"), "hang")], {}, folder, AXES)
    (only,) = read(folder, keep).verdicts
    assert str(only.outcome) == "hang"


def test_another_matrix_reads_anew(folder: Path, keep: Kept) -> None:
    assert len(read(folder, keep).verdicts) == 2
    assert len(read(folder, keep, configurations={}).verdicts) == 0


def test_rows_that_are_left_out_are_named_every_time(
    folder: Path, keep: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            read(folder, keep, configurations={})
        assert "2 rows left out" in caplog.text


def test_a_clock_that_was_set_back_is_noticed(folder: Path, keep: Kept) -> None:
    read(folder, keep)
    before = datetime(2020, 1, 1, tzinfo=timezone.utc)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(results_files, "read_results", lambda *_: pytest.fail("read"))
        with pytest.raises(pytest.fail.Exception, match="read"):
            read(folder, keep, before)


def test_a_mistake_is_told_every_time(folder: Path, keep: Kept) -> None:
    table = folder / "verdicts.csv"
    table.write_text(table.read_text().replace("pass", "perhaps"))
    for _ in range(2):
        with pytest.raises(UsageError, match="perhaps"):
            read(folder, keep)


def test_what_is_kept_in_another_form_is_not_used(folder: Path, keep: Kept) -> None:
    read(folder, keep)
    assert keep.folder
    (file,) = keep.folder.iterdir()
    keep.put(file.name, ({}, b"", {}, 0.0))
    assert len(read(folder, keep).verdicts) == 2
