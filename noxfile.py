"""The sessions people type. Each installs the package and calls its command."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
from hashlib import sha256
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["matrix"]

ROOT = Path(__file__).parent
MATRIX_BIN = Path(os.environ.get("NOX_ENVDIR", ROOT / ".nox")) / "matrix" / "bin"
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
EVERYTHING = ".[run,site]"
"""A run builds the page at its end, and the tests and types cover all of it."""
COMPILED = {"UV_COMPILE_BYTECODE": "1"}
"""Compile at the installation: if Python may not write bytecode, starts take seconds longer."""


def smoke(axis: str) -> list[str]:
    """Read one axis of the set `smoke`; nox has no YAML, and listing needs no network."""
    text = (ROOT / "matrix.yaml").read_text(encoding="utf-8")
    found = re.search(rf"\n  smoke:\n(?:    .*\n)*?    {axis}: (\[.*\])", text)
    try:
        chosen = json.loads(found[1].replace("'", '"')) if found else []
    except ValueError:
        return []  # `interlock` names the mistake, with its line
    return [one for one in chosen if isinstance(one, str)]


def cells() -> list[nox.param]:
    combinations = itertools.product(smoke("sentry"), smoke("ddtrace"), smoke("python"))
    return [
        nox.param(
            sentry,
            ddtrace,
            python,
            id=f"sentry_{sentry}-ddtrace_{ddtrace}-py{python.replace('.', '')}".replace(".", "_"),
            tags=[f"sentry-{sentry}", f"ddtrace-{ddtrace}", f"py{python.replace('.', '')}"],
        )
        for sentry, ddtrace, python in combinations
    ]


def run(session: nox.Session, *args: str) -> None:
    """Run a program and exit with its own code; nox would turn every failure into 1."""
    try:
        session.run(*args, interrupt_timeout=60, terminate_timeout=20)
    except CommandFailed as failed:
        sys.exit(failed.return_code or 1)


def interlock(session: nox.Session, *args: str) -> None:
    """Run `interlock` from the environment of the session `matrix`, which all share."""
    if session.name == "matrix":
        install_once(session)
        run(session, "interlock", *args)
    else:
        run(session, str(shared(session) / "interlock"), *args)


def install_once(session: nox.Session) -> None:
    """Install the package, unless this very `pyproject.toml` is installed from here already."""
    stamp = Path(session.virtualenv.location) / "interlock-installed"
    wanted = sha256(f"{ROOT} {EVERYTHING} {(ROOT / 'pyproject.toml').read_text()}".encode())
    if not stamp.is_file() or stamp.read_text() != wanted.hexdigest():
        session.install("-e", EVERYTHING, env=COMPILED)
        stamp.write_text(wanted.hexdigest())


def shared(session: nox.Session) -> Path:
    """The programs of the session `matrix`'s environment, which is made if missing."""
    nested = (sys.executable, "-m", "nox", "--session", "matrix", "--install-only")
    session.run(*nested, silent=True)
    return MATRIX_BIN


@nox.session
def matrix(session: nox.Session) -> None:
    """Run the cells without a valid verdict: -- --sentry 2.5.1 --python 3.10 --dry-run"""
    interlock(session, "matrix", *session.posargs)


@nox.session(default=False, venv_backend="none")
@nox.parametrize(["sentry", "ddtrace", "python"], cells())
def cell(session: nox.Session, sentry: str, ddtrace: str, python: str) -> None:
    """Install and probe one combination of the set `smoke`, even if it has a verdict."""
    pins = ("--sentry", sentry, "--ddtrace", ddtrace, "--python", python)
    args = ("--set", "smoke", *pins, "--rerun", "all", "--no-follow-ups", *session.posargs)
    run(session, sys.executable, "-m", "nox", "-s", "matrix", "--", *args)


@nox.session(venv_backend="none")
def search(session: nox.Session) -> None:
    """Find the windows of releases that hang: -- --sentry 2.5.1 --python 3.12 --ddtrace '>=2'"""
    interlock(session, "search", *session.posargs)


@nox.session(venv_backend="none")
def aa(session: nox.Session) -> None:
    """Run known cells again, and show where they disagree: -- --cells 20 --repeat 5"""
    interlock(session, "aa", *session.posargs)


@nox.session(venv_backend="none")
def check(session: nox.Session) -> None:
    """Check dependency files for a known hang: -- requirements.txt --python 3.12"""
    interlock(session, "check", *session.posargs)


@nox.session(venv_backend="none")
def images(session: nox.Session) -> None:
    """Build the base images without a registry, from local Pythons and Debian's."""
    interlock(session, "images", *session.posargs)


@nox.session(venv_backend="none")
def site(session: nox.Session) -> None:
    """Build the report site from results/ into public/."""
    interlock(session, "site", *session.posargs)


@nox.session(venv_backend="none")
def readme(session: nox.Session) -> None:
    """Write the findings from results/ into README.md."""
    run(
        session, str(shared(session) / "python"), "-m", "interlock.publish.readme", *session.posargs
    )


@nox.session(venv_backend="none")
def serve(session: nox.Session) -> None:
    """Build the site and serve it on http://127.0.0.1:8000."""
    interlock(session, "serve", *session.posargs)


@nox.session(venv_backend="none")
def clean(session: nox.Session) -> None:
    """Show what the cache holds, and remove what is old."""
    interlock(session, "clean", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; -- -m "not e2e and not browser": those without installs."""
    asked = ("-e", EVERYTHING, *nox.project.dependency_groups(PYPROJECT, "tests"))
    session.install(*asked, env=COMPILED)
    # The tests start hundreds of Pythons. Each would compile these sources again.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    run(session, "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format, types and the import contracts."""
    session.install("-e", EVERYTHING, *nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Compare the obvious script with `nox -s matrix`; -- --scale or --search: what grows."""
    args = [arg for arg in session.posargs if arg not in ("--scale", "--search")]
    name = "against_script.py"
    if "--scale" in session.posargs:
        name = "scale.py"
    elif "--search" in session.posargs:
        name = "search.py"
    run(session, str(shared(session) / "python"), f"benchmarks/{name}", *args)


@nox.session(venv_backend="none")
def reach(session: nox.Session) -> None:
    """Count false and missed hangs on a busy machine: -- --passes 1000 --hangs 200."""
    run(session, str(shared(session) / "python"), "benchmarks/reach.py", *session.posargs)
