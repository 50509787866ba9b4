"""The answer to a question as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from asked import FORKING, HANG, NEXT, data, findings, text, worked_around
from grids import LEVEL, cell, grid, matrix, verdict

from interlock.console.page import Page
from interlock.matrix.definition import ProbeUse
from interlock.model import Reason


@pytest.mark.parametrize(
    ("outcome", "headline"),
    [
        ("hang", "It hangs"),
        ("fail", "It fails"),
        ("unproven", "It is not proven to be safe"),
        ("pass", "No hang was found"),
    ],
)
def test_the_answer_comes_first(outcome: str, headline: str) -> None:
    said = text(findings(grid(f"1.0\n1.0 {outcome}")))
    assert said.startswith(
        f"{headline}: left-lib 1.0 with right-lib 1.0 on Python 3.10, with the default settings.\n"
    )


PAIR = ": left-lib 1.0 with right-lib 1.0 on Python 3.10, "


@pytest.mark.parametrize(
    ("stock", "warnings", "lines"),
    [
        (
            "pass",
            ".",
            [
                f"No hang was found{PAIR}with the default settings.",
                "It is not known whether it hangs where warnings are events.",
            ],
        ),
        (
            ".",
            "hang",
            [
                f"It hangs{PAIR}where warnings are events.",
                "It is not known whether it hangs with the default settings.",
            ],
        ),
        (
            "pass",
            "hang",
            [
                f"It hangs{PAIR}where warnings are events.",
                "No hang was found with the default settings.",
            ],
        ),
    ],
)
def test_what_is_known_is_said_before_what_is_not(
    stock: str, warnings: str, lines: list[str]
) -> None:
    """Settings that only another release was run with are not known; a pass is no pass of all."""
    here = {"stock": stock, "warnings": warnings}
    known = [
        found
        for config, outcome in here.items()
        for found in grid(f"1.0\n1.0 {outcome}\n2.0 pass", config=config)
    ]
    assert text(findings(known), chosen="every").split("\n\n")[0].splitlines() == lines
    first, _ = text(findings(known), Page(width=120, colours=True), chosen="every").split("\n", 1)
    assert "\x1b[1;32m" not in first, "green is for what passes with every setting"


def test_what_was_not_tested_is_unknown_with_its_nearest_neighbours() -> None:
    said = text(findings(grid("1.0\n0.8 pass\n0.9 pass\n1.1 hang\n1.2 pass")))
    assert said.startswith("It is not known whether it hangs")
    assert "\n  unknown\n" in said
    nearest = "0.9 (pass) and 1.1 (hang)"
    assert f"- the nearest tested left-lib with this right-lib: {nearest}\n" in said
    assert "\n  Ask about these for more.\n" in said
    command = "nox -s matrix -- --left 1.0 --right 1.0 --python 3.10 --probe restart --config stock"
    assert f"\nTo test these releases:\n  {command}" in said


@pytest.mark.parametrize(
    ("verdicts", "advice"),
    [
        ("1.0\n1.1 pass\n2.0 pass", ["- upgrade left-lib to 1.1 (nearest, stays on 1.x) or 2.0"]),
        ("1.1\n1.1 pass", ["- upgrade right-lib to 1.1 and left-lib to 1.1 together"]),
        ("1.0\n1.1 hang", []),
        ("1.0\n0.9 pass", []),
    ],
)
def test_what_was_not_tested_has_the_newer_releases_that_pass(
    verdicts: str, advice: list[str]
) -> None:
    lines = [line.strip() for line in text(findings(grid(verdicts))).splitlines()]
    assert [line for line in lines if line.startswith("- upgrade")] == advice
    assert ("These were tested, and no hang was found:" in lines) is bool(advice)


def test_settings_that_were_not_tested_are_tested_by_a_probe_that_has_them() -> None:
    made = matrix(choices={**LEVEL, **FORKING})
    restart = made.probes["restart"]
    probes = {
        "restart": replace(restart, configs=("stock",)),
        "serve": replace(restart, name="serve", configs=("warnings",)),
    }
    of = findings([], choices={**LEVEL, **FORKING}, probes=probes)
    run = "nox -s matrix -- --left 1.0 --right 1.0 --python 3.10 --probe"
    assert f"\nTo test these releases:\n  {run} serve --config warnings" in text(
        of, chosen="warnings"
    )
    assert "\nNo probe runs with just these settings." in text(of, chosen="forking")


def test_what_was_not_tested_at_all_is_tested_by_one_command() -> None:
    both = [*grid("0.9 1.1\n1.0 pass pass"), *grid("0.9 1.1\n1.0 pass pass", config="warnings")]
    assert text(findings(both), chosen="every").endswith(
        "\nTo test these releases:\n  nox -s matrix -- --left 1.0 --right 1.0 --python 3.10"
    )
    of = findings(
        [],
        choices={**LEVEL, **FORKING},
        uses={"restart": ProbeUse(), "serve": ProbeUse(choices={"forking": "yes"})},
    )
    assert "--left 1.0 --right 1.0 --python 3.10 --probe serve" in text(of, chosen="forking")


def test_where_nothing_helps_with_all_of_it_on_it_says_what_helps_with_less() -> None:
    said = text(findings([*HANG, *NEXT]), chosen="warnings")
    assert (
        "  Against the hang that was found with the default settings, with fewer settings on; not "
        "tested with all of yours:\n  - upgrade right-lib to 2.0\n"
    ) in said.replace("tested\n  with", "tested with")
    (less,) = data(findings([*HANG, *NEXT]), chosen="warnings")["fewer"]
    assert (less["situation"], less["moves"][0]["nearest"]) == ({"level": "ERROR"}, "2.0")


def test_a_hang_says_on_what_whose_it_is_and_what_to_upgrade_to() -> None:
    said = text(findings([*HANG, *NEXT]))
    assert "restart: hang (self-deadlock); 3 trials, 90 starts, tested on 2026-03-01" in said
    assert "\n    A → A\n" in said
    assert "Only the pair does this" in said
    assert "- upgrade right-lib to 2.0\n" in said
    assert "--left 1.0 --right 1.0 --python 3.10 --probe restart --config stock" in said


def test_a_workaround_says_what_it_costs() -> None:
    said = text(worked_around())
    assert "Workarounds that pass on these very releases:\n" in said
    assert "- quiet: keep quiet. Nobody hears.\n    QUIET=1\n" in said


def test_a_workaround_against_one_hang_of_two_says_by_what_it_was_tested() -> None:
    said = text(worked_around("serve"))
    assert "- quiet: keep quiet. Nobody hears. Tested only by restart.\n" in said


@pytest.mark.parametrize(
    ("known", "caution"),
    [
        (
            {"elsewhere": "hang"},
            "Don't count on it: with it, 1 of 2 combinations hang in the same way.",
        ),
        ({"exposures": 5}, "It passes in too few runs to tell that from luck."),
    ],
)
def test_a_workaround_that_passes_by_luck_is_no_recommendation(
    known: dict[str, Any], caution: str
) -> None:
    said = text(worked_around(**known), Page(width=200))
    assert "Workarounds that pass on these very releases" not in said
    assert "Workarounds that pass here, but that you can't rely on:\n" in said
    assert f"- quiet: keep quiet. {caution} Nobody hears.\n" in said
    (way,) = data(worked_around(**known))["workarounds"]
    assert way["caution"] == caution


def test_situations_that_say_the_same_are_told_once() -> None:
    both = [*grid("0.9 1.1\n1.0 pass pass"), *grid("0.9 1.1\n1.0 pass pass", config="warnings")]
    said = text(findings(both), chosen="every")
    assert said.count("This combination was not tested.") == 1
    assert "default settings" not in said


def test_the_first_lines_say_in_the_readers_words_where_it_hangs_and_where_not() -> None:
    verdicts = [verdict(cell(config="warnings"), "hang"), verdict(cell())]
    first, second, *_ = text(findings(verdicts), chosen="every").splitlines()
    assert first == (
        "It hangs: left-lib 1.0 with right-lib 1.0 on Python 3.10, where warnings are events."
    )
    assert second == "No hang was found with the default settings."


def test_no_line_is_told_twice() -> None:
    """A hang with fewer settings is also one with more.

    It is described once, and then only named.
    """
    verdicts = [*HANG, *NEXT, verdict(cell(config="warnings")), *grid("2.0\n1.0 pass")]
    lines = text(findings(verdicts), Page(width=300), chosen="every").splitlines()
    assert "  restart: hang, with the default settings, as above" in lines
    told = [line for line in lines if line.strip() and line.strip() != "hang"]
    assert sorted(set(told)) == sorted(told)


def test_what_the_index_decides_is_told_once_for_all_probes() -> None:
    lacks = {"reason": Reason.NO_WHEEL, "detail": "right-lib 1.0 has no wheel."}
    verdicts = [
        verdict(cell(probe=probe, config=config), "unsupported", **lacks)
        for probe in ("restart", "serve")
        for config in ("stock", "warnings")
    ]
    said = text(findings(verdicts), chosen="every")
    assert said.count("has no wheel") == 1
    assert said.startswith("It cannot be run")


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (None, "Tested on Python 3.10.1."),
        ("3.10.1", "Tested on Python 3.10.1."),
        ("3.10.4", "Tested on Python 3.10.1. Python 3.10.4 itself was not tested."),
    ],
)
def test_it_names_the_patch_release_that_was_tested(patch: str | None, says: str) -> None:
    assert text(findings(grid("1.0\n1.0 pass")), patch=patch).endswith(f"\n{says}")


@pytest.mark.parametrize(
    ("verdicts", "command"),
    [
        ("1.0\n1.0 hang", "nox -s matrix -- --left 1.0 --python 3.10"),
        ("1.0 2.0\n1.0 hang hang", "nox -s matrix -- --right 1.0 --python 3.10"),
        # a release is known that helps, or every axis has newer ones that do not
        ("1.0 2.0\n1.0 hang pass", None),
        ("1.0 2.0\n1.0 hang hang\n2.0 hang hang", None),
    ],
)
def test_where_no_newer_release_was_tested_it_says_how_to_find_one(
    verdicts: str, command: str | None
) -> None:
    for chosen in ("stock", "every"):
        lines = text(findings(grid(verdicts)), chosen=chosen).splitlines()
        looked = [i for i, line in enumerate(lines) if "To look for a release" in line]
        assert [lines[i + 1].strip() for i in looked] == ([command] if command else [])


def test_where_nothing_was_run_with_all_switched_on_it_says_so() -> None:
    said = text(findings(grid("1.0\n1.0 pass")), chosen="warnings")
    assert "No test used these settings on Python 3.10." in said


@pytest.mark.parametrize("width", [30, 40, 60, 100])
def test_it_fits_a_narrow_terminal_but_for_the_command(width: int) -> None:
    lines = text(findings([*HANG, *NEXT]), Page(width=width)).splitlines()
    assert [line for line in lines if len(line) > width and "nox -s" not in line] == []


def test_colour_is_for_terminals() -> None:
    of = findings(HANG)
    assert "\x1b" not in text(of)
    assert "\x1b[1;31mhang\x1b[0m" in text(of, Page(colours=True))
