"""Runs `interlock matrix` on the made-up distributions, as somebody would type it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from packages import build

HERE = Path(__file__).parent
HARNESS = HERE.parents[1] / "probes" / "harness"


@dataclass(frozen=True)
class Row:
    """What the published table says of one cell."""

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
    """What a run left: its exit code, what it printed, the table it wrote."""

    code: int
    output: str
    seconds: float
    rows: Mapping[str, Row]
    """By the subject's version."""

    def of(self, fate: str) -> str:
        row = self.rows.get(str(build.version_of(fate)))
        return str(row) if row else "open"


@dataclass(frozen=True)
class Project:
    """A checkout of somebody's own: a matrix, a probe, and the harness; and a package index."""

    folder: Path
    index: str

    @classmethod
    def make(cls, folder: Path, index: str) -> Project:
        probes = folder / "probes"
        cached = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HERE / "probes", probes, ignore=cached)
        shutil.copytree(HARNESS, probes / "harness", ignore=cached)
        shutil.copy(HERE / "matrix.yaml", folder)
        return cls(folder=folder, index=index)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def environment(self) -> dict[str, str]:
        """Ours, with this index alone, and this very Python among the interpreters."""
        other = ("UV_", "PIP_", "PYTHON")
        ours = {k: v for k, v in os.environ.items() if not k.startswith(other)}
        return {
            **ours,
            "PATH": f"{Path(sys.executable).parent}:{ours['PATH']}",
            "INTERLOCK_HOME": str(self.home),
            "UV_DEFAULT_INDEX": self.index,
            "UV_NO_CONFIG": "1",
            "PIP_CONFIG_FILE": "/dev/null",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def run(self, *arguments: str, results: str = "results") -> Ran:
        """`interlock matrix …` in this project, to its end."""
        began = time.monotonic()
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-c",
                    "import sys; from interlock.cli import main; sys.exit(main())",
                ),
                *("--matrix", str(self.folder / "matrix.yaml"), "matrix"),
                *("--results", str(self.folder / results), *arguments),
            ],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Ran(
            code=done.returncode,
            output=done.stdout,
            seconds=time.monotonic() - began,
            rows=_rows(self.folder / results / "verdicts.csv"),
        )


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


def _rows(table: Path) -> dict[str, Row]:
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as lines:
        return {
            row["subject"]: Row(
                **{
                    name: row[name]
                    for name in ("outcome", "phase", "reason", "signature", "backend")
                }
            )
            for row in csv.DictReader(lines)
        }
