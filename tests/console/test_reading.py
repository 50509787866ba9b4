"""The matrix of a question is never an old one, and answers from what is kept are the same."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ours import PROBES

from interlock.console import answer_json, reading
from interlock.console.sources import Source
from interlock.findings import Findings, Question, answer
from interlock.matrix import Matrix, matrix_file
from interlock.model import MatrixError
from interlock.record import Kept, read_published, read_results

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
    return reading.matrix_of(source, None, keep, to_run=to_run, digests=to_run)


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
    matrix = reading.matrix_of(source, None, keep, digests=False)
    results = read_results(source.results, matrix.axes, matrix.renamed).within(matrix)
    read_published(source.results, matrix, keep, NOW)
    kept = read_published(
        source.results, reading.matrix_of(source, None, keep, digests=False), keep, NOW
    )
    plain, lazy = (
        Findings(
            matrix=matrix,
            verdicts=of.verdicts,
            withdrawn=of.yanked,
            audited=of.audited,
            releases=of.releases,
            now=NOW,
        )
        for of in (results, kept)
    )
    for asked in questions(plain):
        said, again = (answer_json.as_data(answer(asked, of)) for of in (plain, lazy))
        assert said == again


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
