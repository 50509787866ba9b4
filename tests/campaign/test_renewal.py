"""The published results use today's names, and older ones can be renewed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from ours import PROBES
from published import published_rows

from interlock.campaign.renewal import main
from interlock.matrix import Matrix, matrix_file

ROOT = PROBES.parent
RESULTS = ROOT / "results"


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return matrix_file.load(ROOT / "matrix.yaml", PROBES)


def renewed(results: Path) -> dict[str, bytes]:
    """Every file of the folder after it is written again."""
    matrix = str(ROOT / "matrix.yaml")
    assert main(["--matrix", matrix, "--probes", str(PROBES), "--results", str(results)]) == 0
    return {str(p.relative_to(results)): p.read_bytes() for p in results.rglob("*.*")}


def test_no_published_file_has_an_older_name(matrix: Matrix) -> None:
    """If this fails: ``python -m interlock.campaign.renewal``."""
    places = [
        row["cell"] for row in json.loads((RESULTS / "controls.json").read_text())["controls"]
    ]
    for name in ("verdicts.csv", "measures.csv"):
        with (RESULTS / name).open(encoding="utf-8", newline="") as file:
            places += csv.DictReader(file)
    for path in (RESULTS / "signatures").glob("*.json"):
        file = json.loads(path.read_text(encoding="utf-8"))
        places += [*file["cells"], file["example"]]

    assert len(places) > 5000
    assert not {(p["probe"], p["config"]) for p in places} & set(matrix.renamed)


def test_older_results_become_those_of_today(tmp_path: Path, matrix: Matrix) -> None:
    """These probes once switched on by themselves the feature that they test."""
    older, today = tmp_path / "older", tmp_path / "today"
    for folder in (older, today):
        shutil.copytree(RESULTS, folder)
    table = older / "verdicts.csv"
    rows = published_rows(table)
    (older / "shared.json").unlink()
    before = {(probe, now.config): (old, now) for (probe, old), now in matrix.renamed.items()}
    renamed = set()
    for row in rows:
        if (row["probe"], row["config"]) in before:
            row["config"], now = before[row["probe"], row["config"]]
            assert row["config_digest"] == now.today
            row["config_digest"] = now.before
            renamed.add(row["probe"])
    assert renamed == {"sentry_logs", "two_profilers"}
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

    assert renewed(older) == renewed(today)


def test_a_mistake_in_a_file_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--matrix", str(tmp_path / "gone.yaml"), "--probes", str(PROBES)]) == 2
    assert "gone.yaml" in capsys.readouterr().err
