"""Sparse data is not safety: what makes a release safe, and what does not.

The policy of these tests asks for two partners and three trials, on two Pythons. There must be a
partner of each line: left's 1.x and 2.x, and right's 1.x, 2.x and 3.x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import AXES, LEFT, RIGHT, cell, grid, matrix, verdict
from hypothesis import given, settings, strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from said import weighed

from interlock.findings.coverage import State, coverage, shortfall
from interlock.findings.criteria import Criteria, criteria_for, meant_by
from interlock.findings.standing import Recommendation, recommend
from interlock.findings.weighing import Excluded
from interlock.matrix.choices import read_choice
from interlock.matrix.definition import Only, ProbeUse
from interlock.matrix.policy import Policy, ReleaseLines, Required, line_name
from interlock.model import Axis, Cell, Outcome, PythonVersion, Reason, Target, Verdict

OLD, NEW = PythonVersion(3, 9), PythonVersion(3, 10)


def lines(*named: str, pythons: Sequence[PythonVersion] = (OLD, NEW)) -> ReleaseLines:
    return ReleaseLines(lines=tuple(map(SpecifierSet, named)), pythons=tuple(pythons))


POLICY = Policy(
    prefer=("right", "left"),
    safe=Required(
        partners=2,
        trials=3,
        lines={
            "left": (lines("==1.*", "==2.*"),),
            "right": (lines("==1.*", "==2.*"), lines("==3.*", pythons=[NEW])),
        },
    ),
)


def said(
    verdicts: Sequence[Verdict],
    axis: Axis = RIGHT,
    policy: Policy = POLICY,
    excluded: Excluded | None = None,
    criteria: Criteria | None = None,
) -> Recommendation:
    return recommend(weighed(verdicts, policy, excluded, criteria or Criteria()), axis)


def on_both(text: str, **of: str) -> list[Verdict]:
    return [*grid(text, python="3.9", **of), *grid(text, python="3.10", **of)]


def safe(verdicts: Sequence[Verdict], axis: Axis = RIGHT) -> set[str]:
    return {str(s.version) for s in said(verdicts, axis).standings if s.is_safe}


def did(of: Cell, outcome: str, reason: Reason = Reason.NO_WHEEL) -> Verdict:
    """In two trials; what is unsupported can't be installed."""
    changes = {"reason": reason} if outcome == "unsupported" else {}
    return verdict(of, outcome, trials=2, **changes)


def state(verdicts: Sequence[Verdict], version: str = "1.0") -> State:
    tested = weighed(verdicts, POLICY)
    return coverage(tested, "right", Version(version), NEW, None).state


# What a release has to show -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        # of the partners 1.0, 1.1, 2.0, 2.1 and 3.0 on one Python
        ("pass pass pass . .", State.PASSES),
        ("pass . pass pass .", State.PASSES),
        ("pass . pass . pass", State.PASSES),
        # a line without a pass
        ("pass pass . . .", State.SPARSE),
        ("pass pass . . pass", State.SPARSE),
        ("pass pass unsupported unsupported .", State.SPARSE),
        # too few trials
        ("pass . pass . .", State.SPARSE),
        # one partner is too few
        (". . pass . .", State.SPARSE),
        # one bad row is enough, in any line
        ("pass pass pass hang .", State.BREAKS),
        ("pass pass pass . fail", State.BREAKS),
        ("pass pass pass unproven .", State.UNPROVEN),
        ("pass pass pass unproven hang", State.BREAKS),
        # a release that can't install proves nothing
        ("pass pass pass unsupported unsupported", State.PASSES),
        ("unsupported unsupported unsupported . .", State.CANNOT),
        (". . . . .", State.CANNOT),
    ],
)
def test_a_release_is_safe_on_a_python_where_it_shows_what_is_required(
    column: str, expected: State
) -> None:
    partners = ("1.0", "1.1", "2.0", "2.1", "3.0")
    rows = zip(partners, column.split(), strict=True)
    verdicts = [verdict(cell(left), did) for left, did in rows if did != "."]

    assert state(verdicts) is expected


def test_one_partner_with_many_trials_is_one_partner() -> None:
    many = [verdict(cell("1.0"), trials=50), verdict(cell("2.0"), "unproven", trials=50)]

    assert state(many) is State.UNPROVEN
    assert state(many[:1]) is State.SPARSE


def test_a_partner_that_is_withdrawn_or_a_pre_release_is_none() -> None:
    verdicts = on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass")
    beta = on_both("1.0\n1.0 pass\n1.1 pass\n2.0b1 pass")

    assert safe(verdicts) == {"1.0"}
    assert safe(beta) == set()
    yanked = said(verdicts, excluded={"left": {Version("2.0")}})
    assert not any(s.is_safe for s in yanked.standings)


def test_a_release_has_to_pass_on_every_python_of_its_line() -> None:
    text = "1.0 3.0\n1.0 pass pass\n1.1 pass pass\n2.0 pass pass"

    assert safe(grid(text, python="3.10")) == {"3.0"}
    assert safe(on_both(text)) == {"1.0", "3.0"}


