"""Whatever is spoilt in a ledger, a command goes around it and says so, or ends with a clear line.

No verdict changes by it: what a cell was before, it still is, or it is unknown.
"""

from __future__ import annotations

import base64
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from languages import STORIES, stream
from looks import Raw
from packages import build
from packages.campaigns import Project
from packaging.version import Version

from interlock.console import entry
from interlock.matrix.matrix_file import load
from interlock.model import (
    Backend,
    Cell,
    Environment,
    Outcome,
    Pin,
    PythonVersion,
    StorageTrouble,
    Trial,
)
from interlock.record.ledger import CampaignRecord, Ledger

CELLS = {
    "1+passes": ("pass", "pass"),
    "1+drags.on": ("hang", "pass"),
    "1+hangs.self": ("hang",),
    "1+segfaults": ("pass", "crash", "pass"),
}
"""The trials of each cell, in the order in which they ran."""


def alive() -> tuple[Raw, ...]:
    """A trial that passes by the rules of the probe ``fate``."""
    hello, *rest = stream("serving | 60 exposures | done | exit 0 | intake counts 1 | end")
    facts = [{"event": "fact", "at": 0.1, "name": n, "value": True} for n in ("started", "partner")]
    body = base64.b64encode(b"a subject at work").decode()
    intake = {"event": "intake", "at": 0.2, "method": "POST", "path": "/api/1/", "headers": {}}
    return (hello, *facts, {**intake, "length": 17, "body": body}, *rest)


ALIVE = alive()
COMMANDS = {
    "judge": ("judge",),
    "matrix": ("matrix", "--backend", "process", "--dry-run", "--partner", "1", "--python", "3.10"),
    "clean": ("clean",),
}
PAGE = 4096


