"""Answers about releases that nobody ran: inferred, decided by the index, or unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import pytest
from grids import LEVEL, cell, forking, grid, matrix, verdict
from hypothesis import given, strategies as st
from packaging.version import Version

from interlock.findings.audit import ErrorRate
from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis, Rule
from interlock.findings.question import Answer, Question, SituationAnswer, answer
from interlock.matrix.definition import ProbeUse
from interlock.model import NoTarget, Outcome, PythonVersion, Reason, Target, Verdict
from interlock.record.releases import ListedRelease, ListedReleases

P310, P311 = PythonVersion(3, 10), PythonVersion(3, 11)
LEFT = "1.0.0 1.0.1 1.0.2 1.0.3 1.1.0"
RIGHT = "1.0 2.0.0 2.0.1 2.0.2"
CHOSEN: Mapping[str, Mapping[str, str]] = {
    "stock": {"level": "ERROR"},
    "warnings": {"level": "WARNING"},
    "forking": {"forking": "yes"},
    "every": {},
}


def listed(left: str = LEFT, right: str = RIGHT, python: str = "3.10") -> ListedReleases:
    """``1.0!`` is yanked; ``1.0x`` has no wheel for Python 3.10, ``1.0r`` excludes it."""

    def one(word: str) -> ListedRelease:
        reasons = {"x": Reason.NO_WHEEL, "r": Reason.REQUIRES_PYTHON}
        refused = {P310: reasons[word[-1]]} if word[-1] in reasons else {}
        version = Version(word.rstrip("!xr"))
        return ListedRelease(version=version, yanked="!" in word, refused=refused)

    axes = {"left": left, "right": right}
    return ListedReleases(
        pythons=(P310, P311),
        by_axis={axis: [one(word) for word in text.split()] for axis, text in axes.items()},
    )


class Audited(Findings):
    """With an audit of the probe ``restart``."""

    @cached_property
    def audits(self) -> Mapping[str, ErrorRate]:
        return {"restart": ErrorRate(wrong=3, run=300)}


def findings(
    verdicts: Sequence[Verdict], releases: ListedReleases | None = None, **changes: object
) -> Findings:
    known = listed() if releases is None else releases
    return Findings(matrix=matrix(**changes), verdicts=verdicts, releases=known)


def asked(of: Findings, left: str = "1.0.1", right: str = "1.0", chosen: str = "stock") -> Answer:
    question = Question(
        versions={"left": Version(left), "right": Version(right)},
        python=P310,
        chosen=CHOSEN[chosen],
    )
    return answer(question, of)


def one(of: Findings, **question: str) -> SituationAnswer:
    (part,) = asked(of, **question).parts
    return part


def says(part: SituationAnswer) -> str:
    return f"{part.outcome or 'nothing'}, {part.basis}"


HANGS = "1.0\n1.0.0 hang\n1.0.2 hang"
PASSES = "1.0\n1.0.0 pass\n1.0.2 pass"


# One probe ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (HANGS, "hang, inferred"),
        (PASSES, "pass, inferred"),
        ("1.0\n1.0.0 fail\n1.0.2 fail", "fail, inferred"),
        # what was run is no guess
        ("1.0\n1.0.0 hang\n1.0.1 pass\n1.0.2 hang", "pass, tested"),
        ("1.0\n1.0.0 pass\n1.0.1 hang\n1.0.2 pass", "hang, tested"),
        ("1.0\n1.0.0 pass\n1.0.1 unproven\n1.0.2 pass", "unproven, tested"),
        # nothing agrees around it
        ("1.0\n1.0.0 pass\n1.0.2 hang", "nothing, unknown"),
        ("1.0\n1.0.0 pass", "nothing, unknown"),
        ("1.0\n1.1.0 hang", "nothing, unknown"),
        ("1.0\n1.0.0 unproven\n1.0.2 unproven", "nothing, unknown"),
    ],
)
def test_a_release_between_two_tested_ones_that_agree_is_inferred(
    verdicts: str, expected: str
) -> None:
    assert says(one(findings(grid(verdicts)))) == expected


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        (listed(), "hang, inferred"),
        # nobody searches these, and no index was asked
        (listed("1.0.0 1.0.1! 1.0.2"), "nothing, unknown"),
        (ListedReleases(), "nothing, unknown"),
        (listed("1.0.0 1.0.2"), "nothing, unknown"),
        # the index decides
        (listed("1.0.0 1.0.1x 1.0.2"), "unsupported, index"),
        (listed("1.0.0 1.0.1r 1.0.2"), "unsupported, index"),
        (listed(right="1.0x"), "unsupported, index"),
    ],
)
def test_what_the_index_lists_comes_first(releases: ListedReleases, expected: str) -> None:
    assert says(one(findings(grid(HANGS), releases))) == expected


def test_a_pre_release_is_never_inferred() -> None:
    known = listed("1.0.0 1.0.1 1.0.2rc1 1.0.2")
    assert says(one(findings(grid(HANGS), known), left="1.0.2rc1")) == "nothing, unknown"


def test_what_was_run_stays_although_the_index_decides_otherwise_now() -> None:
    ran = grid("1.0\n1.0.1 hang")
    assert says(one(findings(ran, listed("1.0.1x")))) == "hang, tested"


def test_the_index_decides_for_every_situation_and_says_why() -> None:
    found = asked(findings(grid(HANGS), listed("1.0.0 1.0.1x 1.0.2", "1.0r")), chosen="every")
    assert [says(part) for part in found.parts] == ["unsupported, index"] * len(found.parts)
    assert [refusal.says for refusal in found.parts[0].refusals] == [
        "left-lib 1.0.1 has no wheel for CPython 3.10 on x86_64",
        "right-lib 1.0 excludes Python 3.10 (requires-python)",
    ]


def test_a_release_that_the_index_does_not_list_is_named() -> None:
    part = one(findings(grid(HANGS)), left="1.0.9")
    assert (says(part), [str(pin) for pin in part.unlisted]) == ("nothing, unknown", ["left 1.0.9"])
    assert one(findings(grid(HANGS)), left="1.1.0").unlisted == ()
    assert one(findings(grid(HANGS), ListedReleases()), left="1.0.9").unlisted == ()


# What it rests on ---------------------------------------------------------------------------------


def test_an_inferred_cell_carries_what_it_rests_on() -> None:
    of = Audited(matrix=matrix(), verdicts=grid(HANGS), releases=listed())
    (seen,) = one(of).rests_on
    assert seen.inferred
    assert (seen.verdict.cell, seen.verdict.trials) == (cell("1.0.1"), 0)
    assert seen.inferred.rule is Rule.LINE
    assert [corner.cell for corner in seen.inferred.corners] == [cell("1.0.0"), cell("1.0.2")]
    assert seen.inferred.error_rate == ErrorRate(wrong=3, run=300)


def test_a_probe_without_an_audit_has_no_error_rate() -> None:
    verdicts = [*grid(HANGS), *grid(HANGS, probe="serve")]
    of = Audited(matrix=matrix(), verdicts=verdicts, releases=listed())
    rates = {s.verdict.cell.probe: s.inferred.error_rate for s in one(of).rests_on if s.inferred}
    assert rates == {"restart": ErrorRate(wrong=3, run=300), "serve": None}


def test_a_box_rests_on_the_corners_that_were_tested() -> None:
    side = "hang hang hang hang"
    text = f"{RIGHT}\n1.0.0 {side}\n1.0.1 hang . . .\n1.0.2 hang . . .\n1.0.3 hang . . hang"
    (seen,) = one(findings(grid(text)), left="1.0.2", right="2.0.1").rests_on
    assert seen.inferred
    assert seen.inferred.rule is Rule.BOX
    assert {corner.cell for corner in seen.inferred.corners} == {
        cell("1.0.0", "1.0"),
        cell("1.0.0", "2.0.2"),
        cell("1.0.3", "1.0"),
        cell("1.0.3", "2.0.2"),
    }


def test_an_inferred_release_is_never_a_target() -> None:
    """Right 2.0.1 is inferred to pass, and only the tested ones are recommended."""
    text = f"{RIGHT}\n1.0.1 hang pass . pass"
    (move,) = [m for m in one(findings(grid(text))).moves if m.axis == "right"]
    assert isinstance(move.nearest, Target) and isinstance(move.newest, Target)
    assert (str(move.nearest.version), str(move.newest.version)) == ("2.0.0", "2.0.2")
    text = "1.0 2.0.0 2.0.1 2.0.2\n1.0.0 hang pass . pass\n1.0.2 hang pass . pass\n1.0.1 . . . ."
    (move,) = [m for m in one(findings(grid(text))).moves if m.axis == "right"]
    assert isinstance(move.nearest, NoTarget)


def test_an_inferred_hang_can_be_left_for_a_tested_pass() -> None:
    text = "1.0 2.0.0\n1.0.0 hang .\n1.0.1 . pass\n1.0.2 hang ."
    (move,) = [m for m in one(findings(grid(text))).moves if m.axis == "right"]
    assert move.nearest == Target(axis="right", version=Version("2.0.0"))


# Situations ---------------------------------------------------------------------------------------


def both(stock: str, warnings: str) -> list[Verdict]:
    """The two ends of a line, and what was run of 1.0.1 itself, in each configuration."""

    def rows(config: str, text: str) -> list[Verdict]:
        first, here, last = text.split()
        return grid(f"1.0\n1.0.0 {first}\n1.0.1 {here}\n1.0.2 {last}", config=config)

    return [*rows("stock", stock), *rows("warnings", warnings)]


@pytest.mark.parametrize(
    ("stock", "warnings", "in_stock", "in_warnings"),
    [
        # a hang with less switched on concerns everyone who has that switched on
        ("hang . hang", "pass . hang", "hang, inferred", "hang, inferred"),
        # a pass with less says nothing, a pass with more is enough
        ("pass . pass", "pass . hang", "pass, inferred", "nothing, unknown"),
        ("pass . hang", "pass . pass", "pass, inferred", "pass, inferred"),
        # what was tested comes first
        ("pass . pass", "hang hang hang", "pass, inferred", "hang, tested"),
        ("hang . hang", "pass pass pass", "pass, tested", "pass, tested"),
        ("hang hang hang", "pass . pass", "hang, tested", "hang, tested"),
        ("pass pass pass", "hang . hang", "pass, tested", "hang, inferred"),
        ("pass pass pass", "pass . pass", "pass, tested", "pass, inferred"),
        ("pass . hang", "pass . hang", "nothing, unknown", "nothing, unknown"),
    ],
)
def test_an_inferred_cell_counts_in_situations_as_a_tested_one_does(
    stock: str, warnings: str, in_stock: str, in_warnings: str
) -> None:
    of = findings(both(stock, warnings))
    assert says(one(of, chosen="stock")) == in_stock
    assert says(one(of, chosen="warnings")) == in_warnings


def test_a_pass_needs_every_probe_and_a_hang_only_one() -> None:
    elsewhere = [verdict(cell("1.1.0", probe="serve"))]
    assert says(one(findings([*grid(PASSES), *elsewhere]))) == "nothing, unknown"
    assert says(one(findings([*grid(HANGS), *elsewhere]))) == "hang, inferred"
    every = [*grid(PASSES), *grid(PASSES, probe="serve")]
    assert says(one(findings(every))) == "pass, inferred"


def test_an_inferred_hang_that_a_tested_pass_contradicts_is_no_hang() -> None:
    """The probe ``serve`` was not run there, so the tested pass alone is not enough."""
    elsewhere = verdict(cell("1.1.0", probe="serve"))
    passing = verdict(cell("1.0.1", config="warnings"))
    assert says(one(findings([*grid(HANGS), elsewhere, passing]))) == "nothing, unknown"
    assert says(one(findings([*grid(HANGS), elsewhere]))) == "hang, inferred"


def test_an_inferred_pass_that_a_tested_hang_contradicts_is_no_pass() -> None:
    of = findings([*grid(PASSES, config="warnings"), verdict(cell("1.0.1"), "hang")])
    place = cell("1.0.1").pins, P310
    meant, seen = of.tested.meant_at(place), of.tested.at(place)
    assert of.untested.at(place, meant, seen) == []
    (inferred,) = of.untested.at(place, meant[1:], [])
    assert (inferred.verdict.cell.config, inferred.is_trouble) == ("warnings", False)


def test_a_tested_pass_counts_before_an_inferred_one() -> None:
    passing = verdict(cell("1.0.1", config="warnings"))
    part = one(findings([*grid(PASSES), passing, *grid(PASSES, probe="serve")]))
    assert says(part) == "pass, inferred"
    assert {s.verdict.cell.probe: bool(s.inferred) for s in part.rests_on} == {
        "restart": False,
        "serve": True,
    }


def test_of_a_rare_hang_nothing_is_inferred() -> None:
    """The probe ``serve`` is about one kind of application: its hangs have rates, not edges."""
    kind = {
        "choices": {**LEVEL, **forking()},
        "uses": {"restart": ProbeUse(), "serve": ProbeUse(choices={"forking": "yes"})},
    }
    for text in (HANGS, PASSES):
        of = findings([*grid(PASSES), *grid(text, probe="serve")], **kind)
        assert says(one(of, chosen="stock")) == "pass, inferred"
        assert says(one(of, chosen="forking")) == "nothing, unknown"


def test_the_headline_is_a_tested_hang_before_an_inferred_one() -> None:
    worst = asked(findings(both("pass . pass", "hang hang hang")), chosen="every").worst
    assert worst and says(worst) == "hang, tested"
    worst = asked(findings(both("pass pass pass", "pass . pass")), chosen="every").worst
    assert worst and says(worst) == "pass, inferred"


# Any verdicts -------------------------------------------------------------------------------------

Cells = Mapping[tuple[str, str, str, str], str]
LEFTS, RIGHTS = ("1.0.0", "1.0.1", "1.0.2"), ("2.0.0", "2.0.1")
PROBES, CONFIGS = ("restart", "serve"), ("stock", "warnings")
cells = st.dictionaries(
    st.tuples(*map(st.sampled_from, (LEFTS, RIGHTS, PROBES, CONFIGS))),
    st.sampled_from(["pass", "hang", "fail", "unproven"]),
    max_size=24,
)


def verdicts_of(drawn: Cells) -> list[Verdict]:
    return [
        verdict(cell(left, right, probe=probe, config=config), outcome)
        for (left, right, probe, config), outcome in drawn.items()
    ]


def parts(of: Findings) -> Mapping[tuple[str, str, str], SituationAnswer]:
    return {
        (left, right, chosen): one(of, left=left, right=right, chosen=chosen)
        for left in LEFTS
        for right in RIGHTS
        for chosen in CONFIGS
    }


@given(cells)
def test_what_is_inferred_never_contradicts_what_was_tested(drawn: Cells) -> None:
    verdicts = verdicts_of(drawn)
    known, tested = parts(findings(verdicts)), parts(findings(verdicts, ListedReleases()))
    for where, part in known.items():
        left, right, _ = where
        if tested[where].basis is not AnswerBasis.UNKNOWN:
            assert says(part) == says(tested[where])
            assert part.verdicts == tested[where].verdicts
        for seen in part.rests_on:
            mine = seen.verdict.cell
            ran = drawn.get((left, right, mine.probe, mine.config))
            assert (ran is None) == (seen.inferred is not None)
            for config in CONFIGS:
                beside = drawn.get((left, right, mine.probe, config))
                less, more = sorted((config, mine.config), key=CONFIGS.index)
                if seen.inferred and seen.is_trouble and config == more:
                    assert beside != "pass"
                if seen.inferred and not seen.is_trouble and config == less:
                    assert beside not in ("hang", "fail")


@given(cells)
def test_more_switched_on_never_turns_an_inferred_hang_into_a_pass(drawn: Cells) -> None:
    found = parts(findings(verdicts_of(drawn)))
    for (left, right, chosen), part in found.items():
        if chosen == "stock" and part.outcome in (Outcome.HANG, Outcome.FAIL):
            more = found[left, right, "warnings"].outcome
            assert more in (Outcome.HANG, Outcome.FAIL)


@given(cells)
def test_what_is_unknown_is_never_a_pass(drawn: Cells) -> None:
    of = findings(verdicts_of(drawn))
    for part in parts(of).values():
        assert (part.basis is AnswerBasis.UNKNOWN) == (part.outcome is None)
        if part.basis is AnswerBasis.INFERRED:
            assert any(seen.inferred and seen.inferred.corners for seen in part.rests_on)
        for move in part.moves:
            target = move.newest
            if isinstance(target, Target):
                here = [k for k, o in drawn.items() if o == "pass" and str(target.version) in k]
                assert here, "a target was tested"
