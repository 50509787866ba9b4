"""Stored rows are short, refer to ``shared.json``, and say the same as the published table."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ours import PROBES
from published import AXES, CYCLE, ORPHAN, SELF, STUCK, cell, verdict

from interlock.matrix import matrix_file
from interlock.model import Axis, Basis, Outcome, Phase, Reason, Signature, UsageError, Verdict
from interlock.record import rows, schema, shared
from interlock.record.results import read_results, write_results, write_verdicts

OLDER = Path(__file__).parents[1] / "data" / "older"
RESULTS = PROBES.parent / "results"
TESTED = (Axis(name="sentry", package="sentry-sdk"), Axis(name="ddtrace", package="ddtrace"))
MOST_BYTES = 250


def stored(folder: Path, *verdicts: Verdict) -> tuple[list[dict[str, str]], dict[str, Any]]:
    write_results(verdicts, {}, folder, AXES)
    with (folder / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), json.loads((folder / "shared.json").read_text())


def complaint(folder: Path) -> str:
    with pytest.raises(UsageError) as raised:
        read_results(folder, AXES)
    return str(raised.value)


# What is kept -------------------------------------------------------------------------------------


def test_a_table_of_version_3_becomes_one_of_today_that_says_the_same(tmp_path: Path) -> None:
    shutil.copy(OLDER / "version-3.csv", tmp_path / "verdicts.csv")
    before = read_results(tmp_path, TESTED).verdicts
    assert {v.outcome for v in before} == set(Outcome)

    write_results(before, {}, tmp_path, TESTED)
    after = read_results(tmp_path, TESTED).verdicts
    write_verdicts(after, TESTED, tmp_path / "published.csv")

    assert after == before
    with (
        (OLDER / "version-3.csv").open(encoding="utf-8", newline="") as old,
        (tmp_path / "published.csv").open(encoding="utf-8", newline="") as new,
    ):
        told = [{**row, "whose": "", "attribution": ""} for row in csv.DictReader(old)]
        assert sorted(map(str, csv.DictReader(new))) == sorted(map(str, told))


def test_an_inferred_verdict_is_not_stored(tmp_path: Path) -> None:
    run = verdict(cell("2.9", "3.1"))
    inferred = verdict(cell("2.10", "3.1"), basis=Basis.INFERRED)

    write_results([run, inferred], {}, tmp_path, AXES)

    assert read_results(tmp_path, AXES).verdicts == [run]


@pytest.mark.parametrize(
    ("cause", "in_row"),
    [
        ("SIGSEGV", True),
        ("memory", True),
        ("json.JSONDecodeError", True),
        ("x" * 24, True),
        ("x" * 25, False),
        ("requests.exceptions.ConnectionError", False),
        ("a,b", False),
        ('"quoted"', False),
        ("#0123456789", False),
        ("ünï", False),
        ("x." * 2000, False),
    ],
)
def test_a_cause_that_does_not_fit_in_its_row_is_kept_beside_it(
    tmp_path: Path, cause: str, in_row: bool
) -> None:
    failed = verdict(cell("2.9", "3.1"), Outcome.FAIL, cause=cause, failed=1)

    (row,), content = stored(tmp_path, failed)

    assert (row["cause"] == cause) == in_row
    assert (cause in content["texts"].values()) != in_row
    assert read_results(tmp_path, AXES).verdicts == [failed]


def test_a_signature_stands_in_its_row_as_the_end_of_its_files_name(tmp_path: Path) -> None:
    seen = ((SELF, 12), (CYCLE, 3))

    (row,), content = stored(tmp_path, verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=seen))

    ends = [signature.slug.rpartition("-")[2] for signature, _ in seen]
    assert row["signatures"] == f"{ends[0]}*12 {ends[1]}*3"
    assert content["signatures"][ends[1]] == [["Handler.lock", "Worker._lock"], []]


def test_more_signatures_than_fit_in_a_row_are_kept_beside_it(tmp_path: Path) -> None:
    seen = ((SELF, 12), (CYCLE, 10), (STUCK, 2), (ORPHAN, 1))
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=seen)

    (row,), _ = stored(tmp_path, hung)

    assert row["signatures"].startswith("#")
    assert read_results(tmp_path, AXES).verdicts == [hung]


# Keys ---------------------------------------------------------------------------------------------


def test_rows_that_share_an_environment_share_its_entry(tmp_path: Path) -> None:
    some = [verdict(cell(f"2.{n}", "3.1"), machine="x86_64" if n else "arm64") for n in range(4)]

    table, content = stored(tmp_path, *some)

    assert len({row["environment"] for row in table}) == len(content["environments"]) == 2
    assert len({row["definition"] for row in table}) == len(content["definitions"]) == 1


def test_a_key_does_not_depend_on_the_other_rows(tmp_path: Path) -> None:
    some = [
        verdict(cell(f"2.{n}", "3.1"), environment_digest=f"{n}" * 64, detail=f"It said {n} so.")
        for n in range(8)
    ]

    _, every = stored(tmp_path / "every", *some)
    for one in some:
        _, alone = stored(tmp_path / "alone", one)
        for group in ("environments", "definitions", "texts"):
            assert alone[group].items() <= every[group].items()


def test_each_entry_is_a_line_in_the_order_of_the_keys(tmp_path: Path) -> None:
    stored(tmp_path, *(verdict(cell(f"2.{n}", "3.1"), machine=f"m{n}") for n in range(8)))

    lines = (tmp_path / "shared.json").read_text(encoding="utf-8").splitlines()

    keys = [line.split('"')[1] for line in lines if '"machine": ' in line]
    assert len(keys) == 8 and keys == sorted(keys)


def test_two_contents_with_one_short_key_are_both_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = shared.digest_of
    monkeypatch.setattr(shared, "digest_of", lambda value: "0" * 10 + true(value)[10:])
    some = [verdict(cell(f"2.{n}", "3.1"), machine=f"m{n}") for n in range(3)]

    stored(tmp_path, *some)

    assert read_results(tmp_path, AXES).verdicts == some


# Mistakes -----------------------------------------------------------------------------------------

HUNG = verdict(
    cell("2.9", "3.1"), Outcome.HANG, detail="It said so, and at some length, in many words."
)


def test_without_its_side_table_a_folder_is_refused(tmp_path: Path) -> None:
    stored(tmp_path, HUNG)
    (tmp_path / "shared.json").unlink()

    said = complaint(tmp_path)

    assert said.startswith(f"{tmp_path / 'shared.json'}: no such file, and verdicts.csv refers to")


@pytest.mark.parametrize(
    ("group", "column"),
    [
        ("environments", "environment"),
        ("definitions", "definition"),
        ("signatures", "signatures"),
        ("texts", "detail"),
    ],
)
def test_an_entry_that_is_missing_is_named_with_its_row(
    tmp_path: Path, group: str, column: str
) -> None:
    (row,), content = stored(tmp_path, HUNG)
    content[group] = {}
    (tmp_path / "shared.json").write_text(json.dumps(content))

    said = complaint(tmp_path)

    where = f"{tmp_path / 'verdicts.csv'}:2: {column}: shared.json has no entry "
    assert said.startswith(f"{where}'{row[column]}'")
    assert "\n" not in said


def test_every_missing_entry_of_a_row_is_named(tmp_path: Path) -> None:
    _, content = stored(tmp_path, HUNG)
    for group in ("environments", "definitions", "signatures", "texts"):
        content[group] = {}
    (tmp_path / "shared.json").write_text(json.dumps(content))

    assert complaint(tmp_path).count("shared.json has no entry") == 4


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda told: told.pop("texts"), "texts: is missing"),
        (lambda told: told.update(schema_version=5), "schema_version: 5: input should be 4"),
        (lambda told: told.update(environments=[]), "environments: must be a mapping"),
        (
            lambda told: next(iter(told["environments"].values())).pop("machine"),
            "machine: is missing",
        ),
        (
            lambda told: next(iter(told["environments"].values())).update(machine="arm64"),
            "is not what its key was made of",
        ),
        (lambda told: told["texts"].update({"e3": "?"}), "is not what its key was made of"),
        (lambda told: told["texts"].update({"": "?"}), "is not what its key was made of"),
        (lambda told: told["signatures"].update({"0" * 6: [["A"]]}), "signatures"),
    ],
)
def test_an_entry_that_was_changed_is_named(tmp_path: Path, change: Change, expected: str) -> None:
    _, content = stored(tmp_path, HUNG)
    change(content)
    (tmp_path / "shared.json").write_text(json.dumps(content))

    said = complaint(tmp_path)

    assert said.startswith(f"{tmp_path / 'shared.json'}") and expected in said


@pytest.mark.parametrize(
    "signatures", ["*2", "zz*1", "4b431c", "4b431c*0", "4b431c*-1", "4b431c x*1", "#", "[]"]
)
def test_signatures_in_another_form_are_a_mistake_with_its_line(
    tmp_path: Path, signatures: str
) -> None:
    (row,), _ = stored(tmp_path, HUNG)
    path = tmp_path / "verdicts.csv"
    path.write_text(path.read_text().replace(row["signatures"], signatures))

    assert complaint(tmp_path).startswith(f"{path}:2: signatures: ")


def test_values_that_no_trials_can_have_given_are_refused_in_a_stored_row_too(
    tmp_path: Path,
) -> None:
    stored(tmp_path, HUNG)
    path = tmp_path / "verdicts.csv"
    path.write_text(path.read_text().replace(",hang,serving,", ",pass,serving,"))

    assert "phase: pass cannot have 'serving'" in complaint(tmp_path)


def test_an_entry_that_nothing_refers_to_is_dropped_with_the_next_writing(tmp_path: Path) -> None:
    stored(tmp_path, HUNG, verdict(cell("2.10", "3.1"), machine="arm64"))

    _, content = stored(tmp_path, HUNG)

    assert [entry["machine"] for entry in content["environments"].values()] == ["x86_64"]


# Size and form ------------------------------------------------------------------------------------


def longest(path: Path) -> int:
    return max(map(len, path.read_bytes().splitlines(keepends=True)))


def test_the_published_rows_stay_short() -> None:
    assert longest(RESULTS / "verdicts.csv") < MOST_BYTES


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.HANG, Reason.SELF_DEADLOCK),
        (Outcome.FAIL, Reason.RESOLUTION),
        (Outcome.UNPROVEN, Reason.TOO_FEW_EXPOSURES),
        (Outcome.UNSUPPORTED, Reason.REQUIRES_PYTHON),
    ],
)
@pytest.mark.parametrize("length", [0, 24, 25, 10_000])
def test_the_longest_values_make_a_short_row(
    tmp_path: Path, outcome: Outcome, reason: Reason, length: int
) -> None:
    """The names are those of ``matrix.yaml``, with some room."""
    matrix = matrix_file.load(PROBES.parent / "matrix.yaml", PROBES)
    config = max(matrix.configurations, key=len)
    of = cell(
        "2.100.100.post1",
        "4.100.100rc10",
        python="3.14",
        probe=max(matrix.probes, key=len) + "_more",
        config=config,
    )
    names = [Signature(locks=(f"Lock{n}" + "x" * length,)) for n in range(1 + length // 1000)]
    hangs = 999 if outcome is Outcome.HANG else 0
    row = verdict(
        of,
        outcome,
        reason=reason,
        phase=Phase.SHUTDOWN,
        signatures=tuple((name, 999) for name in names) if hangs else (),
        cause="x" * length if length and outcome is Outcome.FAIL else None,
        trials=1998,
        hangs=hangs,
        failed=999,
        exposures=99_999_999,
        seconds=99_999.999,
        detail="so " * length,
    )

    write_results([row], {}, tmp_path, AXES)

    assert len(config) > 30
    assert longest(tmp_path / "verdicts.csv") < MOST_BYTES
    (back,) = read_results(tmp_path, AXES).verdicts
    assert (back.cause, back.signatures) == (row.cause, row.signatures)


def test_files_are_what_their_schema_says(tmp_path: Path) -> None:
    long = replace(HUNG, cell=cell("2.10", "3.1"), outcome=Outcome.FAIL, signatures=(), hangs=0)
    failed = replace(long, reason=Reason.ERROR, cause="x" * 99, failed=1)
    for table, content in (
        stored(tmp_path, HUNG, failed, verdict(cell("2.11", None))),
        (
            list(csv.DictReader((RESULTS / "verdicts.csv").read_text().splitlines())),
            json.loads((RESULTS / "shared.json").read_text()),
        ),
    ):
        described = schema.STORED["$defs"]["row"]
        jsonschema.Draft202012Validator.check_schema(dict(schema.STORED))
        jsonschema.validate(content, schema.STORED)
        check = jsonschema.Draft202012Validator(described)
        types = {name: about["type"] for name, about in described["properties"].items()}
        read = {"integer": int, "number": float, "string": str}
        for row in table:
            check.validate({n: read[types.get(n, "string")](value) for n, value in row.items()})


def test_the_schema_has_the_columns_in_order_after_the_axes() -> None:
    described = schema.STORED["$defs"]["row"]

    assert rows.stored_columns(AXES) == ["left", "right", *described["properties"]]
    assert described["required"] == list(described["properties"])
    assert schema.STORED["properties"]["schema_version"]["const"] == shared.SCHEMA_VERSION


def test_a_column_is_either_stored_or_can_be_drawn() -> None:
    drawn = {*shared.DRAWN, *shared.ENVIRONMENT, *shared.DEFINITION}

    assert {*schema.COLUMNS} - {*schema.STORED_COLUMNS} == drawn
    assert {*schema.STORED_COLUMNS} - {*schema.COLUMNS} == {*shared.GROUPS}
