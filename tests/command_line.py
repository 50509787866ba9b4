"""What a user types, and what a command says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import pytest
from languages import STORIES, stream
from packages.campaigns import Project
from packaging.version import Version

from interlock.campaign.verdicts import verdict_of
from interlock.console import entry
from interlock.matrix.matrix_file import load
from interlock.model import Backend, Cell, Outcome, Pin, PythonVersion, Trial
from interlock.record.ledger import CampaignRecord, Ledger

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True)
class Said:
    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Typed:
    """A user's project, and the results of commands typed in it."""

    project: Project
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Said:
        matrix = str(self.project.folder / "matrix.yaml")
        try:
            code = entry.main(["--matrix", matrix, *arguments])
        except SystemExit as left:  # argparse's own way
            code = int(left.code or 0)
        captured = self.capture.readouterr()
        return Said(code=code, output=captured.out, errors=captured.err)

    @property
    def nothing_ran(self) -> bool:
        return not (self.project.home / "ledger.sqlite").exists()

    def write(self, change: Callable[[str], str]) -> None:
        path = self.project.folder / "matrix.yaml"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def remember(
    typed: Typed,
    story: str,
    says: Outcome = Outcome.PASS,
    backend: Backend = Backend.PROCESS,
) -> Cell:
    """A trial of `1+passes`, and a verdict on it with the given outcome."""
    found = load(typed.project.folder / "matrix.yaml", typed.project.folder / "probes")
    cell = Cell(
        pins=(
            Pin(axis="subject", package="subject", version=Version("1+passes")),
            Pin(axis="partner", package="partner", version=Version("1")),
        ),
        python=PythonVersion(3, 10),
        probe="fate",
        config="plain",
    )
    now = datetime.now(timezone.utc)
    with Ledger(typed.project.home) as ledger:
        ledger.begin(CampaignRecord(id="c", started_at=now, resolved={}))
        ledger.record(
            Trial(
                cell=cell,
                campaign="c",
                started_at=now,
                seconds=1.0,
                events=stream(STORIES[story]),
                backend=backend,
                probe_digest=found.probes["fate"].digest,
                config_digest=found.configurations["plain"].digest,
                environment_digest="e",
                image_digest="i",
                python_full="3.10.14",
                machine="x86_64",
            )
        )
        verdict = verdict_of(ledger, cell, probe=found.probes["fate"], backend=backend)
        ledger.keep_verdict(replace(verdict, outcome=says, phase=None, reason=None))
    return cell
