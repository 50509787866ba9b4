"""``interlock check`` as people type it, with the results that the package ships."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from ours import INTERLOCK, PROBES

ROOT = PROBES.parent
RESULTS = ROOT / "results"
FILES = ("verdicts.csv", "shared.json", "releases.json", "audits.csv")

HANGS = "sentry-sdk==2.5.1\nddtrace==2.14.2\n"
"""The control of every campaign: its hang is the reason for all of this."""

Said = subprocess.CompletedProcess[str]
Check = Callable[..., Said]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def _environment(home: Path) -> dict[str, str]:
    """With these sources, wherever the command runs."""
    ours = {"INTERLOCK_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    return {**os.environ, **ours}


@pytest.fixture
def check(tmp_path: Path, home: Path) -> Check:
    """Type the command in somebody's project, outside of any checkout."""

    def run(*arguments: str, **files: str) -> Said:
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return subprocess.run(
            [*INTERLOCK, "check", *arguments],
            cwd=tmp_path,
            env=_environment(home),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("text", "options", "code", "says"),
    [
        (HANGS, [], 1, "It hangs: sentry-sdk 2.5.1 with ddtrace 2.14.2"),
        (HANGS, ["--python", "3.10"], 1, "on Python 3.10, where warnings in the log"),
        (HANGS, ["--python", "3.10", "--situation", "event-level=ERROR"], 0, "No hang was found"),
        (HANGS, ["--python", "3.10", "--with", "event-level=WARNING"], 1, "It hangs"),
        (HANGS, ["--report-only"], 0, "the exit code would be 1"),
        ("sentry-sdk==2.5.1\nddtrace==2.14.2.dev1\n", [], 5, "did not list ddtrace 2.14.2.dev1"),
        ("sentry-sdk==2.5.1\n", [], 5, "The other, ddtrace, is not in these files"),
        ("sentry-sdk==2.5.1\n", ["--report-only"], 0, "the exit code would be 5"),
        ("flask==3\n", [], 2, "Neither sentry-sdk nor ddtrace is in app.txt"),
        ("", [], 2, "Neither sentry-sdk nor ddtrace is in app.txt"),
        (
            "sentry-sdk==2.5.1\nddtrace>=2.14.0,<2.14.3\n",
            ["--python", "3.10"],
            1,
            "It hangs: sentry-sdk 2.5.1 with ddtrace 2.14.2 on Python 3.10",
        ),
    ],
)
def test_the_exit_code_and_the_answer(
    check: Check, text: str, options: list[str], code: int, says: str
) -> None:
    said = check("app.txt", *options, app__txt=text)
    assert said.returncode == code, said.stdout + said.stderr
    assert says in " ".join(said.stdout.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "name the files to check"),
        (["app.txt", "--pyhton", "3.10"], "unrecognized arguments: --pyhton"),
        (["app.txt", "--python", "2.7"], "not a supported Python"),
        (["app.txt", "--situation", "nonsense"], '--situation: "nonsense" is no choice'),
        (["app.txt", "--format", "pdf"], "invalid choice"),
        (["app.txt", "--data", "nowhere"], "is no folder, zip file or URL"),
        (["app.txt", "--data", "ftp://example.com/x"], "has to begin with https://"),
    ],
)
def test_a_wrong_option_is_bad_input(check: Check, options: list[str], says: str) -> None:
    said = check(*options, app__txt=HANGS)
    assert (said.returncode, said.stdout) == (2, "")
    assert says in said.stderr


def test_a_file_that_is_missing_is_bad_input_and_the_hang_of_the_others_is_told(
    check: Check,
) -> None:
    said = check("app.txt", "none.txt", app__txt=HANGS)
    assert said.returncode == 2
    assert "none.txt" in said.stdout
    assert "It hangs" in said.stdout


