"""Files of an earlier Interlock are read, and completed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection
from pathlib import Path

import pytest
from published import AXES, CYCLE, LEFT_BEHIND, SELF, cell, control, example, verdict

from interlock.model import Axis, Measured, Outcome, Renamed, Signature, UsageError, Verdict
from interlock.record import older, rows
from interlock.record.results import read_results, rewrite_results, write_results, write_verdicts

PUBLISHED = Path(__file__).parents[1] / "data" / "older" / "version-2.csv"
VERSION_1 = (*older.ADDED, *rows.ATTRIBUTED)
TESTED = (Axis(name="sentry", package="sentry-sdk"), Axis(name="ddtrace", package="ddtrace"))


def in_version_3(folder: Path, *verdicts: Verdict) -> Path:
    """Write a folder as it was before its rows referred to another file."""
    write_results(verdicts, {}, folder, AXES)
    (folder / "shared.json").unlink()
    write_verdicts(verdicts, AXES, folder / "verdicts.csv")
    return folder / "verdicts.csv"


def without(path: Path, columns: Collection[str]) -> None:
    """The file as it was before it had these columns."""
    read = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    text = io.StringIO()
    kept = [name for name in read[0] if name not in columns]
    writer = csv.DictWriter(text, kept, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(read)
    path.write_text(text.getvalue(), encoding="utf-8")


@pytest.mark.parametrize("lacks", [older.ADDED, VERSION_1])
def test_a_file_of_a_version_before_is_read_and_completed(
    tmp_path: Path, lacks: Collection[str]
) -> None:
    many = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 29), (CYCLE, 6)))
    some = (many, verdict(cell("2.10", "3.1")))
    write_results(some, {}, tmp_path, AXES)
    before = (tmp_path / "verdicts.csv").read_bytes()
    in_version_3(tmp_path, *some)
    without(tmp_path / "verdicts.csv", lacks)
    assert b"cause" not in (tmp_path / "verdicts.csv").read_bytes()

    results = read_results(tmp_path, AXES)
    write_results(results.verdicts, {}, tmp_path, AXES)

    assert results.verdicts[0].signatures == ((SELF, 29), (CYCLE, 6))
    assert (tmp_path / "verdicts.csv").read_bytes() == before


@pytest.mark.parametrize("lacks", ["environment", "definition", "tested_at", "signatures"])
def test_a_stored_file_that_lacks_a_column_is_refused(tmp_path: Path, lacks: str) -> None:
    write_results([verdict(cell("2.9", "3.1"))], {}, tmp_path, AXES)
    without(tmp_path / "verdicts.csv", [lacks])

    with pytest.raises(UsageError, match=f"no column {lacks}"):
        read_results(tmp_path, AXES)


def test_a_file_that_lacks_some_of_what_was_added_together_is_refused(tmp_path: Path) -> None:
    without(in_version_3(tmp_path, verdict(cell("2.9", "3.1"))), ["failed"])

    with pytest.raises(UsageError, match="no column failed"):
        read_results(tmp_path, AXES)


RENAMED = {
    ("logs", "stock"): Renamed(config="with-logs", before="b" * 64, today="e" * 64),
    ("logs", "stock+quiet"): Renamed(config="with-logs+quiet", before="b" * 64, today="f" * 64),
}
"""The probe `logs` was once judged in `stock`, and switched its logs on by itself."""


def test_cells_of_an_older_configuration_are_read_under_the_name_of_today(tmp_path: Path) -> None:
    measured = (Measured(name="rate", trials=3, median=2.0, least=1.0, most=3.0),)
    meant = verdict(cell("2.9", "3.1", probe="logs"), Outcome.HANG, measured=measured)
    before = [
        meant,
        verdict(cell("2.9", "3.1", probe="logs", config="stock+quiet")),
        # It ran with other settings, so it may differ from today's `with-logs`.
        verdict(cell("2.10", "3.1", probe="logs"), config_digest="d" * 64),
        verdict(cell("2.9", "3.1", probe="restart")),
    ]
    write_results(before, {SELF: example(meant.cell)}, tmp_path, AXES)
    told = [control(of.cell) for of in before]
    (tmp_path / "controls.json").write_text(json.dumps({"schema_version": 1, "controls": told}))

    found = read_results(tmp_path, AXES, RENAMED)

    by_key = {(v.cell.probe, v.cell.config, str(v.cell.version("left"))): v for v in found.verdicts}
    assert {key: v.config_digest[0] for key, v in by_key.items()} == {
        ("logs", "with-logs", "2.9"): "e",
        ("logs", "with-logs+quiet", "2.9"): "f",
        ("logs", "with-logs", "2.10"): "d",
        ("restart", "stock", "2.9"): "b",
    }
    hang = by_key["logs", "with-logs", "2.9"]
    assert (hang.measured, hang.signatures) == (measured, ((SELF, 2),))
    (file,) = found.signatures
    assert [of["config"] for of in file["cells"]] == ["with-logs"]
    assert file["example"]["config"] == "with-logs"
    configs = [row["cell"]["config"] for row in found.controls]
    assert configs == ["with-logs", "with-logs+quiet", "with-logs", "stock"]


def test_results_written_again_have_the_names_of_today(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, config, digest in ((old, "stock", "b" * 64), (new, "with-logs", "e" * 64)):
        of = cell("2.9", "3.1", probe="logs", config=config)
        hang = verdict(of, Outcome.HANG, config_digest=digest)
        write_results([hang], {SELF: example(of)}, folder, AXES)
        controls = [control(of)]
        text = json.dumps({"schema_version": 1, "controls": controls}, indent=2)
        (folder / "controls.json").write_text(text + "\n")

    rewrite_results(read_results(old, AXES, RENAMED), old, AXES)

    for path in new.rglob("*.*"):
        assert (old / path.relative_to(new)).read_bytes() == path.read_bytes(), path.name


def test_the_signatures_of_an_older_file_are_found_under_its_own_names(tmp_path: Path) -> None:
    """A file without the column is completed before its cells are renamed."""
    many = verdict(
        cell("2.9", "3.1", probe="logs"), Outcome.HANG, signatures=((SELF, 29), (CYCLE, 6))
    )
    without(in_version_3(tmp_path, many), older.ADDED)

    (found,) = read_results(tmp_path, AXES, RENAMED).verdicts

    assert (found.cell.config, found.signatures) == ("with-logs", ((SELF, 29), (CYCLE, 6)))


def published() -> dict[str, Verdict]:
    """By what their sentences say, rows that were published."""
    return {each.detail: each for each in rows.read(PUBLISHED, TESTED)}


@pytest.mark.parametrize(
    ("detail", "cause", "failed"),
    [
        (
            "1 of 1 trial failed in import: profiling does not start: AttributeError: module "
            "'asyncio.events' has no attribute 'BaseDefaultEventLoopPolicy'.",
            "AttributeError",
            1,
        ),
        (
            "3 of 3 trials failed in import: profiling does not start: AttributeError: module "
            "'asyncio.events' has no attribute 'BaseDefaultEventLoopPolicy'.",
            "AttributeError",
            3,
        ),
        (
            "1 of 1 trial failed in startup: profiling does not start: Broken: AttributeError: "
            "module 'asyncio.events' has no attribute 'BaseDefaultEventLoopPolicy'.",
            "AttributeError",
            1,
        ),
        (
            "1 of 1 trial failed in import: profiling does not start: ImportError: ddtrace/"
            "profiling/collector/stack.cpython-313-x86_64-linux-gnu.so: undefined symbol: "
            "_PyThread_CurrentExceptions.",
            "ImportError",
            1,
        ),
        ("1 of 3 trials failed in serving: a child was killed by SIGSEGV.", "SIGSEGV", 1),
        ("2 of 3 trials failed in serving: a child was killed by SIGSEGV.", "SIGSEGV", 2),
        # It names the signal that the probe itself had sent, which is not a cause.
        (
            "1 of 3 trials failed in shutdown: rounds: 1 requests timed out; none may; rounds: 1 "
            "of 37 workers had to be killed; none may; rounds: the server ended 10.3 s after "
            "SIGTERM, with a graceful timeout of 8 s; 10 s are allowed; no Python code of a "
            "process could run in 2 looks over 8 s, and its main thread stood at "
            "threading.py:320 in wait.",
            None,
            1,
        ),
    ],
)
def test_a_published_failure_has_its_cause_and_its_count(
    detail: str, cause: str | None, failed: int
) -> None:
    row = published()[detail]

    assert (row.cause, row.failed) == (cause, failed)


def test_no_other_published_row_has_a_cause_or_failures() -> None:
    others = [each for each in published().values() if each.outcome is not Outcome.FAIL]

    assert {each.outcome for each in others} == {*Outcome} - {Outcome.FAIL}
    assert {(each.cause, each.failed) for each in others} == {(None, 0)}


FAILED = "2 of 5 trials failed in serving: "


@pytest.mark.parametrize(
    ("reason", "detail", "cause"),
    [
        ("error", "Timeout: no answer from KeyError", "Timeout"),
        ("error", "Broken: Timeout: no answer", "Timeout"),
        ("error", "TypeError.", "TypeError"),
        ("error", "Broken: an interpreter ended with 3 at its exit.", "Broken"),
        ("error", "ended with exit code 1: ValueError: x.", None),
        (
            "inactive",
            "lock profiler does not start: DistributionNotFound: x",
            "DistributionNotFound",
        ),
        ("crash", "killed by SIGABRT at lib/native.py:9 in free.", "SIGABRT"),
        ("build", "build: ModuleNotFoundError: no setuptools.", None),
        ("degraded", "it went over the limit on memory after 3 s.", None),
    ],
)
def test_the_cause_is_what_the_sentence_of_its_reason_names(
    reason: str, detail: str, cause: str | None
) -> None:
    assert older.cause("fail", reason, FAILED + detail) == cause
    assert older.cause("hang", reason, FAILED + detail) is None
    assert older.failed("fail", FAILED + detail) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("A → A", Signature(locks=("A",))),
        ("A → B → A", Signature(locks=("A", "B"))),
        (f"A → {LEFT_BEHIND}", Signature(locks=("A", LEFT_BEHIND))),
        ("stuck in f, g", Signature(stuck=("f", "g"))),
    ],
)
def test_a_signature_is_read_as_it_was_written(text: str, expected: Signature | None) -> None:
    assert older.signature(text) == expected
    assert str(expected or "") == text


def test_a_signature_that_is_no_cycle_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    path = in_version_3(tmp_path, verdict(cell("2.9", "3.1"), Outcome.HANG))
    without(path, older.ADDED)
    spoiled = path.read_text(encoding="utf-8").replace("Worker._lock → Worker._lock", "A → B")
    path.write_text(spoiled, encoding="utf-8")

    with pytest.raises(UsageError, match=r"verdicts\.csv:2: signature: 'A → B' does not end"):
        rows.read(path, AXES)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("Broken", "AttributeError: no: x"), ("AttributeError", "no: x")),
        (("Broken", "the server does not answer"), ("Broken", "the server does not answer")),
        (("KeyError", "Odd: x"), ("KeyError", "Odd: x")),
    ],
)
def test_an_exception_of_a_child_is_unwrapped(
    said: tuple[str, str], expected: tuple[str, str]
) -> None:
    raw = {"event": "error", "type": said[0], "message": said[1], "phase": "serving"}
    read = older.event(json.loads(json.dumps(raw)))

    assert (read["type"], read["message"], read["phase"]) == (*expected, "serving")
