"""Saves the traceback of an unexpected error, and names the file in one line.

Both leave out credentials: those in URLs, and values of environment variables with secret-looking
names.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import unquote, urlsplit

_CREDENTIALS = re.compile(r"(?<=://)[^\s/@'\"]+(?:/[^\s@'\"]*)?@")
_SECRET = re.compile(r"PASS|TOKEN|SECRET|KEY|CREDENTIAL|AUTH|USERNAME", re.IGNORECASE)
_SHORTEST = 4
"""Shorter values are kept: ordinary words contain them too often."""
_LINE_CHARS = 300


def report(error: BaseException) -> str:
    """Write the traceback to a file; return one line for the reader."""
    what = traceback.format_exception_only(type(error), error)[-1]
    line = " ".join(without_secrets(what, os.environ).split())[:_LINE_CHARS]
    kept = _keep(_text(error))
    where = f"its traceback is in {kept}" if kept else "its traceback could not be written anywhere"
    return f"unexpected error, a mistake in Interlock: {line}; {where}; please report it"


def without_secrets(text: str, environ: Mapping[str, str]) -> str:
    """The text without credentials in URLs and secret environment values."""
    text = _CREDENTIALS.sub("****@", text)
    for value in sorted(_secrets(environ), key=len, reverse=True):
        text = text.replace(value, "****")
    return text


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST and "/" not in value:
            yield value
        for word in value.split() if "@" in value else ():
            with suppress(ValueError):
                parts = urlsplit(word)
                for part in (parts.username, parts.password):
                    if part and len(part) >= _SHORTEST:
                        yield part
                        yield unquote(part)


def _text(error: BaseException) -> str:
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    about = {
        "interlock": _version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "arguments": " ".join(map(repr, sys.argv[1:])),
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
    head = "".join(f"{name}: {value}\n" for name, value in about.items())
    return without_secrets(f"{head}\n{told}", os.environ)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("interlock")
    except metadata.PackageNotFoundError:
        return "from its sources"


def _keep(text: str) -> Path | None:
    """Write the file to the cache, or else to the temporary folder.

    Return None if neither works.
    """
    stem = f"interlock-crash-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-"
    for folder in (_in_the_cache, tempfile.gettempdir):
        try:
            place = Path(folder())
            place.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=stem, suffix=".txt", dir=place)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except Exception:  # the first error matters, not this one
            continue
        return Path(name)
    return None


def _in_the_cache() -> Path:
    from interlock.isolation import Store

    return Store.of(os.environ).home / "crashes"
