"""The effect of each workaround on the cells where it ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from grids import cell, matrix, verdict

from interlock.findings.workarounds import TriedWorkaround, WorkaroundRecord, luck, records, tried
from interlock.matrix.definition import Matrix, ProbeUse, Workaround
from interlock.model import Basis, Outcome, Reason, Verdict

QUIET = Workaround(
    name="quiet", title="be quiet", description="", costs="No noise.", settings={"q": 1}
)
BACK = Workaround(name="back", title="as it was", description="", costs="Nothing.", same_as="stock")


def ways() -> Matrix:
    return matrix(
        uses={"restart": ProbeUse(workarounds={"warnings": ("quiet", "back")})},
        workarounds={"quiet": QUIET, "back": BACK},
    )


def said(text: str) -> list[Verdict]:
    """``"warnings hang; warnings+quiet pass"``."""
    pairs = (clause.split() for clause in text.split(";"))
    return [verdict(cell(config=config), outcome) for config, outcome in pairs]


def outcomes(text: str) -> list[str]:
    found = tried(said(text), ways()).get(cell(config="warnings").key, ())
    return [f"{one.way.name} {_word(one)}" for one in found]


def _word(one: TriedWorkaround) -> str:
    if one.was_needed:
        return "works" if one.works else "does not"
    return "breaks it" if one.breaks else "harmless"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("warnings hang; warnings+quiet pass", ["quiet works"]),
        ("warnings fail; warnings+quiet pass", ["quiet works"]),
        ("warnings hang; warnings+quiet hang", ["quiet does not"]),
        # an unproven cell does not count as working, nor does another outcome
        ("warnings hang; warnings+quiet unproven", ["quiet does not"]),
        ("warnings hang; warnings+quiet fail", ["quiet does not"]),
        # one that is a configuration of its own has its evidence there
        ("warnings hang; stock pass", ["back works"]),
        ("warnings hang; stock hang; warnings+quiet pass", ["quiet works", "back does not"]),
        # nothing is claimed of cells that did not run
        ("warnings hang", []),
        ("stock hang; stock+quiet pass", []),
        # on the neighbours of a hang it must break nothing
        ("warnings pass; warnings+quiet pass", ["quiet harmless"]),
        ("warnings pass; warnings+quiet hang", ["quiet breaks it"]),
        # if the result without it is unknown
        ("warnings unproven; warnings+quiet pass", []),
    ],
)
def test_a_workaround_counts_where_it_was_run(text: str, expected: list[str]) -> None:
    assert outcomes(text) == expected


def test_a_workaround_on_another_cell_says_nothing_about_this_one() -> None:
    hang = verdict(cell(config="warnings"), "hang")
    elsewhere = verdict(cell("1.1", config="warnings+quiet"))

    assert tried([hang, elsewhere], ways()) == {}


def test_neither_a_library_alone_nor_what_was_inferred_needs_a_workaround() -> None:
    alone = [verdict(cell("1.0", "-", config=c), "hang") for c in ("warnings", "warnings+quiet")]
    inferred = [replace(v, basis=Basis.INFERRED) for v in said("warnings hang; stock pass")]

    assert tried([*alone, *inferred], ways()) == {}


def test_a_pass_may_be_luck_where_the_same_workaround_hangs_elsewhere() -> None:
    other = cell(left="2.0", config="warnings")
    found = tried(
        [
            *said("warnings hang; warnings+quiet pass; stock pass"),
            verdict(other, "hang"),
            verdict(replace(other, config="warnings+quiet"), "hang"),
        ],
        ways(),
    )
    here = {one.way.name: records(found)[one.kind] for one in found[cell(config="warnings").key]}
    # two of three hangs, or more, without it in as many exposures: 3/8 + 1/8
    assert here == {
        "quiet": WorkaroundRecord(hangs=1, tried=2, luck=pytest.approx(1 / 2)),
        "back": WorkaroundRecord(hangs=0, tried=1, luck=pytest.approx(1 / 2)),
    }


def one(without: dict[str, Any], with_it: dict[str, Any]) -> TriedWorkaround:
    of = cell(config="warnings")
    return TriedWorkaround(
        way=QUIET,
        without=replace(verdict(of, "hang"), **without),
        verdict=replace(verdict(replace(of, config="warnings+quiet")), **with_it),
    )


@pytest.mark.parametrize(
    ("without", "with_it", "expected"),
    [
        ({"exposures": 30}, {"exposures": 570}, 30 / 600),
        # a hang before the first exposure is counted by trials
        ({"exposures": 0}, {"trials": 3}, 1 / 4),
        # a degraded app was degraded once
        (
            {"outcome": Outcome.FAIL, "reason": Reason.DEGRADED, "hangs": 0, "exposures": 80},
            {"exposures": 240},
            80 / 320,
        ),
        # any other failure always comes
        ({"outcome": Outcome.FAIL, "reason": Reason.ERROR, "hangs": 0}, {}, 1 / 1001),
    ],
)
def test_how_much_of_a_pass_is_luck(
    without: dict[str, Any], with_it: dict[str, Any], expected: float
) -> None:
    assert luck([one(without, with_it)]) == pytest.approx(expected)
    assert luck([one(without, with_it)] * 2) == pytest.approx(expected**2)


def test_what_proved_nothing_with_it_tells_nothing_of_it() -> None:
    passed = one({"exposures": 100}, {"exposures": 100})
    dead = {"outcome": Outcome.UNPROVEN, "reason": Reason.NOT_LIVE, "exposures": 400}
    assert luck([passed]) == luck([passed, one({"exposures": 100}, dead)]) == pytest.approx(0.5)


@pytest.mark.parametrize(("exposures", "tells"), [(569, False), (571, True)])
def test_a_workaround_tells_where_its_passes_are_hardly_luck(exposures: int, tells: bool) -> None:
    tried_once = one({"exposures": 30}, {"exposures": exposures})
    (record,) = records({("here",): (tried_once,)}).values()
    assert record.tells is tells


def test_what_could_not_be_run_with_it_is_not_counted() -> None:
    unsupported = one({}, {"outcome": Outcome.UNSUPPORTED})
    assert not unsupported.was_run
    assert records({("here",): (unsupported,)}) == {}
