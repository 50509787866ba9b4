"""Whether a probe has a mistake of ours, asked where no library can answer for it.

An app says ``misuse`` of settings that its probe does not know, and of an error before it has
imported a library. But code of a package runs before it, from a ``.pth`` file, and could say the
same. So a fork of the supervisor runs the app's first lines once more, without the environment.
"""

from __future__ import annotations

import ast
import contextlib
import os
import select
import sys

from harness.forks import fork

WITHIN_S = 20.0
LONGEST = 2000
CALLS = frozenset(
    ["phase", "expose", "fact", "missing", "degraded", "look", "look_around", "child_ended"]
)
"""What a probe may call its trial for, with a value that may be wrong."""


class _Misused(BaseException):
    """Not an ``Exception``: an app must not catch it."""


class _Over(BaseException):
    """The app has taken its settings."""


class Rehearsal:
    """A trial that ends with the app's first step after its settings."""

    def __init__(self, spec: dict) -> None:
        self.settings: dict = spec["settings"]
        self.knobs: dict = spec["knobs"]
        self.versions: dict = spec["versions"]
        self.intake = "http://127.0.0.1:9"
        self.current_phase = "import"

    def fact(self, name: str, value: object) -> None:
        """Go on: settings are stated before all of them are checked."""

    def misuse(self, message: str) -> None:
        raise _Misused(message)

    def __getattr__(self, name: str) -> object:
        raise _Over(name)


def mistake(spec: dict) -> str | None:
    """What the probe finds wrong about itself or its settings; None if nothing."""
    read, write = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    child = fork(lambda: _tell(spec, write), None, nothing, nothing, write)
    os.close(write)
    os.close(nothing)
    poll = select.poll()
    poll.register(read, select.POLLIN)
    told = os.read(read, 4 * LONGEST) if poll.poll(WITHIN_S * 1000) else b""
    os.close(read)
    child.kill()
    child.wait()
    return told.decode("utf-8", "replace") or None


def wrong_call(spec: dict, said: dict) -> str | None:
    """Where the probe calls its trial wrongly, and how; None if there is no such call.

    The value is known to the app alone. So the place is believed if it is in our own files, and has
    a call of the trial.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    file, line = os.path.realpath(said["file"]), said["line"]
    folders = [os.path.realpath(folder) for folder in (os.path.dirname(spec["app"]), root)]
    folder = next((f for f in folders if file.startswith(f + os.sep)), None)
    if folder is None or "site-packages" in file:
        return None
    try:
        with open(file, encoding="utf-8") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return None
    called = next(filter(None, (_called(node, line) for node in ast.walk(tree))), None)
    if called is None:
        return None
    return "{}:{}: {}(): {}".format(os.path.relpath(file, folder), line, called, said["wrong"])


def _called(node: ast.AST, line: int) -> str | None:
    """The trial's function that is called there."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    is_there = node.func.attr in CALLS and node.lineno <= line <= node.end_lineno
    return node.func.attr if is_there else None


def _tell(spec: dict, write: int) -> None:
    """In the fork: write what is wrong, if something is."""
    os.dup2(1, 2)  # What the app prints is of no use.
    here = os.path.dirname(os.path.abspath(__file__))
    # The base Python's own packages are left out as well.
    paths = [path for path in sys.path if not path.endswith("-packages")]
    sys.path[:] = [os.path.dirname(spec["app"]), os.path.dirname(here), *paths]
    from harness import mistakes
    from harness.bootstrap import act

    found, before = None, set(sys.modules)
    with contextlib.suppress(_Over, SystemExit):
        try:
            act(spec["app"], Rehearsal(spec))
        except _Misused as misused:
            found = str(misused) or "misuse"
        except Exception as error:
            found = mistakes.of_ours(error, spec["app"], os.path.dirname(here), before)
    if found is not None:
        os.write(write, found[:LONGEST].encode("utf-8", "replace"))
