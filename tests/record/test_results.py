"""The folder of the published data set: written files are read back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from published import AXES, CYCLE, SELF, cell, example, snapshot, verdict

from interlock.model import Axis, Cell, Outcome, Trial, UsageError
from interlock.record.examples import find_examples
from interlock.record.results import read_results, write_results
from interlock.record.signatures import portable


def test_results_keep_every_signature_with_its_count(tmp_path: Path) -> None:
    many = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 29), (CYCLE, 6)), hangs=35)
    one = verdict(cell("2.9", "3.1", python="3.8"), Outcome.HANG, signatures=((CYCLE, 1),), hangs=1)

    write_results([many, one], {SELF: example(many.cell)}, tmp_path, AXES)
    results = read_results(tmp_path, AXES)

    assert [v.signatures for v in results.verdicts] == [one.signatures, many.signatures]
    assert [file["signature"] for file in results.signatures] == [str(SELF), str(CYCLE)]
    assert results.signatures[1]["affected"] == {
        "left": ["2.9"],
        "right": ["3.1"],
        "python": ["3.8", "3.10"],
    }


def test_example_shows_the_threads_that_take_part_and_nothing_of_the_machine(
    tmp_path: Path,
) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)

    write_results([hung], {SELF: example(hung.cell)}, tmp_path, AXES)
    text = (tmp_path / "signatures" / f"{SELF.slug}.json").read_text(encoding="utf-8")
    first, second = json.loads(text)["example"]["snapshots"]

    assert (first["index"], second["index"]) == (0, 1)
    assert [thread["name"] for thread in first["threads"]] == ["MainThread"]
    assert list(first["locks"]) == ["11"]
    assert "/store/" not in text


@pytest.mark.parametrize("taken_of_it", [2, 3])
@pytest.mark.parametrize("looked_at", [(8, 9), (9, 8), (9,)])
def test_example_is_of_the_process_that_hung(
    tmp_path: Path, looked_at: tuple[int, ...], taken_of_it: int
) -> None:
    """It is 9; the other was looked at too, and nothing waits in it."""
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    events: list[dict[str, object]] = []
    for process in looked_at:
        for index in range(taken_of_it if process == 9 else 2):
            taken = {**snapshot(index), "process": process}
            if process != 9:
                taken["threads"] = []
            events.append({**taken, "locks": taken["locks"] if process == 9 else {}})
    write_results([hung], {SELF: replace(example(hung.cell), events=events)}, tmp_path, AXES)

    text = (tmp_path / "signatures" / f"{SELF.slug}.json").read_text(encoding="utf-8")
    shown = json.loads(text)["example"]["snapshots"]

    assert [len(one["threads"]) for one in shown] == [1, 1]


def test_signature_that_no_verdict_names_any_more_loses_its_file(tmp_path: Path) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    write_results([hung], {}, tmp_path, AXES)

    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)

    assert list((tmp_path / "signatures").iterdir()) == []


def test_results_that_do_not_exist_yet_are_a_table_without_rows(tmp_path: Path) -> None:
    results = read_results(tmp_path / "results", AXES)

    assert (results.verdicts, results.signatures) == ([], [])


@pytest.mark.parametrize("name", ["yanked.json", "controls.json", f"signatures/{SELF.slug}.json"])
def test_a_file_with_a_merge_in_it_is_named(tmp_path: Path, name: str) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 1),), hangs=1)
    write_results([hung], {}, tmp_path, AXES)
    (tmp_path / name).write_text("<<<<<<< ours\n{}\n", encoding="utf-8")

    with pytest.raises(
        UsageError, match=f"{name}:1:1: is not JSON: .*use the file as it was published"
    ):
        read_results(tmp_path, AXES)


def test_a_probe_that_is_gone_gives_no_example() -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 1),), hangs=1)

    def trials_of(of: Cell) -> list[Trial]:
        raise AssertionError(f"{of} can't be judged")

    assert find_examples([hung], {}, trials_of) == {}


def test_results_of_another_matrix_are_refused(tmp_path: Path) -> None:
    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)

    with pytest.raises(UsageError, match="its axes are left, right, not up"):
        read_results(tmp_path, [Axis(name="up", package="up")])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/interlock/store/environments/1f/lib/python3.10/site-packages/a/b.py", "a/b.py"),
        ("/usr/local/lib/python3.10/threading.py", "lib/python3.10/threading.py"),
        ("/interlock/probes/worker_restart/app.py", "probes/worker_restart/app.py"),
        ("/home/me/secret.py", "secret.py"),
        ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>"),
    ],
)
def test_paths_are_cut_to_what_is_the_same_everywhere(path: str, expected: str) -> None:
    assert portable(path) == expected


LIGHT = """
import sys
from pathlib import Path

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"numpy", "pandas", "pyarrow", "docker", "rich"}:
            raise ImportError(f"{name} is not in a light installation")

sys.meta_path.insert(0, Missing())
from interlock.model import Axis
from interlock.record import read_results
axes = (Axis(name="left", package="left-pkg"), Axis(name="right", package="right-pkg"))
print(len(read_results(Path(sys.argv[1]), axes).verdicts))
"""


def test_results_are_read_by_a_light_installation(tmp_path: Path) -> None:
    write_results([verdict(cell("2.9", "3.1"), Outcome.HANG)], {}, tmp_path, AXES)

    said = subprocess.run(
        [sys.executable, "-c", LIGHT, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (said.stdout, said.stderr) == ("1\n", "")
