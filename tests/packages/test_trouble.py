"""Trouble of our own: a clear line, exit code 3, open cells, nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from packages import build
from packages.campaigns import Project, served

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PASSES = ("--subject", "1+passes")


def last_lines(output: str) -> list[str]:
    """The text after the verdicts' path, and how to ask about them: how the run ended."""
    lines = output.partition("\nverdicts: ")[2].splitlines()[1:]
    return [line for line in lines if not line.startswith(("ask: ", "          "))]


def test_an_index_that_goes_away_leaves_open_what_was_not_installed(
    tmp_path: Path, backend: str, python: str
) -> None:
    """The published results of the first run are then known."""
    build.index(tmp_path / "index")
    with served(tmp_path / "index") as url:
        project = Project.make(tmp_path / "project", url)
        chosen = ("--backend", backend, "--python", python)
        assert project.run(*chosen, *PASSES).code == 0
    ran = project.run(*chosen, *PASSES, "--subject", "1+not.live", UV_HTTP_RETRIES="0")
    assert ran.code == 3
    (line,) = last_lines(ran.output)
    assert line.startswith(f"1 cell left open: the package index did not answer ({url})")
    assert (ran.of("passes"), ran.of("not-live")) == ("pass", "open")


PORTAL = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


def replace(folder: Path, pattern: str, content: Callable[[bytes], bytes]) -> None:
    """Replace a file of an index."""
    (place,) = folder.glob(pattern)
    place.write_bytes(content(place.read_bytes()))


@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ("files/subject-1+passes-*.whl", lambda whole: whole[: len(whole) // 2]),
        ("files/subject-1+passes-*.whl", lambda whole: PORTAL),
        ("files/subject-1+passes-*.whl", lambda whole: b""),
        ("simple/partner/index.html", lambda whole: PORTAL),
        ("simple/partner/index.html", lambda whole: b""),
        ("simple/partner/index.html", lambda whole: whole.replace(b"sha256=", b"sha256=zz")),
        ("simple/partner/index.html", lambda whole: whole.replace(b"sha256=", b"sha256=00000")),
    ],
    ids=["cut", "portal", "empty", "page-portal", "page-empty", "hash-malformed", "hash-too-long"],
)
def test_what_a_flaky_index_serves_is_no_verdict(
    tmp_path: Path, pattern: str, content: Callable[[bytes], bytes]
) -> None:
    folder = tmp_path / "index"
    build.index(folder)
    replace(folder, pattern, content)
    with served(folder) as url:
        project = Project.make(tmp_path / "project", url)
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        ran = project.run("--backend", "process", "--python", python, *PASSES)
    assert (ran.code, ran.of("passes")) == (3, "open"), ran.output
    assert "Traceback" not in ran.output


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A disk of a size such as ``1m``; the size can be changed."""
    if os.geteuid() != 0:
        pytest.skip("a disk of one's own needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted: list[str] = []

    def of(size: str) -> Path:
        options = ["-o", f"{'remount,' if mounted else ''}size={size},mode=755"]
        done = subprocess.run(
            ["mount", "-t", "tmpfs", *options, "interlock-test", str(place)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"no disk of one's own here: {done.stderr.strip()}")
        mounted.append(size)
        return place

    yield of
    if mounted:
        with suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("size", ["64k", "128k"], ids=["for-the-ledger", "for-an-environment"])
def test_a_full_disk_is_told_and_costs_no_verdict(
    tmp_path: Path,
    size: str,
    index: str,
    backend: str,
    python: str,
    small_disk: Callable[[str], Path],
) -> None:
    project = Project.make(tmp_path / "project", index)
    chosen = ("--backend", backend, "--python", python, *PASSES)
    home = {"INTERLOCK_HOME": str(small_disk(size))}
    ran = project.run(*chosen, **home)
    assert ran.code == 3
    assert "full" in ran.output
    assert "INTERLOCK_HOME" in ran.output
    assert "Traceback" not in ran.output
    assert ran.of("passes") == "open"

    small_disk("200m")
    again = project.run(*chosen, **home)
    assert (again.code, again.of("passes")) == (0, "pass")


ODD = (
    r"\udcff\x1b[31mred\x1b]0;title\x07\x00\u202eevil\u2066\r\n\x85\u2028\ufeff<b>[bold]x[/] \u2713"
)
"""As a Python text: lone surrogates, escape sequences, NUL, directions, breaks, markup."""

SPEAKS = f"""
import sys, threading
threading.main_thread().name = "{ODD}"
sys.stderr.buffer.write(b"\\xff\\xfe\\x1b[2J")
class Odd(Exception):
    pass
Odd.__qualname__ = "Odd{ODD}"
raise Odd("{ODD}")
"""


def unprintable(text: str) -> set[str]:
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {c for c in text if unicodedata.category(c) in kinds and c not in "\n\t\ufeff"}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "utf-16"])
def test_text_that_no_terminal_should_get_is_escaped_everywhere(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = Path(shutil.copytree(build.HERE, tmp_path / "sources"))
    (sources / "subject" / "raises-at-import.py").write_text(SPEAKS)
    monkeypatch.setattr(build, "HERE", sources)
    build.index(tmp_path / "index")
    with served(tmp_path / "index") as url:
        project = Project.make(tmp_path / "project", url)
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        chosen = ("--backend", "process", "--python", python, "--no-follow-ups")
        run = project.start(*chosen, "--subject", "1+raises.at.import", PYTHONIOENCODING=encoding)
        assert run.stdout is not None
        output = run.stdout.buffer.read().decode(encoding)
        assert run.wait() == 0, output
    assert r"Odd\udcff\x1b[31mred" in output.replace("\\\\", "\\")
    assert unprintable(output) == set()
    results = project.folder / "results"
    for path in filter(Path.is_file, results.rglob("*")):
        assert unprintable(path.read_text(encoding="utf-8")) == set(), path
    assert r"\u202eevil" in (results / "shared.json").read_text(encoding="utf-8")
