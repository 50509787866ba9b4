"""The controls that a campaign publishes, its own and those of earlier campaigns."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from grids import cell
from worlds import KNOWN_HANG, TESTED, Here, Stage

from interlock.campaign import results
from interlock.campaign.controls import ControlResults
from interlock.campaign.results import publish_results
from interlock.campaign.verdicts import control_results_in
from interlock.findings import Findings
from interlock.model import Finding, Probe, Trial
from interlock.record.ledger import CampaignRecord
from interlock.record.results import read_results, write_results

MATRIX = replace(TESTED, controls=(KNOWN_HANG,))


@pytest.fixture
def two(stage: Stage) -> Stage:
    """A ledger with two campaigns."""
    for name in ("a", "b"):
        began = datetime(2026, 1, 3, tzinfo=timezone.utc)
        stage.ledger.begin(CampaignRecord(id=name, started_at=began, resolved={}))
        world = stage.world(v0_9="hang")
        place = Here(world, stage.folder, campaign=name)
        stage.run(world, cell("1.0"), controls=[KNOWN_HANG], place=place)
    return stage


def published(folder: Path) -> list[str]:
    return [
        row["campaign"] for row in json.loads((folder / "controls.json").read_text())["controls"]
    ]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The campaigns with controls that are read back from the ledger."""
    asked: list[str] = []

    def reading(*args: object, campaign: str, **named: object) -> object:
        asked.append(campaign)
        return control_results_in(*args, campaign=campaign, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(results, "control_results_in", reading)
    return asked


def write(stage: Stage, controls: ControlResults | None, folder: Path) -> list[str]:
    findings = Findings(matrix=MATRIX, verdicts=stage.ledger.verdicts(), withdrawn={})
    publish_results(stage.ledger, lambda: findings, folder, controls)
    return published(folder)


def over(stage: Stage, campaign: str) -> ControlResults:
    """The controls known at the end of that campaign."""
    return ControlResults(MATRIX, control_results_in(stage.ledger, MATRIX, campaign=campaign))


def test_of_a_campaign_that_the_folder_knows_nothing_is_read_again(
    two: Stage, read: list[str], tmp_path: Path
) -> None:
    assert write(two, over(two, "a"), tmp_path / "results") == ["a", "b"]
    assert read == ["b"]
    read.clear()
    assert write(two, over(two, "b"), tmp_path / "results") == ["a", "b"]
    assert read == []


def test_without_a_campaign_that_is_just_over_all_are_read_again(
    two: Stage, read: list[str], tmp_path: Path
) -> None:
    """The rules changed after the folder's rows were written."""
    write(two, over(two, "a"), tmp_path / "results")
    read.clear()
    assert write(two, None, tmp_path / "results") == ["a", "b"]
    assert read == ["a", "b"]


def test_what_another_command_publishes_meanwhile_stays(two: Stage, tmp_path: Path) -> None:
    """It writes between this command's reading and its writing."""
    folder = tmp_path / "results"
    ours = two.ledger.verdicts()
    others = [replace(ours[0], cell=cell(version)) for version in ("0.1", "0.2")]

    def found() -> Findings:
        kept = read_results(folder, MATRIX.axes).verdicts
        if others:
            write_results([*kept, others.pop()], {}, folder, MATRIX.axes)
        return Findings(matrix=MATRIX, verdicts=[*ours, *kept], withdrawn={})

    written = publish_results(two.ledger, found, folder)
    there = {v.cell for v in read_results(folder, MATRIX.axes).verdicts}
    assert there == {*(v.cell for v in ours), cell("0.1"), cell("0.2")}
    assert there == {v.cell for v in written.verdicts}


def test_a_trial_that_the_judge_can_not_read_keeps_no_results_from_being_written(
    stage: Stage, tmp_path: Path
) -> None:
    """Such a trial is beside those of a hang, whose example is looked for in all of them."""
    stage.run(stage.world(v1_0="hang"), cell("1.0"))
    hang = stage.ledger.verdicts()

    def crashing(ran: Trial, probe: Probe) -> Finding:
        raise ZeroDivisionError

    findings = Findings(matrix=MATRIX, verdicts=hang, withdrawn={})
    publish_results(stage.ledger, lambda: findings, tmp_path / "results", classify=crashing)
    assert read_results(tmp_path / "results", MATRIX.axes).verdicts[0].hangs == hang[0].hangs
