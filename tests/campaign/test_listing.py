"""What a run publishes of the releases that the index lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from grids import LEFT, RIGHT, matrix, published, release
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.campaign.listing import ASK_S, listed_releases
from interlock.index.vulnerabilities import Known, joined
from interlock.matrix import Every, Latest
from interlock.matrix.definition import CellSet
from interlock.model import PythonVersion, Reason, Release
from interlock.record.releases import ListedRelease, ListedReleases

P38, P39 = PythonVersion(3, 8), PythonVersion(3, 9)
FOUND = joined([["CVE-1", "GHSA-1"]])


def silent(package: str, version: Version) -> Known:
    return None


def listed(
    left: Sequence[Release],
    *choices: object,
    reported: object = silent,
    before: ListedReleases | None = None,
    clock: object = lambda: 0.0,
) -> Sequence[ListedRelease]:
    cells = CellSet(
        name="all",
        versions={"left": choices or (Every(),), "right": (Latest(),)},  # type: ignore[arg-type]
        pythons=(P39, P38),
    )
    known: Mapping[str, Sequence[Release]] = {"left": left, "right": published(RIGHT, "1.0")}
    found = listed_releases(
        matrix(sets={"all": cells}),
        known,
        reported,  # type: ignore[arg-type]
        before or ListedReleases(),
        clock,  # type: ignore[arg-type]
    )
    assert found.pythons == (P38, P39)
    return found.by_axis["left"]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ((Every(within=SpecifierSet(">=1.0")),), "1.0 1.1b1 2.0"),
        ((Every(within=SpecifierSet("<1")), Version("2.0")), "0.9 2.0"),
        ((Latest(),), "0.9 1.0 1.1b1 2.0"),
    ],
)
def test_every_release_is_listed_that_a_set_can_mean(choices: object, expected: str) -> None:
    found = listed(published(LEFT, "0.9 1.0 1.1b1 2.0!"), *choices)  # type: ignore[misc]
    assert [str(one.version) for one in found] == expected.split()


def test_a_yanked_release_is_listed_as_such() -> None:
    assert [one.yanked for one in listed(published(LEFT, "1.0 1.1!"))] == [False, True]


def test_where_it_does_not_install_is_told_with_the_reason() -> None:
    (found,) = listed([release(LEFT, "1.0", wheels="cp38-cp38-manylinux_2_17_x86_64")])
    assert found.refused == {P39: Reason.NO_WHEEL}
    (found,) = listed([release(LEFT, "1.0", requires=">=3.9")])
    assert found.refused == {P38: Reason.REQUIRES_PYTHON}
    (found,) = listed([release(LEFT, "1.0", wheels="py3-none-manylinux_2_17_aarch64")])
    assert found.refused == {P38: Reason.NO_WHEEL, P39: Reason.NO_WHEEL}


def test_a_known_vulnerability_is_told_and_what_nobody_reports_is_unknown() -> None:
    answers = {"1.0": FOUND, "1.1": ()}
    found = listed(
        published(LEFT, "1.0 1.1 1.2 2.0b1"),
        reported=lambda package, version: answers.get(str(version)),
    )
    assert [one.vulnerabilities for one in found] == [FOUND, (), None, None]


def test_what_was_published_stays_where_the_index_is_silent_now() -> None:
    earlier = [
        ListedRelease(version=Version("1.0"), vulnerabilities=FOUND),
        ListedRelease(version=Version("1.1"), vulnerabilities=FOUND),
    ]
    found = listed(
        published(LEFT, "1.0 1.1"),
        reported=lambda package, version: () if str(version) == "1.1" else None,
        before=ListedReleases(by_axis={"left": earlier}),
    )
    assert [one.vulnerabilities for one in found] == [FOUND, ()]


def test_it_stops_asking_when_its_time_is_up() -> None:
    asked: list[Version] = []

    def report(package: str, version: Version) -> Known:
        asked.append(version)
        return ()

    times = iter([0.0])
    found = listed(
        published(LEFT, "1.0 1.1"), reported=report, clock=lambda: next(times, ASK_S + 1)
    )
    assert asked == []
    assert [one.vulnerabilities for one in found] == [None, None]
