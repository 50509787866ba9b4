"""How a command ends: one line and an exit code, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ours import INTERLOCK, PROBES

from interlock.console import crash, ending, entry
from interlock.model import IndexUnreachable, UsageError

ROOT = PROBES.parent
ASK = "ask --sentry 2.10.0 --ddtrace 2.14.2 --python 3.11"


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("ascii", b"+ pass  x hang  - unsupported  a - b  1 x 2 ... \\xe9\\u4e2d\\udc80"),
        ("latin-1", b"+ pass  x hang  - unsupported  a \xb7 b  1 \xd7 2 ... \xe9\\u4e2d\\udc80"),
    ],
)
def test_a_sign_that_an_encoding_lacks_is_a_plain_character(encoding: str, printed: bytes) -> None:
    """Text that is quoted from elsewhere keeps its escapes."""
    text = "✓ pass  ✗ hang  – unsupported  a · b  1 × 2 … é中\udc80"
    code = (
        "import os; from interlock.console import ending; ending.prepare_streams(); "
        f"print({text!a}, end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == printed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(ending, "prepare_streams", lambda: None)


def ends(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The exit code of a command that raises this."""

    def raise_it(given: object) -> int:
        raise error

    monkeypatch.setattr(entry, "_command", raise_it)
    return entry.main([])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong"), 2),
        (IndexUnreachable("no answer"), 3),
        (KeyboardInterrupt(), 130),
        (SystemExit(2), 2),
        (SystemExit(None), 0),
        (SystemExit("words"), 1),
        (BrokenPipeError(32, "Broken pipe"), 141),
        # nobody foresaw these
        (ValueError("odd"), 3),
        (OSError(13, "Permission denied", "/etc/shadow"), 3),
        (OSError(28, "No space left on device"), 3),
        (RecursionError("deep"), 3),
        (MemoryError(), 3),
        (AssertionError(), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_way_to_end_has_its_exit_code(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ends(monkeypatch, error) == code
    said = capsys.readouterr()
    assert len((said.out + said.err).splitlines()) <= 1
    assert "Traceback" not in said.err


def kept(errors: str) -> Path:
    """The file that the line names."""
    return Path(errors.partition("its traceback is in ")[2].partition(";")[0])


def test_an_unforeseen_error_leaves_a_traceback_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ends(monkeypatch, ValueError("odd"))
    file = kept(capsys.readouterr().err)
    assert file.parent == tmp_path / "home" / "crashes"
    text = file.read_text()
    assert "Traceback" in text and "raise_it" in text and "ValueError: odd" in text


@pytest.mark.parametrize("named", ["~nobody-at-all/x", "", "a file"])
def test_the_traceback_goes_elsewhere_where_there_is_no_cache(
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path / "file") if named == "a file" else named)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    ends(monkeypatch, ValueError("odd"))
    assert kept(capsys.readouterr().err).parent == tmp_path


def test_a_traceback_that_can_not_be_kept_is_said_to_be_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTERLOCK_HOME", "/dev/null/home")
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/dev/null/tmp")
    assert ends(monkeypatch, ValueError("odd")) == 3
    assert "could not be written" in capsys.readouterr().err


def test_an_unforeseen_error_in_a_thread_is_reported_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(given: object) -> int:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        return 0

    monkeypatch.setattr(entry, "_command", work)
    assert entry.main([]) == 0
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "ZeroDivisionError" in kept(said).read_text()


SECRETS = {
    "UV_INDEX_INNER_PASSWORD": "hunter-two",
    "PIP_INDEX_URL": "https://someone:p%40ssword@mirror.example/simple",
    "HTTPS_PROXY": "http://proxy-user:proxy-word@proxy.example:3128",
    "SOME_TOKEN": "token-of-ours",
}


@pytest.mark.parametrize(
    "text",
    [
        "no answer from https://someone:p%40ssword@mirror.example/simple",
        "https://another:whole/with/slashes@host/simple",
        "https://only-a-token-of-theirs@host/simple",
        "it is hunter-two",
        "the decoded one is p@ssword",
        "Authorization: token-of-ours",
        "via proxy-user and proxy-word",
    ],
)
def test_no_secret_is_reported(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    line = crash.report(ValueError(text))
    for told in (line, kept(line).read_text()):
        for secret in ("ssword", "another", "whole/with", "theirs", "hunter", "of-ours", "proxy-"):
            assert secret not in told


# In a process of its own -------------------------------------------------------------------------


def run(arguments: str, redirected: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in a shell that redirects its streams."""
    command = " ".join(f"'{word}'" for word in INTERLOCK)
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} {arguments} {redirected}"],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "redirected", "code", "lines"),
    [
        (ASK, "> /dev/full", 3, 1),
        ("--help", "> /dev/full", 3, 1),
        (ASK, "2> /dev/full", 0, None),
        ("ask --sentry bogus", "2> /dev/full", 2, 0),
        (ASK, "> /dev/full 2> /dev/full", 3, 0),
        # streams that were never open
        (ASK, ">&-", 0, 0),
        (ASK, "2>&-", 0, None),
        (ASK, "<&-", 0, None),
        (ASK, "<&- >&- 2>&-", 0, 0),
        ("ask --sentry bogus", ">&- 2>&-", 2, 0),
    ],
)
def test_output_that_can_not_be_written_costs_a_line_at_most(
    arguments: str, redirected: str, code: int, lines: int | None
) -> None:
    done = run(arguments, redirected)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    if lines is not None:
        assert len((done.stdout + done.stderr).splitlines()) == lines


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("length", [10, 10_000, 1_000_000])
def test_an_answer_of_any_length_that_can_not_be_written_is_no_mistake_of_ours(
    length: int, unbuffered: str
) -> None:
    code = (
        "import os; from interlock.console import entry;"
        f"entry._run = lambda given: print('x' * {length}, flush=True);"
        "os._exit(entry.main([]))"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            check=False,
        )
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.partition(" the output")[0]) == (3, "can't write")
    assert line.endswith(": No space left on device")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_help_that_can_not_be_written_is_told_with_and_without_a_buffer(unbuffered: str) -> None:
    """argparse itself drops the error."""
    done = run("ask --help", "> /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 3
    assert done.stderr == "can't write the output: No space left on device\n"


@pytest.mark.parametrize(("arguments", "code"), [(ASK, 0), ("--help", 141)])
def test_a_reader_that_has_gone_is_left_in_silence(arguments: str, code: int) -> None:
    """``ask`` has already printed its answer."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*INTERLOCK, *arguments.split()],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "no_such.LOCALE"},
        {"PYTHONUNBUFFERED": "1"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONDEVMODE": "1"},
        {"PYTHONINTMAXSTRDIGITS": "640"},
        {"PYTHONSAFEPATH": "1"},
        {"COLUMNS": "0"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "wide"},
        {"COLUMNS": "1"},
        {"LINES": "0"},
        {"TERM": "dumb"},
        {"TERM": "no-such-terminal"},
        {"TMPDIR": "/no/such/folder"},
        {"HOME": "/no/such/home"},
        {"HOME": ""},
    ],
    ids=lambda environ: ",".join(f"{name}={value}" for name, value in environ.items()),
)
@pytest.mark.timeout(240)  # in development mode Python takes ten times as long
def test_an_odd_environment_costs_no_answer(environ: dict[str, str]) -> None:
    done = run(ASK, **environ)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "sentry-sdk 2.10.0" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_command_works_is_an_interruption(number: signal.Signals) -> None:
    program = (
        f"import os, sys\nfrom interlock.console import entry\n"
        f"entry._command = lambda given: os.kill(os.getpid(), {int(number)}) or sum(iter(int, 1))\n"
        "sys.exit(entry.main([]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "interrupted; what was finished is kept\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_stop_the_tidying_up(number: signal.Signals) -> None:
    program = f"""
import os, sys
from interlock.console import entry
def work(given):
    try:
        os.kill(os.getpid(), {int(signal.SIGHUP)})
    finally:
        os.kill(os.getpid(), {int(number)})
        print("tidied up")
entry._command = work
sys.exit(entry.main([]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "tidied up\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_after_an_interrupted_command_leaves_its_exit_code(
    number: signal.Signals,
) -> None:
    program = f"""
import os, sys
from interlock.console import entry
entry._command = lambda given: os.kill(os.getpid(), {int(signal.SIGTERM)})
code = entry.main([])
os.kill(os.getpid(), {int(number)})
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "interrupted; what was finished is kept\n")


def test_what_nohup_ignores_stays_ignored() -> None:
    program = (
        "import os, signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from interlock.console import entry\n"
        "entry._command = lambda given: os.kill(os.getpid(), signal.SIGHUP) or 0\n"
        "sys.exit(entry.main([]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_while_modules_are_imported_is_silent() -> None:
    program = (
        "import builtins, os, signal, sys\nfrom interlock.__main__ import main\n"
        "found = builtins.__import__\n"
        "def interrupted(name, *more):\n"
        "    if name == 'interlock.console':\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return found(name, *more)\n"
        "builtins.__import__ = interrupted\nsys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
