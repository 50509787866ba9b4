"""The folder that the files of a small matrix lie in."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix_files import MATRIX, PROBE, Load

from interlock.matrix.definition import Matrix
from interlock.matrix.matrix_file import load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "probes" / "restart").mkdir(parents=True)
    (tmp_path / "probes" / "harness").mkdir()
    (tmp_path / "probes" / "harness" / "supervisor.py").write_text("supervise()\n")
    (tmp_path / "probes" / "restart" / "app.py").write_text("run()\n")
    return tmp_path


@pytest.fixture
def loaded(folder: Path) -> Load:
    def load_it(matrix: str = MATRIX, probe: str = PROBE) -> Matrix:
        (folder / "matrix.yaml").write_text(matrix, encoding="utf-8")
        (folder / "probes" / "restart" / "probe.yaml").write_text(probe, encoding="utf-8")
        return load(folder / "matrix.yaml", folder / "probes")

    return load_it
