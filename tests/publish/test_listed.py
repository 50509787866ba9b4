"""What the start page knows of releases that nobody ran: what the index decides."""

from __future__ import annotations

from typing import Any

from grids import LEFT, grid, matrix
from packaging.version import Version

from interlock.model import PythonVersion, Reason
from interlock.publish import answer, listed
from interlock.publish.context import PageContext
from interlock.record.releases import NONE_LISTED, ListedRelease, ListedReleases
from interlock.record.results import Results

P310, P311 = PythonVersion(3, 10), PythonVersion(3, 11)
ANY = ListedRelease(version=Version("1.0"))
NO_WHEEL = ListedRelease(version=Version("1.1"), refused={P311: Reason.NO_WHEEL})
EXCLUDES = ListedRelease(
    version=Version("2.0"), refused={P310: Reason.REQUIRES_PYTHON, P311: Reason.NO_WHEEL}
)
SAME = ListedRelease(version=Version("2.1"), refused={P311: Reason.NO_WHEEL})
RELEASES = ListedReleases(
    pythons=(P310, P311),
    by_axis={"left": [ANY, NO_WHEEL, EXCLUDES, SAME], "right": [ANY]},
)


def context(releases: ListedReleases = RELEASES) -> PageContext:
    found = Results(
        verdicts=grid("1.0\n1.0 hang"), signatures=[], yanked={}, controls=[], releases=releases
    )
    return PageContext(matrix=matrix(), results=found)


def told(left: str, python: str) -> str | None:
    """The sentence that the script finds for a release of ``left``."""
    of, known = listed.listed(context(), LEFT), listed.index(context())
    assert known
    kind = of["kinds"][of["listed"].index(left)]
    said: dict[str, str] = known["refused"]["left"][kind]
    return said.get(python)


def test_every_listed_release_can_be_chosen_the_newest_first() -> None:
    (left, right) = answer.fields(context())["axes"]
    assert (left["listed"], right["listed"]) == (["2.1", "2.0", "1.1", "1.0"], ["1.0"])
    assert left["versions"] == ["1.0"]


def test_each_release_says_why_it_does_not_install_on_a_python() -> None:
    assert told("1.1", "3.11") == "left-lib {left} has no wheel for CPython 3.11 on x86_64."
    assert told("2.0", "3.10") == "left-lib {left} excludes Python 3.10 (requires-python)."
    assert told("1.0", "3.11") is told("1.1", "3.10") is None


def test_releases_that_are_refused_alike_share_their_sentences() -> None:
    of = listed.listed(context(), LEFT)
    kinds = dict(zip(of["listed"], of["kinds"], strict=True))
    assert kinds["1.1"] == kinds["2.1"]
    assert len(set(kinds.values())) == 3


def test_without_an_index_nothing_is_decided() -> None:
    data: dict[str, Any] = answer.answers(context(NONE_LISTED))
    assert data["index"] is None
    assert [axis["listed"] for axis in data["axes"]] == [[], []]
