"""Which releases a run calls safe at its end, and which it does not."""

from __future__ import annotations

import pytest
from grids import LEVEL, cell, forking, grid, rows as did, verdict
from packaging.version import Version
from reported import FORKS, findings

from interlock.console import report
from interlock.findings.weighing import Excluded
from interlock.matrix.definition import ProbeUse
from interlock.model import (
    Verdict,
)
from interlock.publish import applications
from interlock.publish.context import PageContext
from interlock.record.results import Results


def safe(text: str) -> str:
    verdicts = grid(text)
    return report.safe(verdicts, findings(verdicts))


def test_a_release_passed_here_with_everything_it_was_run_with() -> None:
    sentence = safe(
        """
               1.0   2.0
        1.0    hang  pass
        1.1    hang  pass
        """
    )
    assert sentence.startswith("Passed here: right-lib 2.0, with everything")
    assert "2 hang" in sentence
    assert "2 pass" in sentence


def test_one_hang_is_enough_for_a_release_not_to_pass() -> None:
    sentence = safe(
        """
               1.0   2.0
        1.0    hang  pass
        1.1    pass  fail
        """
    )
    assert not sentence.startswith("Passed")


def test_where_all_passed_it_says_so() -> None:
    assert safe("  1.0\n 1.0 pass\n 1.1 pass").startswith(
        "Passed here: everything that was run (2 pass)."
    )


def test_that_all_passed_makes_nothing_safe() -> None:
    """The probe ``serve`` and the configuration ``warnings`` did not run."""
    assert safe("  1.0\n 1.0 pass").endswith("That is too little to call a release safe.")


def test_what_is_safe_is_read_from_all_that_is_known() -> None:
    known = [
        verdict(cell(left, probe=probe, config=config))
        for left in ("1.0", "1.1")
        for probe in ("restart", "serve")
        for config in ("stock", "warnings")
    ]
    assert report.safe(known[:1], findings(known)).endswith(
        "By all known verdicts, right-lib 1.0 is safe."
    )


WHOLE = [
    verdict(cell(left, probe="restart", config=config))
    for left in ("1.0", "1.1")
    for config in ("stock", "warnings")
]
"""All that is asked of a release where ``serve`` is about one kind of application."""
FORKS_IN_SERVE = {"serve": ProbeUse(choices={"forking": "yes"})}


def forked(outcomes: str) -> list[Verdict]:
    return grid(f"1.0 2.0\n1.0 {outcomes}", probe="serve")


@pytest.mark.parametrize(
    ("serve", "says"),
    [
        ("pass pass", "right-lib 1.0 is safe."),
        ("hang pass", "right-lib 1.0 is safe. Not where it forks: it can hang there."),
    ],
)
def test_a_safe_release_is_called_safe_with_the_exception_that_the_page_names(
    serve: str, says: str
) -> None:
    known = findings(
        [*WHOLE, *forked(serve)], uses=FORKS_IN_SERVE, choices={**LEVEL, **forking("it forks")}
    )
    assert report.safe(WHOLE, known).endswith(f"By all known verdicts, {says}")
    context = PageContext(
        matrix=known.matrix,
        results=Results(verdicts=list(known.verdicts), signatures=[], yanked={}, controls=[]),
    )
    on_page = [f"{kind.where} {kind.says}" for kind in applications.warnings(context)]
    assert all(warning in says for warning in on_page)
    assert bool(on_page) is ("hang" in serve)


@pytest.mark.parametrize(
    ("rare", "says"),
    [
        ("pass pass", 'with everything run with it (2 "no hang seen", 1 pass in all).'),
        ("hang pass", '(1 hang, 1 "can hang, rarely", 1 pass in all).'),
    ],
)
def test_a_cell_without_a_rare_hang_counts_as_no_pass(rare: str, says: str) -> None:
    """Hangs of ``calm`` are rare: nothing makes the race likelier there."""
    verdicts = [verdict(cell("1.0", "2.0")), *grid(f"1.0 2.0\n1.0 {rare}", config="calm")]
    assert says in report.safe(verdicts, findings(verdicts))


def test_rare_hangs_that_were_not_seen_are_no_passed_tests() -> None:
    verdicts = grid("1.0 2.0\n1.0 pass pass", config="calm")
    assert report.safe(verdicts, findings(verdicts)) == (
        'No hang was seen, but a rare one is possible (2 "no hang seen").'
    )


def test_a_withdrawn_release_is_not_named() -> None:
    known = grid("  1.0\n 1.0 pass")
    withdrawn: Excluded = {"right": {Version("1.0")}}
    assert "right-lib 1.0" not in report.safe(known, findings(known, withdrawn))


def test_where_nothing_ran_nothing_is_safe() -> None:
    assert "nothing is known to be safe" in safe("  1.0\n 1.0 unsupported")
    assert "nothing is known to be safe" in report.safe([], findings([]))


def test_what_proves_nothing_is_not_safe() -> None:
    assert not safe("  1.0\n 1.0 unproven").startswith("Passed")


def test_what_one_library_does_alone_takes_no_safety_from_the_other() -> None:
    pair, *alone = did("pair: hang A 1/30; left: hang A 1/30; right: pass 500")
    passing = verdict(cell("1.0", "1.0", probe="serve"))
    said = report.safe([pair, passing], findings([pair, passing, *alone]))
    assert said.startswith("Passed here: right-lib 1.0, with everything run with it")


def test_counts_stand_worst_first() -> None:
    verdicts = grid("  1.0 2.0 3.0\n 1.0 pass hang fail\n 1.1 pass unproven unsupported")
    assert report.counted(verdicts) == "1 hang, 1 fail, 1 unproven, 1 unsupported, 2 pass"


@pytest.mark.parametrize(
    ("did", "says"),
    [
        (
            "hang pass",
            "Where it forks: 1 hang, 1 without a hang. A hang is rare there, so a pass proves "
            "little. By release line: can hang, rarely: 1 of 100 starts with right-lib 1.0.x, "
            "0.025 % to 5.4 %; can hang, rarely: 1 of 200 starts with left-lib 1.0.x, 0.013 % to "
            "2.8 %. Start it in the child.",
        ),
        (
            "unsupported unsupported",
            "Where it forks: nothing was run, so nothing is known to be safe.",
        ),
    ],
)
def test_of_a_kind_of_application_no_release_is_called_safe(did: str, says: str) -> None:
    verdicts = grid(f"1.0 2.0\n1.0 {did}", probe="serve")
    uses = {"serve": ProbeUse(choices={"forking": "yes"})}
    known = findings(verdicts, uses=uses, choices=forking())
    assert report.in_kind(verdicts, FORKS, known) == says