def test_exceptions_let_through_and_a_wrong_one_is_bad_input(check: Check) -> None:
    whole = (
        '[[exceptions]]\nsentry-sdk = "2.5.1"\nddtrace = "2.14.2"\nreason = "We know."\n'
        "until = 2999-01-01\n"
    )
    pyproject = whole.replace("[[exceptions]]", "[[tool.interlock.exceptions]]")
    options = ["app.txt", "--python", "3.10"]
    said = check(*options, "--exceptions", "e.toml", app__txt=HANGS, e__toml=whole)
    assert said.returncode == 0, said.stdout
    assert "We know." in said.stdout
    said = check(*options, "pyproject.toml", app__txt=HANGS, pyproject__toml=pyproject)
    assert said.returncode == 0, said.stdout
    wrong = whole.replace("reason", "because")
    said = check(*options, "--exceptions", "e.toml", app__txt=HANGS, e__toml=wrong)
    assert said.returncode == 2
    assert 'e.toml:4: exception: "because" is unknown' in " ".join(said.stdout.split())


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
@pytest.mark.parametrize(
    ("text", "code"), [(HANGS, 1), ("sentry-sdk==2.5.1\n", 5), ("flask==3\n", 2)]
)
def test_every_format_has_the_same_code_and_goes_to_a_file_too(
    check: Check, tmp_path: Path, form: str, text: str, code: int
) -> None:
    printed = check("app.txt", "--format", form, "--python", "3.10", app__txt=text)
    written = check("app.txt", "--format", form, "--python", "3.10", "--output", "out")
    assert (printed.returncode, written.returncode) == (code, code)
    assert written.stdout == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed.stdout != ""
    if form in ("json", "sarif"):
        json.loads(printed.stdout)


def test_an_output_that_can_not_be_written_is_trouble(check: Check) -> None:
    said = check("app.txt", "--output", "none/out", app__txt=HANGS)
    assert said.returncode == 3
    assert "none/out: can't be written" in said.stderr


def test_the_age_is_one_line_with_a_switch(check: Check) -> None:
    assert check("app.txt", app__txt=HANGS).stdout.count("\nData of ") == 1
    assert "Data of" not in check("app.txt", "--no-age").stdout


def test_somebody_elses_matrix_yaml_is_not_ours(check: Check) -> None:
    said = check("app.txt", app__txt=HANGS, matrix__yaml="build: [3.10, 3.11]\n")
    assert said.returncode == 1, said.stderr


def test_the_running_environment_is_checked(check: Check) -> None:
    """The tests' own environment has none of the two."""
    said = check("--environment")
    assert said.returncode == 2
    assert "Neither sentry-sdk nor ddtrace" in " ".join(said.stdout.split())


# Other data ---------------------------------------------------------------------------------------


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A zip file with the published results in a folder."""
    to = tmp_path / "data.zip"
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.write(RESULTS / name, f"interlock/results/{name}")
    return to


@pytest.fixture
def served(tmp_path: Path, packed: Path) -> Iterator[str]:
    """A server with the same, as a zip file and as a folder."""
    folder = tmp_path / "www"
    folder.mkdir()
    for name in FILES[:3]:  # not every published folder has audits
        shutil.copy(RESULTS / name, folder)
    shutil.copy(packed, folder)
    (folder / "broken.zip").write_bytes(packed.read_bytes()[:5000])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_data_come_from_a_folder_a_zip_file_and_a_url(
    check: Check, packed: Path, served: str
) -> None:
    for data in (str(RESULTS), str(packed), f"{served}/data.zip", f"{served}/"):
        said = check("app.txt", "--data", data, "--python", "3.10", app__txt=HANGS)
        assert said.returncode == 1, (data, said.stderr)
        assert "It hangs" in said.stdout


def test_data_that_can_not_be_read_are_trouble_and_no_pass(
    check: Check, tmp_path: Path, served: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.zip").write_text("no zip file", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("README", "nothing")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "verdicts.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for data, says in {
        "empty": "there is no such file",
        "no.zip": "is no readable zip file",
        "other.zip": "has no verdicts.csv",
        "wrong": "can't be read",
        f"{served}/none.zip": "the server answered 404",
        f"{served}/none": "the server answered 404",
        f"{served}/broken.zip": "is no readable zip file",
        "http://127.0.0.1:9/data.zip": "can't be read",
    }.items():
        said = check("app.txt", "--data", data, app__txt=HANGS)
        assert (said.returncode, said.stdout) == (3, ""), data
        assert says in said.stderr, data
        assert "Traceback" not in said.stderr


def test_a_check_needs_nothing_that_a_run_or_a_check_of_files_needs(
    check: Check, tmp_path: Path, home: Path
) -> None:
    """After the first time, it imports no pydantic and none of the extras."""
    check("app.txt", app__txt=HANGS)
    code = (
        "import sys\nfrom interlock.console import entry\n"
        "entry.main(['check', 'app.txt'])\n"
        "names = 'pydantic docker httpx pandas yaml rich urllib.request jinja2'.split()\n"
        "print(*[name for name in names if name in sys.modules], file=sys.stderr)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert said.stderr.split() == []
