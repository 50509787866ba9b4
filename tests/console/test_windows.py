"""What a search prints of releases, and how far that is to be trusted."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from grids import (
    AXES,
    LEFT,
    LEVEL,
    NOON,
    RIGHT as RIGHT_LIB,
    cell,
    forking,
    grid,
    matrix,
    published,
    verdict,
)
from packaging.version import Version

from interlock.campaign.exploring import Exploration, surveys_of
from interlock.console import options as entry_options
from interlock.console.search import whole_rows
from interlock.console.windows import audit_lines, lines, unproven
from interlock.matrix.definition import CellSet, ProbeUse
from interlock.matrix.selector import Block, Selector
from interlock.model import AuditedCell, Outcome, Pin, PythonVersion, Reason

RIGHT = AuditedCell(
    seed=1,
    day=date(2026, 3, 1),
    cell=cell("2.5", "2.14"),
    rule="line",
    inferred=Outcome.PASS,
    seen=Outcome.PASS,
)
WRONG = replace(RIGHT, rule="box", seen=Outcome.HANG, seen_as="A.lock")
OPEN = replace(RIGHT, seen=None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        (
            [RIGHT] * 300,
            [
                "audit: 0 of 300 inferred cells came out otherwise when run "
                "(0 % to 1.2 %, 95 % confidence)"
            ],
        ),
        (
            [OPEN],
            [
                "audit: 0 of 0 inferred cells came out otherwise when run, so the error rate is "
                "not known yet",
                "  1 of 1 drawn cell still to be run",
            ],
        ),
        (
            [RIGHT, WRONG, OPEN],
            [
                "audit: 1 of 2 inferred cells came out otherwise when run "
                "(1.3 % to 99 %, 95 % confidence)",
                "  by the rule line: 0 of 1 inferred cell came out otherwise when run "
                "(0 % to 98 %, 95 % confidence)",
                "  by the rule box: 1 of 1 inferred cell came out otherwise when run "
                "(2.5 % to 100 %, 95 % confidence)",
                "  the rule box was wrong about left 2.5 × right 2.14 × Python 3.10: "
                "inferred pass, seen hang",
                "  1 of 3 drawn cells still to be run",
            ],
        ),
    ],
)
def test_an_audit_names_the_error_rate_and_the_rule_that_misled(
    rows: list[AuditedCell], expected: list[str]
) -> None:
    assert [*audit_lines(rows)] == expected


BLOCK = Block(
    pins=tuple(
        tuple(
            Pin(axis=a.name, package=a.package, version=Version(v)) for v in ["1.0", "1.1", "2.0"]
        )
        for a in AXES
    ),
    pythons=(PythonVersion(3, 10), PythonVersion(3, 12)),
    probe="restart",
    config="stock",
)
(SURVEY,) = surveys_of(
    [BLOCK],
    [],
    matrix=matrix(),
    releases={axis.name: published(axis, "1.0 1.1 2.0") for axis in (LEFT, RIGHT_LIB)},
    machine="x86_64",
)


@pytest.mark.parametrize(
    ("known", "says", "runs"),
    [
        ("1.0 1.1\n1.0 pass hang", [], []),
        (
            "1.0 1.1\n1.0 pass unproven",
            [
                "1 pair ran and stayed unproven:",
                "  left-lib 1.0 with right-lib 1.1 on Python 3.10 (control-differs)",
            ],
            ["1.0 1.1 3.10"],
        ),
        # a command has no pair that is proven
        (
            "1.0 1.1 2.0\n1.0 unproven unproven pass\n1.1 unproven unproven hang\n"
            "2.0 unproven pass hang",
            [
                "5 pairs ran and stayed unproven:",
                "  left-lib 1.0 and 1.1 with right-lib 1.0 and 1.1 on Python 3.10 "
                "(control-differs)",
                "  left-lib 2.0 with right-lib 1.0 on Python 3.10 (control-differs)",
            ],
            ["1.0 1.0 3.10", "1.0 1.1 3.10", "1.1 1.0 3.10", "1.1 1.1 3.10", "2.0 1.0 3.10"],
        ),
        # nor is one that is not searched told
        ("1.0 7.0\n1.0 pass unproven", [], []),
    ],
)
def test_a_search_names_what_stayed_unproven_and_the_command_that_runs_just_that(
    known: str, says: list[str], runs: list[str]
) -> None:
    verdicts = grid(known)
    told = [*unproven(SURVEY, {v.cell.key: v for v in verdicts})]
    assert [line for line in told if "nox" not in line] == says
    commands = [line.split(" -- ")[1].split() for line in told if "nox" in line]
    assert sorted(cell for command in commands for cell in asked_for(command)) == sorted(runs)


@pytest.mark.parametrize("forks", [False, True])
def test_the_summary_of_a_search_has_what_stayed_unproven(forks: bool) -> None:
    """Where hangs are rare, it has rates instead of windows, and the same."""
    uses = {"restart": ProbeUse(choices={"forking": "yes"})} if forks else {}
    known = matrix(uses=uses, choices={**LEVEL, **forking()})
    told = verdict(
        cell(),
        "unproven",
        probe_digest=known.probes["restart"].digest,
        config_digest=known.configurations["stock"].digest,
        tested_at=NOON,
    )
    search = Exploration(
        [SURVEY], {}, matrix=known, releases={}, now=lambda: NOON, machine="x86_64", jobs=1
    )
    assert "1 pair ran and stayed unproven:" in lines(search, {told.cell.key: told}, known)


def test_pythons_with_the_same_unproven_pairs_share_a_command() -> None:
    verdicts = [verdict(cell(python=p), "unproven", reason=r) for p, r in REASONS.items()]
    said, which, command = unproven(SURVEY, {v.cell.key: v for v in verdicts})
    assert said == "2 pairs ran and stayed unproven:"
    assert which.endswith("on Python 3.10 and 3.12 (slow and too-few-exposures)")
    assert asked_for(command.split(" -- ")[1].split()) == ["1.0 1.0 3.10", "1.0 1.0 3.12"]


REASONS = {"3.10": Reason.TOO_FEW_EXPOSURES, "3.12": Reason.SLOW}


def asked_for(typed: list[str]) -> list[str]:
    """The cells that ``nox -s matrix`` runs for this, all of the probe and configuration."""
    found = replace(matrix(), sets={"core": CORE}, default_set="core")
    parser = entry_options.parser("matrix", found, entry_options.everywhere())
    options = parser.parse_args(["matrix", *typed])
    assert (options.probe, options.config) == (["restart"], ["stock"])
    assert (options.rerun, options.no_follow_ups) == ("all", True)
    return [" ".join(of) for of in product(options.left, options.right, options.python)]


CORE = CellSet(
    name="core",
    title="",
    versions={"left": (Version("1.1"),), "right": (Version("1.1"),)},
    pythons=(PythonVersion(3, 10),),
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # the oldest of the default set, and the newest
        (None, "1.1 3.0"),
        ([">=1.0"], "1.1 3.0"),
        # named releases alone are the whole axis then; beside a specifier they are added
        (["1.0", "1.1", "2.0", "3.0"], "1.0 1.1 2.0 3.0"),
        (["2.0", ">=1.0"], "2.0 1.1 3.0"),
    ],
)
def test_without_a_named_release_the_newest_and_the_oldest_usual_one_are_searched_whole(
    typed: list[str] | None, expected: str
) -> None:
    usual = CellSet(
        name="usual",
        title="",
        versions={"left": (Version("1.1"), Version("2.0")), "right": ()},
        pythons=(),
        probes=(),
    )
    asked = Selector(
        pins={
            axis.name: tuple(
                Pin(axis=axis.name, package=axis.package, version=Version(text))
                for text in ("1.0", "1.1", "2.0", "3.0")
            )
            for axis in AXES
        },
        pythons=(PythonVersion(3, 12),),
        pairs=(("restart", "stock"),),
    )
    found = matrix(sets={"usual": usual}, default_set="usual")
    options = argparse.Namespace(left=typed, right=None)
    assert " ".join(map(str, whole_rows(found, options, asked))) == expected


def test_a_release_that_lacks_the_feature_leaves_nothing_unknown() -> None:
    """It lacks it with every partner, so there is nothing left to find out about it."""
    made = matrix()
    restart = replace(made.probes["restart"], needs=("left",))
    known = matrix(probes={**made.probes, "restart": restart})
    told = verdict(
        cell(),
        "unsupported",
        reason=Reason.NO_FEATURE,
        probe_digest=restart.digest,
        config_digest=known.configurations["stock"].digest,
        tested_at=NOON,
    )
    search = Exploration(
        [replace(SURVEY, named=(Version("1.0"), Version("1.1")))],
        {},
        matrix=known,
        releases={},
        now=lambda: NOON,
        machine="x86_64",
        jobs=1,
    )
    said = [*lines(search, {told.cell.key: told}, known)]
    assert "  left-lib 1.0 lacks what restart tests." in said
    assert "  left-lib 1.1:" in said
    # 3 × 3 pairs on two Pythons: 6 have the release that lacks it, and one of these was run.
    assert "1 pair tested of 18: 5 inferred, 0 decided by the index, 12 unknown" in said
