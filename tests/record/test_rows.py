"""A verdict as a published row: order, exactness, and errors of spoiled files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from published import AXES, CYCLE, ORPHAN, SELF, STUCK, cell, verdict

from interlock.findings.attribution import attribute
from interlock.model import (
    REASONS,
    Backend,
    Basis,
    Outcome,
    Phase,
    UsageError,
    Verdict,
    printable,
)
from interlock.record import rows
from interlock.record.results import read_results, write_results, write_verdicts

LETTERS = "NAn\u00fcx0-,;'\"\n\r\t\u2028 #"


def written(*verdicts: Verdict, to: Path) -> str:
    write_verdicts(verdicts, AXES, to / "verdicts.csv")
    return (to / "verdicts.csv").read_text(encoding="utf-8")


def read(folder: Path) -> list[Verdict]:
    return rows.read(folder / "verdicts.csv", AXES)


def test_columns_are_the_axes_and_then_the_published_row() -> None:
    published = (
        "left,right,python,probe,config,outcome,phase,reason,signature,basis,trials,hangs,"
        "exposures,seconds,python_full,probe_digest,environment_digest,image_digest,backend,"
        "tested_at,machine,config_digest,detail,whose,attribution,cause,failed,signatures"
    )

    assert ",".join(rows.columns(AXES)) == published


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
        rows.rows([verdict(cell("2.9", "3.1")), verdict(cell("2.9", "3.1"))], AXES)


def test_python_3_10_stays_text(tmp_path: Path) -> None:
    written(verdict(cell("2.9.0", "3.10", python="3.10")), to=tmp_path)

    (back,) = read(tmp_path)

    assert back.cell.key == ("2.9.0", "3.10", "3.10", "restart", "stock")


def test_nothing_is_null_and_a_detail_that_reads_NA_stays_so(tmp_path: Path) -> None:
    text = written(verdict(cell("2.9", "3.1"), detail="NA"), to=tmp_path)

    (row,) = csv.DictReader(text.splitlines())

    assert (row["detail"], row["phase"], row["cause"], row["signatures"]) == ("NA", "", "", "[]")
    assert read(tmp_path)[0].detail == "NA"


def test_what_a_package_printed_stays_one_line_of_the_file(tmp_path: Path) -> None:
    hostile = 'no,\r\n"wheel"\x00\ud800 \u2028for; it'

    failed = verdict(cell("2.9", "3.1"), Outcome.FAIL, detail=hostile, cause=hostile)
    text = written(failed, to=tmp_path)

    assert len(text.splitlines()) == 2
    (back,) = read(tmp_path)
    assert (back.detail, back.cause) == ('no, "wheel" for; it',) * 2


def test_signatures_are_data_with_the_most_frequent_first(tmp_path: Path) -> None:
    seen = ((CYCLE, 6), (SELF, 2), (STUCK, 1))
    text = written(verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=seen), to=tmp_path)

    (row,) = csv.DictReader(text.splitlines())

    assert json.loads(row["signatures"]) == [
        {"locks": ["Handler.lock", "Worker._lock"], "stuck": [], "hangs": 6},
        {"locks": ["Worker._lock"], "stuck": [], "hangs": 2},
        {"locks": [], "stuck": ["queue.get", "worker.run"], "hangs": 1},
    ]


def test_the_readable_signature_is_read_by_nobody(tmp_path: Path) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    text = written(hung, to=tmp_path).replace("Worker._lock → Worker._lock", "what it was")
    (tmp_path / "verdicts.csv").write_text(text, encoding="utf-8")

    assert read(tmp_path) == [hung]


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


names = st.text(st.sampled_from(LETTERS), max_size=5).map(printable)
seen = st.lists(
    st.tuples(
        st.sampled_from([SELF, CYCLE, STUCK, ORPHAN])
        | st.builds(replace, st.just(SELF), locks=st.lists(names, max_size=3).map(tuple)),
        st.integers(1, 40),
    ),
    unique_by=lambda pair: pair[0],
    max_size=3,
)


TEXTS = (
    "probe_digest",
    "config_digest",
    "environment_digest",
    "image_digest",
    "machine",
)


@st.composite
def any_verdict(draw: st.DrawFn) -> Verdict:
    outcome = draw(st.sampled_from(Outcome))
    reasons = sorted(REASONS[outcome], key=str)
    failed = outcome is Outcome.FAIL
    failures = draw(st.integers(0, 10**6))
    signatures = tuple(draw(seen)) if outcome is Outcome.HANG else ()
    most = max((times for _, times in signatures), default=1)
    hangs = most + draw(st.integers(0, 10**6)) if outcome is Outcome.HANG else 0
    causes = st.sampled_from([None, "SIGSEGV", "requests.exceptions.Timeout", "TypeError"])
    of = draw(cells)
    return verdict(
        of,
        outcome,
        reason=draw(st.sampled_from(reasons)) if reasons else None,
        phase=draw(st.sampled_from(Phase)) if reasons else None,
        signatures=signatures,
        detail=rows.one_line(draw(names)),
        trials=hangs + failures + draw(st.integers(1, 10**6)),
        hangs=hangs,
        exposures=draw(st.integers(int(outcome is Outcome.PASS), 10**9)),
        python_full=draw(st.sampled_from(["", f"{of.python}.14", f"{of.python}.0rc1"])),
        seconds=round(draw(st.floats(0, 1e6)), 3),
        backend=draw(st.sampled_from(Backend)),
        basis=draw(st.sampled_from(Basis)),
        tested_at=datetime(2024, 1, 1, tzinfo=timezone.utc)
        + timedelta(seconds=draw(st.integers(0, 8 * 10**7))),
        cause=draw(causes) if failed else None,
        failed=failures,
        **{name: draw(st.sampled_from(["", "NA", "a,b", "x" * 64])) for name in TEXTS},
    )


@settings(max_examples=20)
@given(st.lists(any_verdict(), unique_by=lambda v: v.cell, max_size=3))
def test_every_field_round_trips(
    tmp_path_factory: pytest.TempPathFactory, all_of: list[Verdict]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    text = written(*all_of, to=folder)

    back = read(folder)

    assert sorted(back, key=str) == sorted(all_of, key=str)
    assert written(*back, to=folder) == text


@settings(max_examples=20)
@given(st.lists(any_verdict(), unique_by=lambda v: v.cell, max_size=3))
def test_every_field_of_a_stored_verdict_round_trips(
    tmp_path_factory: pytest.TempPathFactory, all_of: list[Verdict]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    all_of = [replace(v, basis=Basis.TESTED) for v in all_of]

    write_results(all_of, {}, folder, AXES)

    assert sorted(read_results(folder, AXES).verdicts, key=str) == sorted(all_of, key=str)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (("pass", "passed"), r":2: outcome: 'passed' is not a valid Outcome"),
        (("2.9", "2.x"), r":2: left: Invalid version: '2\.x'"),
        (("3.10,", "3,"), r":2: python: '3' is not a Python feature release"),
        (("2025-03-09T", "yesterday "), r":2: tested_at: 'yesterday .*' is not a time"),
        (("04:05:06Z", "25:05:06Z"), r":2: tested_at: .* is not a time"),
        (("exposures", "exposed"), r": no column exposures"),
        (("signatures", "seen"), r": no column signatures"),
        ((",600,", ",many,"), r":2: exposures: 'many' is not a count"),
        ((",600,", ",-1,"), r":2: exposures: '-1' is not a count"),
        (("1.25", "nan"), r":2: seconds: 'nan' is not a duration"),
        (("stock,pass,,", "stock,pass,serving,crash"), r":2: reason: pass cannot have 'crash'"),
        (("stock,pass,,", "stock,fail,serving,"), r":2: reason: fail cannot have ''"),
        ((",[]", ""), r":2: \d+ values, for \d+ columns"),
        (("[]", "{}x"), r":2: signatures: '{}x' is not a list of signatures"),
        (("[]", "[7]"), r":2: signatures: '\[7\]' is not a list of signatures"),
        (("[]", '"[{""locks"":[],""stuck"":[],""hangs"":0}]"'), r":2: signatures: "),
        (("[]", '"[{""locks"":""A"",""stuck"":[],""hangs"":1}]"'), r":2: signatures: "),
        (("left,", "up,"), r": its axes are up, right, not left, right"),
    ],
)
def test_a_file_that_was_spoiled_is_named_with_what_is_wrong(
    tmp_path: Path, spoil: tuple[str, str], complaint: str
) -> None:
    text = written(verdict(cell("2.9", "3.1")), to=tmp_path)
    assert spoil[0] in text
    (tmp_path / "verdicts.csv").write_text(text.replace(*spoil), encoding="utf-8")

    with pytest.raises(UsageError, match=rf"verdicts\.csv{complaint}") as raised:
        read(tmp_path)
    assert raised.value.exit_code == 2


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    many = [verdict(cell(f"2.{n}", "3.1")) for n in range(4)]
    head, *lines = written(*many, to=tmp_path).splitlines()
    lines[1] = lines[1].replace(",600,", ",many,").replace(",tested,", ",guessed,")
    lines[3] = lines[3].replace("docker", "podman")
    (tmp_path / "verdicts.csv").write_text("\n".join([head, *lines]), encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        read(tmp_path)

    first, second = str(raised.value).splitlines()
    assert ":3: " in first and "'guessed' is not a valid Basis" in first and "'many'" in first
    assert ":5: backend: 'podman' is not a valid Backend" in second


def test_a_file_that_is_not_there_or_no_table_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read(tmp_path)
    for content in (b"", b"\xff,python\n", b"a,b\n"):
        (tmp_path / "verdicts.csv").write_bytes(content)
        with pytest.raises(UsageError, match="this is not a table"):
            read(tmp_path)


def test_whose_trouble_it_is_stands_in_its_row(tmp_path: Path) -> None:
    hung = verdict(cell("2.9", "3.1"), Outcome.HANG)
    by_itself = verdict(cell("2.9", None), Outcome.HANG)
    fine = verdict(cell("2.9", "3.2"))

    whose = attribute([hung, by_itself, fine])
    write_verdicts([hung, by_itself, fine], AXES, tmp_path / "verdicts.csv", whose)
    text = (tmp_path / "verdicts.csv").read_text(encoding="utf-8")
    first, second, third = csv.DictReader(text.splitlines())

    assert (first["whose"], second["whose"], third["whose"]) == ("left", "left", "")
    assert first["attribution"].startswith("Caused by left-pkg: no other tested library")
    assert second["attribution"].startswith(
        "Caused by left-pkg: left-pkg 2.9 alone hangs in the same"
    )
    assert third["attribution"] == ""


def test_rows_out_of_order_are_put_in_order_and_doubled_ones_refused(tmp_path: Path) -> None:
    head, *lines = written(
        verdict(cell("2.9", "3.1")), verdict(cell("2.10", "3.1")), to=tmp_path
    ).splitlines()
    path = tmp_path / "verdicts.csv"

    path.write_text("\n".join([head, *reversed(lines)]), encoding="utf-8")
    assert [str(v.cell.version("left")) for v in read(tmp_path)] == ["2.9", "2.10"]

    path.write_text("\n".join([head, lines[0], lines[0]]), encoding="utf-8")
    with pytest.raises(UsageError, match="two verdicts about"):
        read(tmp_path)


def test_text_that_can_not_be_printed_is_escaped_when_it_is_read(tmp_path: Path) -> None:
    text = written(
        replace(verdict(cell("1.0", "1.0"), Outcome.HANG), detail="ESCAPED", cause="ESCAPED"),
        to=tmp_path,
    )
    hostile = text.replace("ESCAPED", "\x1b[31m\u202e").replace("Worker._lock", "Worker\\\\ud800")
    (tmp_path / "verdicts.csv").write_text(hostile, encoding="utf-8")
    (found,) = read(tmp_path)
    assert (found.detail, found.cause) == (r"\x1b[31m\u202e", r"\x1b[31m\u202e")
    assert all(name.isprintable() for name in found.signature.locks)
