"""Trials of another version of the probe count if that version did the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from languages import CELL, PROBE, trials

from interlock.campaign.verdicts import verdict_of
from interlock.record.ledger import Ledger


@pytest.mark.parametrize(
    ("first", "second", "counting"),
    [
        ("p", "p", 2),
        ("earlier", "p", 2),
        ("earlier", "earliest", 2),
        ("another", "p", 1),
        ("another", "earlier", 1),
        ("another", "another", 2),
    ],
)
def test_trials_of_versions_that_did_the_same_are_judged_together(
    tmp_path: Path, first: str, second: str, counting: int
) -> None:
    probe = replace(PROBE, equivalent=frozenset({"earlier", "earliest"}))
    ran = zip(trials("pass pass"), (first, second), strict=True)
    with Ledger(tmp_path) as ledger:
        for trial, digest in ran:
            ledger.record(replace(trial, probe_digest=digest))
        assert verdict_of(ledger, CELL, probe=probe).trials == counting
