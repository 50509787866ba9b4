"""A pass of a rare hang is nowhere shown as one: each page tells the rate of its release line."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from grids import LEVEL, cell, forking, matrix, rows, verdict

from interlock.matrix.definition import Matrix, ProbeUse, Workaround
from interlock.model import Verdict
from interlock.publish import data, details, grid, probes, workarounds
from interlock.publish.context import PageContext
from interlock.record.results import Results

QUIET = Workaround(name="quiet", title="keep quiet", description="", costs="Nothing.")
PLACE = "1.0|1.0|3.10"


def known() -> Matrix:
    use = ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})
    choices = {**LEVEL, **forking(instead="Start it later.")}
    return matrix(uses={"serve": use}, choices=choices, workarounds={"quiet": QUIET})


def served(left: str, hangs: int, exposures: int, config: str = "stock") -> Verdict:
    of = cell(left, probe="serve", config=config)
    outcome = "hang" if hangs else "pass"
    return verdict(of, outcome, hangs=hangs, exposures=exposures, trials=max(1, hangs))


def context(*more: Verdict) -> PageContext:
    """Where nothing forks, every release passes."""
    plain = rows("pair: pass 500; pair in warnings: pass 500; pair 2.0: pass 500")
    results = Results(verdicts=[*plain, *more], signatures=[], yanked={}, controls=[])
    return PageContext(matrix=known(), results=results)


PASSED, HUNG = served("1.0", 0, 100), served("2.0", 2, 400)
RATE = "2 of 500 starts with right-lib 1.0.x, 0.048 % to 1.4 %"
"""Of both together, by Clopper and Pearson."""


def looks(panels: list[grid.Panel]) -> list[tuple[str, str]]:
    return [
        (shown.mark.look, shown.mark.symbol)
        for panel in panels
        for one in panel.grids
        for line in one.lines
        for _, cells in line.lines
        for shown in cells
        if shown
    ]


def test_the_grid_of_a_probe_shows_its_third_state_and_explains_it() -> None:
    about = context(PASSED, HUNG)
    panels = grid.of_probe(about, "serve")
    assert looks(panels) == [("il-rare", "◐"), ("il-hang", "✗")]
    ones = [one for line in panels[0].grids[0].lines for _, [one] in line.lines]
    (shown,) = [one for one in ones if one and "◐" in one.mark.symbol]
    assert f"can hang, rarely: {RATE}" in shown.says
    explained = {one.mark.symbol: one.name for one in grid.legend(about, [PASSED, HUNG])}
    assert "can hang, rarely" in explained["◐"]
    assert "○" not in explained


@pytest.mark.parametrize("page", ["probes/serve.md", "verdicts/serve-python-3.10.md"])
def test_no_page_of_the_probe_calls_it_a_pass(tmp_path: Path, page: str) -> None:
    about = context(PASSED, HUNG, served("2.0", 0, 50, "stock+quiet"))
    probes.publish(about, tmp_path)
    details.publish(about, tmp_path)
    text = (tmp_path / page).read_text()
    legend = re.sub(r'<ul class="il-legend".*?</ul>', "", text, flags=re.DOTALL)
    assert "◐" in text
    assert "il-pass" not in legend and "✓" not in legend


def test_a_workaround_against_a_rare_hang_is_told_by_its_rate(tmp_path: Path) -> None:
    tried = served("2.0", 0, 50, "stock+quiet")
    workarounds.publish(context(PASSED, HUNG, tried), tmp_path)
    _legend, _, text = (tmp_path / "workarounds.md").read_text().partition("</ul>")
    assert "il-pass" not in text and "✓" not in text
    assert "0 of 50, 7.1 % at most" in text


def test_the_data_have_the_rate_of_each_release_line(tmp_path: Path) -> None:
    alone = verdict(cell("2.0", "-", probe="serve"), exposures=40)
    data.write_rates(context(PASSED, HUNG, alone), tmp_path / "rates.csv")
    with (tmp_path / "rates.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == list(data.RATES)
    assert [line[2:] for line in lines] == [
        ["right-lib", "1.0.x", "False", "can hang, rarely", "2", "500", "starts", *BOUNDS],
        ["left-lib", "1.0.x", "False", "can hang, rarely", "0", "100", "starts", "0", "0.0362"],
        ["left-lib", "2.0.x", "False", "can hang, rarely", "2", "400", "starts", *OF_400],
        ["left-lib", "2.0.x", "True", "no hang seen", "0", "40", "starts", "0", "0.0881"],
    ]


BOUNDS = ("0.000485", "0.0144")
OF_400 = ("0.000606", "0.0179")
"""Quantiles of the beta distribution: at 2.5 % for (2, 399), at 97.5 % for (3, 398)."""
