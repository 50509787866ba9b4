"""Windows along one axis, as one would say them."""

from __future__ import annotations

import pytest
from release_grids import drawn

from interlock.findings.stretches import Edge, Stretch, along_column, along_row


def said(found: Stretch) -> str:
    edges = "".join(f"; {_edge(edge)}" for edge in (found.start, found.end) if edge)
    return f"{found.says} ({found.tested} tested, {found.inferred} inferred{edges})"


def _edge(edge: Edge) -> str:
    return f"{edge.before}|{edge.after}" + ("" if edge.is_exact else f" ±{edge.between}")


@pytest.mark.parametrize(
    ("head", "tested", "expected"),
    [
        (
            "1.0.0 1.0.1 1.0.2 1.1.0 1.1.1",
            "P . P H H",
            ["any 1.0.0 to 1.0.2 pass (2 tested, 1 inferred; 1.0.2|1.1.0)",
             "any 1.1.0 to 1.1.1 hang (2 tested, 0 inferred; 1.0.2|1.1.0)"],
        ),
        # a single release, and an edge that nobody could narrow down
        (
            "1.0.0 1.0.1 1.0.2 1.1.0",
            "P ? H F",
            ["any 1.0.0 passes (1 tested, 0 inferred; 1.0.0|1.0.2 ±1)",
             "any 1.0.2 hangs (1 tested, 0 inferred; 1.0.0|1.0.2 ±1; 1.0.2|1.1.0)",
             "any 1.1.0 fails with builtins.ImportError (1 tested, 0 inferred; 1.0.2|1.1.0)"],
        ),
        # what can't be installed is no gap
        (
            "1.0.0 1.0.1 1.0.2",
            "P x H",
            ["any 1.0.0 passes (1 tested, 0 inferred; 1.0.0|1.0.2)",
             "any 1.0.2 hangs (1 tested, 0 inferred; 1.0.0|1.0.2)"],
        ),
        # an unknown release ends a window, and is part of the gap between two
        (
            "1.0.0 1.1.0 1.2.0",
            "P . H",
            ["any 1.0.0 passes (1 tested, 0 inferred; 1.0.0|1.2.0 ±1)",
             "any 1.1.0 is unknown (0 tested, 0 inferred)",
             "any 1.2.0 hangs (1 tested, 0 inferred; 1.0.0|1.2.0 ±1)"],
        ),
        (
            "1.0.0 1.1.0 1.1.1 1.2.0",
            "P . . P",
            ["any 1.0.0 passes (1 tested, 0 inferred)",
             "any 1.1.0 to 1.1.1 are unknown (0 tested, 0 inferred)",
             "any 1.2.0 passes (1 tested, 0 inferred)"],
        ),
        # two hangs with different locks are two windows
        (
            "1.0.0 1.0.1",
            "H J",
            ["any 1.0.0 hangs (1 tested, 0 inferred; 1.0.0|1.0.1)",
             "any 1.0.1 hangs (1 tested, 0 inferred; 1.0.0|1.0.1)"],
        ),
        ("1.0.0 1.0.1", "x ?", []),
    ],
)  # fmt: skip
def test_windows_say_what_is_tested_and_how_exact_their_edges_are(
    head: str, tested: str, expected: list[str]
) -> None:
    assert [*map(said, along_row(drawn(f"{head}\n5.0 {tested}"), 0))] == expected


def test_windows_along_the_other_axis() -> None:
    found = along_column(drawn("1.0.0\n5.0.0 H\n5.0.1 .\n5.0.2 H\n5.1.0 P"), 0)
    assert [one.says for one in found] == ["any 5.0.0 to 5.0.2 hang", "any 5.1.0 passes"]
