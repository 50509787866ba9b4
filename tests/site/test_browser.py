"""The built site in a real browser, also on a phone, in the dark and offline."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import DESK, Reader, served
from start_form import PHONE, WARNINGS, choose

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def address(complete: Any) -> Iterator[str]:
    """Where the built site is served, on this machine alone."""
    with served(complete.public) as address:
        yield address


def paths(public: Path) -> list[str]:
    return sorted(str(page.relative_to(public)) for page in public.rglob("*.html"))


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_loads_without_complaint_and_asks_nobody_else(
    browser: Any, address: str, complete: Any, width: Any
) -> None:
    with Reader(browser, address, viewport=width) as reader:
        for path in paths(complete.public):
            page = reader.open(path)
            across = page.evaluate("document.documentElement.scrollWidth")
            assert across <= width["width"], f"{path} is {across} wide"
        assert (reader.complaints, reader.strangers) == ([], [])


def test_pages_work_from_a_disk(browser: Any, complete: Any) -> None:
    with Reader(browser, complete.public.as_uri()) as reader:
        page = reader.open("index.html")
        answer = choose(page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        assert "It hangs" in answer.inner_text()
        reader.open("matrix.html")
        assert (reader.complaints, reader.strangers) == ([], [])


def test_every_link_leads_somewhere(browser: Any, address: str, complete: Any) -> None:
    """MkDocs checks links in Markdown; these are the ones in generated HTML."""
    broken = []
    with Reader(browser, address) as reader:
        for path in paths(complete.public):
            page = reader.open(path)
            links = page.eval_on_selector_all(".il a[href]", "all => all.map((a) => a.href)")
            for link in set(links):
                if not link.startswith(address):
                    continue
                file, _, anchor = link.removeprefix(f"{address}/").partition("#")
                anchor = "" if "=" in anchor else anchor  # it asks a question
                target = complete.public / file
                if not target.is_file() or (
                    anchor and f'id="{anchor}"' not in target.read_text(encoding="utf-8")
                ):
                    broken.append((path, link))
    assert broken == []


def test_one_tab_per_python_and_the_keyboard_moves_between_them(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("generated/probes/worker_restart.html#python-3.12")
        tabs = page.locator("[role=tab]")
        assert tabs.all_inner_texts() == ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
        assert page.locator(".il-panel:visible").get_attribute("id") == "python-3.12"

        page.locator("[role=tab][aria-selected=true]").focus()
        page.keyboard.press("ArrowRight")

        assert page.locator(".il-panel:visible").get_attribute("id") == "python-3.13"


def test_headers_stay_in_view(browser: Any, address: str) -> None:
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("generated/probes/worker_restart.html")
        box = page.locator(".il-panel:visible .il-scroll").first
        header = box.locator("tbody th").first
        before = header.bounding_box()["x"]
        box.evaluate("box => box.scrollLeft = 200")
        assert box.evaluate("box => box.scrollLeft") > 0
        assert header.bounding_box()["x"] == before


def test_coverage_can_be_read_on_a_phone(browser: Any, address: str) -> None:
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("releases.html")
        table = page.locator(".il-coverage").first
        assert table.evaluate("table => table.scrollWidth") <= PHONE["width"]
        for row in table.locator("tbody tr").all():
            assert row.bounding_box()["height"] < 250
        last = table.locator("tbody tr").first.locator("td").last.bounding_box()
        assert last["x"] >= 0 and last["x"] + last["width"] <= PHONE["width"]


def test_page_of_a_probe_has_its_own_matrix(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("matrix.html")
        page.get_by_role("link", name="both libraries in a process that forks").click()
        assert "generated/probes/prefork.html" in page.url
        page.get_by_role("tab", name="3.12").click()
        page.locator('.il-panel:visible a[href*="sentry-2.5.1-ddtrace-3.2.1-stock"]').click()
        said = page.locator(":target").inner_text()
        assert "a forked child waits for a lock that no thread in it holds" in said
        assert "Caused by sentry-sdk" in said


def test_banner_leads_to_the_controls_from_everywhere(browser: Any, doubtful: Any) -> None:
    with Reader(browser, doubtful.public.as_uri()) as reader:
        for path in ("index.html", "decisions/uv.html", "generated/probes/worker_restart.html"):
            page = reader.open(path)
            assert page.get_by_role("alert").is_visible()
            page.get_by_role("link", name="See the controls").click()
            assert page.url.endswith("/controls.html")
            assert "1 of 1 differ" in page.locator("main").inner_text()


def test_link_to_a_tab_of_an_open_page_is_followed(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("generated/probes/worker_restart.html#python-3.12")
        page.evaluate("location.hash = '#python-3.9'")
        playwright.expect(page.locator("#python-3\\.9")).to_be_visible()
        assert page.locator(".il-panel:visible").get_attribute("id") == "python-3.9"


def test_without_scripts_the_tables_say_it(browser: Any, address: str, complete: Any) -> None:
    with Reader(browser, address, java_script_enabled=False) as reader:
        page = reader.open("index.html")
        assert not page.locator("form.il-picker").is_visible()
        assert "needs JavaScript" in page.locator(".il-form").inner_text()
        assert page.locator(".il-table").first.is_visible()
        reader.open("generated/probes/worker_restart.html")
        assert page.locator(".il-panel:visible").count() == 7
        page.locator('a[href$="-3.10.html#sentry-2.5.1-ddtrace-2.14.2-stock"]').click()
        assert "verdicts/worker_restart-python-3.10.html" in page.url
        assert "It hangs" in page.locator(":target").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_symbol_can_be_read_on_its_colour(browser: Any, address: str, scheme: str) -> None:
    """WCAG 2.1, 1.4.3: a contrast of at least 4.5."""
    measure = """marks => marks.map((mark) => {
        const light = (text) => {
            const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
                .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = getComputedStyle(mark);
        const pair = [light(style.color), light(style.backgroundColor)];
        const [low, high] = pair.sort((one, other) => one - other);
        return [mark.className, (high + 0.05) / (low + 0.05)];
    })"""
    outcomes = ["pass", "hang", "fail", "unsupported", "unproven"]
    marks = ", ".join(f".il-legend .il-mark.il-{outcome}" for outcome in outcomes)

    with Reader(browser, address, color_scheme=scheme) as reader:
        probe = reader.open("generated/probes/worker_restart.html")
        found = probe.eval_on_selector_all(f"{marks}, .il-legend .il-mark.il-rare", measure)

    assert {f"il-mark il-{outcome}" for outcome in outcomes} < {look for look, _ in found}
    assert "il-mark il-rare" in {look for look, _ in found}
    assert "il-mark il-hang il-own" in {look for look, _ in found}
    assert [look for look, contrast in found if contrast < 4.5] == []


def test_a_pass_of_a_rare_hang_is_explained_and_fits_on_a_phone(browser: Any, address: str) -> None:
    """Neither its colour nor its sign is that of a pass; its words are in the cell's title."""
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("generated/probes/worker_restart.html#python-3.12")
        shown = page.locator("td.il-rare:visible")
        assert shown.first.inner_text().strip() in ("◐", "○")
        assert "hang" in (shown.first.locator("a").get_attribute("title") or "")
        colours = page.evaluate(
            """() => ["rare", "pass", "hang"].map((look) =>
                document.querySelector(`.il-legend .il-${look}`)
            ).map((mark) => getComputedStyle(mark).backgroundColor)"""
        )
        assert len(set(colours)) == 3
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_dark_mode_follows_the_system(browser: Any, address: str) -> None:
    with Reader(browser, address, color_scheme="dark") as reader:
        page = reader.open("index.html")
        assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


FOLDED = """
<table class="il-table"><tbody>
  <tr class="il-line"><th>1.1.x</th><td>2 pass</td></tr>
  <tr class="il-in-line"><th>1.1.1</th><td>pass</td></tr>
  <tr class="il-in-line"><th>1.1.0</th><td>pass</td></tr>
  <tr><th>1.0.0</th><td>pass</td></tr>
  <tr class="il-line"><th>0.9.x</th><td>1 hang</td></tr>
  <tr class="il-in-line"><th>0.9.2</th><td>hang</td></tr>
</tbody></table>
<script src="interlock.js"></script>
"""


def test_a_release_line_opens_and_closes_its_releases(
    browser: Any, complete: Any, tmp_path: Path
) -> None:
    """By the mouse anywhere in its row, and by the keyboard; the others stay closed."""
    (tmp_path / "index.html").write_text(FOLDED, encoding="utf-8")
    shutil.copy(complete.site / "assets" / "interlock.js", tmp_path)
    with Reader(browser, tmp_path.as_uri()) as reader:
        page = reader.open("index.html")

        def shown() -> list[str]:
            heads = page.locator("tbody tr:visible th")
            return [str(head).strip() for head in heads.all_inner_texts()]

        assert shown() == ["1.1.x", "1.0.0", "0.9.x"]
        page.get_by_text("2 pass").click()
        assert shown() == ["1.1.x", "1.1.1", "1.1.0", "1.0.0", "0.9.x"]
        button = page.get_by_role("button", name="1.1.x")
        assert button.get_attribute("aria-expanded") == "true"
        button.press("Enter")
        assert shown() == ["1.1.x", "1.0.0", "0.9.x"]
        assert reader.complaints == []
