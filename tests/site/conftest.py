"""A data set for the tests of the site: real names, made-up verdicts, one of every kind.

``fate`` is the whole of it; what the pages say is compared with that, not with the code that made
them. None of this is a measurement.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest
from packaging.version import Version

from interlock import matrix, publish, table
from interlock.model import (
    Backend,
    Basis,
    Cell,
    Hang,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Verdict,
)
from interlock.signatures import Example

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

SENTRY = ("2.5.1", "2.10.0", "2.20.0", "2.30.0", "2.40.0", "2.70.1")
DDTRACE = ("2.5.6", "2.9.6", "2.14.2", "2.21.12", "3.2.1", "3.19.9", "4.16.0")
PYTHON = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
CONFIGS = ("stock", "warning-events")

SELF = Signature(locks=("BackgroundWorker._lock",))
CYCLE = Signature(locks=("BackgroundWorker._lock", "Handler.lock"))

Fate = tuple[Outcome, Phase | None, Reason | None]
PASS: Fate = (Outcome.PASS, None, None)
HANG: Fate = (Outcome.HANG, Phase.SERVING, Reason.SELF_DEADLOCK)
HOSTILE = 'RuntimeError: <script>document.title = "owned"</script> `x` | --8<-- "x.md"'


def fate(sentry: str, ddtrace: str, python: str, config: str) -> Fate | None:
    """What the data set says of a combination; None where it was never tested."""
    old, minor = Version(ddtrace) < Version("3"), int(python.split(".")[1])
    if (sentry, ddtrace) == ("2.30.0", "2.9.6"):
        return None
    if minor == 14 and Version(ddtrace) < Version("4"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.NO_WHEEL
    if minor == 8 and Version(ddtrace) >= Version("4"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.REQUIRES_PYTHON
    if minor == 13 and Version(ddtrace) < Version("2.14"):
        return Outcome.UNSUPPORTED, Phase.INSTALL, Reason.NO_WHEEL
    if minor == 12 and ddtrace == "2.5.6":
        return Outcome.FAIL, Phase.STARTUP, Reason.INACTIVE
    if (sentry, ddtrace, python) == ("2.70.1", "2.21.12", "3.11"):
        return Outcome.UNPROVEN, Phase.SERVING, Reason.TOO_FEW_EXPOSURES
    if old and (config == "warning-events" or ddtrace == "2.14.2"):
        return HANG
    return PASS


def cell(sentry: str, ddtrace: str, python: str, config: str) -> Cell:
    return Cell(
        pins=(
            Pin(axis="sentry", package="sentry-sdk", version=Version(sentry)),
            Pin(axis="ddtrace", package="ddtrace", version=Version(ddtrace)),
        ),
        python=PythonVersion.parse(python),
        probe="worker_restart",
        config=config,
    )


def verdict(of: Cell, said: Fate) -> Verdict:
    outcome, phase, reason = said
    ran = outcome not in (Outcome.UNSUPPORTED, Outcome.FAIL)
    both = of.config == "warning-events"
    signatures = ((SELF, 3), (CYCLE, 1)) if both else ((SELF, 4),)
    return Verdict(
        cell=of,
        outcome=outcome,
        phase=phase,
        reason=reason,
        signatures=signatures if outcome is Outcome.HANG else (),
        detail=HOSTILE if outcome is Outcome.FAIL else f"This combination: {outcome}.",
        evidence=(),
        basis=Basis.INFERRED if str(of.pins[0].version) == "2.40.0" else Basis.TESTED,
        trials=5 if ran else 1,
        hangs=4 if outcome is Outcome.HANG else 0,
        exposures=3000 if ran else 0,
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


def all_verdicts() -> list[Verdict]:
    combinations = itertools.product(SENTRY, DDTRACE, PYTHON, CONFIGS)
    fates = ((cell(*names), fate(*names)) for names in combinations)
    return [verdict(of, said) for of, said in fates if said]


def example(signature: Signature) -> Example:
    """A hang in the words and events that a real one has, at places that do not exist."""
    worker, handler = 11, 12
    two = len(signature.locks) == 2
    main = _thread("MainThread", waits=handler if two else worker, holds=worker)
    other = _thread("interlock.worker", waits=worker, holds=handler)
    snapshots = [
        {
            "event": "snapshot",
            "at": 4.0 + index,
            "number": 1,
            "index": index,
            "threads": [main, other] if two else [main],
            "locks": {
                str(worker): _lock("BackgroundWorker._lock"),
                str(handler): _lock("Handler.lock"),
            },
            "tasks": [],
        }
        for index in (0, 1)
    ]
    hang = Hang(
        phase=Phase.SERVING,
        reason=Reason.LOCK_CYCLE if two else Reason.SELF_DEADLOCK,
        signature=signature,
        evidence=(
            "MainThread waits for BackgroundWorker._lock (`self._lock`, worker.py:7), which it"
            " holds itself since `with self._lock`, worker.py:3.",
        ),
        unresolved=("bystander: `thing()` (app.py:1): a call is never made",),
        exposures=30,
        noticed_after_s=1.24,
    )
    of = cell("2.5.1", "2.14.2", "3.10", "warning-events")
    return Example(cell=of, hang=hang, events=snapshots)


def _lock(name: str) -> dict[str, object]:
    return {"type": "_thread.lock", "locked": True, "owner": None, "names": [name]}


def _thread(name: str, *, waits: int, holds: int) -> dict[str, object]:
    places = ["thing/profiling/_lock.py", "logging/__init__.py", "thing/worker.py", "app.py"]
    return {
        "ident": waits * 100,
        "native_id": waits,
        "name": name,
        "frames": [
            {
                "file": f"/store/environments/1f/lib/python3.10/site-packages/{place}",
                "function": "run",
                "qualname": "Thing.run",
                "module": "thing",
                "line": 7,
            }
            for place in places
        ],
        "waits": {
            "kind": "lock",
            "lock": waits,
            "thread": None,
            "frame": 0,
            "expression": "self._lock",
        },
        "holds": [{"lock": holds, "frame": 2, "expression": "self._lock", "how": "with"}],
        "unresolved": [],
    }


@dataclass(frozen=True)
class Published:
    """A data set, and the folders that were made from it."""

    matrix: matrix.Matrix
    verdicts: Sequence[Verdict]
    results: Path
    site: Path
    generated: Path
    public: Path

    @property
    def expected(self) -> dict[tuple[str, ...], Outcome | None]:
        """What the grid has to say of every combination, tested or not, by key."""
        said = {verdict.cell.key: verdict.outcome for verdict in self.verdicts}
        names = itertools.product(SENTRY, DDTRACE, PYTHON, ["worker_restart"], CONFIGS)
        return {key: said.get(key) for key in names} if said else {}

    def text(self, name: str) -> str:
        """A generated file."""
        return (self.generated / name).read_text(encoding="utf-8")


def published(verdicts: Sequence[Verdict], folder: Path) -> Published:
    """Everything from ``results/`` to the built site."""
    described = matrix.load(HERE / "matrix.yaml", HERE / "probes")
    seen = {signature for verdict in verdicts for signature, _ in verdict.signatures}
    examples = {signature: example(signature) for signature in seen}
    table.write_results(verdicts, examples, folder / "results", described.axes)
    shutil.copytree(ROOT / "site", folder / "site", ignore=shutil.ignore_patterns("generated"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    generated = publish.generate(folder / "results", folder / "site", described)
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return Published(
        matrix=described,
        verdicts=verdicts,
        results=folder / "results",
        site=folder / "site",
        generated=generated,
        public=folder / "public",
    )


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The whole data set, published once."""
    return published(all_verdicts(), tmp_path_factory.mktemp("edition"))


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Before the first campaign."""
    return published([], tmp_path_factory.mktemp("nothing"))
