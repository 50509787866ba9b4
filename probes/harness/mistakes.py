"""Whether an error of the app is a mistake of ours: no library has been imported yet.

Only files of Interlock and of Python can then have a part in it. Whatever a library may have a
part in is reported as the app's error.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import traceback

_BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap.py")
_INSTALLED = ("site-packages", "dist-packages")


def of_ours(error: BaseException, app: str, root: str, before: set) -> str | None:
    """Where our mistake is, and what it is. None if a library may have a part in it.

    Our own files are beside the app and below ``root``. ``before`` are the modules that were there
    before the app began.
    """
    if not isinstance(error, Exception):
        return None
    ours = tuple(os.path.abspath(folder) + os.sep for folder in (os.path.dirname(app), root))
    new = [sys.modules.get(name) for name in set(sys.modules) - before]
    if not all(_is_known(getattr(module, "__file__", None), ours) for module in new):
        return None
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    if not all(_is_known(file, ours) for file, _ in frames):
        return None
    place = _place(error, frames, ours)
    if place is None:
        return None
    # Without an app, or its function, only the harness has a part in it.
    file, line = (app, 1) if place[0] == _BOOTSTRAP else place
    shown = os.path.relpath(file, os.path.dirname(ours[-1].rstrip(os.sep)))
    shown = shown if file.startswith(ours[-1]) else os.path.basename(file)
    return f"{shown}:{line}: {type(error).__name__}: {error}"[:2000]


def _place(error: Exception, frames: list, ours: tuple) -> tuple | None:
    """Our own file and line that the error came from."""
    if isinstance(error, SyntaxError):
        file = error.filename or ""
        return (file, error.lineno or 1) if _is_ours(file, ours) else None
    if isinstance(error, ImportError) and not _is_ours(error.path or "", ours):
        return None
    numbers = [number for number, (file, _) in enumerate(frames) if _is_ours(file, ours)]
    if not numbers:
        return None
    last = numbers[-1]
    inside = any(file.startswith("<frozen importlib") for file, _ in frames[last + 1 :])
    # Before 3.11.4, Python left the frames of an import out of some errors.
    cut = not isinstance(error, ImportError) and "import " in linecache.getline(*frames[last])
    is_importing = inside or cut
    # What is imported there may be a library with a file that can't be read.
    return None if is_importing and frames[last][0] != _BOOTSTRAP else frames[last]


def _is_ours(file: str, ours: tuple) -> bool:
    return file.startswith(ours) and not any(name in file.split(os.sep) for name in _INSTALLED)


def _is_known(file: str | None, ours: tuple) -> bool:
    """Whether a file is one of ours, or of Python."""
    if file is None or file.startswith("<frozen ") or _is_ours(file, ours):
        return True
    if any(name in file.split(os.sep) for name in _INSTALLED):
        return False
    paths = sysconfig.get_paths()
    return file.startswith((paths["stdlib"] + os.sep, paths["platstdlib"] + os.sep))
