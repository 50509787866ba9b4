"""``interlock judge``: the verdicts of all trials that are kept, by today's rules."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command_line import THIS, Typed, remember

from interlock.campaign import rejudging
from interlock.campaign.verdicts import verdict_of
from interlock.model import Backend, Outcome, Verdict
from interlock.record.ledger import Ledger


def test_judging_again_says_what_a_changed_rule_changes(typed: Typed) -> None:
    cell = remember(typed, "hang", says=Outcome.PASS)
    said = typed("judge")
    assert said.code == 0
    assert f"✗ hang (self-deadlock)  {cell}" in said.output
    assert "1 cell judged again, 1 changed" in said.output
    assert "1 cell judged again, 0 changed" in typed("judge").output


def test_judging_again_writes_the_verdicts_where_it_is_told(typed: Typed, tmp_path: Path) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    typed("judge", "--results", str(tmp_path / "again"))
    (row,) = (tmp_path / "again" / "verdicts.csv").read_text().splitlines()[1:]
    assert row.startswith("1+passes,1,3.10,fate,plain,hang,serving,self-deadlock,1,1,")


def published(typed: Typed, folder: Path) -> Path:
    """A row of a cell that this machine has never run."""
    remember(typed, "hang")
    typed("judge", "--results", str(folder))
    table = folder / "verdicts.csv"
    table.write_text(table.read_text().replace("1+passes,1,", "1+drags.on,1,"))
    for file in (folder / "signatures").iterdir():
        file.write_text(file.read_text().replace('"1+passes"', '"1+drags.on"'))
    return table


def subjects(table: Path) -> list[str]:
    return [row.partition(",")[0] for row in table.read_text().splitlines()[1:]]


def test_judging_again_loses_nothing_that_was_published(typed: Typed, tmp_path: Path) -> None:
    table = published(typed, tmp_path / "again")
    typed("judge", "--results", str(table.parent))
    assert subjects(table) == ["1+drags.on", "1+passes"]
    (typed.project.home / "ledger.sqlite").unlink()
    typed("judge", "--results", str(table.parent))
    assert subjects(table) == ["1+drags.on", "1+passes"]


def test_a_run_loses_nothing_that_was_published(typed: Typed, tmp_path: Path) -> None:
    table = published(typed, tmp_path / "again")
    said = typed(
        *("matrix", "--backend", "process", "--results", str(table.parent), "--python", THIS),
        *("--subject", "1+no.wheel", "--no-follow-ups"),
    )
    assert (said.code, "drags" in said.output) == (0, False)
    assert sorted(subjects(table)) == ["1+drags.on", "1+no.wheel", "1+passes"]


def test_judging_again_judges_what_ran_on_either_backend(typed: Typed) -> None:
    cell = remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "hang", says=Outcome.PASS, backend=Backend.DOCKER)
    assert "2 cells judged again, 2 changed" in typed("judge").output
    with Ledger(typed.project.home) as ledger:
        for backend in Backend:
            (verdict,) = ledger.verdicts(backend)
            assert (verdict.cell, verdict.outcome) == (cell, Outcome.HANG)


def test_one_cell_that_can_not_be_judged_keeps_no_other_from_it(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "hang", says=Outcome.PASS, backend=Backend.DOCKER)
    decide = verdict_of

    def crashing(*args: Any, **named: Any) -> Verdict:
        if named["backend"] is Backend.PROCESS:
            raise ZeroDivisionError("a mistake in the judge")
        return decide(*args, **named)

    monkeypatch.setattr(rejudging, "verdict_of", crashing)
    said = typed("judge")
    assert said.code == 3
    assert "1 cell judged again, 1 changed" in said.output
    assert "left open: ZeroDivisionError: a mistake in the judge" in said.output


def lose(typed: Typed, trial: int) -> None:
    """Take away the events of one trial."""
    with sqlite3.connect(typed.project.home / "ledger.sqlite") as db:
        (digest,) = db.execute("SELECT events FROM trials WHERE id = ?", (trial,)).fetchone()
    (typed.project.home / "events" / digest[:2] / f"{digest}.jsonl.gz").unlink()


def test_a_trial_that_is_lost_is_named_and_the_other_cells_are_judged(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "crash", says=Outcome.PASS, backend=Backend.DOCKER)
    lose(typed, 1)
    said = typed("judge")
    assert said.code == 3
    assert "1 cell judged again, 1 changed" in said.output
    assert "left out 1 trial that can't be read back" in said.errors
    assert "\n  trial 1 of [" in said.errors


def test_the_judge_sets_a_trial_of_the_future_aside_and_says_so_once(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.HANG)
    with sqlite3.connect(typed.project.home / "ledger.sqlite") as db:
        db.execute("UPDATE trials SET checksum = '', started_at = '2999-01-01T00:00:00+00:00'")
    said = typed("judge")
    assert said.code == 0
    assert "set aside trial 1 of [" in said.output
    assert "2999-01-01T00:00:00+00:00, is in the future" in said.output
    assert "0 cells judged again, 0 changed" in said.output
    again = typed("judge")
    assert again.code == 0
    assert "set aside" not in again.output


def test_what_did_not_pass_does_not_pass_because_a_trial_is_lost(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.HANG)
    cell = remember(typed, "pass", says=Outcome.HANG)
    lose(typed, 1)
    said = typed("judge")
    assert said.code == 3
    assert f"a trial of {cell} is lost; the verdict was hang, perhaps by that trial" in said.errors
    with Ledger(typed.project.home) as ledger:
        assert [verdict.outcome for verdict in ledger.verdicts()] == [Outcome.HANG]


@pytest.mark.parametrize("results", ["file", "/dev/null", "under a file", "spoilt"])
def test_a_place_for_results_that_can_not_be_is_said_before_anything_is_judged(
    typed: Typed, tmp_path: Path, results: str
) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    (tmp_path / "file").write_text("")
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "controls.json").write_text("[]")
    place = tmp_path / ("file/results" if results == "under a file" else results)
    said = typed("judge", "--results", str(place))
    assert (said.code, said.output) == (2, "")
    assert len(said.errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("known", "expected"),
    [(".", "is a folder; name the verdicts.csv in it"), ("nowhere", "there is no such file")],
)
def test_published_verdicts_that_are_not_there_are_said(
    typed: Typed, known: str, expected: str
) -> None:
    said = typed("matrix", "--backend", "process", "--known", known)
    assert said.code == 2
    assert expected in said.errors


def test_a_run_begins_only_where_its_results_can_be_written(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file")
    said = typed("matrix", "--backend", "process", "--python", THIS, "--results", place)
    assert (said.code, said.errors) == (2, f"{place} is a file; name a folder\n")
    with Ledger(typed.project.home) as ledger:
        assert list(ledger.trials()) == []
