"""Only a change of meaning in Python code counts; formatting does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from interlock.matrix import syntax

ROOT = Path(__file__).parents[2]

CODE = '''\
"""A module."""
import os

LIMIT = 16
"""In seconds."""


def run(first, *, second="a"):
    """Run it."""
    # once
    return os.path.join(f"{first!r:>8} is", second)


class Worker(Base):
    """It works."""

    lock: Lock = None
'''


def meaning(code: str) -> str:
    return syntax.meaning(code.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# once", "# twice, or more often"),
        ('"""A module."""', '"""Another text."""'),
        ('"""A module."""\n', ""),
        ('    """Run it."""\n', ""),
        ('    """It works."""\n', ""),
        ('"""In seconds."""\n', ""),
        ("\n\n\n", "\n\n\n\n\n\n"),
        ("first, *, second", "first,\n    *,\n    second"),
        ('"a"', "'a'"),
        ('"a"', 'u"a"'),
        ("16", "0x10"),
        ('f"{first!r:>8} is"', 'f"{first!r:>8} " "is"'),
        ('f"{first!r:>8} is"', '(f"{ first !r:>8}" f" is")'),
        ("\n", "\r\n"),
    ],
)
def test_formatting_and_prose_mean_nothing(old: str, new: str) -> None:
    assert old in CODE
    assert meaning(CODE.replace(old, new)) == meaning(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("16", "17"),
        ("16", "16.0"),
        ("16", "-16"),
        ("16", "True"),
        ('"a"', '"b"'),
        ('"a"', 'b"a"'),
        ('"a"', "None"),
        ("LIMIT", "MOST"),
        ("import os", "import sys as os"),
        ("def run", "def ran"),
        ("def run", "async def run"),
        ("first, *,", "first, /, *,"),
        ("*, second", "second"),
        ("!r", "!s"),
        (">8", ">9"),
        (" is", " was"),
        ("return os", "yield os"),
        ("    return", "    print()\n    return"),
        ("(Base)", ""),
        (": Lock", ": RLock"),
        ("None", "0"),
        ("class Worker", "@final\nclass Worker"),
        # a text that is used is no docstring
        ('    """Run it."""', '    said = """Run it."""'),
        ('    """Run it."""', '    f"""Run it."""'),
    ],
)
def test_every_other_change_means_something(old: str, new: str) -> None:
    assert old in CODE
    assert meaning(CODE.replace(old, new, 1)) != meaning(CODE)


def interpreters() -> dict[str, Path]:
    """The CPythons from 3.10 on that are installed here, by feature release."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": Path(sys.executable)}
    for folder in sorted((Path.home() / ".pyenv" / "versions").glob("3.1[0-9].*")):
        release = ".".join(folder.name.split(".")[:2])
        found.setdefault(release, folder / "bin" / "python")
    return found


HARD = """\
match point:
    case {"a": [1, *_], **rest} | (2 as rest): pass
    case P(x=-1) | 1 + 2j | None: pass
with (open("a") as a, open("b")): pass
text = f"{x:}" + f"{x:{'a'}b}" + "" f"" f"{x=!s:^{w}}" + f"{{}}" + rf"\\d{x}" + f"abc" + "é\\ud800\U0001f600"
number = 10**400, 1e999, 0xFFFFFFFFFFFFFFFFFFFFFFFF, 3j, ..., b"\\x00\\xff"
def f(a, /, b=1, *c, d, e=2, **g) -> "int": return {**a, 1: 2}[b:, ::2]
try: raise A from None
except (A, B) as e: del a
"""  # noqa: E501


@pytest.mark.parametrize("release", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_every_python_reads_the_same(tmp_path: Path, release: str) -> None:
    python = interpreters().get(release)
    if python is None:
        pytest.skip(f"no CPython {release} is installed")
    hard = tmp_path / "hard.py"
    hard.write_text(HARD, encoding="utf-8")
    files = [hard, *sorted((ROOT / "probes").rglob("*.py"))]
    script = "import runpy, sys; meaning = runpy.run_path(sys.argv[1])['meaning']\n"
    script += "for path in sys.argv[2:]: print(meaning(open(path, 'rb').read()))"
    there = subprocess.run(
        [python, "-I", "-c", script, syntax.__file__, *files],
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.splitlines() == [syntax.meaning(path.read_bytes()) for path in files]
