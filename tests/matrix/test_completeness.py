"""Missing parts of a probe are found when the matrix is read, not in a container."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from ours import PROBES, probe_of_ours

from interlock.matrix import completeness, probes
from interlock.matrix.matrix_file import load
from interlock.model import MatrixError, PythonVersion

OLDEST = PythonVersion(3, 8)
NAMES = probes.available(PROBES)
PACKAGES = ("sentry-sdk", "ddtrace")
SHARED = sorted(
    path.relative_to(PROBES).as_posix()
    for name in ("harness", "libraries")
    for path in (PROBES / name).rglob("*.py")
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    unwanted = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PROBES, tmp_path / "probes", ignore=unwanted))


def mistakes(folder: Path, names: Iterable[str], oldest: PythonVersion) -> list[str]:
    """What is wrong with these files, described as the project's own probes are."""
    return completeness.mistakes(folder, map(probe_of_ours, names), PACKAGES, oldest)


def test_the_projects_own_probes_are_complete() -> None:
    assert mistakes(PROBES, NAMES, OLDEST) == []


@pytest.mark.parametrize("missing", SHARED)
def test_each_file_that_the_probes_share_is_missed(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    assert mistakes(copy, NAMES, OLDEST) != []


def test_a_missing_harness_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "harness")
    first, *_ = mistakes(copy, NAMES, OLDEST)
    assert first.startswith("probes/harness/supervisor.py: there is no such file")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, "probes/shutdown/app.py: there is no such file; a probe is its function run(trial)"),
        ("", "probes/shutdown/app.py: has no function run(trial)"),
        ("def ran(trial): pass", "probes/shutdown/app.py: has no function run(trial)"),
        ("def run(): pass", "probes/shutdown/app.py:1: run must take one argument, the trial"),
        ("\ndef run(trial, more): pass", "probes/shutdown/app.py:2: run must take one argument"),
        ("def run(trial, *, more): pass", "probes/shutdown/app.py:1: run must take one argument"),
        ("async def run(trial): pass", "probes/shutdown/app.py:1: run is async"),
        ("class A:\n def run(trial): pass", "probes/shutdown/app.py: has no function run(trial)"),
        ("def run(:", "probes/shutdown/app.py:1: is not Python 3.8: "),
        ("return 1", "probes/shutdown/app.py:1: is not Python 3.8: 'return' outside function"),
        (
            "x = 1\nmatch x:\n case 1: pass",
            "probes/shutdown/app.py:[23]: is not Python 3.8: Pattern",
        ),
        (
            "import harness.nothing\ndef run(trial): pass",
            "probes/shutdown/app.py:1: imports harness.nothing, which is",
        ),
        (
            "from libraries import no\ndef run(trial): pass",
            "probes/shutdown/app.py:1: imports libraries.no, which is",
        ),
        (
            "from course import run",
            "probes/shutdown/app.py:1: imports course, which is neither in probes/shutdown/ nor in "
            "Python, and is no package of the matrix",
        ),
        (
            "from slow import Fast\ndef run(trial): pass",
            "probes/shutdown/app.py:1: imports slow.Fast, which is not in",
        ),
        (
            "from libraries.sentry import begin\ndef run(trial): pass",
            "probes/shutdown/app.py:1: imports libraries.sentry.begin, which is not in",
        ),
        (
            "def run(trial):\n import nothing",
            "probes/shutdown/app.py:2: imports nothing, which is neither in",
        ),
        (
            "def run(trial):\n import flask",
            "probes/shutdown/app.py:2: imports flask, which is neither in",
        ),
        (
            "import tomllib\ndef run(trial): pass",
            "probes/shutdown/app.py:1: imports tomllib, which is new in Python 3.11; the oldest "
            "is 3.8",
        ),
        (
            "def run(trial): trial.knobs['exit']",
            'probes/shutdown/app.py:1: "exit" is not a knob of probe.yaml; did you mean "exits"?',
        ),
        (
            "def run(trial): start('leaves.py')",
            "probes/shutdown/app.py:1: names leaves.py, which is not in probes/shutdown/",
        ),
        # what the harness's trial does not have, or does not take
        (
            "def run(trial): trial.foo()",
            'probes/shutdown/app.py:1: a trial has no "foo"',
        ),
        (
            "def run(trial):\n trial.exposed(1)",
            'probes/shutdown/app.py:2: a trial has no "exposed"; did you mean "expose"?',
        ),
        ("def run(it): it.foo()", 'probes/shutdown/app.py:1: a trial has no "foo"'),
        (
            "def run(trial): work(trial)\ndef work(trial): print(trial.knob)",
            'probes/shutdown/app.py:2: a trial has no "knob"; did you mean "knobs"?',
        ),
        (
            "class A:\n def begin(self, trial):\n  def inner(): trial.foo\ndef run(trial): pass",
            'probes/shutdown/app.py:3: a trial has no "foo"',
        ),
        (
            'def run(trial): trial.phase("bogus")',
            "probes/shutdown/app.py:1: 'bogus' is not a phase to enter: startup, serving, shutdown",
        ),
        (
            'def run(trial): trial.phase(phase="import")',
            "probes/shutdown/app.py:1: 'import' is not a phase to enter: startup, serving",
        ),
        (
            "def run(trial): trial.phase(3)",
            "probes/shutdown/app.py:1: trial.phase: phase is of type int, and must be str",
        ),
        (
            'def run(trial): trial.expose("2")',
            "probes/shutdown/app.py:1: trial.expose: count is of type str, and must be int",
        ),
        (
            "def run(trial): trial.expose(-0.5)",
            "probes/shutdown/app.py:1: trial.expose: count is of type float, and must be int",
        ),
        (
            'def run(trial): trial.error("it broke")',
            "probes/shutdown/app.py:1: trial.error: error is of type str, and must be Base",
        ),
        (
            "def run(trial): trial.missing(f'{trial}', None)",
            "probes/shutdown/app.py:1: trial.missing: detail is of type NoneType, and must be str",
        ),
        (
            'def run(trial): trial.fact("seen")',
            "probes/shutdown/app.py:1: trial.fact(name, value) lacks value",
        ),
        (
            "def run(trial): trial.beat(1)",
            "probes/shutdown/app.py:1: trial.beat() gets too many arguments",
        ),
        (
            'def run(trial): trial.look("late", within=3)',
            "probes/shutdown/app.py:1: trial.look(why, silent_s, process, within_s) has no "
            "argument within",
        ),
        (
            'def run(trial): trial.fact("a", 1, name="a")',
            "probes/shutdown/app.py:1: trial.fact(name, value) gets name twice",
        ),
        # what is right
        ('def run(trial): trial.look("late", 3, within_s=2, process=None)', None),
        ("def run(trial): trial.phase(chosen()); trial.fact(*both()); trial.fact(**both())", None),
        ("def run(trial): trial.failed = True; trial.mine = 1", None),
        ("def run(trial):\n for trial in (): trial.foo()", None),
        ("def run(trial): pass\nclass A:\n def b(self, other): other.foo()", None),
        ("def run(trial): pass", None),
        ("def run(trial): trial.phase('serving'); trial.fact(trial.intake, trial.settings)", None),
        ("def run(trial, more=1): pass", None),
        ("def run(*trial): pass", None),
        ("from slow import Slow as run", None),
        ("def run(trial):\n import sentry_sdk.nothing.known\n import ddtrace", None),
        ("try:\n import tomllib\nexcept ImportError:\n pass\ndef run(trial): pass", None),
        ("def run(trial): start('leaver.py', trial.knobs['exits'])", None),
        ("run = print", None),
        ("from libraries import ABSENT, sentry\ndef run(trial): pass", None),
    ],
)
def test_the_app_of_a_probe(copy: Path, source: str | None, expected: str | None) -> None:
    app = copy / "shutdown" / "app.py"
    app.unlink() if source is None else app.write_text(source)

    found = mistakes(copy, ["shutdown"], OLDEST)

    assert len(found) == (expected is not None), found
    assert expected is None or re.match(re.sub(r"[()]", r"\\\g<0>", expected), found[0])


@pytest.mark.parametrize("missing", ["slow.py", "starved.py", "leaver.py"])
def test_each_other_file_of_a_probe_is_missed(copy: Path, missing: str) -> None:
    (copy / "shutdown" / missing).unlink()
    (found,) = mistakes(copy, ["shutdown"], OLDEST)
    assert found.startswith("probes/shutdown/app.py:")
    assert Path(missing).stem in found


def test_a_module_of_a_package_may_have_another_name(copy: Path) -> None:
    (copy / "shutdown" / "app.py").write_text("from google import protobuf\ndef run(trial): ...")
    named = replace(probe_of_ours("shutdown"), modules=("google",))
    assert completeness.mistakes(copy, [named], PACKAGES, OLDEST) == []


def test_it_is_asked_only_where_something_is_run(copy: Path) -> None:
    matrix = Path(shutil.copy(PROBES.parent / "matrix.yaml", copy.parent))
    (copy / "shutdown" / "app.py").unlink()

    load(matrix, copy)
    with pytest.raises(MatrixError, match=r"probes/shutdown/app\.py: there is no such file"):
        load(matrix, copy, to_run=True)
