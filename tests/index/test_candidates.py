"""What the index knows against a release as a recommended target."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from grids import LEFT, NOON, release

from interlock.index.candidates import Bar, Objection, objections_to
from interlock.index.vulnerabilities import Known, joined
from interlock.model import Release

DAY = timedelta(days=1)
OLD = replace(release(LEFT, "1.1"), uploaded_at=NOON - 2 * DAY)
NONE: Known = ()


def found(of: Release | None = OLD, known: Known = NONE, before: Known = NONE) -> str:
    """The bars; a question mark if the index does not say. Empty for a release without any."""
    said = objections_to(of, now=NOON, cool_down=DAY, known=known, known_before=before)
    return " ".join(f"{one.bar}{'' if one.is_certain else '?'}" for one in said)


def uploaded(hours_ago: float | None) -> Release:
    moment = None if hours_ago is None else NOON - timedelta(hours=hours_ago)
    return replace(OLD, uploaded_at=moment)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (OLD, ""),
        (None, "not-listed"),
        (replace(release(LEFT, "2.0rc1"), uploaded_at=OLD.uploaded_at), "pre-release"),
        (replace(release(LEFT, "2.0.dev1"), uploaded_at=OLD.uploaded_at), "pre-release"),
        (replace(release(LEFT, "2.0.post1"), uploaded_at=OLD.uploaded_at), ""),
        (replace(OLD, yanked=True), "yanked"),
        # the cool-down
        (uploaded(24), ""),
        (uploaded(23.9), "too-young"),
        (uploaded(-1), "too-young"),
        (uploaded(None), "too-young?"),
        # certain is certain, whatever else is unknown
        (replace(uploaded(None), yanked=True), "yanked too-young?"),
    ],
)
def test_a_target_is_listed_final_not_yanked_and_old_enough(
    of: Release | None, expected: str
) -> None:
    assert found(of) == expected


ONE, TWO = joined([["CVE-1", "GHSA-1"]]), joined([["CVE-2"]])
ALIAS = joined([["PYSEC-1", "GHSA-1"]])


@pytest.mark.parametrize(
    ("known", "before", "expected"),
    [
        ((), (), ""),
        ((), None, ""),
        ((), ONE, ""),
        (ONE, ONE, ""),
        (ONE, ALIAS, ""),
        (ONE, joined([["CVE-1"], ["CVE-2"]]), ""),
        (ONE, (), "vulnerable"),
        (ONE, TWO, "vulnerable"),
        # what the index does not report is unknown, and never none
        (None, (), "vulnerable?"),
        (None, ONE, "vulnerable?"),
        (None, None, "vulnerable?"),
        (ONE, None, "vulnerable?"),
    ],
)
def test_a_target_has_no_vulnerability_that_its_neighbour_lacks(
    known: Known, before: Known, expected: str
) -> None:
    assert found(OLD, known, before) == expected


def test_an_objection_has_the_parts_of_its_sentence() -> None:
    new = replace(uploaded(1), yanked=True, yanked_because="broken on 3.9")
    both = joined([["CVE-1"], ["CVE-2"]])
    assert objections_to(new, now=NOON, cool_down=DAY, known=both, known_before=ONE) == (
        Objection(bar=Bar.YANKED, because="broken on 3.9"),
        Objection(bar=Bar.TOO_YOUNG, until=NOON + timedelta(hours=23)),
        Objection(bar=Bar.VULNERABLE, vulnerabilities=TWO),
    )