@dataclass(frozen=True)
class Place:
    """A project whose ledger is whole, and a copy of the whole home beside it."""

    project: Project
    whole: Path
    before: dict[str, Outcome]

    @property
    def ledger(self) -> Path:
        return self.project.home / "ledger.sqlite"

    def renew(self) -> None:
        shutil.rmtree(self.project.home)
        shutil.copytree(self.whole, self.project.home)

    def remembered(self) -> dict[str, Outcome]:
        with Ledger(self.project.home) as ledger:
            return {str(v.cell.version("subject")): v.outcome for v in ledger.verdicts()}

    def blobs(self) -> list[Path]:
        return sorted((self.project.home / "events").rglob("*.gz"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("project")
    url = build.index(tmp_path_factory.mktemp("index")).as_uri()
    project = Project.make(folder, url)
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in project.environment().items():
            patch.setenv(name, value)
        fill(project)
        assert entry.main(["--matrix", str(folder / "matrix.yaml"), "judge"]) == 0
        with closing(sqlite3.connect(project.home / "ledger.sqlite")) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = folder / "whole"
        shutil.copytree(project.home, whole)
        made = Place(project, whole, {})
        made.before.update(made.remembered())
        yield made
    signal.signal(signal.SIGTERM, handler)


def fill(project: Project) -> None:
    found = load(project.folder / "matrix.yaml", project.folder / "probes")
    began = datetime.now(timezone.utc) - timedelta(hours=9)
    with Ledger(project.home) as ledger:
        ledger.begin(CampaignRecord(id="c", started_at=began, resolved={"partner latest": "1"}))
        ledger.keep_environment(
            Environment(
                digest="e",
                image="python:3.10-slim",
                image_digest="i",
                python_full="3.10.14",
                resolved_at=began,
                path=Path("unused"),
                lock="partner==1\n" * 400,
            )
        )
        stories = [(subject, story) for subject, ran in CELLS.items() for story in ran]
        for number, (subject, story) in enumerate(stories):
            ledger.record(
                Trial(
                    cell=Cell(
                        pins=(
                            Pin(axis="subject", package="subject", version=Version(subject)),
                            Pin(axis="partner", package="partner", version=Version("1")),
                        ),
                        python=PythonVersion(3, 10),
                        probe="fate",
                        config="plain",
                    ),
                    campaign="c",
                    started_at=began + timedelta(minutes=number),
                    seconds=1.0 + number,
                    events=ALIVE if story == "pass" else stream(STORIES[story]),
                    backend=Backend.PROCESS,
                    probe_digest=found.probes["fate"].digest,
                    config_digest=found.configurations["plain"].digest,
                    environment_digest="e",
                    image_digest="i",
                    python_full="3.10.14",
                    machine="x86_64",
                )
            )


# -- what may happen to it -------------------------------------------------------------------------

Harm = Callable[[Place], object]


def changed(harm: Callable[[bytearray], object], of: Callable[[Place], Path]) -> Harm:
    def do(place: Place) -> None:
        data = bytearray(of(place).read_bytes())
        harm(data)
        of(place).write_bytes(data)

    return do


def flip(at: int, mask: int) -> Callable[[bytearray], object]:
    def do(data: bytearray) -> None:
        data[at % len(data)] ^= mask

    return do


def overwrite(at: int, length: int, byte: int) -> Callable[[bytearray], object]:
    def do(data: bytearray) -> None:
        start = at % len(data)
        data[start : start + length] = bytes([byte]) * len(data[start : start + length])

    return do


def cut(at: int) -> Callable[[bytearray], object]:
    def do(data: bytearray) -> None:
        del data[at % len(data) :]

    return do


def remove(at: int, length: int) -> Callable[[bytearray], object]:
    def do(data: bytearray) -> None:
        start = at % len(data)
        del data[start : start + length]

    return do


def statement(text: str, *values: object) -> Harm:
    def do(place: Place) -> None:
        with closing(sqlite3.connect(place.ledger)) as db, db:
            db.execute(text, values)

    return do


def blob(number: int) -> Callable[[Place], Path]:
    return lambda place: place.blobs()[number % len(place.blobs())]


def another_blob(number: int, other: int) -> Harm:
    def do(place: Place) -> None:
        blob(number)(place).write_bytes(blob(other)(place).read_bytes())

    return do


def the_ledger(place: Place) -> Path:
    return place.ledger


places = st.integers(0, 20 * PAGE)
spoils = st.one_of(
    st.builds(flip, places, st.integers(1, 255)),
    st.builds(overwrite, places, st.integers(1, 3 * PAGE), st.sampled_from((0, 32, 255))),
    st.builds(cut, places),
    st.builds(remove, places, st.integers(1, PAGE)),
)
NASTY = (
    *("", "null", "[]", "{}", "podman", "docker", "hung", "nan", "../../../etc/passwd", "\0"),
    *("2999-01-01T00:00:00+00:00", "2020-01-01T00:00:00", "yesterday", "1970-01-01T00:00:00+00:00"),
    *(b"\xff\xfe", -1, 1e308, 2**62, '[["subject", "subject", "1+passes"]]'),
)
COLUMNS = {
    "trials": (
        *("campaign", "cell", "pins", "python", "probe", "config", "started_at", "seconds"),
        *("backend", "probe_digest", "config_digest", "machine", "events", "checksum"),
    ),
    "verdicts": ("cell", "backend", "tested_at", "verdict", "checksum"),
    "campaigns": ("started_at", "resolved"),
    "environments": ("resolved_at", "lock"),
}


@st.composite
def rows(draw: st.DrawFn) -> Harm:
    """A value of one row becomes another; its checksum stays."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    column, row = draw(st.sampled_from(COLUMNS[table])), draw(st.integers(1, 8))
    nasty = draw(st.sampled_from(NASTY))
    return statement(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?", nasty, row)


@st.composite
def missing_rows(draw: st.DrawFn) -> Harm:
    table, row = draw(st.sampled_from(sorted(COLUMNS))), draw(st.integers(1, 8))
    return statement(f"DELETE FROM {table} WHERE rowid = ?", row)


harms = st.one_of(
    st.builds(changed, spoils, st.just(the_ledger)),
    st.builds(changed, spoils, st.builds(blob, st.integers(0, 7))),
    st.builds(another_blob, st.integers(0, 7), st.integers(0, 7)),
    rows(),
    missing_rows(),
)


# -- and what the commands make of it --------------------------------------------------------------


def check(place: Place, capture: pytest.CaptureFixture[str], harm: Harm, command: str) -> None:
    place.renew()
    harm(place)
    capture.readouterr()
    code = entry.main(["--matrix", str(place.project.folder / "matrix.yaml"), *COMMANDS[command]])
    said = "".join(capture.readouterr())
    assert code in (0, 3), said
    assert "Traceback" not in said and "crash" not in said.replace("fail (crash)", ""), said
    try:
        after = place.remembered()
    except StorageTrouble as trouble:
        assert command != "judge", f"the judge did not repair it: {trouble}\n{said}"
        return
    for subject, outcome in after.items():
        assert place.before[subject] == outcome, f"{subject} was {place.before[subject]}\n{said}"
    if command == "judge" and after.keys() != place.before.keys():
        assert "left out" in said or "set aside" in said or "was damaged" in said, said


HANG_OF_TWO, CRASH_OF_THREE, ONLY_HANG = 3, 7, 5


@pytest.mark.timeout(300)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(harm=harms, command=st.sampled_from(sorted(COMMANDS)))
@example(harm=statement("DELETE FROM trials WHERE id = ?", HANG_OF_TWO), command="judge")
@example(harm=statement("DELETE FROM trials WHERE id = ?", CRASH_OF_THREE), command="judge")
@example(harm=statement("DELETE FROM trials WHERE id = ?", ONLY_HANG), command="judge")
@example(harm=statement("DELETE FROM trials"), command="judge")
@example(harm=statement("DELETE FROM campaigns"), command="judge")
def test_a_spoilt_ledger_changes_no_verdict_and_ends_no_command_in_a_traceback(
    place: Place, capsys: pytest.CaptureFixture[str], harm: Harm, command: str
) -> None:
    check(place, capsys, harm, command)


def test_the_ledger_is_whole_before_it_is_spoilt(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {subject: outcome.value for subject, outcome in place.before.items()} == {
        "1+passes": "pass",
        "1+drags.on": "hang",
        "1+hangs.self": "hang",
        "1+segfaults": "fail",
    }
    for command in COMMANDS:
        check(place, capsys, lambda _: None, command)
