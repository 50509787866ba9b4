"""The page of the workarounds: how much each was tried on."""

from __future__ import annotations

import re
from pathlib import Path

from grids import grid, matrix

from interlock.matrix.definition import ProbeUse, Workaround
from interlock.publish import workarounds
from interlock.publish.context import PageContext
from interlock.record.results import Results

QUIET = Workaround(name="quiet", title="quiet", costs="nothing", settings={"level": 9})
KNOWN = matrix(
    uses={"restart": ProbeUse(workarounds={"stock": ("quiet",)})}, workarounds={"quiet": QUIET}
)


def counts(text: str, tmp_path: Path) -> list[str]:
    """What the table says of ``quiet``, by release of right."""
    hangs = grid("1.0 2.0\n1.0 hang hang\n1.1 hang pass")
    verdicts = [*hangs, *grid(text, config="stock+quiet")]
    found = Results(verdicts=verdicts, signatures=[], yanked={}, controls=[])
    workarounds.publish(PageContext(matrix=KNOWN, results=found), tmp_path)
    page = (tmp_path / "workarounds.md").read_text()
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def test_a_workaround_that_was_run_on_every_cell_says_so(tmp_path: Path) -> None:
    assert counts("1.0 2.0\n1.0 hang pass\n1.1 hang .", tmp_path)[0] == "✗ 0 of 2"


def test_cells_that_it_was_not_run_on_are_counted_beside_it(tmp_path: Path) -> None:
    first, second = counts("1.0 2.0\n1.0 hang hang\n1.1 . .", tmp_path)

    assert (first, second) == ("✗ 0 of 1, not run on 1", "✗ 0 of 1")
