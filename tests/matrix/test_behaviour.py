"""A probe's digest, and a configuration's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from matrix_files import PROBE, Load

from interlock.matrix import probes


def test_a_digest_is_the_same_wherever_the_folder_lies(folder: Path, tmp_path: Path) -> None:
    before = probes.digest(folder / "probes", "restart")
    shutil.copytree(folder / "probes", tmp_path / "elsewhere" / "probes")
    assert probes.digest(tmp_path / "elsewhere" / "probes", "restart") == before


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("restart/app.py", True),
        ("restart/probe.yaml", True),
        ("harness/supervisor.py", True),
        ("harness/deep/new.py", True),
        ("libraries/settings.py", True),
        # what only a reader sees, what Python leaves behind, and the other probes
        ("harness/PROTOCOL.md", False),
        ("restart/__pycache__/app.cpython-310.pyc", False),
        ("restart/__pycache__/app.py", False),
        ("other/app.py", False),
    ],
)
def test_a_digest_changes_with_what_decides_what_the_probe_does(
    loaded: Load, folder: Path, changed: str, counts: bool
) -> None:
    before = loaded().probes["restart"].digest
    path = folder / "probes" / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}\n# changed\n")
    assert (probes.digest(folder / "probes", "restart") != before) is counts


@pytest.mark.parametrize("shared", [probes.HARNESS, probes.LIBRARIES])
def test_what_the_probes_share_is_no_probe(loaded: Load, folder: Path, shared: str) -> None:
    loaded()
    (folder / "probes" / shared).mkdir(exist_ok=True)
    (folder / "probes" / shared / "probe.yaml").write_text(PROBE, encoding="utf-8")
    assert probes.available(folder / "probes") == ("restart",)


def test_a_configurations_digest_is_of_what_it_sets(loaded: Load) -> None:
    stock = loaded().configurations["stock"]
    assert replace(stock, title="otherwise").digest == stock.digest
    assert replace(stock, settings={"profiling": False}).digest != stock.digest
