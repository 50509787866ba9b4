"""The answer to a question: exit codes, and the answer as text and as data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from grids import LEVEL, NOON, cell, forking, grid, matrix, rows, verdict
from ours import INTERLOCK, PROBES
from packaging.version import Version

from interlock.console import answer_json, answer_rare, answer_text, entry
from interlock.console.page import Page
from interlock.findings import Answer, Findings, Question, answer
from interlock.matrix.definition import ProbeUse, Workaround
from interlock.model import PythonVersion, Reason, Signature, Verdict

QUIET = Workaround(
    name="quiet", title="keep quiet", description="", costs="Nobody hears.", paste="QUIET=1"
)
PYTHON = PythonVersion(3, 10)
WIDE = Page(width=120)


def findings(verdicts: list[Verdict], **changes: object) -> Findings:
    return Findings(matrix=matrix(**changes), verdicts=verdicts)


CHOSEN: dict[str, dict[str, str]] = {
    "stock": {"level": "ERROR"},
    "warnings": {"level": "WARNING"},
    "forking": {"forking": "yes"},
    "every": {},
}


def answered(
    of: Findings, left: str = "1.0", chosen: str = "stock", patch: str | None = None
) -> Answer:
    question = Question(
        versions={"left": Version(left), "right": Version("1.0")},
        python=PYTHON,
        patch=patch,
        chosen=CHOSEN[chosen],
    )
    return answer(question, of)


def text(of: Findings, page: Page = WIDE, **question: Any) -> str:
    return answer_text.as_text(answered(of, **question), of, page)


def data(of: Findings, **question: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer_json.as_data(answered(of, **question))
    return found


ENDS = ("axis", "nearest", "newest", "reason")

HANG = rows("pair: hang A 3/90; left: pass 500; right: pass 500")
NEXT = [verdict(cell("1.0", "2.0")), verdict(cell("1.1", "1.0"), "hang")]


# The text -----------------------------------------------------------------------------------------


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


def worked_around(*probes: str, elsewhere: str = "pass", exposures: int = 500) -> Findings:
    """A hang of the probe ``restart``, and of the others named, where being quiet helps it.

    ``elsewhere`` is what being quiet comes to with left 1.1. ``exposures`` are those of the pass.
    """
    seen = {"trials": 3, "hangs": 3, "exposures": 30, "signatures": ((A, 3),)}
    hangs = [verdict(cell(probe=probe), "hang", **seen) for probe in ("restart", *probes)]
    also = {"hang": seen, "pass": {"exposures": exposures}}[elsewhere]
    return findings(
        [
            *hangs,
            verdict(cell("1.1"), "hang", **seen),
            verdict(cell(config="stock+quiet"), exposures=exposures),
            verdict(cell("1.1", config="stock+quiet"), elsewhere, **also),
        ],
        workarounds={"quiet": QUIET},
        uses={"restart": ProbeUse(workarounds={"stock": ("quiet",)})},
    )


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


FORKING = forking("it forks", instead="Start it in the `child`.")


def forked() -> Findings:
    probes = matrix().probes
    uses = {"serve": ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})}
    return findings(
        [
            verdict(cell(probe="serve"), "hang"),
            verdict(cell(probe="serve", config="stock+quiet")),
            verdict(cell("1.0", "2.0", probe="serve")),
            *grid("1.0 2.0\n1.0 pass pass"),
        ],
        probes=probes,
        uses=uses,
        workarounds={"quiet": QUIET},
        choices={**LEVEL, **FORKING},
    )


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


# The data -----------------------------------------------------------------------------------------


def test_the_data_have_all_that_is_known_of_the_worst_situation() -> None:
    hung = [verdict(cell(config="warnings"), "hang", signatures=((A, 1),)), verdict(cell())]
    said = data(findings(hung), chosen="every")
    assert said["question"] == {
        "versions": {"left": "1.0", "right": "1.0"},
        "python": "3.10",
        "patch": None,
        "situation": {"level": {"value": "ERROR", "stated": False}},
    }
    assert (said["situation"], said["outcome"]) == ({"level": "WARNING"}, "hang")
    assert said["basis"] == "tested"
    assert said["signatures"] == [{"locks": ["A"], "stuck": [], "text": "A → A"}]
    assert (said["trials"], said["exposures"]) == (1, 100)
    assert said["tested_at"] == NOON.isoformat()
    assert said["python_full"] == ["3.10.1"]
    assert said["whose"][0]["whose"] == "open"
    assert [part["outcome"] for part in said["situations"]] == ["pass", "hang"]


A = Signature(locks=("A",))


def test_the_data_say_what_was_stated() -> None:
    said = data(findings(HANG, choices={**LEVEL, **FORKING}), chosen="warnings", patch="3.10.4")
    assert said["question"]["patch"] == "3.10.4"
    assert said["question"]["situation"] == {
        "level": {"value": "WARNING", "stated": True},
        "forking": {"value": "no", "stated": False},
    }
    assert len(said["situations"]) == 1


def test_the_data_have_what_helps_a_kind_of_application() -> None:
    assert data(forked(), chosen="forking")["advice"] == ["Start it in the child."]
    (note,) = data(forked(), chosen="every")["notes"]
    assert (note["choice"], note["hangs"]) == ("forking", 1)


def test_the_data_name_the_releases_to_move_to_or_the_reason_for_none() -> None:
    said = data(findings([*HANG, *NEXT]))
    ends = [{name: move[name] for name in ENDS} for move in said["moves"]]
    assert ends == [
        {"axis": "right", "nearest": "2.0", "newest": "2.0", "reason": None},
        {
            "axis": "left",
            "nearest": None,
            "newest": None,
            "reason": "no left-lib release that was tested helps",
        },
    ]


def test_the_data_say_what_a_move_rests_on_and_what_is_smallest() -> None:
    said = data(findings([*HANG, *NEXT]))
    right, left = ({k: v for k, v in move.items() if k not in ENDS} for move in said["moves"])
    assert right == {
        "evidence": [
            {
                "version": "2.0",
                "basis": "tested",
                "trials": 1,
                "exposures": 100,
                "tested_at": NOON.isoformat(),
            }
        ],
        "scopes": [{"scope": "any", "nearest": "2.0", "tested": 1, "untested": 0}],
        "not_recommended": [],
        "every_python": {
            "nearest": "2.0",
            "newest": "2.0",
            "pythons": ["3.10"],
            "newest_pythons": ["3.10"],
        },
        "untested": None,
    }
    assert left["scopes"] == [
        {"scope": "major", "nearest": None, "tested": 1, "untested": 0},
        {"scope": "any", "nearest": None, "tested": 1, "untested": 0},
    ]
    assert said["smallest"] == {"scope": "any", "targets": [{"axis": "right", "version": "2.0"}]}


def test_the_data_say_why_a_release_is_not_recommended() -> None:
    of = Findings(
        matrix=matrix(),
        verdicts=[*HANG, *NEXT, verdict(cell("1.0", "2.1"))],
        withdrawn={"right": frozenset({Version("2.0")})},
    )
    (barred,) = data(of)["moves"][0]["not_recommended"]
    assert barred == {
        "version": "2.0",
        "because": [
            {
                "bar": "yanked",
                "certain": True,
                "says": None,
                "until": None,
                "vulnerabilities": [],
            }
        ],
    }


def test_the_data_have_the_workarounds_with_their_costs() -> None:
    (way,) = data(worked_around())["workarounds"]
    assert (way["name"], way["costs"], way["probe"]) == ("quiet", "Nobody hears.", "restart")
    assert way["paste"] == "QUIET=1"
    assert (way["caution"], way["elsewhere"], way["not_run_by"]) == (None, None, [])
    (way,) = data(worked_around("serve", elsewhere="hang"))["workarounds"]
    assert way["elsewhere"] == {"hangs": 1, "tried": 2}
    assert way["not_run_by"] == ["serve"]


def test_the_cause_of_a_failure_is_a_field() -> None:
    failed = verdict(cell(), "fail", cause="SIGSEGV", failed=1)
    assert data(findings([failed]))["cause"] == "SIGSEGV"
    assert data(findings(HANG))["cause"] is None


@pytest.mark.parametrize("verdicts", [[], grid("0.9 1.1\n1.0 pass pass")])
def test_what_was_not_tested_is_unknown_in_the_data(verdicts: list[Verdict]) -> None:
    said = data(findings(verdicts), chosen="every")
    assert (said["outcome"], said["basis"], said["trials"]) == ("unknown", "unknown", 0)
    assert said["moves"] == said["workarounds"] == said["signatures"] == []


# What is typed ------------------------------------------------------------------------------------


def typed(
    capture: pytest.CaptureFixture[str], *arguments: str, at: Path = PROBES.parent
) -> tuple[int, str, str]:
    try:
        code = entry.main(["--matrix", str(at / "matrix.yaml"), "ask", *arguments])
    except SystemExit as left:  # argparse's own way
        code = int(left.code or 0)
    said = capture.readouterr()
    return code, said.out, said.err


KNOWN = ("--sentry", "2.10.0", "--ddtrace", "2.14.2")


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        ((*KNOWN, "--python", "3.11", "--config", "warning-events"), "hang"),
        ((*KNOWN, "--python", "3.11.7", "--config", "warning-events"), "hang"),
        ((*KNOWN, "--python", "3.14", "--config", "stock"), "unsupported"),
        (("--sentry", "0.0.1", "--ddtrace", "2.14.2", "--python", "3.11"), "unknown"),
        ((*KNOWN, "--python", "3.77"), "unknown"),
        ((*KNOWN, "--python", "3.11"), "hang"),
        ((*KNOWN, "--python", "3.11", "--with", "event-level=ERROR"), "pass"),
        ((*KNOWN, "--python", "3.11", "--with", "event-level"), "hang"),
        (
            (*KNOWN, "--python", "3.11", "--with", "event-level", "--with", "lock-profiling=off"),
            "pass",
        ),
    ],
)
def test_a_question_is_answered_with_zero_whatever_the_answer(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], outcome: str
) -> None:
    code, output, errors = typed(capsys, *arguments, "--format", "json")
    assert (code, errors) == (0, "")
    assert json.loads(output)["outcome"] == outcome


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name --sentry, --ddtrace and --python too"),
        (("--sentry", "2.10.0", "--python", "3.11"), "name --ddtrace too"),
        (KNOWN, "name --python too"),
        (("--sentry", "2.x", "--ddtrace", "2.14.2", "--python", "3.11"), '--sentry: "2.x" is not'),
        (
            (*KNOWN, "--python", "pypy"),
            '--python: "pypy" is not a supported Python version; write it like 3.11',
        ),
        ((*KNOWN, "--python", "3"), '--python: "3" is not a supported Python version'),
        ((*KNOWN, "--python", "2.7"), '--python: "2.7" is not a supported Python version'),
        ((*KNOWN, "--python", "3.11", "--config", "stok"), '"stok" is not one of stock, warning-'),
        (
            (*KNOWN, "--python", "3.11", "--config", "unamplified"),
            '"unamplified" sets something that no application can choose; '
            "name one of stock, warning-events",
        ),
        ((*KNOWN, "--python", "3.11", "--application", "forking"), "removed: use --with forks"),
        ((*KNOWN, "--python", "3.11", "--with", "fork"), 'is no choice; did you mean "forks"?'),
        ((*KNOWN, "--python", "3.11", "--with", ""), "--with is empty; give it a value"),
        (
            (*KNOWN, "--python", "3.11", "--with", "event-level=WARN"),
            '--with event-level: "WARN" is no value of it; did you mean "WARNING"?',
        ),
        (
            (*KNOWN, "--python", "3.11", "--with", "forks", "--with", "forks=no"),
            "--with forks is given twice: yes and no",
        ),
        ((*KNOWN, "--python", "3.11", "--results", "nowhere"), "nowhere/verdicts.csv: there is no"),
        ((*KNOWN, "--python", "3.11", "--format", "xml"), "invalid choice"),
    ],
)
def test_a_mistake_in_the_question_is_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, output, errors = typed(capsys, *arguments)
    assert (code, output) == (2, "")
    assert said in errors
    assert "Traceback" not in errors


def test_a_reader_who_has_read_enough_is_no_trouble() -> None:
    asked = [*INTERLOCK, "ask", *KNOWN, "--python", "3.11"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        asked, stdout=writing, stderr=subprocess.PIPE, cwd=PROBES.parent, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_other_results_are_read_where_they_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    published = (PROBES.parent / "results/verdicts.csv").read_text(encoding="utf-8")
    shutil.copy(PROBES.parent / "results/shared.json", tmp_path)
    (tmp_path / "verdicts.csv").write_text(published.partition("\n")[0] + "\n", encoding="utf-8")
    asked = (*KNOWN, "--python", "3.11", "--results", str(tmp_path), "--format", "json")
    code, output, _ = typed(capsys, *asked)
    assert (code, json.loads(output)["outcome"]) == (0, "unknown")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_can_be_printed_in_any_encoding(encoding: str, form: str) -> None:
    done = subprocess.run(
        [*INTERLOCK, "ask", *KNOWN, "--python", "3.11", "--format", form],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        cwd=PROBES.parent,
        check=True,
    )
    printed = done.stdout.decode(encoding)
    if form == "json":
        assert "signatures" in json.dumps(json.loads(printed))


@pytest.mark.parametrize(("python", "is_tested"), [("3.7", False), ("3.8", True), ("3.14", True)])
def test_no_test_is_suggested_on_a_python_that_the_harness_lacks(
    python: str, is_tested: bool
) -> None:
    of = findings(grid("1.0\n1.0 pass", python="3.9"))
    versions = {"left": Version("1.0"), "right": Version("1.0")}
    question = Question(versions=versions, python=PythonVersion.parse(python))
    said = answer_text.as_text(answer(question, of), of, WIDE)
    assert ("nox -s matrix" in said) is is_tested
    assert ("It can't be tested: the harness runs on Python 3.8 and newer" in said) is not is_tested
