"""How far a move leads, what bars a nearer one, and what is the smallest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from grids import AXES, NOON, cell, grid, matrix, verdict
from hypothesis import given, settings, strategies as st
from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import Answer, Question, answer
from interlock.findings.scopes import Scope, SmallestMove
from interlock.findings.weighing import version_of
from interlock.index.vulnerabilities import joined
from interlock.model import NoTarget, Outcome, Pin, PythonVersion, Reason, Target, Verdict
from interlock.record.releases import ListedRelease, ListedReleases

PYTHON = PythonVersion(3, 10)
PYTHONS = (PythonVersion(3, 9), PYTHON, PythonVersion(3, 11))
DAY = timedelta(days=1)


def listed(text: str) -> list[ListedRelease]:
    """Releases, each with what is known of it behind a colon.

    ``2.0:yanked``, ``2.0:young``, ``2.0:CVE-1`` (a vulnerability), ``2.0:3.9`` (its only Python).
    """
    return [_listed(word) for word in text.split()]


def _listed(word: str) -> ListedRelease:
    version, _, known = word.partition(":")
    other = (python for python in PYTHONS if str(python) != known)
    return ListedRelease(
        version=Version(version),
        uploaded_at=NOON if known == "young" else NOON - 2 * DAY,
        yanked=known == "yanked",
        yanked_because="It is broken." if known == "yanked" else "",
        refused=dict.fromkeys(other, Reason.NO_WHEEL) if known.startswith("3") else {},
        vulnerabilities=joined([[known]] if known.startswith("CVE") else []),
    )


def found(
    verdicts: Sequence[Verdict], right: str | None = None, left: str | None = None
) -> Findings:
    texts = {"left": left, "right": right}
    by_axis = {axis: listed(text) for axis, text in texts.items() if text}
    return Findings(
        matrix=matrix(),
        verdicts=verdicts,
        releases=ListedReleases(pythons=PYTHONS, by_axis=by_axis),
        now=NOON,
    )


def asked(findings: Findings, left: str = "1.0.0", right: str = "1.0.0") -> Answer:
    versions = {"left": Version(left), "right": Version(right)}
    return answer(Question(versions=versions, python=PYTHON, chosen={"level": "ERROR"}), findings)


def move_of(findings: Findings, **of: str) -> Move:
    """The move of the axis to move first, ``right``."""
    move = asked(findings, **of).moves[0]
    assert move.axis == "right"
    return move


def scopes(move: Move) -> str:
    """``line 1.0.1 (2 tested, 0 not), major …``; a dash where none helps."""
    return ", ".join(
        f"{one.scope} {one.target.version if one.target else '-'} "
        f"({one.tested} tested, {len(one.untested)} not)"
        for one in move.scopes
    )


@pytest.mark.parametrize(
    ("verdicts", "listed", "expected"),
    [
        # the nearest is in the line, and so in each larger scope
        (
            "1.0.0 1.0.1 1.1.0 2.0.0\n1.0.0 hang pass pass pass",
            None,
            "line 1.0.1 (1 tested, 0 not), major 1.0.1 (2 tested, 0 not), "
            "any 1.0.1 (3 tested, 0 not)",
        ),
        (
            "1.0.0 1.0.1 1.1.0 2.0.0\n1.0.0 hang hang hang pass",
            None,
            "line - (1 tested, 0 not), major - (2 tested, 0 not), any 2.0.0 (3 tested, 0 not)",
        ),
        # the release is the newest of its line, and of its major version
        ("1.0.0 2.0.0\n1.0.0 hang pass", None, "any 2.0.0 (1 tested, 0 not)"),
        (
            "1.0.0 1.1.0\n1.0.0 hang pass",
            None,
            "major 1.1.0 (1 tested, 0 not), any 1.1.0 (1 tested, 0 not)",
        ),
        # what the index lists, and nobody tested
        (
            "1.0.0 2.0.0\n1.0.0 hang pass",
            "1.0.0 1.0.1 1.1.0 2.0.0 3.0.0",
            "line - (0 tested, 1 not), major - (0 tested, 2 not), any 2.0.0 (1 tested, 3 not)",
        ),
        # nobody can, or should, move to these
        (
            "1.0.0 2.0.0\n1.0.0 hang pass",
            "1.0.0 1.0.1:yanked 1.0.2:young 1.0.3:CVE-1 1.0.4:3.9 1.1.0b1 2.0.0",
            "any 2.0.0 (1 tested, 0 not)",
        ),
        ("1.0.0\n1.0.0 hang", "1.0.0", ""),
    ],
)
def test_each_scope_says_what_is_known_of_its_newer_releases(
    verdicts: str, listed: str | None, expected: str
) -> None:
    assert scopes(move_of(found(grid(verdicts), listed))) == expected


LINE = "1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang pass pass pass"


@pytest.mark.parametrize(
    ("listed", "targets", "barred"),
    [
        ("1.0.0 1.0.1 1.0.2 1.0.3", "1.0.1 1.0.3", ""),
        ("1.0.0 1.0.1:yanked 1.0.2 1.0.3", "1.0.2 1.0.3", "1.0.1 yanked"),
        ("1.0.0 1.0.1 1.0.2 1.0.3:young", "1.0.1 1.0.2", "1.0.3 too-young"),
        ("1.0.0 1.0.1:CVE-1 1.0.2 1.0.3:young", "1.0.2 1.0.2", "1.0.1 vulnerable, 1.0.3 too-young"),
        ("1.0.0 1.0.2 1.0.3", "1.0.2 1.0.3", "1.0.1 not-listed"),
        # a vulnerability that stays is no reason
        ("1.0.0:CVE-1 1.0.1:CVE-1 1.0.2 1.0.3", "1.0.1 1.0.3", ""),
        # only what is nearer than the nearest, or newer than the newest, is named
        ("1.0.0 1.0.1 1.0.2:yanked 1.0.3", "1.0.1 1.0.3", ""),
        (
            "1.0.0 1.0.1:yanked 1.0.2:yanked 1.0.3:young",
            "-",
            "1.0.1 yanked, 1.0.2 yanked, 1.0.3 too-young",
        ),
    ],
)
def test_what_bars_a_release_is_data(listed: str, targets: str, barred: str) -> None:
    move = move_of(found(grid(LINE), listed))
    ends = [one for one in (move.nearest, move.newest) if isinstance(one, Target)]
    assert " ".join(str(one.version) for one in ends) == targets.replace("-", "")
    told = [f"{one.version} {' '.join(str(o.bar) for o in one.objections)}" for one in move.barred]
    assert ", ".join(told) == barred


def test_where_all_that_pass_are_barred_the_reason_says_so() -> None:
    only = move_of(found(grid(LINE), "1.0.0 1.0.1:yanked 1.0.2:yanked 1.0.3:young")).nearest
    assert isinstance(only, NoTarget)
    assert (only.is_open, only.reason) == (
        False,
        "only releases of right-lib that are not recommended help: 1.0.1, 1.0.2, 1.0.3",
    )


@pytest.mark.parametrize(
    ("verdicts", "listed", "expected"),
    [
        ("1.0.0 1.0.2\n1.0.0 hang pass", "1.0.0 1.0.1 1.0.2 1.0.3", "1.0.1"),
        ("1.0.0 1.0.2\n1.0.0 hang hang", "1.0.0 1.0.1 1.0.2 1.0.3", "1.0.1 1.0.3"),
        ("1.0.0 1.0.1\n1.0.0 hang pass", "1.0.0 1.0.1 1.0.2", ""),
        # without a list nobody knows
        ("1.0.0 1.0.2\n1.0.0 hang pass", None, ""),
    ],
)
def test_what_was_not_tested_before_the_nearest_is_named(
    verdicts: str, listed: str | None, expected: str
) -> None:
    untested = move_of(found(grid(verdicts), listed)).untested
    assert " ".join(map(str, untested)) == expected


def everywhere(move: Move) -> str:
    one = move.everywhere
    if one is None:
        return "none"
    return f"{one.nearest.version} {one.newest.version} on {' '.join(map(str, one.pythons))}"


@pytest.mark.parametrize(
    ("also", "listed", "expected"),
    [
        ("1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang pass pass pass", None, "1.0.1 1.0.3 on 3.10 3.11"),
        ("1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang hang pass hang", None, "1.0.2 1.0.2 on 3.10 3.11"),
        ("1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang hang hang hang", None, "none"),
        # not tested is no pass
        ("1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang . pass pass", None, "1.0.2 1.0.3 on 3.10 3.11"),
        # what can't be installed there does not have to pass there
        (
            "1.0.0 1.0.1 1.0.2 1.0.3\n1.0.0 hang . hang pass",
            "1.0.0 1.0.1:3.10 1.0.2 1.0.3",
            "1.0.1 1.0.3 on 3.10",
        ),
    ],
)
def test_what_passes_on_every_python(also: str, listed: str | None, expected: str) -> None:
    verdicts = [*grid(LINE), *grid(also, python="3.11")]
    assert everywhere(move_of(found(verdicts, listed))) == expected


def smallest(one: SmallestMove | None) -> str:
    if one is None:
        return "none"
    return f"{one.scope}: {', '.join(f'{t.axis} {t.version}' for t in one.targets)}"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        # the axis to move first, unless the other takes a smaller step
        ("1.0.0 1.0.1\n1.0.0 hang pass\n1.0.1 pass pass", "line: right 1.0.1"),
        ("1.0.0 1.1.0\n1.0.0 hang pass\n1.0.1 pass pass", "line: left 1.0.1"),
        ("1.0.0 2.0.0\n1.0.0 hang pass\n1.1.0 pass pass", "major: left 1.1.0"),
        ("1.0.0 2.0.0\n1.0.0 hang pass\n2.0.0 hang pass", "any: right 2.0.0"),
        # neither alone helps
        ("1.0.0 1.0.1\n1.0.0 hang hang\n1.0.1 hang pass", "line: right 1.0.1, left 1.0.1"),
        (
            "1.0.0 1.0.1 1.1.0 2.0.0\n1.0.0 hang hang hang hang\n1.1.0 hang hang pass pass\n"
            "2.0.0 hang pass pass pass",
            "major: right 1.1.0, left 1.1.0",
        ),
        ("1.0.0 1.0.1\n1.0.0 hang hang\n1.0.1 hang hang", "none"),
        ("1.0.0 1.0.1\n1.0.0 pass hang\n1.0.1 hang pass", "none"),
    ],
)
def test_the_smallest_move(verdicts: str, expected: str) -> None:
    assert smallest(asked(found(grid(verdicts))).smallest) == expected


def test_the_smallest_move_of_both_leads_to_nothing_that_is_barred() -> None:
    verdicts = grid("1.0.0 1.0.1 1.0.2\n1.0.0 hang hang hang\n1.0.1 hang pass pass")
    findings = found(verdicts, "1.0.0 1.0.1:yanked 1.0.2", "1.0.0 1.0.1")
    assert smallest(asked(findings).smallest) == "line: right 1.0.2, left 1.0.1"


def test_a_release_that_is_barred_for_everybody_is_recommended_to_nobody() -> None:
    """By the advice on a run, which knows a combination and no question, too."""
    kinds = "1.0.0 1.0.1:yanked 1.0.2:young 1.0.3"
    findings = found(grid(LINE), kinds, "1.0.0")
    found_by_config = findings.by_application[None].advice
    pins, python = cell("1.0.0", "1.0.0").pins, PYTHON
    nearest = found_by_config[pins, python, None].moves[0].nearest
    assert nearest == Target(axis="right", version=Version("1.0.3"))
    assert findings.excluded == {
        "left": frozenset(),
        "right": frozenset({Version("1.0.1"), Version("1.0.2")}),
    }


# Properties ---------------------------------------------------------------------------------------

VERSIONS = ("1.0.0", "1.0.1", "1.1.0", "2.0.0b1", "2.0.0")
CELLS = [
    cell(left, right, python)
    for left, right in product(VERSIONS[::2], VERSIONS)
    for python in ("3.10", "3.11")
]
KINDS = ["", "", ":yanked", ":young", ":CVE-1"]

SPACES = st.tuples(
    st.lists(
        st.sampled_from(["hang", "pass", "pass", "unproven", "."]),
        min_size=len(CELLS),
        max_size=len(CELLS),
    ),
    st.lists(st.sampled_from(KINDS), min_size=len(VERSIONS), max_size=len(VERSIONS)),
)


def space(drawn: tuple[list[str], list[str]]) -> Findings:
    outcomes, kinds = drawn
    verdicts = [
        verdict(of, outcome) for of, outcome in zip(CELLS, outcomes, strict=True) if outcome != "."
    ]
    text = " ".join(f"{v}{kind}" for v, kind in zip(VERSIONS, kinds, strict=True))
    return found(verdicts, text, text)


def places(findings: Findings) -> list[tuple[tuple[Pin, ...], Answer]]:
    return [
        (of.pins, asked(findings, str(of.pins[0].version), str(of.pins[1].version)))
        for of in CELLS[::2]
    ]


def after(pins: tuple[Pin, ...], targets: Sequence[Target]) -> tuple[Pin, ...]:
    to: Mapping[str, Version] = {one.axis: one.version for one in targets}
    return tuple(replace(pin, version=to.get(pin.axis, pin.version)) for pin in pins)


def outcome(findings: Findings, pins: tuple[Pin, ...], python: PythonVersion) -> Outcome | None:
    rows = [v for v in findings.verdicts if (v.cell.pins, v.cell.python) == (pins, python)]
    return rows[0].outcome if rows else None


def may_be_recommended(findings: Findings, target: Target, present: Version) -> bool:
    offer = findings.releases.of(target.axis, target.version)
    before = findings.releases.of(target.axis, present)
    assert offer
    assert before
    return (
        not target.version.is_prerelease
        and not offer.yanked
        and offer.uploaded_at is not None
        and offer.uploaded_at <= NOON - DAY
        and (not offer.vulnerabilities or offer.vulnerabilities == before.vulnerabilities)
    )


@settings(max_examples=60)
@given(SPACES)
def test_a_target_was_tested_and_passes_and_may_be_recommended(
    drawn: tuple[list[str], list[str]],
) -> None:
    findings = space(drawn)
    for pins, said in places(findings):
        ways = [[one] for move in said.moves for one in _targets(move)]
        ways += [[*said.smallest.targets]] if said.smallest else []
        for targets in ways:
            assert outcome(findings, after(pins, targets), PYTHON) is Outcome.PASS
            for one in targets:
                present = version_of(pins, one.axis)
                assert one.version > present
                assert may_be_recommended(findings, one, present)


@settings(max_examples=60)
@given(SPACES)
def test_a_target_on_every_python_passes_on_each(drawn: tuple[list[str], list[str]]) -> None:
    findings = space(drawn)
    for pins, said in places(findings):
        for one in (move.everywhere for move in said.moves if move.everywhere):
            assert PYTHON in one.pythons
            for python in findings.tested.pythons:
                assert outcome(findings, after(pins, [one.nearest]), python) is Outcome.PASS
                assert outcome(findings, after(pins, [one.newest]), python) is Outcome.PASS


@settings(max_examples=60)
@given(SPACES)
def test_the_scopes_are_in_order(drawn: tuple[list[str], list[str]]) -> None:
    for pins, said in places(space(drawn)):
        for move in said.moves:
            present = version_of(pins, move.axis)
            ranks = [one.scope.rank for one in move.scopes]
            targets = [one.target.version for one in move.scopes if one.target]
            assert ranks == sorted(set(ranks))
            assert targets == sorted(targets)
            assert all(
                one.scope.contains(present, one.target.version) for one in move.scopes if one.target
            )
            if isinstance(move.newest, Target):
                assert targets
                assert targets[-1] <= move.newest.version


@settings(max_examples=60)
@given(SPACES)
def test_no_move_is_smaller_than_the_smallest(drawn: tuple[list[str], list[str]]) -> None:
    """Against every combination that was tested, one by one."""
    findings = space(drawn)
    for pins, said in places(findings):
        if not said.moves:
            continue
        helping = [
            targets
            for there in {v.cell.pins for v in findings.verdicts}
            if (targets := _newer(pins, there))
            if outcome(findings, there, PYTHON) is Outcome.PASS
            if all(may_be_recommended(findings, t, version_of(pins, t.axis)) for t in targets)
        ]
        sizes = [(len(targets), _scope(pins, targets)) for targets in helping]
        if said.smallest is None:
            assert sizes == []
        else:
            one = said.smallest
            assert min(sizes) == (len(one.targets), one.scope.rank)


def _newer(pins: tuple[Pin, ...], there: tuple[Pin, ...]) -> list[Target]:
    """What moves; nothing where some release would be older."""
    pairs = [
        (axis.name, version_of(pins, axis.name), version_of(there, axis.name)) for axis in AXES
    ]
    if any(new < old for _, old, new in pairs):
        return []
    return [Target(axis=axis, version=new) for axis, old, new in pairs if new != old]


def _scope(pins: tuple[Pin, ...], targets: Sequence[Target]) -> int:
    return max(Scope.of(version_of(pins, one.axis), one.version).rank for one in targets)


def _targets(move: Move) -> list[Target]:
    return [one for one in (move.nearest, move.newest) if isinstance(one, Target)]
