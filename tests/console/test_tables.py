"""The tables that a run prints."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from grids import AXES, cell, forking, grid, verdict
from languages import PROBE
from reported import findings
from rich.console import Console

from interlock.console import tables
from interlock.matrix.definition import ProbeUse
from interlock.model import (
    Configuration,
    Verdict,
)

CONFIGURATIONS = {
    name: Configuration(name=name, title=title, description="")
    for name, title in (("stock", "as it comes"), ("warnings", "with warnings"))
}


def drawn(verdicts: Sequence[Verdict], rare: tables.Rare = lambda _: None) -> list[str]:
    output = io.StringIO()
    console = Console(file=output, width=120)
    for part in tables.tables(verdicts, AXES, {"restart": PROBE}, CONFIGURATIONS, rare):
        console.print(part)
    return output.getvalue().splitlines()


def rows(verdicts: Sequence[Verdict], rare: tables.Rare = lambda _: None) -> list[list[str]]:
    """The cells of the tables' bodies."""
    return [
        [part.strip() for part in line.strip("│").split("│")]
        for line in drawn(verdicts, rare)
        if line.startswith("│")
    ]


def test_a_table_has_a_row_for_the_releases_and_a_column_for_each_python() -> None:
    verdicts = [
        *grid("   1.0  2.0\n 1.0  hang pass", python="3.9"),
        *grid("   1.0  2.0\n 1.0  hang unproven", python="3.10"),
    ]
    assert rows(verdicts) == [["1.0", "1.0", "✗", "✗"], ["1.0", "2.0", "✓", "?"]]


def test_pythons_and_releases_stand_in_version_order() -> None:
    verdicts = [
        *grid("   2.10  2.9\n 1.0  pass hang", python="3.10"),
        *grid("   2.10  2.9\n 1.0  fail fail", python="3.9"),
    ]
    assert rows(verdicts) == [["1.0", "2.9", "!", "✗"], ["1.0", "2.10", "!", "✓"]]


def test_what_was_not_run_is_left_blank() -> None:
    verdicts = [
        *grid("   1.0\n 1.0  pass", python="3.9"),
        *grid("   2.0\n 1.0  pass", python="3.10"),
    ]
    assert rows(verdicts) == [["1.0", "1.0", "✓", ""], ["1.0", "2.0", "", "✓"]]


def test_a_library_that_was_left_out_is_a_dash() -> None:
    assert rows([verdict(cell("-", "1.0"), "unsupported")]) == [["-", "1.0", "–"]]


def test_each_configuration_has_a_table_that_names_it_in_words() -> None:
    lines = drawn([*grid("  1.0\n 1.0 pass"), *grid("  1.0\n 1.0 hang", config="warnings")])
    titles = [line for line in lines if "restart · " in line]
    assert titles == ["restart · stock: as it comes", "restart · warnings: with warnings"]


def test_signs_are_explained() -> None:
    text = "\n".join(drawn(grid("  1.0\n 1.0 pass")))
    for sign in ("✓ pass", "✗ hang", "! fail", "– unsupported", "? unproven"):
        assert sign in text


def test_the_sign_of_a_library_that_was_left_out_is_explained_where_it_is() -> None:
    explained = "- library left out"
    assert drawn([verdict(cell("-", "1.0"))])[-1].endswith(explained)
    assert explained not in "\n".join(drawn(grid("  1.0\n 1.0 pass")))


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn([]) == []


def test_the_tables_show_no_pass_of_a_rare_hang() -> None:
    verdicts = grid("1.0 2.0\n1.0 hang pass")
    known = findings(
        verdicts, uses={"restart": ProbeUse(choices={"forking": "yes"})}, choices=forking()
    )
    lines = drawn(verdicts, known.instead_of_pass)
    assert [row[-1] for row in rows(verdicts, known.instead_of_pass)] == ["✗", "◐"]
    assert lines[-1].endswith("◐ can hang, rarely")
    assert "can hang" not in drawn(verdicts)[-1]
    passed = grid("1.0 2.0\n1.0 pass pass")
    known = replace(known, verdicts=passed)
    assert [row[-1] for row in rows(passed, known.instead_of_pass)] == ["○", "○"]
    assert drawn(passed, known.instead_of_pass)[-1].endswith("○ no hang seen, which is no pass")
