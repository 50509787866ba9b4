"""Rare hangs by release line, by hand-counted examples."""

from __future__ import annotations

import pytest
from packaging.version import Version

from interlock.findings.pools import Pool
from interlock.findings.rare import Rare, line_rates
from interlock.findings.space import ReleaseAxis

AXIS = ReleaseAxis.of("right", map(Version, ["1.0.0", "1.0.1", "1.1.0", "1.2.0", "1.2.1"]))


def pools(text: str) -> dict[Version, Pool]:
    """``1.0.0=2/100``: hangs of exposures."""
    found = {}
    for word in text.split():
        version, _, counts = word.partition("=")
        hangs, exposures = map(int, counts.split("/"))
        found[Version(version)] = Pool(hangs=hangs, exposures=exposures, trials=1)
    return found


def test_the_releases_of_a_line_are_counted_together() -> None:
    first, second, _ = line_rates(AXIS, pools("1.0.0=1/400 1.0.1=2/600 1.1.0=1/100"))
    assert (first.line, first.pool.hangs, first.tried) == ("1.0.x", 3, 1000)
    assert [*map(str, first.releases)] == ["1.0.0", "1.0.1"]
    # quantiles of the beta distribution: at 2.5 % for (3, 998), at 97.5 % for (4, 997)
    assert first.interval == pytest.approx((0.000619, 0.008742), abs=1e-6)
    assert (second.line, second.tried) == ("1.1.x", 100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0.0=3/1000 1.1.0=1/500", [Rare.CAN_HANG, Rare.CAN_HANG, Rare.UNKNOWN]),
        # no hang in a few exposures is no difference
        ("1.0.0=20/1000 1.1.0=0/50", [Rare.CAN_HANG, Rare.CAN_HANG, Rare.UNKNOWN]),
        # in many it is, and still not a pass
        ("1.0.0=20/1000 1.1.0=0/1000 1.2.0=0/10", [Rare.CAN_HANG, Rare.RARER, Rare.CAN_HANG]),
        # without any hang there is no rate to compare with
        ("1.0.0=0/1000", [Rare.UNKNOWN, Rare.UNKNOWN, Rare.UNKNOWN]),
        ("", [Rare.UNKNOWN, Rare.UNKNOWN, Rare.UNKNOWN]),
    ],
)
def test_a_line_without_a_hang_is_told_apart_only_by_enough_exposures(
    text: str, expected: list[Rare]
) -> None:
    assert [rate.state for rate in line_rates(AXIS, pools(text))] == expected
