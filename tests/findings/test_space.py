"""When two cells agree, and which release line a release belongs to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import cell, verdict
from packaging.version import Version

from interlock.findings.space import ReleaseAxis, observations
from interlock.model import Outcome, Signature, Verdict


def hang(at: str, *locks: str) -> Verdict:
    signatures = tuple((Signature(locks=(lock,)), 1) for lock in locks)
    return replace(verdict(cell(right=at), "hang"), signatures=signatures)


def agree(*verdicts: Verdict) -> list[bool]:
    """Whether each verdict agrees with the first."""
    found = observations(verdicts)
    first = found[verdicts[0].cell.key]
    return [found[one.cell.key] == first for one in verdicts[1:]]


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        (["A", "A"], [True]),
        (["A", "B"], [False]),
        # two shapes of one race were seen in one cell: then either alone is the same hang
        (["A", "B", "AB"], [True, True]),
        (["A", "C", "AB", "BC"], [True, True, True]),
        (["A", "D", "AB", "CD"], [False, True, False]),
    ],
)
def test_hangs_agree_if_their_signatures_were_seen_together(
    locks: list[str], expected: list[bool]
) -> None:
    rows = [hang(f"{number}.0", *of) for number, of in enumerate(locks, 1)]
    assert agree(*rows) == expected


def test_failures_agree_by_their_cause() -> None:
    first, second, third = (verdict(cell(right=f"{n}.0"), "fail") for n in (1, 2, 3))
    assert agree(
        replace(first, cause="builtins.KeyError"),
        replace(second, cause="builtins.KeyError"),
        replace(third, cause="builtins.ImportError"),
    ) == [True, False]


def test_passes_agree_and_prove_nothing_about_other_outcomes() -> None:
    rows = [verdict(cell(right=f"{n}.0"), o) for n, o in enumerate(("pass", "pass", "unproven"), 1)]
    assert agree(*rows) == [True, False]
    assert [seen.is_usable for seen in observations(rows).values()] == [True, True, False]
    assert {seen.outcome for seen in observations(rows).values()} == {
        Outcome.PASS,
        Outcome.UNPROVEN,
    }


def test_releases_are_in_order_with_their_lines() -> None:
    axis = ReleaseAxis.of("right", map(Version, ["1.10.0", "1.9.1", "1.9", "2.0.0"]))
    assert [*map(str, axis.versions)] == ["1.9", "1.9.1", "1.10.0", "2.0.0"]
    assert axis.lines == ("1.9.x", "1.9.x", "1.10.x", "2.0.x")
    assert axis.spans == [(0, 1), (2, 2), (3, 3)]
    assert [*axis.line_number] == [0, 0, 1, 2]