def test_a_python_on_which_a_release_can_be_installed_with_no_line_is_not_required() -> None:
    here = grid("1.0\n1.0 pass\n1.1 pass\n2.0 pass", python="3.10")

    def refused(*lefts: str, reason: Reason = Reason.NO_WHEEL) -> list[Verdict]:
        return [did(cell(left, python="3.9"), "unsupported", reason) for left in lefts]

    assert safe([*here, *refused("1.0", "1.1")]) == set()
    assert safe([*here, *refused("1.0", "2.0")]) == {"1.0"}
    assert safe([*here, *refused("1.0", "2.0", reason=Reason.NO_FEATURE)]) == set()


def test_a_pass_beside_what_cannot_be_installed_is_not_in_the_way() -> None:
    """Otherwise a release would become safe when that pass is lost."""
    here = grid("1.0\n1.0 pass\n1.1 pass\n2.0 pass", python="3.10")
    refused = [did(cell(left, python="3.9"), "unsupported") for left in ("1.0", "2.0")]
    other = [
        did(cell(left, python="3.10", probe="serve"), "pass") for left in ("1.0", "1.1", "2.0")
    ]
    passed = did(cell("1.0", python="3.9", probe="serve"), "pass")

    assert safe([*here, *other, *refused]) == {"1.0"}
    assert safe([*here, *other, *refused, passed]) == {"1.0"}


def test_a_release_of_no_line_of_the_policy_is_never_called_safe() -> None:
    found = said(on_both("1.0 7.0\n1.0 pass pass\n1.1 pass pass\n2.0 pass pass"))

    assert [s.is_safe for s in found.standings] == [True, False]
    assert found.safe_from is None


def test_safe_from_does_not_pass_over_a_release_that_is_not_tested_enough() -> None:
    full = "1.0 2.0 3.0\n1.0 pass {} pass\n1.1 pass {} pass\n2.0 pass {} pass"

    assert said(on_both(full.format("pass", "pass", "pass"))).safe_from == Version("1.0")
    assert said(on_both(full.format("pass", ".", "."))).safe_from == Version("3.0")


def test_a_target_is_tested_enough_and_neither_withdrawn_nor_a_pre_release() -> None:
    text = "1.0 2.0 2.1b1\n1.0 pass pass pass\n1.1 pass . pass\n2.0 pass . pass"
    found = said(grid(text, python="3.10"))
    without = said(grid(text, python="3.10"), excluded={"right": {Version("1.0")}})

    assert found.by_python[NEW] == Target(axis="right", version=Version("1.0"))
    assert "no right-lib release is tested enough on Python 3.10" in str(without.by_python[NEW])


def test_a_target_rests_on_the_least_trials_of_the_policy() -> None:
    careful = replace(POLICY, least_trials=2)
    verdicts = on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass")
    twice = [replace(one, trials=2) for one in verdicts]

    assert not said(verdicts, policy=careful).targets
    assert [str(target.version) for target, _ in said(twice, policy=careful).targets] == ["1.0"]


def test_what_is_missing_is_told() -> None:
    tested = weighed([*grid("1.0\n1.0 pass\n2.0 unproven")], POLICY)
    found = coverage(tested, "right", Version("1.0"), NEW, None)

    assert shortfall(found, {axis.name: axis.package for axis in AXES}) == [
        "unproven with left-lib 2.0",
        "1 of 2 left-lib releases",
        "1 of 3 trials",
        "no pass with left-lib 2.x",
    ]


def test_a_line_is_called_as_readers_do() -> None:
    assert line_name(SpecifierSet("==2.14.*")) == "2.14.x"
    assert line_name(SpecifierSet("==2.*")) == "2.x"
    assert line_name(SpecifierSet(">=2.71")) == ">=2.71"
    assert line_name(SpecifierSet("==2.14.2")) == "==2.14.2"


# What changes nothing -----------------------------------------------------------------------------

VERSIONS = ("1.0", "1.1", "2.0", "3.0")
DID = ("pass", "hang", "fail", "unproven", "unsupported")
CELLS = [
    cell(left, right, python, probe=probe)
    for left in VERSIONS
    for right in VERSIONS
    for python in ("3.9", "3.10")
    for probe in ("restart", "serve")
]


def criteria(verdicts: Sequence[Verdict]) -> Criteria:
    """``serve`` is asked of the latest left alone, and both probes in ``stock`` alone."""
    known = matrix(
        policy=POLICY,
        uses={"serve": ProbeUse(only=Only(versions={"left": (read_choice("latest"),)}))},
    )
    probes = {name: replace(probe, configs=("stock",)) for name, probe in known.probes.items()}
    known = replace(known, probes=probes)
    return criteria_for(known, meant_by(known, verdicts), None)


