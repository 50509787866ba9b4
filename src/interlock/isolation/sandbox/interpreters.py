"""CPython interpreters of this machine, as uv finds them, and uv's downloads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uv

from interlock.model import InterpreterMissing, PythonVersion

_ASK = """
import json, os, platform, sys
print(json.dumps({
    "executable": os.path.realpath(sys.executable),
    "prefix": os.path.realpath(sys.base_prefix),
    "full": platform.python_version(),
    "machine": platform.machine(),
}))
"""

_FIND_TIMEOUT_S = 60
_DOWNLOAD_TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython with the GIL, outside of any virtual environment."""

    executable: Path
    prefix: Path
    full: str
    """``3.10.14``."""
    machine: str
    """``x86_64``."""

    def __str__(self) -> str:
        return f"{self.prefix} ({self.full})"


def installed(python: PythonVersion, environ: Mapping[str, str]) -> list[Interpreter]:
    """Every interpreter of that release that uv finds, outside of ``/usr``."""
    request = ["--only-installed", "--output-format", "json", f"cpython@{python}+gil"]
    path = {**environ, "PATH": _path(python, environ)}
    found: dict[Path, Interpreter] = {}
    try:
        listed = json.loads(_uv(["list", *request], path, _FIND_TIMEOUT_S).stdout or "[]")
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError):
        return []
    for entry in listed:
        with suppress(OSError, subprocess.SubprocessError, json.JSONDecodeError):
            one = _ask(Path(entry["path"]))
            if one.prefix != Path("/usr"):
                found.setdefault(one.executable, one)
    return list(found.values())


def find(python: PythonVersion, environ: Mapping[str, str]) -> Interpreter | None:
    """The interpreter of that release that uv finds. None if there is none.

    uv looks in its own folder and on ``PATH``. It does not look in pyenv's folder, so pyenv's
    versions are added to its ``PATH``.
    """
    # The free-threaded build is another interpreter. `+gil` leaves it out:
    # https://docs.astral.sh/uv/concepts/python-versions/
    request = ["--system", "--no-project", "--no-python-downloads", f"cpython@{python}+gil"]
    path = {**environ, "PATH": _path(python, environ)}
    try:
        found = _uv(["find", *request], path, _FIND_TIMEOUT_S)
        return _ask(Path(found.stdout.strip())) if found.returncode == 0 else None
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError):
        return None


def fetch(python: PythonVersion) -> Interpreter:
    """Let uv download that release. It tries once a run, whatever the result.

    Raises ``InterpreterMissing`` at once if the download is refused: there is no retry.
    """
    refused = _download(python)
    if found := find(python, os.environ):
        return found
    raise InterpreterMissing(
        f"no interpreter of Python {python} on this machine, and uv could not download one "
        f"({refused}); install it with pyenv or `uv python install {python}`"
    )


@cache
def _download(python: PythonVersion) -> str:
    """The last cause that uv names."""
    environ = {**os.environ, "UV_HTTP_RETRIES": "0"}
    try:
        done = _uv(["install", "--no-bin", str(python)], environ, _DOWNLOAD_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"no answer in {_DOWNLOAD_TIMEOUT_S} s"
    said = " ".join(done.stderr.split())
    return said.rpartition("cause: ")[2] or "no answer"


def _uv(
    arguments: list[str], environ: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [uv.find_uv_bin(), "python", "--no-config", *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,  # on a terminal uv breaks its lines at the terminal's width
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def _path(python: PythonVersion, environ: Mapping[str, str]) -> str:
    """``PATH`` for uv: pyenv's versions first, without pyenv's shims.

    A shim fails if its version is not switched on, and uv stops at the first failure.
    """
    home = Path(environ.get("HOME") or Path.home())
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    kept = sorted(pyenv.glob(f"versions/{python}.*"), key=_patch_release, reverse=True)
    others = [f for f in os.get_exec_path(dict(environ)) if Path(f) != pyenv / "shims"]
    return os.pathsep.join([*(str(version / "bin") for version in kept), *others])


def _patch_release(path: Path) -> tuple[int, ...]:
    """The key of ``3.10.14``: its numbers. A pre-release comes last."""
    return tuple(int(part) if part.isdigit() else -1 for part in path.name.split("."))


def _ask(path: Path) -> Interpreter:
    done = subprocess.run(
        [str(path), "-I", "-c", _ASK], capture_output=True, text=True, timeout=20, check=True
    )
    said = json.loads(done.stdout)
    return Interpreter(
        executable=Path(said["executable"]),
        prefix=Path(said["prefix"]),
        full=said["full"],
        machine=said["machine"],
    )
