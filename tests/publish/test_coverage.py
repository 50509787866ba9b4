"""How well each release is tested, as the start page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import LEFT, grid, matrix
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.matrix.definition import Matrix
from interlock.matrix.policy import Policy, ReleaseLines, Required
from interlock.model import PythonVersion, Verdict
from interlock.publish import coverage, safety
from interlock.publish.context import PageContext
from interlock.record.results import Results

BOTH = tuple(map(PythonVersion.parse, ("3.9", "3.10")))
ALL = ReleaseLines(lines=(SpecifierSet("==1.*"), SpecifierSet("==2.*")), pythons=BOTH)


@pytest.fixture
def known() -> Matrix:
    """One probe in one configuration, on two Pythons.

    There are two partners, of lines 1.x and 2.x.
    """
    made = matrix()
    restart = replace(made.probes["restart"], configs=("stock",))
    required = Required(partners=2, trials=2, lines={"left": (ALL,), "right": (ALL,)})
    policy = Policy(prefer=("right", "left"), safe=required)
    return replace(made, probes={"restart": restart}, policy=policy)


def context(known: Matrix, verdicts: Sequence[Verdict], yanked: Sequence[str] = ()) -> PageContext:
    withdrawn = {"right": list(map(Version, yanked))}
    found = Results(verdicts=list(verdicts), signatures=[], yanked=withdrawn, controls=[])
    return PageContext(matrix=known, results=found)


def row(about: PageContext, version: str) -> coverage.ReleaseCoverage:
    (right, _) = coverage.coverages(about)
    return next(one for one in right.rows if one.version == version)


def on_both(text: str) -> list[Verdict]:
    return [*grid(text, python="3.9"), *grid(text, python="3.10")]


def test_a_safe_release_is_shown_with_all_that_it_passes_with(known: Matrix) -> None:
    found = row(context(known, on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass")), "1.0")

    assert (found.called, found.pythons, found.on) == ("safe", "3.9 to 3.10", "2 of 2")
    assert (found.lines, found.trials, found.lacks) == ("4 of 4", 6, [])


def test_a_release_that_lacks_coverage_is_shown_with_what_is_missing(known: Matrix) -> None:
    found = row(context(known, grid("1.0 2.0\n1.0 pass pass\n2.0 . pass", python="3.9")), "1.0")

    assert (found.called, found.pythons, found.on) == ("not tested enough", "", "0 of 2")
    assert (found.lines, found.trials) == ("1 of 4", 1)
    assert found.lacks == [
        "Python 3.9: 1 of 2 left-lib releases, 1 of 2 trials, no pass with left-lib 2.x",
        "Python 3.10: not tested",
    ]


def test_a_release_that_breaks_is_shown_with_where(known: Matrix) -> None:
    found = row(context(known, on_both("1.0\n1.0 pass\n1.1 hang\n2.0 pass")), "1.0")

    assert (found.called, found.on) == ("hangs or fails", "0 of 2")
    assert found.lacks == ["hangs or fails on Python 3.9 to 3.10"]


def test_a_yanked_release_and_one_of_no_line_are_not_called_safe(known: Matrix) -> None:
    about = context(known, on_both("1.0 7.0\n1.0 pass pass\n2.0 pass pass"), yanked=["1.0"])

    assert row(about, "1.0").called == "never recommended: yanked, or a pre-release"
    assert row(about, "7.0").called == "not tested enough"
    assert row(about, "7.0").lacks == ["its release line is not in the policy"]


def test_the_first_sentences_say_that_nothing_is_tested_enough(known: Matrix) -> None:
    few = safety.lead(context(known, on_both("1.0\n1.0 pass")))
    enough = safety.lead(context(known, on_both("1.0\n1.0 pass\n2.0 pass")))

    assert (few.reached, few.sparse) == ([], ["1.0"])
    assert [str(version) for version, _ in enough.reached] == ["1.0"]


def test_a_pass_by_some_of_the_probes_is_counted_apart(known: Matrix) -> None:
    restart = known.probes["restart"]
    probes = {name: replace(restart, name=name) for name in ("restart", "serve")}
    both = replace(known, probes=probes)
    verdicts = [*on_both("1.0\n1.0 pass\n1.1 pass"), *grid("1.0\n1.0 pass", probe="serve")]
    about = context(both, verdicts)
    (line,) = safety.by_release(about, about.first)
    ((_, (counts,)),) = line.rows

    assert [(count.number, count.part) for count in counts] == [(3, True), (1, False)]


def test_a_table_has_the_other_package_in_its_head(known: Matrix) -> None:
    (right, left) = coverage.coverages(context(known, on_both("1.0\n1.0 pass")))

    assert (right.package, right.others) == ("right-lib", [LEFT.package])
    assert left.package == LEFT.package


def test_the_lead_names_the_pythons_on_which_a_configuration_was_not_tested(known: Matrix) -> None:
    stock = on_both("1.0\n1.0 pass\n1.1 pass\n2.0 pass")
    partly = grid("1.0\n1.0 pass\n1.1 pass\n2.0 pass", python="3.10", config="warnings")
    elsewhere = grid("2.0\n1.0 pass", python="3.9", config="warnings")
    found = safety.lead(context(known, [*stock, *partly, *elsewhere]))

    assert [(str(version), on) for version, on in found.reached] == [("1.0", "3.9 to 3.10")]
    assert [(gap.release, gap.pythons) for gap in found.gaps] == [("right-lib 1.0", "3.9")]
    assert safety.lead(context(known, stock)).gaps == []
