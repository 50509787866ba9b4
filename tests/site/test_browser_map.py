"""The page of the matrix in a real browser: its map, its bars, and the releases of two lines."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import DESK, Reader, served
from made_up import DDTRACE, PYTHON, SENTRY
from packaging.version import Version

from interlock.findings import Question, answer
from interlock.matrix import matrix_file
from interlock.model import PythonVersion
from interlock.publish import facts, release_map
from interlock.publish.context import PageContext
from interlock.record import read_results

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
PHONE = {"width": 390, "height": 844}
MOST_NODES = 2_000
HANGS = "sentry=2.5.1&ddtrace=2.14.2&python=3.10&event-level=WARNING"


@pytest.fixture(scope="session")
def address(complete: Any) -> Iterator[str]:
    """Where the built site is served, on this machine alone."""
    with served(complete.public) as address:
        yield address


def says(page: Any) -> str:
    """The sentence of the cell that is chosen."""
    return str(page.locator(".il-map-says").inner_text())


def block(page: Any, sentry: str, ddtrace: str) -> tuple[float, float]:
    """Where the block of two releases is on the map."""
    script = """([sentry, ddtrace]) => {
      const { known, map } = interlockMatrix;
      const places = [known.axes[0].find(sentry), known.axes[1].find(ddtrace)];
      const [x, y] = map.corner(places.map((place, axis) => known.axes[axis].lineAt[place]));
      return [x + map.wide / 2, y + map.high / 2];
    }"""
    x, y = page.evaluate(script, [sentry, ddtrace])
    return x, y


def test_every_cell_is_as_it_is_answered(browser: Any, address: str, complete: Any) -> None:
    found = read_results(complete.results, complete.matrix.axes, {}).within(complete.matrix)
    findings = PageContext(matrix=complete.matrix, results=found).findings
    script = """given => {
      const [python, chosen] = JSON.parse(given);
      const { known } = interlockMatrix;
      const asked = Matrix.fromAddress(chosen, known, known.plain);
      interlockMatrix.choose({ python, chosen: asked.chosen });
      const [across, down] = known.axes.map(({ texts }) => texts);
      return across.flatMap((sentry, row) => down.map((ddtrace, column) =>
        [sentry, ddtrace, interlockMatrix.lookAt(row, column).name]));
    }"""
    wrong, outcomes = [], set()
    with Reader(browser, address) as reader:
        page = reader.open("matrix.html")
        for python, level in itertools.product(PYTHON, ("ERROR", "WARNING")):
            cells = page.evaluate(script, json.dumps([python, f"#event-level={level}"]))
            assert {(s, d) for s, d, _ in cells} >= {*itertools.product(SENTRY, DDTRACE)}
            for sentry, ddtrace, name in cells:
                asked = Question(
                    versions={"sentry": Version(sentry), "ddtrace": Version(ddtrace)},
                    python=PythonVersion.parse(python),
                    chosen={"event-level": level},
                )
                (part,) = answer(asked, findings, around=False).parts
                said = str(part.outcome) if part.outcome else "unknown"
                outcomes.add(said)
                if name != said:
                    wrong.append((sentry, ddtrace, python, level, name, said))
        assert reader.complaints == []
    assert wrong == []
    assert outcomes == {"pass", "hang", "fail", "unsupported", "unproven", "unknown"}


NAMED = """
2.5.1  2.14.2  3.10 WARNING | ✗ | hangs. Tested.
2.5.1  4.16.0  3.10 ERROR   | ✗° | hangs, as one of the libraries does alone. Tested.
2.30.0 3.2.1   3.10 ERROR   | ✓ | passes. Tested.
2.30.0 2.9.6   3.10 ERROR   | · | not known. It was not tested
2.20.0 4.16.0  3.8  ERROR   | – | unsupported. The package index decides that.
2.30.0 2.5.6   3.12 ERROR   | ! | fails. Tested.
"""


@pytest.mark.parametrize("line", NAMED.strip().splitlines())
def test_a_cell_has_an_address_and_is_said_in_words(browser: Any, address: str, line: str) -> None:
    asked, sign, words = map(str.strip, line.split("|"))
    sentry, ddtrace, python, level = asked.split()
    link = f"sentry={sentry}&ddtrace={ddtrace}&python={python}&event-level={level}"
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{link}")
        assert page.locator("td.il-here").inner_text().strip() == sign
        assert f"sentry-sdk {sentry} with ddtrace {ddtrace} on Python {python}: {words}" in says(
            page
        )
        assert page.locator("td.il-here a").get_attribute("aria-label") in says(page)
        assert reader.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_page_is_small_and_as_wide_as_its_window(browser: Any, address: str, size: Any) -> None:
    with Reader(browser, address, viewport=size) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        assert page.locator("canvas").count() == 4
        assert page.evaluate("document.querySelectorAll('*').length") < MOST_NODES
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.locator(".il-ranges details summary").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert (reader.complaints, reader.strangers) == ([], [])


def test_the_bars_come_first_on_a_phone(browser: Any, address: str) -> None:
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("matrix.html")
        bars = page.locator(".il-ranges canvas").first.bounding_box()
        assert bars["y"] + bars["height"] < PHONE["height"]
        assert page.locator(".il-lines").bounding_box()["y"] > bars["y"]
        sentence = page.locator(".il-map-says").bounding_box()
        assert sentence["y"] + sentence["height"] <= PHONE["height"]


def test_bars_are_said_in_words(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        page.locator(".il-ranges details summary").first.click()
        told = page.locator(".il-ranges details li").all_inner_texts()
        assert [one.partition(":")[0] for one in told[: len(PYTHON)]] == list(PYTHON)
        assert "✗" in told[PYTHON.index("3.10")] and "2.14.2" in told[PYTHON.index("3.10")]


def test_a_tap_on_a_bar_chooses_its_python_and_release(browser: Any, address: str) -> None:
    with Reader(browser, address, viewport=PHONE, has_touch=True) as reader:
        page = reader.open("matrix.html#sentry=2.30.0&python=3.10&event-level=WARNING")
        bars = page.locator(".il-ranges canvas").first
        box = bars.bounding_box()
        bars.tap(position={"x": box["width"] - 4, "y": 5 + 19 * PYTHON.index("3.12")})
        assert "sentry=2.30.0&ddtrace=4.16.0&python=3.12&event-level=WARNING" in page.url
        assert "sentry-sdk 2.30.0 with ddtrace 4.16.0 on Python 3.12: passes" in says(page)


def test_a_tap_on_a_block_opens_its_releases_and_a_second_one_the_answer(
    browser: Any, address: str
) -> None:
    with Reader(browser, address, viewport=PHONE, has_touch=True) as reader:
        page = reader.open("matrix.html#python=3.10&event-level=WARNING")
        page.locator(".il-lines").scroll_into_view_if_needed()
        x, y = block(page, "2.10.0", "2.14.2")
        page.locator(".il-lines").tap(position={"x": x, "y": y})
        assert "sentry=2.10.0&ddtrace=2.14.2&python=3.10&event-level=WARNING" in page.url
        assert (
            page.locator(".il-map-releases h2").inner_text()
            == "sentry-sdk 2.10.x with ddtrace 2.14.x"
        )
        page.locator("td.il-here a").tap()
        page.wait_for_url(
            "**/index.html#sentry=2.10.0&ddtrace=2.14.2&python=3.10&event-level=WARNING"
        )


def test_hovering_says_a_block_and_chooses_nothing(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        before = page.url
        x, y = block(page, "2.20.0", "2.14.2")
        page.locator(".il-lines").hover(position={"x": x, "y": y})
        hint = page.locator(".il-map-hint").inner_text()
        assert (
            hint
            == "sentry-sdk 2.20.x with ddtrace 2.14.x on Python 3.10: 1 hang, tested; 1 not known."
        )
        assert page.url == before
        page.mouse.move(2, 2)
        assert page.locator(".il-map-hint").inner_text() == ""


def test_keys_move_on_the_map_and_into_the_releases_and_back(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        page.locator(".il-lines").focus()
        for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "End"):
            page.keyboard.press(key)
        assert "sentry=2.70.1&ddtrace=2.14.2&" in page.url
        assert "hangs" in says(page)
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('td').className").endswith("il-here")
        page.keyboard.press("ArrowUp")
        assert "ddtrace=2.14.2&" not in page.url and "sentry=2.70.1&" in page.url
        assert page.evaluate("document.activeElement.closest('td').className").endswith("il-here")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('.il-lines')")
        assert reader.complaints == []


def test_map_and_releases_are_one_tab_stop_each(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        count = "nodes => nodes.filter((node) => node.tabIndex >= 0).length"
        parts = (".il-map-lines *", ".il-map-releases *")
        stops = [page.eval_on_selector_all(part, count) for part in parts]
        assert stops == [1, 1]


def test_switches_for_python_settings_and_outcome(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(
            "matrix.html#sentry=2.30.0&ddtrace=2.21.12&python=3.10&event-level=ERROR"
        )
        assert "passes" in says(page)
        page.locator("select[name=settings]").select_option(
            "Where warnings in the log become Sentry events"
        )
        assert "hangs" in says(page) and "event-level=WARNING" in page.url
        page.locator("select[name=python]").select_option("3.14")
        assert "unsupported" in says(page) and "python=3.14" in page.url

        page.locator("select[name=python]").select_option("3.10")
        shown = "interlockMatrix.map.block(interlockMatrix.lines).look?.name ?? null"
        assert page.evaluate(shown) == "hang"
        hangs = page.get_by_role("button", name="hangs", exact=True)
        hangs.click()
        assert hangs.get_attribute("aria-pressed") == "false"
        assert page.evaluate(shown) is None
        hangs.click()
        assert page.evaluate(shown) == "hang"


def test_typed_and_stepped_releases_are_chosen(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        page.get_by_label("ddtrace", exact=True).fill("3.2.1")
        page.get_by_label("ddtrace", exact=True).press("Enter")
        assert "ddtrace=3.2.1" in page.url
        page.get_by_role("button", name="The newer release of ddtrace").click()
        assert "ddtrace=3.19.9" in page.url
        page.get_by_label("sentry-sdk", exact=True).fill("9.9")
        page.get_by_label("sentry-sdk", exact=True).press("Enter")
        assert "sentry-sdk 9.9 is not on the map." in says(page)
        assert "hangs" not in says(page) and "passes" not in says(page)


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (
            "sentry=<img src=x onerror=alert(1)>&python=3.10",
            '"<img src=x onerror=alert(1)>" is no version',
        ),
        ("sentry=9.9.9&ddtrace=2.14.2", "sentry-sdk 9.9.9 is not on the map."),
        ("python=3.99", 'Python "3.99" is not on the map.'),
        ("event-level=<b>x</b>", '"<b>x</b>" is no value of event-level.'),
        ("<script>=1", 'The page knows nothing called "<script>".'),
        ("__proto__=1&python=3.10", 'The page knows nothing called "__proto__".'),
    ],
)
def test_what_is_no_cell_is_said_as_text_and_answers_nothing(
    browser: Any, address: str, link: str, told: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("matrix.html")
        page.evaluate("link => { location.hash = link; }", link)
        playwright.expect(page.locator(".il-map-says")).to_contain_text(told)
        assert page.locator(".il-map-says :is(img, b, script, a)").count() == 0
        assert reader.complaints == []


def test_hostile_values_of_the_facts_stay_texts(browser: Any, address: str) -> None:
    """A release, a package and a setting that are HTML."""
    hostile = "<img src=x onerror='document.title=1'>"
    script = f"""() => {{
      window.interlock = {{
        get facts() {{ return this.told; }},
        set facts(facts) {{
          facts.axes[0].package = "{hostile}";
          facts.choices[0].name = "{hostile}";
          this.told = facts;
        }},
      }};
    }}"""
    with Reader(browser, address) as reader:
        reader.page.add_init_script(f"({script})()")
        page = reader.open("matrix.html#python=3.10")
        assert hostile in says(page)
        assert page.locator(".il-map-page img").count() == 0
        assert reader.complaints == []


def test_address_of_a_cell_survives_a_new_page_and_every_situation(
    browser: Any, address: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        settings = page.locator("select[name=settings]")
        for option in settings.locator("option").all_inner_texts():
            settings.select_option(option)
            before = says(page), page.url
            reader.page.goto("about:blank")
            page = reader.open(before[1].removeprefix(f"{address}/"))
            assert (says(page), page.url) == before
            assert settings.locator("option:checked").inner_text() == option


def test_settings_that_the_page_does_not_offer_can_be_asked_for(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"matrix.html#{HANGS}&lock-profiling=off")
        chosen = page.locator("select[name=settings]").locator("option:checked")
        assert chosen.inner_text() == "With lock-profiling off, event-level WARNING"
        assert "lock-profiling=off" in page.locator(".il-map-says a").get_attribute("href")


def test_older_links_to_a_python_still_lead_there(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("matrix.html#python-3.12")
        assert page.locator("select[name=python]").input_value() == "3.12"


def test_page_works_from_a_disk(browser: Any, complete: Any) -> None:
    with Reader(browser, complete.public.as_uri()) as reader:
        page = reader.open(f"matrix.html#{HANGS}")
        assert "hangs" in says(page)
        assert (reader.complaints, reader.strangers) == ([], [])


def test_without_scripts_a_line_says_what_is_missing(browser: Any, address: str) -> None:
    with Reader(browser, address, java_script_enabled=False) as reader:
        page = reader.open("matrix.html")
        assert page.locator(".il-map-page noscript p").is_visible()
        assert page.get_by_role("link", name="both libraries in a process that forks").is_visible()


PIXEL = """([sentry, ddtrace]) => {
  const { known, map } = interlockMatrix;
  const places = [known.axes[0].find(sentry), known.axes[1].find(ddtrace)];
  const [x, y] = map.corner(places.map((place, axis) => known.axes[axis].lineAt[place]));
  const found = new Set();
  const context = map.canvas.getContext("2d");
  const scale = map.canvas.width / map.canvas.clientWidth;
  const { data } = context.getImageData(
    Math.round((x + 2) * scale), Math.round((y + 2) * scale),
    Math.round((map.wide - 5) * scale), Math.round((map.high - 5) * scale));
  for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 4).join());
  return [...found];
}"""


@pytest.mark.parametrize(
    "context",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}],
    ids=["light", "dark", "forced"],
)
def test_outcomes_are_painted_and_told_apart(browser: Any, address: str, context: Any) -> None:
    """What was tested is one colour, what was not has a texture, and no two outcomes look alike."""
    with Reader(browser, address, **context) as reader:
        page = reader.open("matrix.html#python=3.12&event-level=WARNING")
        painted = {
            name: page.evaluate(PIXEL, [sentry, ddtrace])
            for name, sentry, ddtrace in [
                ("hang", "2.5.1", "2.14.2"),
                ("pass", "2.30.0", "4.16.0"),
                ("fail", "2.30.0", "2.5.6"),
                ("unknown", "2.30.0", "2.9.6"),
            ]
        }
        if "forced_colors" not in context:
            assert [len(painted[name]) for name in ("hang", "pass", "fail")] == [1, 1, 1]
            assert len({colours[0] for colours in painted.values()}) == 4
            page.evaluate("interlockMatrix.choose({ python: '3.14' })")
            assert len(page.evaluate(PIXEL, ["2.5.1", "2.14.2"])) > 1, "the index decides"
        else:
            assert all(len(painted[name]) > 1 for name in ("hang", "pass", "fail")), painted
        assert {of[-1] for colours in painted["unknown"] for of in [colours.split(",")]} == {"0"}


def test_inferred_releases_have_another_texture_than_tested_ones(
    browser: Any, address: str
) -> None:
    """In each of the colours of the page, and where a reader forces his own."""
    script = """() => ["active", "none"].map(() => {
      const paints = new Matrix.Paints(document.body);
      const context = document.createElement("canvas").getContext("2d");
      const shot = (look) => {
        context.clearRect(0, 0, 12, 12);
        context.fillStyle = paints.of({ key: `${look.name} ${look.basis}`, ...look }, context);
        context.fillRect(0, 0, 12, 12);
        return context.getImageData(0, 0, 12, 12).data.join();
      };
      const names = Matrix.LOOKS.filter((name) => name !== "unknown" && name !== "part");
      return names.flatMap((name) => ["tested", "inferred"].map((basis) => shot({ name, basis })));
    })[0]"""
    for context in ({}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        with Reader(browser, address, **context) as reader:
            shots = reader.open("matrix.html").evaluate(script)
            assert len(shots) == 14
            assert len(set(shots)) == 14, context


def test_words_for_outcomes_are_those_of_the_other_pages(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("matrix.html")
        switches = page.locator(".il-switches button").all_inner_texts()
        flat = [re.sub(r"\s+", " ", one).strip() for one in switches]
        assert flat[:3] == ["✗ hangs", "! fails", "◐ can hang, rarely"]
        assert flat[-2:] == ["tested", "inferred"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the results of this repository, and nothing around it."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "generated").mkdir()
    (folder / "assets").symlink_to(ROOT / "site" / "assets")
    known = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    results = read_results(ROOT / "results", known.axes, known.renamed).within(known)
    context = PageContext(matrix=known, results=results)
    facts.publish(context, folder / "generated")
    release_map.publish(context, folder / "generated")
    body = (folder / "generated" / "matrix.md").read_text(encoding="utf-8")
    styles = [f"assets/{name}.css" for name in ("interlock", "matrix/matrix")]
    links = "".join(f'<link rel="stylesheet" href="{style}">' for style in styles)
    head = f'<!doctype html><meta charset="utf-8">{links}'
    page = f'{head}<body class="md-typeset" data-md-color-scheme="default">{body}</body>'
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


def test_the_results_of_this_repository_fit_on_the_page(browser: Any, whole: Path) -> None:
    """Every release that is searched, also where the two longest lines are open."""
    longest = """() => {
      const { axes } = interlockMatrix.known;
      const length = ({ first, last }) => last - first;
      const byLength = (one, other) => length(other) - length(one);
      const ends = axes.map(({ lines }) => [...lines].sort(byLength)[0].last);
      interlockMatrix.choose({ 0: ends[0], 1: ends[1] });
      return axes.map(({ texts }) => texts.length);
    }"""
    with Reader(browser, whole.as_uri(), viewport=PHONE) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.14.2&python=3.10&event-level=WARNING")
        assert "sentry-sdk 2.5.1 with ddtrace 2.14.2 on Python 3.10: hangs. Tested." in says(page)
        across, down = page.evaluate(longest)
        assert across > 190 and down > 470
        assert page.locator("td a").count() > 50
        assert page.evaluate("document.querySelectorAll('*').length") < MOST_NODES / 2
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert reader.complaints == []


def test_the_known_window_is_seen_on_the_bar_of_each_python(browser: Any, whole: Path) -> None:
    """ddtrace 2.10.2 to 2.19.4 hang with sentry-sdk 2.5.1, and the releases beside them do not."""
    named = """() => {
      const bars = interlockMatrix.bars[0];
      return interlockMatrix.pythons.map((python) => bars.runsOn(python)
        .filter(({ look }) => look.name === "hang")
        .map(({ first, last }) => [bars.of.texts[first], bars.of.texts[last]]));
    }"""
    with Reader(browser, whole.as_uri()) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.14.2&python=3.10&event-level=WARNING")
        found = dict(zip(PYTHON, page.evaluate(named), strict=True))
    for python in ("3.9", "3.10", "3.11", "3.12"):
        assert found[python][0][0] == "2.10.2" and found[python][-1][1] == "2.19.4", python
    assert found["3.14"] == []


def test_a_block_is_solid_as_far_as_its_releases_were_tested(browser: Any, whole: Path) -> None:
    """The same share as the table of its releases has."""
    shares = """() => interlockMatrix.map.block(interlockMatrix.lines)
      .shares(() => true).map(({ look, share }) => [look.basis, share])"""
    asked = "sentry=2.75.0&ddtrace=2.14.2&python=3.9&event-level=WARNING"
    with Reader(browser, whole.as_uri()) as reader:
        page = reader.open(f"index.html#{asked}")
        signs = page.locator(".il-releases td").all_inner_texts()
        tested, inferred = signs.count("✗"), signs.count("(✗)")
        assert tested and inferred and tested + inferred == len(signs)
        assert page.evaluate(shares) == [["inferred", 1], ["tested", tested / len(signs)]]
