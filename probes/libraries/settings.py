"""The settings of an application, for every probe. An unknown one is our mistake."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from typing import Iterator

_TYPES = {"bool": bool, "str | None": (str, type(None)), "tuple": (list, tuple)}


@dataclasses.dataclass(frozen=True)
class Settings:
    """A configuration's settings. Each default is what the libraries do by default."""

    profiling: bool = True
    """ddtrace's profiler is started."""
    lock_profiling: bool = True
    """False: it runs without its lock profiler (``DD_PROFILING_LOCK_ENABLED``)."""
    sentry_event_level: str | None = None
    """The lowest level of log records that become Sentry events.

    Sentry's own default is ERROR.
    """
    sentry_logging_integration: bool = True
    """False: Sentry sees no log record at all."""
    ignore_loggers: tuple = ()
    """Names of loggers that Sentry ignores. Globs are allowed."""
    sentry_rlock_worker: bool = False
    """The lock of Sentry's background worker is replaced by a re-entrant one."""
    sentry_logs: bool = False
    """Sentry's structured logs are switched on."""
    sentry_profiling: bool = False
    """Sentry's own profiler and its traces are switched on for everything."""
    amplified: bool = True
    """False: the race stays as rare as it is. Nothing makes it likelier."""

    @classmethod
    def of(cls, trial, beside: tuple = (), **needed: object) -> Settings | None:
        """The settings of the trial's configuration. None if they are invalid: ``misuse``.

        ``beside`` are settings that only this probe knows, and checks itself. ``needed`` is the
        subject of the probe, such as ``sentry_logs=True``. The configuration has to set it: a probe
        switches on nothing that its configuration does not name. The settings are stated as the
        fact ``settings``, because a proof of life depends on them.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        chosen = {name: value for name, value in trial.settings.items() if name not in beside}
        wrong = [f"no setting {name} is known" for name in sorted(set(chosen) - set(known))]
        for name, value in sorted(chosen.items()):
            if name in known and not isinstance(value, _TYPES[known[name].type]):
                wrong.append(f"{name} is {value!r}, which is not a {known[name].type}")
        if not wrong:
            settings = cls(**chosen)
            wrong = [
                f"{name} is {getattr(settings, name)!r}, but this probe needs {value!r}: "
                "judge it in a configuration that sets it"
                for name, value in sorted(needed.items())
                if getattr(settings, name) != value
            ]
        if wrong:
            trial.misuse("settings: " + "; ".join(wrong))
            return None
        trial.fact("settings", dataclasses.asdict(settings))
        return settings

    @contextlib.contextmanager
    def switching_every(self, seconds: float) -> Iterator[None]:
        """Make Python switch threads this often, if the race is amplified."""
        before = sys.getswitchinterval()
        if self.amplified:
            sys.setswitchinterval(seconds)
        try:
            yield
        finally:
            sys.setswitchinterval(before)
