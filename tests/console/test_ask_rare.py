"""The answer to a question where hangs are rare."""

from __future__ import annotations

import pytest
from asked import FORKING, data, findings, forked, text
from grids import LEVEL, cell, grid, rows, verdict

from interlock.console import answer_rare
from interlock.console.page import Page
from interlock.findings import Findings
from interlock.matrix.definition import ProbeUse


def test_an_answer_names_the_kind_of_application_that_hangs_beside_it() -> None:
    said = text(forked(), chosen="every")
    assert said.startswith("No hang was found")
    assert said.endswith(
        "Where it forks, it hung in 1 of 1 trial (serve, 100 starts). Start it in the child. "
        "Ask again with --with forking."
    )
    rest = findings(grid("1.0\n1.0 pass"), choices={**LEVEL, **FORKING})
    assert text(rest, chosen="every").endswith(
        "This answer does not cover an application where it forks. Ask again with --with forking."
    )


def test_of_a_rare_hang_single_passes_recommend_nothing() -> None:
    said = text(forked(), chosen="forking")
    assert said.startswith("It hangs")
    assert "upgrade" not in said and "keep quiet" not in said
    assert " ".join(said.splitlines()).endswith(
        "Over all releases and Pythons that were tested, it hung in 1 of 200 starts (serve). "
        # 1 - (1 - 0.025) ** (1 / 100), and the quantile of the beta distribution for (2, 99)
        "The release line by serve: can hang, rarely: 1 of 100 starts with right-lib 1.0.x, "
        "0.025 % to 5.4 %. A hang of this kind is rare, so a pass proves little. "
        "Start it in the child."
    )
    (rate,) = data(forked(), chosen="forking")["rates"]
    assert rate == {"probe": "serve", "hangs": 1, "exposures": 200}


def seldom(*right: tuple[str, int, int]) -> Findings:
    """Left 1.0 by ``serve``, whose hangs are rare: hangs of exposures with releases of right."""
    served = [
        verdict(
            cell("1.0", version, probe="serve"),
            "hang" if hangs else "pass",
            hangs=hangs,
            exposures=exposures,
            trials=max(1, hangs),
        )
        for version, hangs, exposures in right
    ]
    everybody = rows("pair: pass 500; pair in warnings: pass 500")
    uses = {"serve": ProbeUse(choices={"forking": "yes"})}
    return findings([*everybody, *served], uses=uses, choices={**LEVEL, **FORKING})


LINE = "2 of 500 starts with right-lib 1.0.x, 0.048 % to 1.4 %"
"""Of both below together, by Clopper and Pearson."""
SELDOM = (("1.0", 0, 100), ("1.0.1", 2, 400))


def test_a_pass_whose_release_line_hung_is_an_answer_of_its_own() -> None:
    said = " ".join(text(seldom(*SELDOM), chosen="forking").split())
    assert said.startswith("It can hang, rarely: left-lib 1.0 with right-lib 1.0 on Python 3.10")
    assert f" can hang, rarely serve: can hang, rarely: {LINE}; none in 1 trial, 100 " in said
    assert "serve: pass" not in said and "No hang was found" not in said
    assert said.count(LINE) == 1


def test_settings_that_a_run_left_out_are_named_as_unknown() -> None:
    said = " ".join(text(findings(rows("pair: pass 500")), chosen="every").split())
    assert "No hang was found: left-lib 1.0 with right-lib 1.0 on Python 3.10, with the " in said
    assert "It is not known whether it hangs where warnings are events." in said


def test_a_search_prints_rates_by_release_line_where_hangs_are_rare() -> None:
    lines = list(answer_rare.line_rates(seldom(*SELDOM), "serve", "stock"))
    assert lines[1].startswith("serve in stock: hangs are rare")
    assert lines[2:] == [
        f"  can hang, rarely: {LINE}",
        f"  can hang, rarely: {LINE.replace('right-lib', 'left-lib')}",
    ]
    assert len(list(answer_rare.line_rates(seldom(*SELDOM), "serve", "warnings"))) == 2


def test_it_is_neither_green_nor_red() -> None:
    said = text(seldom(*SELDOM), Page(width=200, colours=True), chosen="forking")
    assert "\x1b[1;33mIt can hang, rarely" in said
    assert "\x1b[1;33mcan hang, rarely\x1b[0m" in said
    assert "\x1b[1;32m" not in said


def test_without_any_hang_of_its_probe_it_is_no_pass_either() -> None:
    said = text(seldom(("1.0", 0, 100)), chosen="forking")
    assert said.startswith("No hang was seen, but a rare one is possible: ")
    assert "\n  no hang seen\n" in said


def test_who_states_nothing_is_told_of_the_release_line() -> None:
    said = text(seldom(*SELDOM), chosen="every")
    assert said.startswith("No hang was found")
    assert " ".join(said.splitlines()).endswith(
        f"Where it forks, it can hang, rarely: {LINE} (serve). Start it in the child. "
        "Ask again with --with forking."
    )


def test_what_was_not_run_is_told_by_its_release_line_and_stays_unknown() -> None:
    found = seldom(*SELDOM)
    said = " ".join(text(found, left="1.0.9", chosen="forking").split())
    assert said.startswith("It is not known whether it hangs")
    assert f"The release line by serve: can hang, rarely: {LINE}." in said


def test_a_neighbour_that_did_not_hang_is_told_by_its_release_line() -> None:
    said = text(seldom(*SELDOM), left="1.1", chosen="forking")
    assert "(can hang, rarely)" in said
    assert "(pass)" not in said


def test_the_data_never_call_it_a_pass() -> None:
    said = data(seldom(*SELDOM), chosen="forking")
    assert said["outcome"] == said["situations"][0]["outcome"] == "can-hang-rarely"
    low, high = said["rare"].pop("low"), said["rare"].pop("high")
    # quantiles of the beta distribution: at 2.5 % for (2, 499), at 97.5 % for (3, 498)
    assert (low, high) == pytest.approx((0.000485, 0.014375), abs=1e-6)
    assert said["rare"] == {
        "state": "can-hang-rarely",
        "probe": "serve",
        "config": "stock",
        "axis": "right",
        "line": "1.0.x",
        "hangs": 2,
        "tried": 500,
        "unit": "starts",
    }
    # what the trials of the cell say stays as it was
    assert ("serve", "pass") in [(one["probe"], one["outcome"]) for one in said["verdicts"]]
    assert data(seldom(("1.0", 0, 9)), chosen="forking")["outcome"] == "no-hang-seen"
    assert data(seldom(*SELDOM), chosen="stock")["rare"] is None
    (note,) = data(seldom(*SELDOM), chosen="every")["notes"]
    assert (note["hangs"], note["rare"][0]["line"]) == (0, "1.0.x")
