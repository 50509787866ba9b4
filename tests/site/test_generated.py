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

SYMBOLS = {"pass": "✓", "hang": "✗", "fail": "!", "unsupported": "–", "unproven": "?"}


def test_grid_says_what_the_table_says(edition: Any) -> None:
    cell = re.compile(
        r'<td class="(il-\w+)[^"]*"><a href="[^"]*" title="([^"]*)".*?<span[^>]*>([^<]*)'
    )

    shown = {says: (look, symbol) for look, says, symbol in cell.findall(edition.text("matrix.md"))}

    assert len(shown) == len(edition.verdicts)
    for verdict in edition.verdicts:
        title = html.escape(edition.matrix.configurations[verdict.cell.config].title).replace(
            "&#x27;", "&#39;"
        )
        start = f"{verdict.cell.combination}, {title}: "
        look, symbol = next(found for says, found in shown.items() if says.startswith(start))
        assert look == f"il-{verdict.outcome}"
        assert SYMBOLS[verdict.outcome] in symbol


def test_every_untested_combination_is_shown_as_untested(edition: Any) -> None:
    untested = [key for key, outcome in edition.expected.items() if outcome is None]

    assert untested
    assert edition.text("matrix.md").count('class="il-untested"') == len(untested)


def test_every_verdict_is_in_words_with_its_configuration_and_its_command(edition: Any) -> None:
    for verdict in edition.verdicts:
        page = edition.text(f"verdicts/python-{verdict.cell.python}.md")
        title = edition.matrix.configurations[verdict.cell.config].title
        assert html.escape(title).replace("&#x27;", "&#39;") in page
        assert verdict.cell.reproduce in page


def test_what_a_package_printed_is_never_markup(edition: Any) -> None:
    pages = [p for p in edition.public.rglob("*.html") if "owned" in p.read_text(encoding="utf-8")]

    assert pages
    for page in pages:
        assert "<script>document.title" not in page.read_text(encoding="utf-8")


def test_verdict_without_a_container_is_marked(edition: Any) -> None:
    assert "without a container, Python 3.9.7" in edition.text("verdicts/python-3.9.md")
    assert "without a container" not in edition.text("verdicts/python-3.10.md")


def test_signature_page_has_drawing_evidence_report_and_command(edition: Any) -> None:
    page = next(p for p in (edition.generated / "hangs").iterdir() if "handler" not in p.name)
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
    page = next(p for p in (edition.generated / "hangs").iterdir() if "handler" not in p.name)
    rows = re.findall(r"<tr>(<td>.*?)</tr>", page.read_text(encoding="utf-8"))
    lines = [tuple(re.findall(r"<td>(.*?)</td>", row)) for row in rows]

    # stock: ddtrace 2.14.2 alone hangs, on every Python that it installs on.
    assert ("2.5.1 to 2.70.1", "2.14.2", "3.8 to 3.13") in lines
    # warning-events: on 3.13 the older releases do not install.
    assert ("2.5.1 to 2.20.0", "2.14.2 to 2.21.12", "3.13") in lines


def test_withdrawn_release_is_never_recommended(edition: Any, tmp_path: Path) -> None:
    from packaging.version import Version

    from interlock import publish, table

    withdrawn = {"ddtrace": [Version("3.2.1"), Version("4.16.0"), Version("1.0")]}
    table.write_results(edition.verdicts, {}, tmp_path / "results", edition.matrix.axes, withdrawn)
    folder = publish.generate(tmp_path / "results", tmp_path / "site", edition.matrix)
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
    from interlock import publish

    stale = tmp_path / "generated" / "hangs" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.touch()

    publish.generate(edition.results, tmp_path, edition.matrix)

    assert not stale.exists()


def test_pages_name_no_other_host_for_scripts_styles_or_pictures(edition: Any) -> None:
    loads = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//')

    for page in edition.public.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page
