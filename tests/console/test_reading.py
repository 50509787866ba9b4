"""The matrix of a question is never an old one, and answers from what is kept are the same."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pytest
from grids import cell, matrix, verdict
from ours import PROBES

from interlock.console import answer_json, answer_text, reading
from interlock.console.page import Page
from interlock.console.sources import Source
from interlock.findings import NOTHING_NOTED, Findings, Noted, Question, answer
from interlock.matrix import Matrix, matrix_file
from interlock.model import MatrixError, Outcome
from interlock.record import Kept, Results, kept, read_published, read_results
from interlock.record.published import Published

ROOT = PROBES.parent
NOW = datetime(2027, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A copy of what a question reads of this repository, without its results."""
    shutil.copy(ROOT / "matrix.yaml", tmp_path)
    _copy(".yaml", tmp_path / "probes")
    return Source(matrix=tmp_path / "matrix.yaml")


def matrix_of(source: Source, *, to_run: bool = False) -> Matrix:
    keep = Kept(folder=source.root / "kept")
    return reading.matrix_of(source, None, keep, to_run=to_run, digests=to_run).matrix


@pytest.fixture
def checkout(source: Source) -> Source:
    """The same with the code of its probes, as a run reads it."""
    _copy(".py", source.probes)
    return source


def _copy(suffix: str, probes: Path) -> None:
    for path in PROBES.rglob(f"*{suffix}"):
        copied = probes / path.relative_to(PROBES)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)


