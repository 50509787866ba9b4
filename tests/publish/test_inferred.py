"""What the start page says of pairs that nobody ran is what ``ask`` says of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from grids import LEVEL, cell, matrix, verdict
from hypothesis import given, settings, strategies as st
from packaging.version import Version
from start_page import in_words, inferred, situations, told
from whole_page import differences, unknown

from interlock.findings.inference import AnswerBasis
from interlock.findings.question import Question, answer
from interlock.findings.regions import inferred_regions
from interlock.index.vulnerabilities import Vulnerability
from interlock.matrix.definition import Matrix
from interlock.model import AuditedCell, Outcome, PythonVersion, Reason, Signature, Verdict
from interlock.publish.answer import answers
from interlock.publish.card import card
from interlock.publish.context import PageContext
from interlock.publish.inferred import regions
from interlock.record.releases import ListedRelease, ListedReleases
from interlock.record.results import Results

PYTHONS = ("3.10", "3.11")
VERSIONS = {
    "left": ("1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.1.0", "2.0.0", "2.0.1", "2.0.2"),
    "right": ("1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.1.0", "2.0.0", "3.0.0"),
}
TRACKS = (("restart", "stock"), ("restart", "warnings"), ("serve", "stock"))
P310, P311 = PythonVersion(3, 10), PythonVersion(3, 11)


def known() -> Matrix:
    """Two probes and one choice: whether warnings become events."""
    made = matrix()
    stock, restart = made.configurations["stock"], made.probes["restart"]
    warnings = replace(stock, name="warnings", choices={"level": "WARNING"})
    return replace(
        made,
        choices=LEVEL,
        configurations={one.name: one for one in (stock, warnings)},
        probes={
            "restart": replace(restart, configs=("stock", "warnings")),
            "serve": replace(restart, name="serve", configs=("stock",)),
        },
    )


def listed(axis: str, version: str) -> ListedRelease:
    """One is yanked, one is a pre-release, one has no wheel, one has a vulnerability."""
    weak = axis == "right" and version == "1.0.3"
    return ListedRelease(
        version=Version(version),
        yanked=axis == "left" and version == "1.0.2",
        refused={P311: Reason.NO_WHEEL} if version == "2.0.1" else {},
        vulnerabilities=(Vulnerability(names=frozenset({"CVE-1"})),) if weak else (),
    )


RELEASES = ListedReleases(
    pythons=tuple(map(PythonVersion.parse, PYTHONS)),
    by_axis={
        axis: [listed(axis, one) for one in sorted((*versions, "3.0.0rc1"), key=Version)]
        for axis, versions in VERSIONS.items()
    },
)


def context(verdicts: Sequence[Verdict], audited: Sequence[AuditedCell] = ()) -> PageContext:
    found = Results(
        verdicts=[*verdicts],
        signatures=[],
        yanked={},
        controls=[],
        releases=RELEASES,
        audited=[*audited],
    )
    return PageContext(matrix=known(), results=found)


def of(left: str, right: str, python: str, track: tuple[str, str], outcome: str) -> Verdict:
    probe, config = track
    found = verdict(cell(left, right, python, config, probe), outcome, exposures=500, trials=9)
    if outcome != "hang":
        return found
    return replace(found, hangs=9, signatures=((Signature(locks=("A.lock",)), 9),))


@st.composite
def tables(draw: st.DrawFn) -> list[Verdict]:
    """Most of some rows and columns, and what they show changes at one release at most."""
    rows = draw(st.sets(st.sampled_from(VERSIONS["left"]), min_size=1, max_size=3))
    columns = draw(st.sets(st.sampled_from(VERSIONS["right"]), max_size=3))
    found = []
    tracks = draw(st.sets(st.sampled_from(TRACKS), min_size=1))
    for python, track in itertools.product(PYTHONS, sorted(tracks)):
        edge = Version(draw(st.sampled_from((*VERSIONS["right"], "0"))))
        left_out = draw(st.integers(2, 6))
        for number, (left, right) in enumerate(itertools.product(*VERSIONS.values())):
            if (left in rows or right in columns) and (number * 7 + 3) % left_out:
                outcome = "hang" if Version(right) < edge else "pass"
                found.append(of(left, right, python, track, outcome))
    return found


@settings(max_examples=12, deadline=None)
@given(tables())
def test_page_says_of_every_pair_what_ask_says(verdicts: list[Verdict]) -> None:
    about = context(verdicts)
    data = answers(about)
    for left, right, python in itertools.product(*VERSIONS.values(), PYTHONS):
        key = f"{left}|{right}|{python}"
        for chosen in situations(data):
            if key not in data["places"]:
                shown = inferred(data, key, chosen)
                assert shown in said(about, left, right, python, chosen), key
                for to in targets(shown, left, right):
                    assert f"{to}|{python}" in data["places"], "a target is always tested"


@settings(max_examples=12, deadline=None)
@given(tables())
def test_without_settings_the_page_says_of_every_pair_what_ask_says(
    verdicts: list[Verdict],
) -> None:
    about = context(verdicts)
    data = answers(about)
    for left, right, python in itertools.product(*VERSIONS.values(), PYTHONS):
        key = f"{left}|{right}|{python}"
        versions = {"left": Version(left), "right": Version(right)}
        asked = Question(versions=versions, python=PythonVersion.parse(python))
        found = answer(asked, about.findings)
        shown = told(data, key, {}) if key in data["places"] else inferred(data, key, {})
        if shown is None:
            assert unknown(found), "nothing is left out that ask knows"
        else:
            assert differences(found, about.findings, shown) == []


def targets(shown: dict[str, Any] | None, left: str, right: str) -> list[str]:
    """The pairs that an answer says to move to."""
    found = []
    for to, _ in shown["moves"] if shown else ():
        package, _, version = (to or "").partition(" ")
        found += [f"{version}|{right}"] if package == "left-lib" else []
        found += [f"{left}|{version}"] if package == "right-lib" else []
    return found


def said(about: PageContext, left: str, right: str, python: str, chosen: Any) -> Sequence[Any]:
    """What may be shown. None is what the script says where it has no answer."""
    versions = {"left": Version(left), "right": Version(right)}
    asked = Question(versions=versions, python=PythonVersion.parse(python), chosen=chosen)
    (part,) = answer(asked, about.findings).parts
    place = cell(left, right, python).pins, asked.python
    told = in_words(card(about, part, place), place)
    if part.basis is AnswerBasis.INFERRED:
        return [told]
    return [None, told] if part.basis is AnswerBasis.UNKNOWN else [None]


STOCK = ("restart", "stock")


def audited(wrong: int, right: int) -> list[AuditedCell]:
    """What an audit of that many cells found."""
    seen = [Outcome.PASS] * wrong + [Outcome.HANG] * right
    return [
        AuditedCell(
            seed=seed,
            day=date(2026, 3, 2),
            cell=cell("1.0.0", "1.0.1"),
            rule="line",
            inferred=Outcome.HANG,
            inferred_as="" if one is Outcome.PASS else "A.lock",
            seen=one,
            seen_as="" if one is Outcome.PASS else "A.lock",
        )
        for seed, one in enumerate(seen)
    ]


def test_an_inferred_hang_says_what_it_rests_on_and_how_often_that_is_wrong() -> None:
    ends = [of("1.0.0", right, "3.10", STOCK, "hang") for right in ("1.0.0", "1.0.2")]
    rows = [*ends, of("1.0.0", "2.0.0", "3.10", STOCK, "pass")]
    data = answers(context(rows, audited(wrong=1, right=2)))

    said = inferred(data, "1.0.0|1.0.1|3.10", {"level": "ERROR"})

    assert said
    assert (said["look"], said["symbol"]) == ("il-hang il-inferred", "(✗)")
    assert said["says"] == "It is expected to hang, but was not tested."
    assert said["facts"] == [
        "restart: hang, inferred: right-lib 1.0.0 and 1.0.2 both hang with left-lib 1.0.0 (tested "
        "on 2026-03-01); 1 of 3 inferred cells came out otherwise when run (0.84 % to 91 %)."
    ]
    assert said["moves"][0][0] == "right-lib 2.0.0"
    assert said["found"] is None, "there is no evidence of its own to link to"


def test_without_settings_the_basis_of_what_is_inferred_is_told_too() -> None:
    """Also where the headline is about settings of which nothing is known."""
    ends = [of("1.0.0", right, "3.10", STOCK, "pass") for right in ("1.0.0", "1.0.2")]
    data = answers(context(ends, audited(wrong=1, right=2)))

    said = inferred(data, "1.0.0|1.0.1|3.10", {})

    assert said
    assert any("1 of 3 inferred cells came out otherwise" in one for one in said["facts"])


def test_an_inferred_pass_has_neither_the_sign_nor_the_colour_of_a_pass() -> None:
    rows = [of("1.0.0", right, "3.10", STOCK, "pass") for right in ("1.0.0", "1.0.2")]
    data = answers(context(rows))

    said = inferred(data, "1.0.0|1.0.1|3.10", {"level": "ERROR"})

    assert said
    assert (said["look"], said["symbol"]) == ("il-untested il-inferred", "(✓)")
    assert said["says"] == "It was not tested; tested releases around it pass."
    assert said["facts"][-1] == "Nobody ran this combination, so it is not known to be safe."


@pytest.mark.parametrize("pair", ["1.0.0|1.0.3", "1.0.2|1.0.1", "1.0.0|3.0.0rc1", "1.0.0|9.9"])
def test_no_region_holds_what_lies_beside_it_or_is_never_tried(pair: str) -> None:
    """Left 1.0.2 is yanked, and 3.0.0rc1 is a pre-release."""
    ends = itertools.product(("1.0.0", "1.0.3"), ("1.0.0", "1.0.2"))
    rows = [of(left, right, "3.10", STOCK, "hang") for left, right in ends]
    data = answers(context(rows))

    assert inferred(data, "1.0.1|1.0.1|3.10", {"level": "ERROR"})
    assert inferred(data, f"{pair}|3.10", {"level": "ERROR"}) is None
    assert inferred(data, "1.0.1|1.0.1|3.11", {"level": "ERROR"}) is None


def test_neighbours_with_the_same_answers_are_one_region() -> None:
    """Right 1.0.1 was tested elsewhere, which changes nothing here."""
    ends = [of("1.0.0", right, "3.10", STOCK, "pass") for right in ("1.0.0", "1.0.3")]
    data = answers(context([*ends, of("2.0.2", "1.0.1", "3.11", STOCK, "pass")]))

    assert [one[:4] for one in data["regions"]["3.10"]] == [[0, 0, 1, 2]]


def test_where_there_is_too_much_the_releases_tested_most_are_told() -> None:
    ends = itertools.product(("1.0.0", "1.0.3", "2.0.0"), ("1.0.0", "1.0.3"))
    tested = [of(left, right, "3.10", STOCK, "pass") for left, right in ends]
    about = context([*tested, of("1.0.3", "1.0.1", "3.10", STOCK, "pass")])
    every = inferred_regions(about.findings, P310, most=1000)
    rows = [one.rows for one in every.told]
    assert every.left_out == () and len(set(rows)) > 2, "more than is told below"

    for most in range(len(every.told)):
        found = inferred_regions(about.findings, P310, most)
        kept = [one.rows for one in found.told]
        assert len(kept) <= most
        assert {*kept}.isdisjoint(found.left_out)
        assert [one for one in every.told if one.rows not in found.left_out] == [*found.told]
        assert {*kept, *found.left_out} == {*rows}

    first = inferred_regions(about.findings, P310, most=2)
    assert {str(one.place[0][0].version) for one in first.told} == {"1.0.3"}


def test_what_is_left_out_is_named() -> None:
    ends = itertools.product(("1.0.0", "1.0.3"), ("1.0.0", "1.0.3"))
    about = context([of(left, right, "3.10", STOCK, "pass") for left, right in ends])
    told = regions(about, lambda _: [0], most=1)
    positions = {str(one): at for at, one in enumerate(about.findings.untested.pairs.rows.versions)}
    left_out = [*itertools.chain(*told.left_out["3.10"])]
    assert positions["1.0.0"] in left_out
    assert "3.11" not in told.left_out