def names(verdicts: Sequence[Verdict]) -> set[tuple[str, str]]:
    """The safe releases of both axes, by all requirements of the matrix."""
    asked = criteria(verdicts)
    return {
        (axis.name, str(s.version))
        for axis in AXES
        for s in said(verdicts, axis, criteria=asked).standings
        if s.is_safe
    }


def tables(*sampled: str) -> st.SearchStrategy[list[Verdict]]:
    """Every cell with one of these outcomes, or without a verdict (``none``)."""
    drawn = st.lists(st.sampled_from(sampled), min_size=len(CELLS), max_size=len(CELLS))
    return drawn.map(
        lambda outcomes: [
            did(of, outcome)
            for of, outcome in zip(CELLS, outcomes, strict=True)
            if outcome != "none"
        ]
    )


ANY_TABLE = st.one_of(
    tables(*["pass"] * 9, *DID, "none", "none"),
    tables(*["pass"] * 40, "none", "unsupported"),
)


@settings(max_examples=50)
@given(ANY_TABLE, st.data())
def test_a_pass_that_is_lost_makes_no_release_safe(
    verdicts: list[Verdict], data: st.DataObject
) -> None:
    passes = [v for v in verdicts if v.outcome is Outcome.PASS]
    lost = data.draw(st.sets(st.sampled_from(range(len(passes))), max_size=9)) if passes else set()
    gone = {passes[number].cell.key for number in lost}

    assert names([v for v in verdicts if v.cell.key not in gone]) <= names(verdicts)


@settings(max_examples=50)
@given(ANY_TABLE, st.sampled_from(CELLS), st.sampled_from(["hang", "fail", "unproven"]))
def test_a_hang_makes_no_release_safe(verdicts: list[Verdict], of: Cell, outcome: str) -> None:
    others = [v for v in verdicts if v.cell != of]
    hung = did(of, outcome)

    assert names([*others, hung]) <= names(others)
    assert names([*others, hung]) <= names(verdicts)


@settings(max_examples=50)
@given(ANY_TABLE, st.sampled_from(["1.2", "2.5", "3.1", "9.0", "3.2b1"]), st.data())
def test_a_row_about_another_release_makes_no_release_of_its_axis_safe(
    verdicts: list[Verdict], version: str, data: st.DataObject
) -> None:
    """Any verdict of the new release may be known, even passes."""
    axis = data.draw(st.sampled_from(AXES))
    new = [
        did(
            cell(*(version, other) if axis is LEFT else (other, version), python, probe=probe),
            data.draw(st.sampled_from(DID)),
        )
        for other in data.draw(st.sets(st.sampled_from(VERSIONS)))
        for python in ("3.9", "3.10")
        for probe in ("restart", "serve")
    ]
    before = {name for name in names(verdicts) if name[0] == axis.name}
    after = {name for name in names([*verdicts, *new]) if name[0] == axis.name}

    assert after - {(axis.name, version)} == before


@settings(max_examples=50)
@given(ANY_TABLE, st.sampled_from(["1.2", "2.5", "3.1"]), st.data())
def test_a_partner_that_proves_nothing_makes_no_release_safe(
    verdicts: list[Verdict], version: str, data: st.DataObject
) -> None:
    new = [
        verdict(cell(version, right, python), "unproven")
        for right in data.draw(st.sets(st.sampled_from(VERSIONS)))
        for python in ("3.9", "3.10")
    ]
    assert names([*verdicts, *new]) <= names(verdicts)


def test_the_tables_of_these_properties_have_safe_releases_in_them() -> None:
    """Left has no line 3.x."""
    of_both = {(axis, version) for axis in ("left", "right") for version in VERSIONS}

    assert names([did(of, "pass") for of in CELLS]) == of_both - {("left", "3.0")}


def test_a_newer_release_takes_no_missing_probe_from_the_one_before_it() -> None:
    """``serve`` is required of the latest left, and did not run on 2.0."""
    full = [did(of, "pass") for of in CELLS if of.pins[0].version == Version("2.0")]
    lacking = [v for v in full if v.cell.probe == "restart"]
    newer = [verdict(cell("2.1", v, p, probe="restart")) for v in VERSIONS for p in ("3.9", "3.10")]

    assert ("left", "2.0") in names(full)
    assert ("left", "2.0") not in names(lacking)
    assert ("left", "2.0") not in names([*lacking, *newer])


def test_a_probe_that_was_run_on_nothing_is_asked_all_the_same() -> None:
    verdicts = on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass")

    assert safe(verdicts) == {"1.0"}
    assert names(verdicts) == set()


def test_a_feature_that_a_partner_lacks_is_no_pass_and_not_against_it() -> None:
    lacks = [
        verdict(cell(left, python=python, probe="logs"), "unsupported", reason=Reason.NO_FEATURE)
        for left in ("1.0", "1.1")
        for python in ("3.9", "3.10")
    ]
    logs = [verdict(cell("2.0", python=p, probe="logs")) for p in ("3.9", "3.10")]
    verdicts = [*on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass"), *logs]

    assert safe(verdicts) == set()
    assert safe([*verdicts, *lacks]) == {"1.0"}
