"""The published table: order, exactness both ways, and the views over it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from interlock.findings.attribution import attribute
from interlock.model import (
    LEFT_BEHIND,
    REASONS,
    Axis,
    Backend,
    Basis,
    Cell,
    Hang,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Trial,
    UsageError,
    Verdict,
)
from interlock.record import signatures, table
from interlock.record.signatures import Example, portable

AXES = (Axis(name="left", package="left-pkg"), Axis(name="right", package="right-pkg"))
SELF = Signature(locks=("Worker._lock",))
CYCLE = Signature(locks=("Handler.lock", "Worker._lock"))
STUCK = Signature(stuck=("queue.get", "worker.run"))
ORPHAN = Signature(locks=("Queue.mutex", LEFT_BEHIND))
LETTERS = "NAn\u00fcx0-,;'\"\n\r\t\u2028 #"


def cell(
    left: str | None,
    right: str | None,
    python: str = "3.10",
    probe: str = "restart",
    config: str = "stock",
) -> Cell:
    versions = zip(AXES, (left, right), strict=True)
    return Cell(
        pins=tuple(
            Pin(axis=a.name, package=a.package, version=Version(v) if v else None)
            for a, v in versions
        ),
        python=PythonVersion.parse(python),
        probe=probe,
        config=config,
    )


def verdict(of: Cell, outcome: Outcome = Outcome.PASS, **changes: object) -> Verdict:
    values: dict[str, object] = {
        "cell": of,
        "outcome": outcome,
        "phase": None if outcome is Outcome.PASS else Phase.SERVING,
        "reason": min(REASONS[outcome], default=None, key=str),
        "signatures": ((SELF, 2),) if outcome is Outcome.HANG else (),
        "detail": "It said so.",
        "evidence": (),
        "basis": Basis.TESTED,
        "trials": 3,
        "hangs": 2 if outcome is Outcome.HANG else 0,
        "exposures": 600,
        "seconds": 1.25,
        "backend": Backend.DOCKER,
        "probe_digest": "a" * 64,
        "config_digest": "b" * 64,
        "environment_digest": "c" * 64,
        "image_digest": "sha256:" + "d" * 64,
        "python_full": f"{of.python}.14",
        "machine": "x86_64",
        "tested_at": datetime(2025, 3, 9, 4, 5, 6, tzinfo=timezone.utc),
    }
    return Verdict(**{**values, **changes})  # type: ignore[arg-type]


def written(*verdicts: Verdict, to: Path) -> str:
    table.write_csv(table.frame(verdicts, AXES), to / "verdicts.csv")
    return (to / "verdicts.csv").read_text(encoding="utf-8")


def test_columns_are_the_axes_and_then_the_published_row() -> None:
    published = (
        "left,right,python,probe,config,outcome,phase,reason,signature,basis,trials,hangs,"
        "exposures,seconds,python_full,probe_digest,environment_digest,image_digest,backend,"
        "tested_at"
    )

    columns = ",".join(table.frame([], AXES).columns)

    assert columns.startswith(published)


def test_rows_are_in_version_order_and_not_in_the_order_of_text(tmp_path: Path) -> None:
    in_order = [
        cell("2.9.0", "3.1", python="3.9", config="stock"),
        cell(None, "3.1", python="3.10", config="stock"),
        cell("2.9.0", "3.1rc1", python="3.10", config="stock"),
        cell("2.9.0", "3.1", python="3.10", config="stock"),
        cell("2.9.0", "3.10", python="3.10", config="stock"),
        cell("2.10.0", "3.1", python="3.10", config="stock"),
        cell("2.9.0", "3.1", python="3.9", config="warnings"),
        cell("2.9.0", "3.1", python="3.9", probe="shutdown", config="stock"),
    ]

    text = written(*(verdict(c) for c in reversed(in_order)), to=tmp_path)

    assert [tuple(line.split(",")[:5]) for line in text.splitlines()[1:]] == [
        c.key for c in in_order
    ]


def test_two_verdicts_about_one_cell_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two verdicts about left 2\.9 × right 3\.1"):
        table.frame([verdict(cell("2.9", "3.1")), verdict(cell("2.9", "3.1"))], AXES)


def test_python_3_10_stays_text(tmp_path: Path) -> None:
    written(verdict(cell("2.9.0", "3.10", python="3.10")), to=tmp_path)

    read = table.read_csv(tmp_path / "verdicts.csv")

    assert (read["python"][0], read["right"][0]) == ("3.10", "3.10")


def test_nothing_is_null_and_a_detail_that_reads_NA_stays_so(tmp_path: Path) -> None:
    written(verdict(cell("2.9", "3.1"), detail="NA"), to=tmp_path)

    read = table.read_csv(tmp_path / "verdicts.csv")

    assert not read.isna().any().any()
    assert (read["detail"][0], read["phase"][0]) == ("NA", "")


def test_what_a_package_printed_stays_one_line_of_the_file(tmp_path: Path) -> None:
    hostile = 'no,\r\n"wheel"\x00\ud800 \u2028for; it'

    text = written(verdict(cell("2.9", "3.1"), detail=hostile), to=tmp_path)

    assert len(text.splitlines()) == 2
    assert table.read_csv(tmp_path / "verdicts.csv")["detail"][0] == 'no, "wheel" for; it'


versions = st.builds(
    "{}.{}{}".format,
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from(["", ".1", "rc1", ".post2"]),
)
cells = st.builds(
    cell,
    left=st.none() | versions,
    right=versions,
    python=st.sampled_from(["3.8", "3.9", "3.10", "3.14"]),
    probe=st.sampled_from(["restart", "shutdown"]),
    config=st.sampled_from(["stock", "warning-events"]),
)


@st.composite
def any_verdict(draw: st.DrawFn) -> Verdict:
    outcome = draw(st.sampled_from(Outcome))
    reasons = sorted(REASONS[outcome], key=str)
    signature = draw(st.sampled_from([SELF, CYCLE, STUCK, ORPHAN]))
    return verdict(
        draw(cells),
        outcome,
        reason=draw(st.sampled_from(reasons)) if reasons else None,
        phase=draw(st.sampled_from(Phase)) if reasons else None,
        signatures=((signature, 1),) if outcome is Outcome.HANG else (),
        detail=table.one_line(draw(st.text(st.sampled_from(LETTERS)))),
        exposures=draw(st.integers(0, 10**9)),
        seconds=round(draw(st.floats(0, 1e6)), 3),
        backend=draw(st.sampled_from(Backend)),
        basis=draw(st.sampled_from(Basis)),
        tested_at=datetime(2024, 1, 1, tzinfo=timezone.utc)
        + timedelta(seconds=draw(st.integers(0, 10**8))),
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(any_verdict(), unique_by=lambda v: v.cell, max_size=8))
def test_stored_form_round_trips(
    tmp_path_factory: pytest.TempPathFactory, all_of: list[Verdict]
) -> None:
    """'The stored form round-trips': table, verdicts and bytes."""
    folder = tmp_path_factory.mktemp("round")
    first = table.frame(all_of, AXES)
    table.write_csv(first, folder / "1.csv")

    again = table.read_csv(folder / "1.csv")
    back = table.verdicts(again, AXES)
    table.write_csv(table.frame(back, AXES), folder / "2.csv")

    pd.testing.assert_frame_equal(again, first)
    assert sorted(back, key=str) == sorted(all_of, key=str)
    assert (folder / "1.csv").read_bytes() == (folder / "2.csv").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (("pass", "passed"), r"verdicts\.csv:2: 'passed' is not a valid Outcome"),
        (("2.9", "2.x"), r"verdicts\.csv:2: Invalid version: '2\.x'"),
        (("3.10,", "3,"), r"verdicts\.csv:2: '3' is not a Python feature release"),
        (("2025-03-09T", "yesterday "), r"verdicts\.csv: time data"),
        (("exposures", "exposed"), r"verdicts\.csv: no column exposures"),
        ((",600,", ",many,"), r"verdicts\.csv: .*many"),
    ],
)
def test_a_file_that_was_spoiled_is_named_with_what_is_wrong(
    tmp_path: Path, spoil: tuple[str, str], complaint: str
) -> None:
    text = written(verdict(cell("2.9", "3.1")), to=tmp_path)
    (tmp_path / "verdicts.csv").write_text(text.replace(*spoil), encoding="utf-8")

    with pytest.raises(UsageError, match=complaint):
        table.verdicts(table.read_csv(tmp_path / "verdicts.csv"), AXES)


def test_a_file_that_is_not_there_or_no_table_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()

    with pytest.raises(UsageError, match="no such file"):
        table.read_csv(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="this is no table"):
        table.read_csv(tmp_path / "empty.csv")


def test_whose_trouble_it_is_stands_at_the_end_of_its_row(tmp_path: Path) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    by_itself = verdict(cell("2.9", None), Outcome.HANG)
    fine = verdict(cell("2.9", "3.2"))

    whose = attribute([hung, by_itself, fine])
    every = table.frame([hung, by_itself, fine], AXES, whose)
    table.write_csv(every, tmp_path / "verdicts.csv")
    text = (tmp_path / "verdicts.csv").read_text(encoding="utf-8")
    first, second, third = text.splitlines()[1:]

    assert ",left,left-pkg's own: no other library" in first
    assert ",left,\"left-pkg's own: left-pkg 2.9 alone hangs in the same way; together" in second
    assert third.endswith("It said so.,,")


def older(path: Path) -> None:
    """The file as schema version 1 had it: without whose trouble it is."""
    table.read_csv(path).drop(columns=list(table.ATTRIBUTED)).to_csv(path, index=False)
    text = path.read_text(encoding="utf-8").replace("+00:00", "Z")
    path.write_text(text.replace("2025-03-09 ", "2025-03-09T"), encoding="utf-8")


def test_a_file_of_the_version_before_is_read_and_completed(tmp_path: Path) -> None:
    table.write_results([verdict(cell("2.9", "3.1"), Outcome.HANG)], {}, tmp_path, AXES)
    before = (tmp_path / "verdicts.csv").read_bytes()
    older(tmp_path / "verdicts.csv")
    assert b"whose" not in (tmp_path / "verdicts.csv").read_bytes()

    results = table.read_results(tmp_path, AXES)
    table.write_csv(table.frame(results.verdicts, AXES), tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_bytes() == before


def test_rows_out_of_order_are_put_in_order_and_doubled_ones_refused(tmp_path: Path) -> None:
    head, *rows = written(
        verdict(cell("2.9", "3.1")), verdict(cell("2.10", "3.1")), to=tmp_path
    ).splitlines()
    path = tmp_path / "verdicts.csv"

    path.write_text("\n".join([head, *reversed(rows)]), encoding="utf-8")
    results = table.read_results(tmp_path, AXES)
    assert [str(v.cell.version("left")) for v in results.verdicts] == ["2.9", "2.10"]

    path.write_text("\n".join([head, rows[0], rows[0]]), encoding="utf-8")
    with pytest.raises(UsageError, match="two verdicts about"):
        table.read_results(tmp_path, AXES)


def snapshot(index: int, root: str = "/store/environments/1f/lib/python3.10") -> dict[str, object]:
    def frame(file: str) -> dict[str, object]:
        return {
            "file": f"{root}/{file}",
            "function": "f",
            "qualname": "f",
            "module": "m",
            "line": 7,
        }

    waits = {"kind": "lock", "lock": 11, "thread": None, "frame": 0, "expression": "self._lock"}
    holds = [{"lock": 11, "frame": 1, "expression": "self._lock", "how": "with"}]
    lock = {"type": "_thread.lock", "locked": True, "owner": None}
    return {
        "event": "snapshot",
        "at": 2.0 + index,
        "number": 1,
        "index": index,
        "threads": [
            {
                "ident": 1,
                "native_id": 101,
                "name": "MainThread",
                "frames": [frame("threading.py"), frame("site-packages/lib/worker.py")],
                "waits": waits,
                "holds": holds,
                "unresolved": [],
            },
            {
                "ident": 2,
                "native_id": 102,
                "name": "bystander",
                "frames": [frame("queue.py")],
                "waits": {**waits, "lock": 12},
                "holds": [],
                "unresolved": [],
            },
        ],
        "locks": {
            "11": {**lock, "names": ["Worker._lock"]},
            "12": {**lock, "names": ["Queue.mutex"]},
        },
        "tasks": [],
    }


def example(of: Cell) -> Example:
    hang = Hang(
        phase=Phase.SERVING,
        reason=Reason.SELF_DEADLOCK,
        signature=SELF,
        evidence=("MainThread waits for Worker._lock, which it holds itself.",),
        unresolved=(),
        exposures=30,
        noticed_after_s=1.2345,
    )
    return Example(cell=of, hang=hang, events=[{"event": "hello"}, snapshot(0), snapshot(1)])


def test_results_keep_every_signature_with_its_count(tmp_path: Path) -> None:
    many = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 29), (CYCLE, 6)), hangs=35)
    one = verdict(cell("2.9", "3.1", python="3.8"), Outcome.HANG, signatures=((CYCLE, 1),), hangs=1)

    table.write_results([many, one], {SELF: example(many.cell)}, tmp_path, AXES)
    results = table.read_results(tmp_path, AXES)

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

    table.write_results([hung], {SELF: example(hung.cell)}, tmp_path, AXES)
    text = (tmp_path / "signatures" / f"{SELF.slug}.json").read_text(encoding="utf-8")
    first, second = json.loads(text)["example"]["snapshots"]

    assert (first["index"], second["index"]) == (0, 1)
    assert [thread["name"] for thread in first["threads"]] == ["MainThread"]
    assert list(first["locks"]) == ["11"]
    assert "/store/" not in text


@pytest.mark.parametrize("looked_at", [(8, 9), (9, 8), (9,)])
def test_example_is_of_the_process_that_hung(tmp_path: Path, looked_at: tuple[int, ...]) -> None:
    """It is 9; the other was looked at too, and nothing waits in it."""
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    events: list[dict[str, object]] = []
    for process in looked_at:
        for index in (0, 1):
            taken = {**snapshot(index), "process": process}
            if process != 9:
                taken["threads"] = []
            events.append({**taken, "locks": taken["locks"] if process == 9 else {}})
    table.write_results([hung], {SELF: replace(example(hung.cell), events=events)}, tmp_path, AXES)

    text = (tmp_path / "signatures" / f"{SELF.slug}.json").read_text(encoding="utf-8")
    shown = json.loads(text)["example"]["snapshots"]

    assert [len(one["threads"]) for one in shown] == [1, 1]


def test_signature_that_no_verdict_names_any_more_loses_its_file(tmp_path: Path) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    table.write_results([hung], {}, tmp_path, AXES)

    table.write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)

    assert list((tmp_path / "signatures").iterdir()) == []


def test_results_that_do_not_exist_yet_are_a_table_without_rows(tmp_path: Path) -> None:
    results = table.read_results(tmp_path / "results", AXES)

    assert (results.verdicts, results.signatures) == ([], [])


@pytest.mark.parametrize("name", ["yanked.json", "controls.json", f"signatures/{SELF.slug}.json"])
def test_a_file_with_a_merge_in_it_is_named(tmp_path: Path, name: str) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 1),), hangs=1)
    table.write_results([hung], {}, tmp_path, AXES)
    (tmp_path / name).write_text("<<<<<<< ours\n{}\n", encoding="utf-8")

    with pytest.raises(UsageError, match=f"{name}: .*use the file as it was published"):
        table.read_results(tmp_path, AXES)


def test_a_probe_that_is_gone_gives_no_example() -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 1),), hangs=1)

    def trials_of(of: Cell) -> list[Trial]:
        raise AssertionError(f"{of} can't be judged")

    assert signatures.examples([hung], {}, trials_of) == {}


def test_results_of_another_matrix_are_refused(tmp_path: Path) -> None:
    table.write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)

    with pytest.raises(UsageError, match="its axes are left, right, not up"):
        table.read_results(tmp_path, [Axis(name="up", package="up")])


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
