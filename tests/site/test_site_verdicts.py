"""The text of a verdict, and the effect of each workaround."""

from __future__ import annotations

import html
import re
from typing import Any


def escaped(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;")


def test_every_verdict_is_in_words_with_its_configuration_and_its_command(complete: Any) -> None:
    pages: dict[str, str] = {}
    for verdict in complete.verdicts:
        name = f"verdicts/{verdict.cell.probe}-python-{verdict.cell.python}.md"
        page = pages.setdefault(name, complete.text(name))
        title = complete.matrix.configurations[verdict.cell.config].title
        assert escaped(title) in page
        assert verdict.cell.reproduce in page


def test_what_a_package_printed_is_never_markup(complete: Any) -> None:
    pages = [p for p in complete.public.rglob("*.html") if "owned" in p.read_text(encoding="utf-8")]

    assert pages
    for page in pages:
        assert "<script>document.title" not in page.read_text(encoding="utf-8")


def test_verdict_without_a_container_is_marked(complete: Any) -> None:
    marked, other = (complete.text(f"verdicts/prefork-python-{p}.md") for p in ("3.9", "3.10"))

    assert "without a container, Python 3.9.7" in marked
    assert "without a container" not in other


def test_intermittent_cell_is_marked_and_told_with_its_rate(complete: Any) -> None:
    text = complete.text("verdicts/gunicorn_flask-python-3.10.md")

    assert "✗~" in text
    # Wilson's interval of 3 in 10
    assert "3 of 10 trials, a rate between 11 % and 60 %" in text
    assert "✗~" not in complete.text("verdicts/worker_restart-python-3.11.md")


def test_card_of_a_hang_has_whose_it_is_and_what_was_tried(complete: Any) -> None:
    text = complete.text("verdicts/worker_restart-python-3.10.md")
    card = text.partition('id="sentry-2.5.1-ddtrace-2.14.2-warning-events"')[2].partition(
        "</article>"
    )[0]

    assert '<p class="il-whose">Only the pair does this:' in card
    assert "With a workaround:" in card
    assert "lock profiling off" in card


def test_page_of_the_workarounds_counts_cells_by_release(complete: Any) -> None:
    text = complete.text("workarounds.md")
    row = next(r for r in re.findall(r"<tr>.*?</tr>", text) if "#rlock-worker" in r)
    counts = re.findall(r"(\d+) of (\d+)(?:, not run on \d+)?</td>", row)
    hanging = [
        sum(
            v.outcome == "hang" and v.cell.config == "warning-events" and v.basis == "tested"
            for v in complete.verdicts
            if v.cell.probe == "worker_restart"
            and str(v.cell.version("ddtrace")) == ddtrace
            and v.cell.version("sentry")
        )
        for ddtrace in ("2.5.6", "2.9.6", "2.14.2", "2.21.12")
    ]

    assert [int(of) for _, of in counts] == hanging
    assert [int(works) for works, _ in counts] == [hanging[0], hanging[1], 0, hanging[3]]
    assert "It costs: Nothing is lost, but every upgrade may break it." in row
    assert "where it does not help" in text
