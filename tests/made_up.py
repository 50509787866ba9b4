"""A data set for the tests of the site: real names with made-up verdicts.

There is a verdict of every kind. ``fate`` and the functions after it define all of it. The pages
are compared with these, not with the code that made them. None of this is a measurement.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timezone

from packaging.version import Version

from interlock.model import (
    LEFT_BEHIND,
    Backend,
    Basis,
    Cell,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Verdict,
)

SENTRY = ("2.5.1", "2.10.0", "2.20.0", "2.30.0", "2.40.0", "2.70.1")
DDTRACE = ("2.5.6", "2.9.6", "2.14.2", "2.21.12", "3.2.1", "3.19.9", "4.16.0")
PYTHON = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
CONFIGS = ("stock", "warning-events")

SELF = Signature(locks=("BackgroundWorker._lock",))
CYCLE = Signature(locks=("BackgroundWorker._lock", "Handler.lock"))
FORK = Signature(locks=("Handler.lock", LEFT_BEHIND))

Fate = tuple[Outcome, Phase | None, Reason | None]
PASS: Fate = (Outcome.PASS, None, None)
HANG: Fate = (Outcome.HANG, Phase.SERVING, Reason.SELF_DEADLOCK)
ORPHAN: Fate = (Outcome.HANG, Phase.SERVING, Reason.ORPHANED_LOCK)
NO_FEATURE: Fate = (Outcome.UNSUPPORTED, Phase.STARTUP, Reason.NO_FEATURE)
HOSTILE = 'RuntimeError: <script>document.title = "owned"</script> `x` | --8<-- "x.md"'

FORKS_BADLY = ("2.5.1", "2.10.0", "2.20.0")
"""Releases of sentry-sdk that hang in a forked child, with ddtrace and without."""
WITH_FRAMEWORK = ("2.5.1", "2.70.1")
"""Releases of sentry-sdk that the probe ``gunicorn_flask`` is narrowed to."""
RARE = [
    ("2.5.1", ddtrace, python) for ddtrace in ("2.14.2", "3.2.1") for python in ("3.10", "3.12")
]
"""The cells that measure how rare the race is without amplification."""


def fate(sentry: str, ddtrace: str, python: str, config: str) -> Fate | None:
    """The verdict of ``worker_restart`` on a combination; None if nobody tested it."""
    old, minor = Version(ddtrace) < Version("3"), int(python.split(".")[1])
    if (sentry, ddtrace) == ("2.30.0", "2.9.6"):
        return None
    if unsupported := uninstallable(ddtrace, minor):
        return unsupported
    if minor == 12 and ddtrace == "2.5.6":
        return Outcome.FAIL, Phase.STARTUP, Reason.INACTIVE
    if (sentry, ddtrace, python) == ("2.70.1", "2.21.12", "3.11"):
        return Outcome.UNPROVEN, Phase.SERVING, Reason.TOO_FEW_EXPOSURES
    if old and (config == "warning-events" or ddtrace == "2.14.2"):
        return HANG
    return PASS


def uninstallable(ddtrace: str, minor: int) -> Fate | None:
    if minor == 14 and Version(ddtrace) < Version("4"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.NO_WHEEL
    if minor == 8 and Version(ddtrace) >= Version("4"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.REQUIRES_PYTHON
    if minor == 13 and Version(ddtrace) < Version("2.14"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.NO_WHEEL
    return None


def by_other_probes(sentry: str, ddtrace: str, python: str, config: str) -> dict[str, Fate]:
    """The verdicts of the other probes, where they run."""
    minor = int(python.split(".")[1])
    if (sentry, ddtrace) == ("2.30.0", "2.9.6"):
        return {}
    unsupported = uninstallable(ddtrace, minor)
    if config == "warning-events":
        hangs = ddtrace == "2.14.2"
        served = unsupported or (HANG if hangs else PASS)
        return {"gunicorn_flask": served} if sentry in WITH_FRAMEWORK else {}
    forked = ORPHAN if sentry in FORKS_BADLY else PASS
    logs = NO_FEATURE if sentry in FORKS_BADLY else PASS
    return {"prefork": unsupported or forked, "sentry_logs": unsupported or logs}


def shown(sentry: str, ddtrace: str, python: str, config: str) -> tuple[Outcome, bool] | None:
    """What the matrix must show: the worst of all probes.

    The second value is whether it is sentry-sdk's own.
    """
    by_restart = fate(sentry, ddtrace, python, config)
    others = by_other_probes(sentry, ddtrace, python, config)
    if by_restart is None:
        return None
    pairs = {by_restart[0], *(f[0] for f in others.values() if f not in (ORPHAN, NO_FEATURE))}
    for bad in (Outcome.HANG, Outcome.FAIL):
        if bad in pairs:
            return bad, False
    if ORPHAN in others.values():
        return Outcome.HANG, True
    for outcome in (Outcome.UNSUPPORTED, Outcome.UNPROVEN):
        if outcome in pairs:
            return outcome, False
    return Outcome.PASS, False


def with_workaround(way: str, ddtrace: str, config: str) -> Fate | None:
    """The fate on cells of ``worker_restart`` that hang in ``warning-events``.

    None if it did not run there.
    """
    if config != "warning-events":
        return None
    if way == "rlock-worker":
        return HANG if ddtrace == "2.14.2" else PASS
    return PASS if way == "no-lock-profiling" else None


def cell(
    sentry: str, ddtrace: str, python: str, config: str, probe: str = "worker_restart"
) -> Cell:
    named = (("sentry", "sentry-sdk", sentry), ("ddtrace", "ddtrace", ddtrace))
    return Cell(
        pins=tuple(
            Pin(axis=axis, package=package, version=None if version == "-" else Version(version))
            for axis, package, version in named
        ),
        python=PythonVersion.parse(python),
        probe=probe,
        config=config,
    )


def verdict(of: Cell, said: Fate) -> Verdict:
    outcome, phase, reason = said
    ran = outcome not in (Outcome.UNSUPPORTED, Outcome.FAIL)
    trials, hangs = (10, 3) if of.probe == "gunicorn_flask" and said == HANG else (4, 4)
    if outcome is not Outcome.HANG:
        trials, hangs = 5 if ran else 1, 0
    return Verdict(
        cell=of,
        outcome=outcome,
        phase=phase,
        reason=reason,
        signatures=shapes(of, said, hangs),
        detail=HOSTILE if outcome is Outcome.FAIL else f"This combination: {outcome}.",
        evidence=(),
        basis=Basis.INFERRED if str(of.pins[0].version) == "2.40.0" else Basis.TESTED,
        trials=trials,
        hangs=hangs,
        exposures=(100 if outcome is Outcome.HANG else 3000) if ran else 0,
        seconds=2.125,
        backend=Backend.PROCESS if str(of.python) == "3.9" else Backend.DOCKER,
        probe_digest="1" * 64,
        config_digest="2" * 64,
        environment_digest="3" * 64,
        image_digest="sha256:" + "4" * 64,
        python_full=f"{of.python}.7",
        machine="x86_64",
        tested_at=datetime(2025, 3, 9, 4, 5, 6, tzinfo=timezone.utc),
    )


def shapes(of: Cell, said: Fate, hangs: int) -> tuple[tuple[Signature, int], ...]:
    if said == ORPHAN:
        return ((FORK, hangs),)
    if said != HANG:
        return ()
    if of.config.endswith("rlock-worker"):
        return ((CYCLE, hangs),)
    both = of.config == "warning-events"
    return ((SELF, hangs - 1), (CYCLE, 1)) if both else ((SELF, hangs),)


def pairs() -> list[Verdict]:
    """What a reader chooses among: every pair, by every probe that runs there."""
    found = []
    for names in itertools.product(SENTRY, DDTRACE, PYTHON, CONFIGS):
        if said := fate(*names):
            found.append(verdict(cell(*names), said))
        for probe, other in by_other_probes(*names).items():
            found.append(verdict(cell(*names, probe), other))
    return found


def beside() -> list[Verdict]:
    """Libraries alone, workarounds, and the race without amplification."""
    alone = [
        *((sentry, "-", "worker_restart", "stock", PASS) for sentry in SENTRY),
        *((sentry, "-", "worker_restart", "warning-events", PASS) for sentry in SENTRY),
        *(("-", ddtrace, "worker_restart", c, NO_FEATURE) for ddtrace in DDTRACE for c in CONFIGS),
        *((sentry, "-", "prefork", "stock", ORPHAN) for sentry in FORKS_BADLY),
        *(("-", ddtrace, "prefork", "stock", PASS) for ddtrace in DDTRACE),
    ]
    found = [
        verdict(cell(sentry, ddtrace, python, config, probe), said)
        for sentry, ddtrace, probe, config, said in alone
        for python in PYTHON
        if ddtrace == "-" or not uninstallable(ddtrace, int(python.split(".")[1]))
    ]
    for sentry, ddtrace, python in RARE:
        made = verdict(cell(sentry, ddtrace, python, "unamplified"), PASS)
        rare = {"outcome": Outcome.HANG, "phase": Phase.SERVING, "reason": Reason.SELF_DEADLOCK}
        hung = replace(made, **rare, signatures=((SELF, 1),), hangs=1)  # type: ignore[arg-type]
        found.append(hung if ddtrace == "2.14.2" else made)
    for names in itertools.product(SENTRY, DDTRACE, PYTHON, CONFIGS):
        for way in ("no-lock-profiling", "rlock-worker"):
            said = with_workaround(way, names[1], names[3])
            if said and fate(*names) == HANG:
                found.append(verdict(cell(*names[:3], f"{names[3]}+{way}"), said))
    return found


def all_verdicts() -> list[Verdict]:
    return [*pairs(), *beside()]
