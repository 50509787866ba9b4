"""From a trial to its attribution: two causes stay two all the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from grids import AXES, cell
from languages import PROBE, stream, trials

from interlock.evidence.judge import decide
from interlock.findings.attribution import attribute
from interlock.model import Verdict
from interlock.record.results import read_results, write_results

CRASHES = "process 7 | serving | 40 exposures | process 8 forked | child 8 exit {} | exit 1 | end"
RAISES = "startup | {}: no | exit 1 | end"
STARTS_NOT = "startup | {} for profiling: no | exit 1 | end"
PRINTS = "startup | exit 1 | stderr {}: no | end"


def verdict(left: str, right: str, story: str) -> Verdict:
    of = cell(left, right)
    (trial,) = trials("pass")
    return decide([replace(trial, cell=of, events=stream(story))], PROBE)


def whose(folder: Path, *verdicts: Verdict) -> str:
    """The attribution of the first one, after all were published and read again."""
    write_results(verdicts, {}, folder, AXES)
    read = read_results(folder, AXES).verdicts
    return attribute(read)[verdicts[0].cell.key].whose


@pytest.mark.parametrize(
    ("story", "together", "alone", "expected"),
    [
        (RAISES, "requests.exceptions.Timeout", "requests.exceptions.Timeout", "left"),
        (RAISES, "requests.exceptions.Timeout", "pkg_resources.DistributionNotFound", "open"),
        (RAISES, "requests.exceptions.Timeout", "concurrent.futures.Timeout", "open"),
        (STARTS_NOT, "requests.exceptions.Timeout", "requests.exceptions.Timeout", "left"),
        (STARTS_NOT, "requests.exceptions.Timeout", "pkg_resources.DistributionNotFound", "open"),
        (CRASHES, "SIGSEGV", "SIGSEGV", "left"),
        (CRASHES, "SIGSEGV", "SIGABRT", "open"),
        # The output of an app is not a cause: both ended with an exit code.
        (PRINTS, "TypeError", "KeyError", "left"),
    ],
)
def test_only_the_same_cause_is_the_same_trouble(
    tmp_path: Path, story: str, together: str, alone: str, expected: str
) -> None:
    pair = verdict("1.0", "1.0", story.format(together))
    left = verdict("1.0", "-", story.format(alone))
    right = verdict("-", "1.0", "live | serving | 4000 exposures | done | exit 0 | end")

    assert whose(tmp_path, pair, left, right) == expected


def test_the_text_for_a_reader_decides_nothing(tmp_path: Path) -> None:
    pair = verdict("1.0", "1.0", RAISES.format("TypeError"))
    left = verdict("1.0", "-", RAISES.format("TypeError"))
    right = verdict("-", "1.0", "live | serving | 4000 exposures | done | exit 0 | end")
    reworded = replace(left, detail="1 of 1 trial failed in startup: KeyError: no.")

    assert whose(tmp_path, pair, reworded, right) == "left"
