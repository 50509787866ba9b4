"""Runs `interlock matrix` on the made-up distributions, as a user would type it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from ours import INTERLOCK
from packages import build
from published import published_rows

from interlock.isolation.sandbox import engine
from interlock.isolation.sandbox.container import HOME_LABEL
from interlock.model import digest_of
from interlock.record.ledger import Ledger

HERE = Path(__file__).parent
HARNESS = HERE.parents[1] / "probes" / "harness"


@dataclass(frozen=True)
class Row:
    """The published row of one cell."""

    outcome: str
    phase: str
    reason: str
    signature: str
    backend: str

    def __str__(self) -> str:
        said = (self.outcome, self.phase, self.reason, self.signature)
        return " ".join(word for word in said if word)


@dataclass(frozen=True)
class Ran:
    """The results of a run: its exit code, its output, the table it wrote."""

    code: int
    output: str
    seconds: float
    rows: Mapping[str, Row]
    """By the subject's version, of both libraries in the configuration `plain`."""
    beside: Mapping[str, Row]
    """The follow-ups: ``"1+passes 1 plain+quiet"``, or ``"1+passes - plain"``."""

    def of(self, fate: str) -> str:
        row = self.rows.get(str(build.version_of(fate)))
        return str(row) if row else "open"


@dataclass(frozen=True)
class Project:
    """A user's own checkout: a matrix, a probe, the harness, and a package index."""

    folder: Path
    index: str

    @classmethod
    def make(cls, folder: Path, index: str, matrix: str = "matrix.yaml") -> Project:
        probes = folder / "probes"
        cached = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HERE / "probes", probes, ignore=cached)
        shutil.copytree(HARNESS, probes / "harness", ignore=cached)
        shutil.copy(HERE / matrix, folder / "matrix.yaml")
        return cls(folder=folder, index=index)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environment(self) -> dict[str, str]:
        """Our environment, with this index alone, and with this Python as an interpreter."""
        other = ("UV_", "PIP_", "PYTHON")
        ours = {k: v for k, v in os.environ.items() if not k.startswith(other)}
        return {
            **ours,
            "PATH": f"{Path(sys.base_prefix) / 'bin'}:{ours['PATH']}",
            "INTERLOCK_HOME": str(self.home),
            "UV_DEFAULT_INDEX": self.index,
            "UV_NO_CONFIG": "1",
            "PIP_CONFIG_FILE": "/dev/null",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def start(
        self, *arguments: str, command: str = "matrix", results: str = "results", **changed: str
    ) -> subprocess.Popen[str]:
        """Start `interlock matrix …` in this project.

        ``changed`` are variables of its environment.
        """
        return subprocess.Popen(
            [
                *INTERLOCK,
                *("--matrix", str(self.folder / "matrix.yaml"), command),
                *("--results", str(self.folder / results), *arguments),
            ],
            env={**self.environment(), **changed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(
        self, *arguments: str, command: str = "matrix", results: str = "results", **changed: str
    ) -> Ran:
        """The same, to its end."""
        began = time.monotonic()
        started = self.start(*arguments, command=command, results=results, **changed)
        output, _ = started.communicate()
        return Ran(
            code=started.returncode,
            output=output,
            seconds=time.monotonic() - began,
            rows=_rows(self.folder / results / "verdicts.csv", asked=True),
            beside=_rows(self.folder / results / "verdicts.csv", asked=False),
        )

    def trials(self) -> dict[str, int]:
        """How many trials the ledger has, by the subject's version."""
        with Ledger(self.home) as ledger:
            return Counter(str(trial.cell.version("subject")) for trial in ledger.trials())

    def processes(self) -> list[str]:
        """Processes of this machine with a folder of this project in their environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.home).encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
        return found

    def containers(self) -> list[str]:
        """The engine's containers of this project, running or not."""
        label = f"{HOME_LABEL}={digest_of(str(self.home.resolve()))[:16]}"
        with closing(engine.connect()) as client:
            found = client.containers(all=True, filters={"label": label})
        return [str(container["Names"]) for container in found]

    def left_behind(self, backend: str) -> list[str]:
        return self.containers() if backend == "docker" else self.processes()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The files of a folder over HTTP on loopback; the URL of its ``simple`` index."""
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _rows(table: Path, *, asked: bool) -> dict[str, Row]:
    if not table.is_file():
        return {}
    fields = ("outcome", "phase", "reason", "signature", "backend")
    found = {}
    for row in published_rows(table):
        if (row["partner"] != "-" and row["config"] == "plain") == asked:
            beside = f"{row['subject']} {row['partner']} {row['config']}"
            name = row["subject"] if asked else beside
            found[name] = Row(**{field: row[field] for field in fields})
    return found
