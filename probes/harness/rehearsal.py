"""Whether a probe has a mistake of ours, asked where no library can answer for it.

An app says ``misuse`` of settings that its probe does not know, and of an error before it has
imported a library. But code of a package runs before it, from a ``.pth`` file, and could say the
same. So a fork of the supervisor runs the app's first lines once more, without the environment.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys

from harness.forks import fork

WITHIN_S = 20.0
LONGEST = 2000


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
