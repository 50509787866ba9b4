"""A package tree like sentry-sdk's, as far as the probes start it.

It records its arguments.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

INIT = """\
INITS = []


def init(**options):
    INITS.append(options)
"""
LOGGING = """\
class LoggingIntegration(dict):
    def __init__(self, level=20, event_level=40, sentry_logs_level=20):
        given = {"level": level, "event_level": event_level, "sentry_logs_level": sentry_logs_level}
        defaults = {"level": 20, "event_level": 40, "sentry_logs_level": 20}
        super().__init__({k: v for k, v in given.items() if v != defaults[k]})


def ignore_logger(name):
    pass
"""
NEWEST: Mapping[str, str] = {
    "consts.py": "DEFAULT_OPTIONS = {'enable_logs': False, 'profile_session_sample_rate': None}\n",
    "_batcher.py": "class Batcher:\n    pass\n",
}
ALWAYS: Mapping[str, str] = {
    "__init__.py": INIT,
    "integrations/__init__.py": "",
    "integrations/logging.py": LOGGING,
}


class FakeSentry:
    """An imported tree."""

    def __init__(self, sdk: ModuleType) -> None:
        self.sdk = sdk

    @property
    def inits(self) -> list[dict[str, Any]]:
        """The options of every ``init``, in order."""
        found: list[dict[str, Any]] = self.sdk.INITS
        return found


@contextmanager
def imported(folder: Path, files: Mapping[str, str] = NEWEST) -> Iterator[FakeSentry]:
    """A ``sentry_sdk`` with these files and those of every release.

    It is removed afterwards.
    """
    for name, text in {**ALWAYS, **files}.items():
        path = folder / "sentry_sdk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield FakeSentry(importlib.import_module("sentry_sdk"))
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == "sentry_sdk"]:
            del sys.modules[name]
