"""The generated pages and files, against the data set that they are made from."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

SELF = "BackgroundWorker._lock → BackgroundWorker._lock"
SYMBOLS = {"pass": "✓", "hang": "✗", "fail": "!", "unsupported": "–", "unproven": "?"}


CELL = re.compile(
    r'<td class="(il-\w+)([^"]*)"><a href="([^"]*)" title="([^"]*)".*?<span[^>]*>([^<]*)'
)


def escaped(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;")


def test_matrix_shows_the_worst_of_all_probes(edition: Any) -> None:
    cells = {
        says: (look, own, symbol)
        for look, own, _, says, symbol in CELL.findall(edition.text("matrix.md"))
    }

    expected = {names: said for names, said in edition.shown.items() if said}
    assert len(cells) == len(expected)
    for (sentry, ddtrace, python, config), (outcome, own) in expected.items():
        title = escaped(edition.matrix.configurations[config].title)
        start = f"sentry {sentry} × ddtrace {ddtrace} × Python {python}, {title}: "
        look, classes, symbol = next(of for says, of in cells.items() if says.startswith(start))
        assert look == f"il-{outcome}"
        assert SYMBOLS[outcome] in symbol
        assert ("il-own" in classes, "°" in symbol) == (own, own)


def test_every_untested_combination_is_shown_as_untested(edition: Any) -> None:
    untested = [names for names, said in edition.shown.items() if said is None]

    assert untested
    assert edition.text("matrix.md").count('class="il-untested"') == len(untested)


def test_matrix_has_neither_libraries_alone_nor_ways_out_nor_rare_races(edition: Any) -> None:
    text = edition.text("matrix.md")

    assert not re.search(r"sentry - |ddtrace - |\+|unamplified", text)


@pytest.mark.parametrize("probe", ["worker_restart", "gunicorn_flask", "prefork", "sentry_logs"])
def test_page_of_a_probe_shows_what_that_probe_found(edition: Any, probe: str) -> None:
    text = edition.text(f"probes/{probe}.md")
    pairs = [
        v
        for v in edition.verdicts
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
        assert by_link[f"{page}#{pins}-{verdict.cell.config}"] == f"il-{verdict.outcome}"
    for heading in ("stresses", "live", "cannot see", "is run", "found"):
        assert (
            f"## What it {heading}" in text
            or f"## What counts as {heading}" in text
            or (f"## Where it {heading}" in text)
        )


def test_page_of_a_probe_says_why_each_number_is_what_it_is(edition: Any) -> None:
    text = edition.text("probes/prefork.md")

    assert "<dt><code>forks = 100</code></dt>" in text
    assert "As many as <code>fork</code> manages in a second." in text


def test_configurations_of_controls_are_not_among_those_of_applications(edition: Any) -> None:
    text = edition.text("configurations.md")

    assert 'id="stock"' in text
    assert "no-deadlock" not in text


def test_every_verdict_is_in_words_with_its_configuration_and_its_command(edition: Any) -> None:
    pages: dict[str, str] = {}
    for verdict in edition.verdicts:
        name = f"verdicts/{verdict.cell.probe}-python-{verdict.cell.python}.md"
        page = pages.setdefault(name, edition.text(name))
        title = edition.matrix.configurations[verdict.cell.config].title
        assert escaped(title) in page
        assert verdict.cell.reproduce in page


def test_what_a_package_printed_is_never_markup(edition: Any) -> None:
    pages = [p for p in edition.public.rglob("*.html") if "owned" in p.read_text(encoding="utf-8")]

    assert pages
    for page in pages:
        assert "<script>document.title" not in page.read_text(encoding="utf-8")


def test_verdict_without_a_container_is_marked(edition: Any) -> None:
    marked, other = (edition.text(f"verdicts/prefork-python-{p}.md") for p in ("3.9", "3.10"))

    assert "without a container, Python 3.9.7" in marked
    assert "without a container" not in other


def page_of(edition: Any, signature: str) -> Path:
    pages = (edition.generated / "hangs").iterdir()
    return next(p for p in pages if f"# `{signature}`" in p.read_text(encoding="utf-8"))


def test_signature_page_has_drawing_evidence_report_and_command(edition: Any) -> None:
    page = page_of(edition, SELF)
    text = page.read_text(encoding="utf-8")

    assert '<svg class="il-cycle"' in text
    assert "which it holds itself since <code>with self._lock</code>" in text
    assert 'href="https://github.com/getsentry/sentry-python/issues/3753"' in text
    assert "a call is never made" in text
    assert "--sentry 2.5.1 --ddtrace 2.14.2 --python 3.10" in text
    assert "profiling on, and warnings in the log become Sentry events" in text


def test_json_is_what_its_schema_says(edition: Any) -> None:
    schema = json.loads(edition.text("data/verdicts.schema.json"))
    content = json.loads(edition.text("data/verdicts.json"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(content, schema)
    assert len(content["verdicts"]) == len(edition.verdicts)


@pytest.mark.parametrize(
    "spoil",
    [{"outcome": "passed"}, {"trials": -1}, {"python": "3"}, {"extra": ""}, {"phase": "lunch"}],
)
def test_schema_refuses_what_the_table_never_says(edition: Any, spoil: dict[str, Any]) -> None:
    schema = json.loads(edition.text("data/verdicts.schema.json"))
    content = json.loads(edition.text("data/verdicts.json"))
    content["verdicts"][0] |= spoil

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_csv_parquet_and_json_hold_the_same_rows(edition: Any) -> None:
    csv = edition.generated / "data" / "verdicts.csv"
    parquet = pd.read_parquet(edition.generated / "data" / "verdicts.parquet")
    rows = json.loads(edition.text("data/verdicts.json"))["verdicts"]

    assert csv.read_bytes() == (edition.results / "verdicts.csv").read_bytes()
    assert parquet["detail"].tolist() == [row["detail"] for row in rows]
    assert parquet["python"].tolist() == [row["python"] for row in rows]


def test_badge_names_the_newest_safe_release(edition: Any, nothing: Any) -> None:
    safe = "4.16.0"  # of the data set: the newest ddtrace, which passes wherever it installs

    assert json.loads(edition.text("badges/target.json"))["message"] == f"safe: ddtrace {safe}"
    assert safe in edition.text("badges/target.svg")
    assert json.loads(nothing.text("badges/target.json"))["message"] == "not tested yet"


def test_start_page_names_what_is_safe_and_since_when(edition: Any) -> None:
    text = re.sub(r"<[^>]+>", "", edition.text("answer.md"))

    assert "ddtrace 4.16.0 on Python 3.9 to 3.14, ddtrace 3.19.9 on Python 3.8" in text
    assert "So does every release tested since 3.2.1" in text
    assert "in some configuration: ddtrace 2.5.6 to 2.21.12" in text
    assert "Moving sentry-sdk alone is not enough" in text
    assert "Last tested on 9 March 2025" in text


def test_signature_page_tells_affected_releases_as_windows(edition: Any) -> None:
    page = page_of(edition, SELF)
    rows = re.findall(r"<tr>(<td>.*?)</tr>", page.read_text(encoding="utf-8"))
    lines = [tuple(re.findall(r"<td>(.*?)</td>", row)) for row in rows]

    # stock: ddtrace 2.14.2 alone hangs, on every Python that it installs on.
    assert ("2.5.1 to 2.70.1", "2.14.2", "3.8 to 3.13") in lines
    # warning-events: on 3.13 the older releases do not install.
    assert ("2.5.1 to 2.20.0", "2.14.2 to 2.21.12", "3.13") in lines


def test_a_release_that_hangs_in_another_way_is_not_affected(edition: Any) -> None:
    from interlock.publish.context import PageContext
    from interlock.publish.hangs import affected
    from interlock.record.results import read_results

    results = read_results(edition.results, edition.matrix.axes)
    whole = PageContext(matrix=edition.matrix, results=results)
    (file,) = [f for f in results.signatures if f["signature"] == str(SELF)]
    track = ("worker_restart", "warning-events")
    axes = ("sentry", "ddtrace", "python")
    only = [c for c in file["cells"] if (c["probe"], c["config"]) == track][:1]
    names = (*axes, "probe", "config")
    (row,) = affected(whole, [whole.findings.by_cell[tuple(c[n] for n in names)] for c in only])
    assert row == tuple(only[0][axis] for axis in axes)


def test_withdrawn_release_is_never_recommended(edition: Any, tmp_path: Path) -> None:
    from packaging.version import Version

    from interlock.publish.publishers import generate
    from interlock.record.results import write_results

    withdrawn = {"ddtrace": [Version("3.2.1"), Version("4.16.0"), Version("1.0")]}
    write_results(edition.verdicts, {}, tmp_path / "results", edition.matrix.axes, withdrawn)
    folder = generate(tmp_path / "results", tmp_path / "site", edition.matrix)
    said = (folder / "answers.js").read_text(encoding="utf-8")

    assert "ddtrace 3.19.9" in json.dumps(_moves(said))
    assert "ddtrace 3.2.1" not in json.dumps(_moves(said))
    assert "ddtrace 4.16.0" not in json.dumps(_moves(said))


def _moves(script: str) -> list[str]:
    data = json.loads(script.removeprefix("window.interlock = ").rstrip(";\n"))
    targets = {to for answer in data["answers"].values() for to, _ in answer["moves"]}
    return [data["text"][number] for number in targets if number is not None]


def test_before_the_first_campaign_the_site_says_so(nothing: Any) -> None:
    index = (nothing.public / "index.html").read_text(encoding="utf-8")

    assert "Nothing has been tested yet" in index
    assert "✓" not in index


def test_generating_again_leaves_nothing_old_behind(edition: Any, tmp_path: Path) -> None:
    from interlock.publish.publishers import generate

    stale = tmp_path / "generated" / "hangs" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.touch()

    generate(edition.results, tmp_path, edition.matrix)

    assert not stale.exists()


def test_pages_name_no_other_host_for_scripts_styles_or_pictures(edition: Any) -> None:
    loads = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//')

    for page in edition.public.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page


# --- whose it is, what helps, what is in doubt ----------------------------------------------------


def answer(edition: Any, *names: str) -> dict[str, Any]:
    """An answer of the start page, its numbers made texts."""
    data = edition.answers()
    found = data["answers"]["|".join(names)]
    return {
        **found,
        **{name: [data["text"][n] for n in found[name]] for name in ("mind", "whose", "until")},
        "says": data["text"][found["says"]],
        "ways": [(symbol, data["text"][says]) for _, symbol, says in found["ways"]],
        "probes": [(symbol, data["text"][says]) for _, symbol, says, _ in found["probes"]],
        "moves": [(data["text"][to] if to is not None else None) for to, _ in found["moves"]],
    }


def test_answer_says_that_a_hang_is_the_pairs_and_from_what(edition: Any) -> None:
    found = answer(edition, "2.5.1", "2.14.2", "3.10", "warning-events")

    assert found["whose"][0].startswith("Only together: sentry-sdk 2.5.1 alone passes")
    assert found["says"].startswith("It hangs: ")


def test_answer_to_what_one_library_does_alone_says_so_and_moves_that_library(edition: Any) -> None:
    found = answer(edition, "2.5.1", "4.16.0", "3.10", "stock")

    assert "as sentry-sdk does alone" in found["says"]
    assert "sentry-sdk's own" in found["whose"][0]
    assert found["moves"] == [None, "sentry-sdk 2.30.0", "sentry-sdk 2.70.1"]


def test_release_of_the_other_library_is_safe_all_the_same(edition: Any) -> None:
    text = re.sub(r"<[^>]+>", "", edition.text("answer.md"))

    assert "Safe: ddtrace 4.16.0" in text
    assert "What sentry-sdk does by itself, with any of them, is told below" in text
    assert "sentry-sdk hangs by itself, with or without ddtrace: releases 2.5.1 to 2.20.0" in text


def test_answer_lists_ways_out_that_were_run_right_there_with_what_they_cost(edition: Any) -> None:
    hangs = answer(edition, "2.10.0", "2.14.2", "3.10", "warning-events")["ways"]
    older = answer(edition, "2.10.0", "2.9.6", "3.10", "warning-events")["ways"]

    assert [(symbol, says.partition(":")[0]) for symbol, says in hangs] == [
        ("✓", "Lock profiling off"),
        ("✗", "Only errors in the log become Sentry events"),
        ("✗", "The lock of Sentry's worker replaced by a re-entrant one"),
    ]
    assert "It costs: No lock samples in the profiles." in hangs[0][1]
    assert "BackgroundWorker._lock → Handler.lock → BackgroundWorker._lock" in hangs[2][1]
    # They pass with this release, and hang with another in the very same way.
    assert [symbol for symbol, _ in older] == ["✓", "!", "!"]
    assert all("don't count on it. It passes here, yet with it" in says for _, says in older[1:])


def test_way_out_that_was_not_run_there_is_not_claimed(edition: Any) -> None:
    found = answer(edition, "2.5.1", "2.14.2", "3.10", "stock")

    assert found["ways"] == []
    assert found["until"] == ["No configuration that was tested keeps these releases from hanging."]


def test_way_out_that_was_run_for_one_of_two_hanging_probes_says_so(edition: Any) -> None:
    found = answer(edition, "2.5.1", "2.14.2", "3.10", "warning-events")

    assert found["ways"][0][1].startswith(
        "Lock profiling off: passes by worker_restart (not run by gunicorn_flask). "
    )


def test_page_of_the_ways_out_counts_cells_by_release(edition: Any) -> None:
    text = edition.text("ways-out.md")
    row = next(r for r in re.findall(r"<tr>.*?</tr>", text) if "#rlock-worker" in r)
    counts = re.findall(r"(\d+) of (\d+)</td>", row)
    hanging = [
        sum(
            v.outcome == "hang" and v.cell.config == "warning-events" and v.basis == "tested"
            for v in edition.verdicts
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


def test_answer_tells_the_probes_apart(edition: Any) -> None:
    found = answer(edition, "2.70.1", "2.14.2", "3.10", "warning-events")

    assert found["symbol"] == "✗"
    assert [(symbol, says.partition(":")[0]) for symbol, says in found["probes"]] == [
        ("✗", "The background worker, started again and again"),
        ("✗~", "flask under gunicorn, as in the report"),
    ]


def test_intermittent_cell_is_marked_and_told_with_its_rate(edition: Any) -> None:
    text = edition.text("verdicts/gunicorn_flask-python-3.10.md")

    assert "✗~" in text
    # Wilson's interval of 3 in 10
    assert "so it went in 3 of 10 trials, a rate between 11% and 60%" in text
    assert "✗~" not in edition.text("verdicts/worker_restart-python-3.11.md")


def test_card_of_a_hang_has_whose_it_is_and_what_was_tried(edition: Any) -> None:
    text = edition.text("verdicts/worker_restart-python-3.10.md")
    card = text.partition('id="sentry-2.5.1-ddtrace-2.14.2-warning-events"')[2].partition(
        "</article>"
    )[0]

    assert '<p class="il-whose">Only together:' in card
    assert "With a way out:" in card
    assert "lock profiling off" in card


def test_page_says_how_rare_the_race_is_by_itself(edition: Any) -> None:
    text = edition.text("rarity.md")

    # one hang in 3,000 exposures, by Clopper and Pearson; none in 3,000, by 1 - 0.05 ** (1 / 3000)
    assert "one hang in 3,000 worker starts, between one in 540 and 120,000" in text
    assert "no hang in 3,000 worker starts; rarer than one in 1,000" in text


def test_configuration_page_lists_the_ways_out_once_and_what_they_cost(edition: Any) -> None:
    text = edition.text("configurations.md")

    assert text.count('id="no-lock-profiling"') == 1
    assert "It costs: No lock samples in the profiles." in text
    assert "+" not in re.sub(r"<[^>]+>", "", text)


def test_orphaned_lock_is_drawn_with_a_holder_who_is_gone(edition: Any) -> None:
    text = page_of(edition, "Handler.lock → a thread that the fork left behind").read_text("utf-8")

    assert 'class="il-gone"' in text
    assert "held at the fork by a thread that the fork left behind" in text
    assert "Seen with one library alone or a way out: 21 cells" in text


def test_banner_stands_on_every_page_where_a_control_differed(doubtful: Any) -> None:
    pages = [p for p in doubtful.public.rglob("*.html") if p.name != "404.html"]

    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "1 control gave another answer than is known, for worker_restart" in text, page
        assert "1 cell that did not hang prove" in text


def test_banner_stands_nowhere_where_all_answered_as_known(edition: Any) -> None:
    for page in edition.public.rglob("*.html"):
        assert "il-alarm" not in page.read_text(encoding="utf-8")


def test_controls_are_listed_with_what_was_expected_and_what_came(
    edition: Any, doubtful: Any
) -> None:
    known, differs = (of.text("controls.md") for of in (edition, doubtful))

    assert "1 of 1 as known" in known and "3 hang" in known and "0.2 to 1.9" in known
    assert "1 of 1 differ" in differs and "3 pass" in differs


def test_banner_speaks_of_the_last_campaign_of_each_control(edition: Any) -> None:
    from interlock.publish import controls

    old = {"cell": {"python": "3.10"}, "last_at": "2025-03-08T00:00:00+00:00", "differs": True}
    new = {"cell": {"python": "3.10"}, "last_at": "2025-03-09T00:00:00+00:00", "differs": False}

    assert controls.newest([new, old]) == [new]