def test_the_next_question_gets_the_same_matrix(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = matrix_of(source)
    assert first == matrix_file.load(source.matrix, source.probes, digests=False)
    monkeypatch.setattr(matrix_file, "load", lambda *_: pytest.fail("the file was read again"))
    assert matrix_of(source) == first


@pytest.mark.parametrize(
    "file, before, after",
    [
        ("matrix.yaml", "least_trials: ", "least_trials: 1"),
        ("probes/worker_restart/probe.yaml", "title: ", "title: Another "),
    ],
)
def test_a_changed_file_is_read(source: Source, file: str, before: str, after: str) -> None:
    first = matrix_of(source)
    path = source.root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert matrix_of(source) != first


def test_a_probe_that_is_gone_is_noticed(source: Source) -> None:
    matrix_of(source)
    shutil.rmtree(source.probes / "worker_restart")
    with pytest.raises(MatrixError, match="worker_restart"):
        matrix_of(source)


def test_the_next_run_gets_the_same_matrix(
    checkout: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = matrix_of(checkout, to_run=True)
    assert first == matrix_file.load(checkout.matrix, checkout.probes, to_run=True)
    monkeypatch.setattr(matrix_file, "load", lambda *_: pytest.fail("the files were read again"))
    assert matrix_of(checkout, to_run=True) == first


@pytest.mark.parametrize("file", ["harness/launch.py", "worker_restart/app.py"])
def test_a_run_reads_changed_code(checkout: Source, file: str) -> None:
    """Its digest decides which verdicts count."""
    first = matrix_of(checkout, to_run=True)
    with (checkout.probes / file).open("a", encoding="utf-8") as opened:
        opened.write("\nADDED = 1\n")
    again = matrix_of(checkout, to_run=True)
    assert again.probes["worker_restart"].digest != first.probes["worker_restart"].digest


@pytest.mark.parametrize("file", ["harness/launch.py", "worker_restart/app.py"])
def test_a_run_notices_code_that_is_gone(checkout: Source, file: str) -> None:
    matrix_of(checkout, to_run=True)
    (checkout.probes / file).unlink()
    for _ in range(2):  # a mistake is not kept either
        with pytest.raises(MatrixError, match=file):
            matrix_of(checkout, to_run=True)


def test_what_a_question_kept_is_not_enough_for_a_run(checkout: Source) -> None:
    (checkout.probes / "worker_restart" / "app.py").write_text("import nowhere_at_all\n")
    matrix_of(checkout)
    with pytest.raises(MatrixError, match="nowhere_at_all"):
        matrix_of(checkout, to_run=True)


def test_answers_are_the_same_from_what_is_kept(tmp_path: Path) -> None:
    source = Source(matrix=ROOT / "matrix.yaml")
    keep = Kept(folder=tmp_path)
    ours, _ = reading.matrix_of(source, None, keep, digests=False)
    results = read_results(source.results, ours.axes, ours.renamed).within(ours)
    read_published(source.results, ours, keep, NOW)
    named = reading.matrix_of(source, None, keep, digests=False)
    published = read_published(source.results, named.matrix, keep, NOW)
    notes = reading.Notes(keep, named.name, published.name)
    plain, lazy = (findings_of(ours, of) for of in (results, published))
    assert notes.of(published.verdicts) is NOTHING_NOTED
    notes.make(plain)
    noted = notes.of(published.verdicts)
    assert noted is not NOTHING_NOTED
    for asked in questions(plain):
        known = findings_of(ours, published, noted)
        said = answer(asked, plain)
        for of in (lazy, known):
            again = answer(asked, of)
            assert answer_json.as_data(again) == answer_json.as_data(said)
            assert answer_text.as_text(again, of, Page()) == answer_text.as_text(
                said, plain, Page()
            )


def test_notes_say_of_every_verdict_what_a_question_would_find(tmp_path: Path) -> None:
    source = Source(matrix=ROOT / "matrix.yaml")
    keep = Kept(folder=tmp_path)
    ours, name = reading.matrix_of(source, None, keep, digests=False)
    published = read_published(source.results, ours, keep, NOW)
    notes = reading.Notes(keep, name, published.name)
    plain = findings_of(ours, published)
    notes.make(plain)
    noted = notes.of(published.verdicts)
    for key, found in plain.attributions.items():
        assert noted.whose(plain.by_cell[key]) == found.whose
    passing = [v for v in plain.verdicts if v.cell.is_whole and v.outcome is Outcome.PASS]
    doubts = [noted.in_doubt(verdict) for verdict in passing]
    assert doubts == [plain.by_chances.is_in_doubt(verdict) for verdict in passing]
    assert {*doubts} == {True, False}
    records = plain.workaround_records
    assert {kind: noted.record(kind) for kind in records} == {**records}
    lines = plain.rare_hangs.every
    assert {of: noted.lines(*of) for of in lines} == {**lines}
    maps = plain.untested.maps
    told = {track: one for track in maps if (one := noted.maps(track))}
    assert all(map(len, (passing, records, lines, told)))
    for track, one in told.items():
        found = maps[track]
        assert one.tested(found) == {python: of.tested for python, of in found.items()}
        assert [one.boxes(python) for python in found] == [[*of.boxes()] for of in found.values()]


@pytest.mark.parametrize(
    "form",
    [
        None,
        b"",
        (),
        (b"", b"", {}, b"", {}, {}),
        (b"\x00", b"\x00", {}, b"", {}, {}),
        (b"\x00" * 9, [0] * 9, {}, b"", {}, {}),
        ("text",) * 6,
    ],
)
def test_notes_of_another_form_or_table_are_not_used(tmp_path: Path, form: object) -> None:
    keep = Kept(folder=tmp_path)
    keep.put("results-1", "kept")
    notes = reading.Notes(keep, "matrix-1", "results-1")
    name = kept.name_of("notes", (), "matrix-1", "results-1")
    assert name
    keep.put(name, form)
    rows = [verdict(cell(f"1.{number}", "1.0")) for number in range(9)]
    assert notes.of(rows) is NOTHING_NOTED


def test_notes_are_of_one_matrix_and_one_data_set(tmp_path: Path) -> None:
    """A matrix that was changed means other cells by the same rows."""
    keep = Kept(folder=tmp_path)
    for name in ("results-1", "results-2"):
        keep.put(name, "kept")
    rows = [verdict(cell("1.0", "1.0"))]
    reading.Notes(keep, "matrix-1", "results-1").make(Findings(matrix=matrix(), verdicts=rows))
    assert reading.Notes(keep, "matrix-1", "results-1").of(rows) is not NOTHING_NOTED
    for of in (("matrix-2", "results-1"), ("matrix-1", "results-2"), (None, "results-1")):
        assert reading.Notes(keep, *of).of(rows) is NOTHING_NOTED


def test_nothing_is_noted_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """It would take its time again with each question."""
    notes = reading.Notes(Kept(folder=tmp_path), "matrix-1", "results-1")
    notes.make(Findings(matrix=matrix(), verdicts=[verdict(cell("1.0", "1.0"))]))
    assert not [*tmp_path.iterdir()]


def findings_of(ours: Matrix, of: Results | Published, noted: Noted = NOTHING_NOTED) -> Findings:
    return Findings(
        matrix=ours,
        verdicts=of.verdicts,
        withdrawn=of.yanked,
        audited=of.audited,
        releases=of.releases,
        now=NOW,
        noted=noted,
    )


def questions(findings: Findings) -> list[Question]:
    """About pairs that were run, and pairs of any two releases of the index."""
    drawn = random.Random(21)
    rows = [verdict.cell for verdict in findings.verdicts if verdict.cell.is_whole]
    found = []
    for number in range(60):
        of = drawn.choice(rows)
        versions = {pin.axis: pin.version for pin in of.pins if pin.version}
        if number % 2:
            listed = findings.releases.by_axis
            versions = {axis: drawn.choice(listed[axis]).version for axis in versions}
        found.append(Question(versions=versions, python=of.python))
    return found
