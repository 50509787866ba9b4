"""What is typed to ask a question, and the exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from asked import WIDE, findings
from grids import grid
from ours import INTERLOCK, PROBES
from packaging.version import Version

from interlock.console import answer_text, entry
from interlock.findings import Question, answer
from interlock.model import PythonVersion


def typed(
    capture: pytest.CaptureFixture[str], *arguments: str, at: Path = PROBES.parent
) -> tuple[int, str, str]:
    try:
        code = entry.main(["--matrix", str(at / "matrix.yaml"), "ask", *arguments])
    except SystemExit as left:  # argparse's own way
        code = int(left.code or 0)
    said = capture.readouterr()
    return code, said.out, said.err


KNOWN = ("--sentry", "2.10.0", "--ddtrace", "2.14.2")


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((*KNOWN, "--python", "3.11", "--config", "warning-events"), "hang"),
        ((*KNOWN, "--python", "3.11.7", "--config", "warning-events"), "hang"),
        ((*KNOWN, "--python", "3.14", "--config", "stock"), "unsupported"),
        # no contradiction: the same value, and a kind of application that no configuration has
        (
            (*KNOWN, *["--python", "3.11", "--config", "stock", "--with", "event-level=ERROR"]),
            "pass",
        ),
        ((*KNOWN, *["--python", "3.11", "--config", "warning-events", "--with", "forks"]), "hang"),
        (("--sentry", "0.0.1", "--ddtrace", "2.14.2", "--python", "3.11"), "unknown"),
        ((*KNOWN, "--python", "3.77"), "unknown"),
        ((*KNOWN, "--python", "3.11"), "hang"),
        ((*KNOWN, "--python", "3.11", "--with", "event-level=ERROR"), "pass"),
        ((*KNOWN, "--python", "3.11", "--with", "event-level"), "hang"),
        (
            (*KNOWN, "--python", "3.11", "--with", "event-level", "--with", "lock-profiling=off"),
            "pass",
        ),
    ],
)
def test_a_question_is_answered_with_zero_whatever_the_answer(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], outcome: str
) -> None:
    code, output, errors = typed(capsys, *arguments, "--format", "json")
    assert (code, errors) == (0, "")
    assert json.loads(output)["outcome"] == outcome


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name --sentry, --ddtrace and --python too"),
        (("--sentry", "2.10.0", "--python", "3.11"), "name --ddtrace too"),
        (KNOWN, "name --python too"),
        (("--sentry", "2.x", "--ddtrace", "2.14.2", "--python", "3.11"), '--sentry: "2.x" is not'),
        (
            (*KNOWN, "--python", "pypy"),
            '--python: "pypy" is not a supported Python version; write it like 3.11',
        ),
        ((*KNOWN, "--python", "3"), '--python: "3" is not a supported Python version'),
        ((*KNOWN, "--python", "2.7"), '--python: "2.7" is not a supported Python version'),
        (
            (*KNOWN, *["--python", "3.11", "--config", "stock", "--with", "event-level=WARNING"]),
            "--with event-level=WARNING contradicts --config stock, which has event-level=ERROR",
        ),
        ((*KNOWN, "--python", "3.11", "--config", "stok"), '"stok" is not one of stock, warning-'),
        (
            (*KNOWN, "--python", "3.11", "--config", "unamplified"),
            '"unamplified" sets something that no application can choose; '
            "name one of stock, warning-events",
        ),
        ((*KNOWN, "--python", "3.11", "--application", "forking"), "removed: use --with forks"),
        ((*KNOWN, "--python", "3.11", "--with", "fork"), 'is no choice; did you mean "forks"?'),
        ((*KNOWN, "--python", "3.11", "--with", ""), "--with is empty; give it a value"),
        (
            (*KNOWN, "--python", "3.11", "--with", "event-level=WARN"),
            '--with event-level: "WARN" is no value of it; did you mean "WARNING"?',
        ),
        (
            (*KNOWN, "--python", "3.11", "--with", "forks", "--with", "forks=no"),
            "--with forks is given twice: yes and no",
        ),
        ((*KNOWN, "--python", "3.11", "--results", "nowhere"), "nowhere/verdicts.csv: there is no"),
        ((*KNOWN, "--python", "3.11", "--format", "xml"), "invalid choice"),
    ],
)
def test_a_mistake_in_the_question_is_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, output, errors = typed(capsys, *arguments)
    assert (code, output) == (2, "")
    assert said in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("spoilt", ["", "half of it", "another kind", "zeros"])
def test_what_is_kept_and_spoilt_changes_no_answer(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: str,
) -> None:
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path))
    asked = (*KNOWN, "--python", "3.11")
    first = typed(capsys, *asked)
    once = {file.name.partition("-")[0] for file in (tmp_path / "answers").iterdir()}
    assert once == {"matrix", "results"}, "who asks once needs no notes"
    assert typed(capsys, *asked) == first
    kept = sorted((tmp_path / "answers").iterdir())
    assert [file.name.partition("-")[0] for file in kept] == ["matrix", "notes", "results"]
    for file in kept:
        whole = file.read_bytes()
        other = kept[kept.index(file) - 1].read_bytes()
        of = {"half of it": whole[: len(whole) // 2], "another kind": other}
        file.write_bytes(of.get(spoilt, bytes(len(whole)) if spoilt else b""))
    assert typed(capsys, *asked) == first
    assert typed(capsys, *asked) == first  # from what the last one kept


def test_a_reader_who_has_read_enough_is_no_trouble() -> None:
    asked = [*INTERLOCK, "ask", *KNOWN, "--python", "3.11"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        asked, stdout=writing, stderr=subprocess.PIPE, cwd=PROBES.parent, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_other_results_are_read_where_they_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    published = (PROBES.parent / "results/verdicts.csv").read_text(encoding="utf-8")
    shutil.copy(PROBES.parent / "results/shared.json", tmp_path)
    (tmp_path / "verdicts.csv").write_text(published.partition("\n")[0] + "\n", encoding="utf-8")
    asked = (*KNOWN, "--python", "3.11", "--results", str(tmp_path), "--format", "json")
    code, output, _ = typed(capsys, *asked)
    assert (code, json.loads(output)["outcome"]) == (0, "unknown")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_can_be_printed_in_any_encoding(encoding: str, form: str) -> None:
    done = subprocess.run(
        [*INTERLOCK, "ask", *KNOWN, "--python", "3.11", "--format", form],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        cwd=PROBES.parent,
        check=True,
    )
    printed = done.stdout.decode(encoding)
    if form == "json":
        assert "signatures" in json.dumps(json.loads(printed))


@pytest.mark.parametrize(("python", "is_tested"), [("3.7", False), ("3.8", True), ("3.14", True)])
def test_no_test_is_suggested_on_a_python_that_the_harness_lacks(
    python: str, is_tested: bool
) -> None:
    of = findings(grid("1.0\n1.0 pass", python="3.9"))
    versions = {"left": Version("1.0"), "right": Version("1.0")}
    question = Question(versions=versions, python=PythonVersion.parse(python))
    said = answer_text.as_text(answer(question, of), of, WIDE)
    assert ("nox -s matrix" in said) is is_tested
    assert ("It can't be tested: the harness runs on Python 3.8 and newer" in said) is not is_tested
