"""What a search prints of releases, and how far that is to be trusted."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date

import pytest
from grids import AXES, cell, matrix
from packaging.version import Version

from interlock.console.search import whole_rows
from interlock.console.windows import audit_lines
from interlock.matrix.definition import CellSet
from interlock.matrix.selector import Selector
from interlock.model import AuditedCell, Outcome, Pin, PythonVersion

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
