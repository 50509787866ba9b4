"""What the grids and the pages of probes and configurations show."""

from __future__ import annotations

import re
from typing import Any

import pytest

CELL = re.compile(
    r'<td class="(il-\w+)([^"]*)"><a href="([^"]*)" title="([^"]*)".*?<span[^>]*>([^<]*)'
)


@pytest.mark.parametrize("probe", ["worker_restart", "gunicorn_flask", "prefork", "sentry_logs"])
def test_page_of_a_probe_shows_what_that_probe_found(complete: Any, probe: str) -> None:
    text = complete.text(f"probes/{probe}.md")
    pairs = [
        v
        for v in complete.verdicts
        if v.cell.probe == probe
        and all(p.version for p in v.cell.pins)
        and "+" not in v.cell.config
    ]
    found = CELL.findall(text)

    assert len(found) == len(pairs)
    by_link = {link.rpartition("/")[2]: look for look, _, link, _, _ in found}
    for verdict in pairs:
        pins = "-".join(f"{pin.axis}-{pin.version}" for pin in verdict.cell.pins)
        page = f"{probe}-python-{verdict.cell.python}.html"
        rare = verdict.cell.config == "unamplified" and verdict.outcome == "pass"
        expected = "il-rare" if rare else f"il-{verdict.outcome}"
        assert by_link[f"{page}#{pins}-{verdict.cell.config}"] == expected
    for heading in ("stresses", "live", "cannot see", "is run", "found"):
        assert (
            f"## What it {heading}" in text
            or f"## What counts as {heading}" in text
            or (f"## Where it {heading}" in text)
        )


def test_page_of_a_probe_says_why_each_number_is_what_it_is(complete: Any) -> None:
    text = complete.text("probes/prefork.md")

    assert "<dt><code>forks = 100</code></dt>" in text
    assert "As many as <code>fork</code> manages in a second." in text


def test_configurations_of_controls_are_not_among_those_of_applications(complete: Any) -> None:
    text = complete.text("configurations.md")

    assert 'id="stock"' in text
    assert "no-deadlock" not in text


def test_configuration_page_lists_the_workarounds_once_and_what_they_cost(complete: Any) -> None:
    text = complete.text("configurations.md")

    assert text.count('id="no-lock-profiling"') == 1
    assert "It costs: No lock samples in the profiles." in text
    assert "+" not in re.sub(r"<[^>]+>", "", text)


def test_page_says_how_rare_the_race_is_by_itself(complete: Any) -> None:
    text = complete.text("rarity.md")

    # one hang in 3,000 exposures, by Clopper and Pearson; none in 3,000, by 1 - 0.05 ** (1 / 3000)
    assert "one hang in 3,000 worker starts, between one in 540 and 120,000" in text
    assert "no hang in 3,000 worker starts; rarer than one in 1,000" in text
