"""The CPython interpreters this machine has, and those that uv fetches for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uv

from interlock.model import InterpreterMissing, PythonVersion

_ASK = """
import json, os, platform, sys, sysconfig
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "prefix": os.path.realpath(sys.base_prefix),
    "full": platform.python_version(),
    "python": list(sys.version_info[:2]),
    "machine": platform.machine(),
    "ordinary": sys.implementation.name == "cpython"
        and not sysconfig.get_config_var("Py_GIL_DISABLED"),
}))
"""

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


def find(python: PythonVersion, environ: Mapping[str, str]) -> Iterator[Interpreter]:
    """Every interpreter of that release, newest patch release of each place first.

    Looked for where pyenv and uv keep theirs and on ``PATH``; a pyenv shim that is not switched
    on answers with an error and does not count.
    """
    seen: set[Path] = set()
    for path in _candidates(python, environ):
        interpreter = _inspect(path, python)
        if interpreter and interpreter.executable not in seen:
            seen.add(interpreter.executable)
            yield interpreter


def fetch(python: PythonVersion) -> Interpreter:
    """Let uv download that release; asked once a run, whatever came of it.

    Raises ``InterpreterMissing``, at once where the download is refused: nothing is retried.
    """
    refused = _download(python)
    for interpreter in find(python, os.environ):
        return interpreter
    raise InterpreterMissing(
        f"Python {python}: no interpreter on this machine, and uv could not download one "
        f"({refused}); its cells stay open"
    )


@cache
def _download(python: PythonVersion) -> str:
    """The last line of what uv said."""
    try:
        done = subprocess.run(
            [uv.find_uv_bin(), "python", "install", "--no-bin", "--no-config", str(python)],
            env={**os.environ, "UV_HTTP_RETRIES": "0"},
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_DOWNLOAD_TIMEOUT_S} s"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "no answer"


def _candidates(python: PythonVersion, environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME") or Path.home())
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    managed = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    for folder, pattern in ((pyenv, f"{python}.*"), (managed, f"cpython-{python}.*")):
        for path in sorted(folder.glob(pattern), key=_patch_release, reverse=True):
            yield path / f"bin/python{python}"
    for folder_name in os.get_exec_path(dict(environ)):
        if found := shutil.which(f"python{python}", path=folder_name):
            yield Path(found)


def _patch_release(path: Path) -> tuple[int, ...]:
    """``cpython-3.10.14-linux`` and ``3.10.14`` sort by their numbers; a pre-release comes last."""
    version = path.name.removeprefix("cpython-").partition("-")[0]
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))


@cache
def _inspect(path: Path, python: PythonVersion) -> Interpreter | None:
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", _ASK], capture_output=True, text=True, timeout=20, check=True
        )
        said = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, json.JSONDecodeError):
        return None
    if not said["ordinary"] or tuple(said["python"]) != tuple(python):
        return None
    return Interpreter(
        executable=Path(said["executable"]),
        prefix=Path(said["prefix"]),
        full=said["full"],
        machine=said["machine"],
    )
