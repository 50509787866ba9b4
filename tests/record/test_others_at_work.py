"""Other commands, and other people's folders: nothing is lost, and nothing outside is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from published import AXES, SELF, cell, example, verdict

from interlock.model import Outcome, StorageTrouble, UsageError
from interlock.record import switching
from interlock.record.files import Batch
from interlock.record.results import check_destination, read_results, write_results

HUNG = verdict(cell("2.9", "3.1"), Outcome.HANG)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    write_results([HUNG], {SELF: example(HUNG.cell)}, folder, AXES)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is not ours, with a file that looks like one of ours."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "own.json").write_text("mine")
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def change(**lists: Any) -> str:
    return json.dumps({"put": [], "gone": [], "added": [], "back": False, **lists})


@pytest.mark.parametrize(
    "content",
    [
        change(gone=["link/own.json"]),
        change(put=["link/own.json"]),
        change(added=["link/own.json"], put=["link/own.json"], back=True),
        change(gone=["deep/link/own.json"]),
        change(gone=["."]),
        change(put=["."]),
        change(gone=[""]),
        change(gone=["a\0b"]),
        change(gone=["\ud800"]),
        change(gone=["a" * 100_000 + "\n"]),
        change(gone=[["verdicts.csv"]]),
        "[" * 100_000,
        "\ud800",
        "NaN",
    ],
)
def test_a_list_of_changes_reaches_nothing_outside(
    results: Path, outside: Path, content: str
) -> None:
    (results / "link").symlink_to(outside)
    (results / "deep").mkdir()
    (results / "deep" / "link").symlink_to(outside)
    (outside / "own.json.new").write_text("new")
    (outside / "own.json.old").write_text("old")
    (results / switching.FILE).write_text(content, errors="surrogatepass")
    before, names = contents(outside), sorted(results.rglob("*"))
    with pytest.raises(UsageError) as raised:
        read_results(results, AXES)
    said = str(raised.value)
    assert said.startswith(str(results / switching.FILE))
    assert said.endswith("use the folder as it was published")
    assert len(said) < 500 + len(str(results))
    assert contents(outside) == before
    assert sorted(results.rglob("*")) == names


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
def test_a_list_of_changes_that_is_no_file_keeps_no_reader_waiting(
    results: Path, kind: str
) -> None:
    path = results / switching.FILE
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="use the folder as it was published"):
        read_results(results, AXES)


@pytest.mark.parametrize(
    "name",
    ["verdicts.csv.new", f"signatures/{SELF.slug}.json.new", f"{switching.FILE}.new"],
)
@pytest.mark.parametrize("kind", ["link", "second name"])
def test_nothing_is_written_through_what_lies_beside_a_file(
    results: Path, outside: Path, name: str, kind: str
) -> None:
    if kind == "link":
        (results / name).symlink_to(outside / "own.json")
    else:
        (results / name).hardlink_to(outside / "own.json")
    write_results([HUNG], {}, results, AXES)
    assert contents(outside) == {"own.json": "mine"}
    assert not (results / "verdicts.csv").is_symlink()
    assert read_results(results, AXES).verdicts == [HUNG]


def test_nothing_is_written_or_removed_behind_a_link(results: Path, outside: Path) -> None:
    for file in (results / "signatures").iterdir():
        file.unlink()
    (results / "signatures").rmdir()
    (results / "signatures").symlink_to(outside)
    (outside / "own.json").write_text(json.dumps({"locks": [], "cells": []}))
    before, table = contents(outside), (results / "verdicts.csv").read_bytes()
    with pytest.raises(StorageTrouble, match="signatures is a link; put a folder in its place"):
        write_results([verdict(cell("2.9", "3.1"))], {}, results, AXES)
    with pytest.raises(StorageTrouble, match="signatures is a link"):
        check_destination(results, AXES)
    assert contents(outside) == before
    assert (results / "verdicts.csv").read_bytes() == table


def test_a_folder_that_is_a_link_itself_is_written(results: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(results)
    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path / "elsewhere", AXES)
    assert [v.outcome for v in read_results(results, AXES).verdicts] == [Outcome.PASS]


def test_a_command_that_begins_leaves_alone_what_another_is_writing(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write files of the same names beside the published ones."""
    monkeypatch.setattr(switching, "_PATIENCE_S", 0.05)
    with Batch(results) as batch:
        batch.write(results / "verdicts.csv", "whole")
        with pytest.raises(StorageTrouble, match="is being written by another command"):
            check_destination(results, AXES)
        assert (results / "verdicts.csv.new").read_text() == "whole"
    assert (results / "verdicts.csv").read_text() == "whole"


@pytest.mark.parametrize(
    "content", ["", "<<<<<<< ours\n", "left,right\n", "\xff"], ids=["empty", "merge", "cut", "byte"]
)
def test_a_table_that_could_not_be_kept_is_said_before_a_run(results: Path, content: str) -> None:
    (results / "verdicts.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match=r"verdicts\.csv"):
        check_destination(results, AXES)
    assert (results / "verdicts.csv").read_bytes() == content.encode("latin-1")
