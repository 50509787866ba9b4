"""Words, drawings and the published schema: the parts of pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from grids import cell, matrix, verdict
from jinja2 import DictLoader, UndefinedError

from interlock.matrix.definition import ProbeUse, Workaround
from interlock.model import Axis, Backend, Basis, Outcome, Phase, Reason, Signature
from interlock.publish import (
    data,
    drawing,
    grid,
    hangs,
    markup,
    rarity,
    templates,
    wording,
    workarounds,
)
from interlock.publish.context import PageContext
from interlock.record import rows
from interlock.record.results import Results

SVG = "{http://www.w3.org/2000/svg}"


def drawn(what: drawing.Drawing) -> ElementTree.Element:
    text = str(templates.render("cycle.svg.j2", drawing=what))
    return ElementTree.fromstring(text.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))


def names(svg: ElementTree.Element) -> list[str]:
    return [t.text or "" for t in svg.iter(f"{SVG}text") if t.get("class") == "il-name"]


def test_every_outcome_phase_and_reason_has_words() -> None:
    assert set(wording.WORDS) == set(Outcome)
    assert set(wording.PHASES) == set(Phase)
    assert set(wording.REASONS) == set(Reason)


def test_every_outcome_has_a_symbol_of_its_own() -> None:
    symbols = [word.symbol for word in [*wording.WORDS.values(), wording.UNTESTED]]

    assert len(set(symbols)) == len(Outcome) + 1


def test_schema_names_the_axes_of_the_matrix_in_order() -> None:
    axes = (Axis(name="up", package="up-pkg"), Axis(name="down", package="down-pkg"))

    rows = data.schema_of(axes)["properties"]["verdicts"]["items"]

    assert rows["required"][:3] == ["up", "down", "python"]
    assert "up-pkg" in rows["properties"]["up"]["description"]


def test_json_has_a_row_a_line_and_its_signatures_as_data(tmp_path: Path) -> None:
    axes = (Axis(name="left", package="left-lib"), Axis(name="right", package="right-lib"))
    shape = Signature(locks=("A", "B"))
    hung = verdict(cell(), "hang", signatures=((shape, 1),), detail='„So" it went.')
    listed = rows.rows([hung, verdict(cell("2.0"))], axes)

    data.write_json(listed, axes, tmp_path / "verdicts.json")

    lines = (tmp_path / "verdicts.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    found = json.loads("".join(lines))
    assert found["axes"] == {"left": "left-lib", "right": "right-lib"}
    assert found["verdicts"] == [
        {**listed[0], "signatures": [{"locks": ["A", "B"], "stuck": [], "hangs": 1}]},
        {**listed[1], "signatures": []},
    ]


def test_json_without_verdicts_is_json(tmp_path: Path) -> None:
    data.write_json([], (), tmp_path / "verdicts.json")

    assert json.loads((tmp_path / "verdicts.json").read_text())["verdicts"] == []


def test_cycle_is_drawn_thread_by_thread_and_lock_by_lock() -> None:
    svg = drawn(drawing.cycle(("A.lock", "B.lock"), ("main", "worker")))

    assert names(svg) == ["main", "A.lock", "worker", "B.lock"]
    assert len([p for p in svg.iter(f"{SVG}path") if p.get("class") == "il-arrow"]) == 4


def test_self_deadlock_is_a_thread_a_lock_and_the_way_back() -> None:
    svg = drawn(drawing.cycle(("A.lock",), ("main",)))

    assert names(svg) == ["main", "A.lock"]
    assert svg.get("aria-label") == "main waits for A.lock, held by itself"


def test_orphaned_lock_is_drawn_without_a_way_back() -> None:
    svg = drawn(drawing.orphan("A.lock", "child", "somebody gone"))

    assert names(svg) == ["child", "A.lock", "somebody gone"]
    assert len([p for p in svg.iter(f"{SVG}path") if p.get("class") == "il-arrow"]) == 2


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        # one in n, and none in n: Clopper and Pearson's bounds and 1 - 0.05 ** (1 / n), two digits
        (("hang", 1, 3000), "one hang in 3,000 starts, between one in 540 and 120,000"),
        (
            ("pass", 0, 500),
            "passes: no hang in 500 starts; rarer than one in 170 at 95 % confidence",
        ),
        (("hang", 1, 0), "hangs, and could not be counted"),
        # a failed or unproven cell rules nothing out
        (("fail", 0, 500), "fails, and could not be counted"),
        (("unproven", 0, 500), "unproven, and could not be counted"),
    ],
)
def test_rarity_is_told_as_one_in_so_many(did: tuple[str, int, int], expected: str) -> None:
    outcome, hangs, exposures = did

    assert (
        rarity.rate(verdict(cell(), outcome, hangs=hangs, exposures=exposures), "starts")
        == expected
    )


@pytest.mark.parametrize(
    ("outcome", "reason", "exposures", "says"),
    [
        ("pass", None, 100, "It did not hang"),
        ("hang", Reason.SELF_DEADLOCK, 100, "It hangs"),
        ("fail", Reason.BUILD, 0, "It fails before it could hang"),
        ("fail", Reason.CRASH, 40, "It fails"),
        ("fail", Reason.DEGRADED, 40, "It runs badly"),
        ("unsupported", Reason.NO_WHEEL, 0, "It cannot be installed like this"),
        ("unsupported", Reason.NO_FEATURE, 0, "There is nothing to test"),
    ],
)
def test_the_first_words_say_what_it_did(
    outcome: str, reason: Reason | None, exposures: int, says: str
) -> None:
    of = verdict(cell(), outcome, reason=reason, exposures=exposures)
    assert wording.headline(of) == says


def test_what_the_index_decides_was_not_run() -> None:
    for reason in (Reason.NO_WHEEL, Reason.REQUIRES_PYTHON):
        said = wording.basis(verdict(cell(), "unsupported", reason=reason))
        assert said == "Decided by the package index; nothing was run"
    assert wording.basis(verdict(cell())).startswith("Run in a container")


WITH_A_WORKAROUND = matrix(
    uses={"restart": ProbeUse(workarounds={"warnings": ("quiet",)})},
    workarounds={
        "quiet": Workaround(name="quiet", title="be quiet", description="", costs="No noise.")
    },
)


@pytest.mark.parametrize(
    ("without", "with_it", "expected"),
    [
        (("hang", 30), ("pass", 900), "✓ 1 of 1"),
        (("hang", 90), ("pass", 90), "? 1 of 1, too few to tell"),
        (("hang", 30), ("hang", 30), "✗ 0 of 1"),
        # the sign is what happened, not how much of it
        (("hang", 30), ("fail", 0), "! 0 of 1"),
        (("fail", 0), ("fail", 0), "! 0 of 1"),
        (("hang", 30), ("unproven", 0), "? 0 of 1, 1 unproven"),
        (("hang", 30), ("unsupported", 0), "can't be run"),
    ],
)
def test_a_workaround_is_told_by_the_worst_that_happened_with_it(
    without: tuple[str, int], with_it: tuple[str, int], expected: str, tmp_path: Path
) -> None:
    verdicts = [
        verdict(cell(config=config), outcome, exposures=exposures, hangs=int(outcome == "hang"))
        for config, (outcome, exposures) in (("warnings", without), ("warnings+quiet", with_it))
    ]
    results = Results(verdicts=verdicts, signatures=[], yanked={}, controls=[])
    workarounds.publish(PageContext(matrix=WITH_A_WORKAROUND, results=results), tmp_path)
    page = (tmp_path / "workarounds.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"<tr><th scope=\"row\".*?</th><td[^>]*>(.*?)</td></tr>", page)
    assert re.sub(r"<[^>]+>", "", row) == expected.replace("'", "&#39;")


def test_drawing_of_a_hostile_name_is_still_a_drawing() -> None:
    svg = drawn(drawing.cycle(('</svg><script>"&',), ("<b>",)))

    assert names(svg) == ["<b>", '</svg><script>"&']


def test_long_names_stay_inside_their_box() -> None:
    name = "a.very.long.module.name.and.a.QualifiedName.of.some.Class._lock"
    svg = drawn(drawing.cycle((name,), ("main",)))
    width = float(next(svg.iter(f"{SVG}rect")).get("width", 0))
    label = next(t for t in svg.iter(f"{SVG}text") if (t.text or "").startswith("a.very"))

    # A monospaced glyph is about 0.6 of the font's size wide.
    assert float(label.get("font-size", 0)) * 0.6 * len(label.text or "") < width


def test_threads_that_no_snapshot_names_are_numbered() -> None:
    assert hangs.threads(Signature(locks=("A", "B")), None) == ["thread 1", "thread 2"]


def test_what_is_quoted_is_code_and_never_markup() -> None:
    assert markup.code("a `<b>` c") == "a <code>&lt;b&gt;</code> c"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # between tags and values a line break is dropped
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>\n  {{ value }}\n</p>", "<p>&lt;i&gt;</p>"),
        ("{% if value %}\n  a\n{% endif %}\nb", "ab"),
        # in a text, or between two attributes, it is a space
        ("<p>a\n  b</p>", "<p>a b</p>"),
        ('<p class="a"\n  id="b">c</p>', '<p class="a" id="b">c</p>'),
        # spaces in a line stay
        ("<b>a</b> <i>{{ value }}</i>", "<b>a</b> <i>&lt;i&gt;</i>"),
    ],
)
def test_an_html_template_is_joined_to_one_line(source: str, expected: str) -> None:
    loader = DictLoader({"a.html.j2": source})
    environment = templates.ENVIRONMENT.overlay(loader=loader)
    assert environment.get_template("a.html.j2").render(value="<i>") == expected


def test_a_markdown_template_keeps_its_lines() -> None:
    loader = DictLoader({"a.md.j2": "# a\n\n    b\n"})
    environment = templates.ENVIRONMENT.overlay(loader=loader)
    assert environment.get_template("a.md.j2").render() == "# a\n\n    b\n"


def test_a_value_that_a_template_was_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'drawing' is undefined"):
        templates.render("cycle.svg.j2")


def test_every_template_compiles() -> None:
    names = templates.ENVIRONMENT.list_templates()
    assert names
    for name in names:
        templates.ENVIRONMENT.get_template(name)


def test_quotes_in_a_heading_stay_and_tags_do_not() -> None:
    assert markup.heading("ddtrace's `<b>`") == "ddtrace's `&lt;b&gt;`"


def test_quotes_in_a_page_s_title_stay_and_tags_do_not() -> None:
    """The theme writes the title into HTML as it is."""
    assert json.loads(markup.front_matter('a\'s "b" <i>&\n')) == 'a\'s "b" &lt;i&gt;&amp;\n'


def test_the_legend_explains_a_source_where_it_is_shown() -> None:
    run = verdict(cell(), "pass")
    nothing = Results(verdicts=[], signatures=[], yanked={}, controls=[])
    context = PageContext(matrix=matrix(), results=nothing)
    by_source = {
        "inferred: tested releases around it agree": replace(run, basis=Basis.INFERRED),
        "run without a container": replace(run, backend=Backend.PROCESS),
    }
    for told, shown in by_source.items():
        names = [entry.name for entry in grid.legend(context, [run, shown])]
        assert [text for text in by_source if text in names] == [told]
    assert not {entry.name for entry in grid.legend(context, [run])} & by_source.keys()
