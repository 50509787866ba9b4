"""A digest changes with a probe's possible behaviour, or with settings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from matrix_files import MATRIX, PROBE, Load, edited, mistakes

from interlock.matrix import probes


def test_a_digest_is_the_same_wherever_the_folder_lies(folder: Path, tmp_path: Path) -> None:
    before = probes.digest(folder / "probes", "restart")
    shutil.copytree(folder / "probes", tmp_path / "elsewhere" / "probes")
    assert probes.digest(tmp_path / "elsewhere" / "probes", "restart") == before


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("restart/app.py", True),
        ("restart/more.yaml", True),
        ("harness/supervisor.py", True),
        ("harness/deep/new.py", True),
        ("libraries/settings.py", True),
        # what only a reader sees, what Python leaves behind, and the other probes
        ("harness/PROTOCOL.md", False),
        ("restart/__pycache__/app.cpython-310.pyc", False),
        ("restart/__pycache__/app.py", False),
        ("other/app.py", False),
        ("equivalent.yaml", False),
    ],
)
def test_a_digest_is_of_the_files_that_decide_what_the_probe_does(
    loaded: Load, folder: Path, changed: str, counts: bool
) -> None:
    before = loaded().probes["restart"].digest
    path = folder / "probes" / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}\nchanged\n")
    assert (probes.digest(folder / "probes", "restart") != before) is counts


@pytest.mark.parametrize(
    "prose",
    [
        "title: restarted => title: restarted again",
        "stresses: restarts => stresses: restarts of a worker",
        "cannot_see: the rest => cannot_see: what is left",
        "says: its locks are profiled => says: a lock is profiled",
        "why: enough => why: it is enough",
        "why: no limit => why: without a limit",
        "title: a second, says: starts a second => title: rate, says: how many a second",
        "unit: worker starts => unit: starts of a worker",
        "needs: => expected_s: 12\nneeds:",
        # and how the values are written
        "name: restart => # a comment\nname: restart",
        "{value: 500, why: enough} => {why: enough, value: 500}",
        '"flask>=2" => flask>=2',
        "needs: => alone: false\nneeds:",
    ],
)
def test_prose_and_notation_of_a_probe_file_are_no_behaviour(loaded: Load, prose: str) -> None:
    before = loaded().probes["restart"]
    after = loaded(probe=edited(PROBE, prose)).probes["restart"]
    assert after.digest == before.digest


@pytest.mark.parametrize(
    "behaviour",
    [
        "value: 500 => value: 501",
        "value: 500 => value: 500.0, fraction: true",
        'value: "0" => value: "1"',
        "starts: {value => begins: {value",
        "name: profiled => name: profiled-lock",
        "fact: profiled-lock => fact: plain-lock",
        '"needs": [right] => "needs": [left, right]',
        "fact: profiled-lock => fact: profiled-lock, when: {locks: true}",
        "contains: hello => contains: goodbye",
        "pprof: [lock-acquire] => pprof: [lock-release]",
        "fact: rate => fact: other-rate",
        "needs: [left, right] => needs: [left]",
        "flask>=2 => flask>=3",
        "least: 250 => least: 251",
        "least: 250 => least: 250, most: 1000, knob: starts",
        "stall_s: 0.5 => stall_s: 0.6",
        "needs: => alone: true\nneeds:",
    ],
)
def test_what_a_probe_file_decides_is_behaviour(loaded: Load, behaviour: str) -> None:
    before = loaded().probes["restart"]
    after = loaded(probe=edited(PROBE, behaviour)).probes["restart"]
    assert after.digest != before.digest


def test_a_comment_in_a_probes_code_keeps_its_digest(loaded: Load, folder: Path) -> None:
    app = folder / "probes" / "restart" / "app.py"
    app.write_text("def run(): return 1\n")
    before = loaded().probes["restart"].digest
    app.write_text('"""A probe."""\n\n\ndef run():\n    # why\n    return 1\n')
    assert loaded().probes["restart"].digest == before
    app.write_text("def run(): return 2\n")
    assert loaded().probes["restart"].digest != before


def test_code_that_is_no_python_is_a_mistake_with_its_line(loaded: Load, folder: Path) -> None:
    (folder / "probes" / "harness" / "supervisor.py").write_text("supervise()\nreturn = 1\n")
    shutil.copytree(folder / "probes" / "restart", folder / "probes" / "other")
    (folder / "probes" / "other" / "probe.yaml").write_text(edited(PROBE, "restart => other"))
    matrix = edited(MATRIX, "restart: {} => restart: {}\n  other: {}")
    assert mistakes(loaded, f"{MATRIX} => {matrix}") == [
        "probes/harness/supervisor.py:2: is not Python: invalid syntax"
    ]


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
