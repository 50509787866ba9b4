"""The built site in a real browser, also on a phone, in the dark and offline."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from browsing import DESK, Reader, served
from made_up import FORKS_BADLY
from packaging.version import Version

from interlock.findings import AnswerBasis, Question, answer
from interlock.model import PythonVersion
from interlock.publish.context import PageContext
from interlock.record import read_results

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = {"width": 375, "height": 812}

STOCK = {"event-level": "ERROR"}
WARNINGS = {"event-level": "WARNING"}


@pytest.fixture(scope="session")
def address(complete: Any) -> Iterator[str]:
    """Where the built site is served, on this machine alone."""
    with served(complete.public) as address:
        yield address


def choose(page: Any, settings: Mapping[str, str] | None = None, **choices: str) -> Any:
    """Type the releases, choose the rest."""
    for name, value in choices.items():
        if name == "python":
            page.select_option("form.il-picker select[name=python]", value)
        else:
            page.fill(f"form.il-picker input[name={name}]", value)
            page.press(f"form.il-picker input[name={name}]", "Tab")
    for name, value in (settings or {}).items():
        details = page.locator("form.il-picker details")
        details.evaluate("details => details.open = true")
        page.select_option(f"form.il-picker select[name={name}]", value)
        details.evaluate("details => details.open = false")
    return page.locator("[data-answer] .il-answer")


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
        page = reader.open("index.html")
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


def test_what_each_probe_says_is_a_click_away(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        answer = choose(page, sentry="2.70.1", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        listed = answer.get_by_text("flask under gunicorn, as in the report: hangs")
        assert not listed.is_visible()
        answer.get_by_text("What each probe says").click()
        listed.click()
        assert "Intermittent: it happened in 3 of 10 trials" in page.locator(":target").inner_text()


def test_banner_leads_to_the_controls_from_everywhere(browser: Any, doubtful: Any) -> None:
    with Reader(browser, doubtful.public.as_uri()) as reader:
        for path in ("index.html", "decisions/uv.html", "generated/probes/worker_restart.html"):
            page = reader.open(path)
            assert page.get_by_role("alert").is_visible()
            page.get_by_role("link", name="See the controls").click()
            assert page.url.endswith("/controls.html")
            assert "1 of 1 differ" in page.locator("main").inner_text()


def test_answer_is_on_the_first_screen_of_a_phone(browser: Any, address: str) -> None:
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("index.html")
        answer = choose(page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        verdict = answer.locator(".il-verdict").bounding_box()
        assert verdict["y"] + verdict["height"] < PHONE["height"]


def test_ten_seconds_on_a_phone_tell_what_hangs_what_to_move_to_and_what_to_do_until_then(
    browser: Any, address: str
) -> None:
    with Reader(browser, address, viewport={"width": 375, "height": 740}) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10")
        said = page.locator("[data-answer] .il-answer")
        shown = [
            said.locator(".il-verdict strong", has_text="It hangs"),
            said.get_by_text("Upgrade ddtrace to"),
            said.get_by_text("Lock profiling off").first,
        ]
        for one in shown:
            box = one.bounding_box()
            assert box["y"] + box["height"] < 740, one.inner_text()
            assert box["x"] + box["width"] <= 375, one.inner_text()


def test_page_starts_with_no_settings_and_choosing_one_narrows_the_answer(
    browser: Any, address: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=2.9.6&python=3.10")
        said = page.locator("[data-answer] .il-answer")
        fields = page.locator("form.il-picker details select")
        every = said.inner_text()
        assert set(fields.evaluate_all("all => all.map((one) => one.value)")) == {"any"}

        choose(page, settings=WARNINGS)
        assert "Where warnings in the log become Sentry events." in said.inner_text()
        assert "any" not in fields.evaluate_all("all => all.map((one) => one.value)")
        choose(page, settings=STOCK)
        assert "event-level=ERROR" in page.url, "the defaults are not the same as no settings"

        choose(page, settings={"event-level": "any"})
        assert said.inner_text() == every
        assert "event-level" not in page.url


def test_picker_answers_with_verdict_configuration_and_command(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        hangs = choose(
            page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=STOCK
        ).inner_text()
        passes = choose(page, sentry="2.30.0", ddtrace="3.2.1").inner_text()

    assert "✗" in hangs and "a thread waits for a lock that it holds itself" in hangs
    assert "Where ddtrace's profiler runs, and all else is at its default." in hangs
    assert "nox -s matrix -- --sentry 2.5.1 --ddtrace 2.14.2 --python 3.10" in hangs
    assert "✓" in passes and "It did not hang" in passes


def test_picker_says_what_to_move_to_and_what_to_do_until_then(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        stuck = choose(page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=STOCK)
        stuck.get_by_text("More on these releases").click()
        stuck_text = stuck.inner_text()
        older = choose(page, ddtrace="2.9.6", settings=WARNINGS)
        older.get_by_text("What else was tried").click()
        workaround = older.inner_text()
        fine = choose(page, settings=STOCK).inner_text()

    assert "ddtrace 3.2.1 is the nearest that passes with these settings" in stuck_text
    nearer = "2.21.12 passes here, but hangs where warnings in the log become Sentry events"
    assert nearer in stuck_text
    assert "ddtrace 4.16.0 is the newest" in stuck_text
    assert "No sentry-sdk release that was tested helps" in stuck_text
    assert "No settings that were tested keep these releases from hanging" in stuck_text
    assert "Lock profiling off: passes." in workaround
    assert "Only errors in the log become Sentry events: don't count on it." in workaround
    assert "It costs: Warnings in the log are no longer events." in workaround
    assert "hang where warnings in the log become Sentry events" in fine


def test_picker_never_calls_the_untested_safe(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = choose(
            page, sentry="2.30.0", ddtrace="2.9.6", python="3.10", settings=STOCK
        ).inner_text()

    assert "Not tested." in said
    assert "That is not a pass" in said
    assert "✓" not in said


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "in the link"])
@pytest.mark.parametrize("sentry", ["2.8.0", "0.1", "99.0", "2.70.1rc1"])
def test_release_that_is_not_listed_is_unknown_with_its_neighbours(
    browser: Any, address: str, sentry: str, typed: bool
) -> None:
    with Reader(browser, address) as reader:
        if typed:
            page = reader.open("index.html")
            said = choose(page, sentry=sentry, ddtrace="4.16.0", python="3.11")
        else:
            page = reader.open(f"index.html#sentry={sentry}&ddtrace=4.16.0&python=3.11")
            said = page.locator("[data-answer] .il-answer")
        text = said.inner_text()
        assert text.startswith("·") and "It is not known whether it hangs." in text
        assert f"sentry-sdk {sentry} with ddtrace 4.16.0, Python 3.11" in text
        assert "✓" not in text and "did not hang" not in text
        near = {"2.8.0": ["2.5.1", "2.10.0"], "0.1": ["2.5.1"], "99.0": ["2.70.1"]}
        near["2.70.1rc1"] = ["2.30.0", "2.70.1"]
        if sentry in near:
            named = " and ".join(
                f"{version} ({'hangs' if version in FORKS_BADLY else 'passes'})"
                for version in near[sentry]
            )
            assert f"Nearest tested sentry-sdk, with the other releases: {named}." in text
            assert f"nox -s matrix -- --sentry {sentry} --ddtrace 4.16.0 --python 3.11" in text
        else:
            assert "nox" not in text  # no part of a link that is not a version can run as script
        assert "ddtrace 4.16.0 was tested, with other releases." in text
        assert reader.complaints == []


def test_what_the_index_decides_needs_no_test(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.8.0&ddtrace=2.14.9&python=3.14")
        text = page.locator("[data-answer] .il-answer").inner_text()
        assert text.startswith("–")
        assert "It cannot be installed like this." in text
        assert "ddtrace 2.14.9 has no wheel for CPython 3.14 on x86_64." in text
        assert "nox" not in text and "Not tested" not in text
        assert reader.complaints == []


@pytest.mark.parametrize(("sentry", "listed"), [("2.8.0", True), ("2.8", True), ("2.8.1", False)])
def test_a_release_that_no_index_lists_is_named(
    browser: Any, address: str, sentry: str, listed: bool
) -> None:
    with Reader(browser, address) as reader:
        asked = f"sentry={sentry}&ddtrace=2.14.9&python=3.10&event-level=WARNING"
        page = reader.open(f"index.html#{asked}")
        text = page.locator("[data-answer] .il-answer").inner_text()
        assert "Not tested." in text and "That is not a pass" in text
        version = "2.8.0" if listed else sentry
        command = f"interlock ask --sentry {version} --ddtrace 2.14.9 --python 3.10"
        assert f"{command} --with event-level=WARNING" in text
        said = "The package index did not list sentry-sdk 2.8.1 when these results were published."
        assert (said in text) is not listed
        assert reader.complaints == []


@pytest.mark.parametrize(
    ("link", "shown"),
    [("python=3.77", "Python 3.77"), ("python=3.11.4", "Python 3.11.")],
)
def test_python_of_a_link_is_the_one_that_is_asked_for(
    browser: Any, address: str, link: str, shown: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"index.html#sentry=2.5.1&ddtrace=4.16.0&{link}")
        text = page.locator("[data-answer]").inner_text()
        assert shown in text
        assert text.startswith("·\u2002It is not known whether it hangs.") == ("3.77" in link)
        assert reader.complaints == []


NOT_UNDERSTOOD = [
    ("python=3.11;reboot", "python is 3.14, 3.13, 3.12, 3.11, 3.10, 3.9 or 3.8."),
    ("python=banana", "python is 3.14"),
    ("python=<b>x</b>", "python is 3.14"),
    ("python=", "python is 3.14"),
    ("event-level=LOUD", "event-level is ERROR or WARNING."),
    ("event-level=warning", "event-level is ERROR or WARNING."),
    ("event-level=", "event-level is ERROR or WARNING."),
    ("config=gone", "The link's config is nothing that this page knows."),
    ("config=constructor", "The link's config is nothing"),
    ("config=warning-events%2Bno-lock-profiling", "The link's config is nothing"),
    ("event_level=WARNING", "The link's event_level is nothing"),
    ("<b>x</b>=reboot", "The link's address is nothing"),
]


@pytest.mark.parametrize(("link", "shown"), NOT_UNDERSTOOD)
def test_what_a_link_cannot_mean_is_not_taken_for_something_else(
    browser: Any, address: str, link: str, shown: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"index.html#sentry=2.5.1&ddtrace=4.16.0&{link}")
        text = page.locator("[data-answer]").inner_text()
        assert "Not understood." in text and shown in text
        assert "✓" not in text and "✗" not in text
        assert "reboot" not in text
        assert reader.complaints == []


def test_what_was_not_understood_is_answered_once_it_is_chosen(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.9.6&python=x&event-level=warning")
        assert page.locator("form.il-picker select[name=python]").input_value() == ""
        assert "Not understood." in choose(page, python="3.10").inner_text()
        assert "It hangs" in choose(page, settings=WARNINGS).inner_text()


def test_question_may_stand_after_a_question_mark(browser: Any, address: str) -> None:
    asked = "sentry=2.5.1&ddtrace=2.9.6&python=3.10&event-level=WARNING"
    with Reader(browser, address) as reader:
        page = reader.open(f"index.html?{asked}&utm_source=mail")
        assert "It hangs" in page.locator("[data-answer]").inner_text()
        page = reader.open("index.html?event-level=warning")
        assert "Not understood." in page.locator("[data-answer]").inner_text()


def test_link_within_the_open_page_is_followed(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=3.2.1&python=3.10")
        answer = page.locator("[data-answer]")
        assert "✓" in answer.inner_text()
        page.evaluate(
            "location.hash = '#sentry=2.5.1&ddtrace=2.9.6&python=3.77&event-level=WARNING'"
        )
        playwright.expect(answer).to_contain_text("sentry-sdk 2.5.1 with ddtrace 2.9.6")
        assert "Not tested." in answer.inner_text() and "✓" not in answer.inner_text()
        assert page.locator("form.il-picker input[name=sentry]").input_value() == "2.5.1"
        assert page.locator("form.il-picker select[name=python]").input_value() == "3.77"
        page.evaluate("location.hash = '#coverage'")  # an anchor asks nothing
        page.evaluate("new Promise((done) => setTimeout(done))")
        assert "2.5.1 with ddtrace 2.9.6, Python 3.77" in answer.inner_text()
        page.go_back()
        page.go_back()
        playwright.expect(answer).to_contain_text("sentry-sdk 2.30.0 with ddtrace 3.2.1")


def test_link_to_a_tab_of_an_open_page_is_followed(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("generated/probes/worker_restart.html#python-3.12")
        page.evaluate("location.hash = '#python-3.9'")
        playwright.expect(page.locator("#python-3\\.9")).to_be_visible()
        assert page.locator(".il-panel:visible").get_attribute("id") == "python-3.9"


@pytest.mark.parametrize("link", ["sentry=banana&ddtrace=4.16.0", "sentry=2.5.1&ddtrace=latest"])
def test_what_is_no_version_has_no_neighbours(browser: Any, address: str, link: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(f"index.html#{link}&python=3.11")
        text = page.locator("[data-answer]").inner_text()
        package = "sentry-sdk" if "banana" in link else "ddtrace"
        assert f"That is no version of {package}." in text
        assert "Not understood." in text
        assert "Not tested." not in text
        assert f"Nearest tested {package}" not in text


@pytest.mark.parametrize(
    ("settings", "says", "where"),
    [
        ({}, "It hangs with every choice of settings", "2.30.0 with ddtrace 2.14.2, Python 3.10."),
        (
            {"event-level": "ERROR"},
            "It hangs",
            "Where ddtrace's profiler runs, and all else is at its default.",
        ),
        ({"event-level": "WARNING"}, "It hangs", "Where warnings in the log become Sentry events."),
        # the workaround passes with more switched on, where the same hangs with the locks profiled
        (
            {"lock-profiling": "off"},
            "It did not hang",
            "Where ddtrace profiles no lock.",
        ),
        (
            {"lock-profiling": "off", "event-level": "WARNING"},
            "It did not hang",
            "Where ddtrace profiles no lock and warnings in the log become Sentry events.",
        ),
        ({"profiling": "off"}, "Not known yet", "Where ddtrace's profiler does not run."),
        # a hang with less switched on is one with more
        ({"forks": "yes"}, "It hangs", "Where the process forks."),
    ],
)
def test_each_choice_is_answered_and_can_be_sent_to_somebody(
    browser: Any, address: str, settings: Mapping[str, str], says: str, where: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = choose(page, sentry="2.30.0", ddtrace="2.14.2", python="3.10", settings=settings)
        text = said.inner_text()
        link = page.url
    assert says in text and where in text
    assert all(f"{name}={value}" in link for name, value in settings.items())
    with Reader(browser, address) as another:
        page = another.open(link.removeprefix(f"{address}/"))
        assert page.locator("[data-answer] .il-answer").inner_text() == text
        for name, value in settings.items():
            assert page.locator(f"form.il-picker select[name={name}]").input_value() == value


def test_each_choice_says_how_to_find_out_what_one_has(
    browser: Any, address: str, complete: Any
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        assert not page.locator("form.il-picker select[name=forks]").is_visible()
        page.get_by_text("Your settings: any (choose yours)").click()
        text = page.locator("form.il-picker details").inner_text()
        for choice in complete.matrix.choices.values():
            assert choice.title in text
            assert choice.find_out.replace("`", "") in text
        page.select_option("form.il-picker select[name=forks]", "yes")
        assert page.get_by_text("Your settings: 1 of 4 changed").is_visible()


def test_older_links_to_a_configuration_still_lead_there(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open(
            "index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10&config=warning-events"
        )
        text = page.locator("[data-answer]").inner_text()
        assert "It hangs" in text
        assert "Where warnings in the log become Sentry events." in text


def test_page_says_what_the_terminal_says(browser: Any, address: str, complete: Any) -> None:
    """The outcome of every release and setting; where there is none, the neighbours."""
    found = read_results(complete.results, complete.matrix.axes, {}).within(complete.matrix)
    findings = PageContext(matrix=complete.matrix, results=found).findings
    signs = {None: "·", "pass": "✓", "hang": "✗", "fail": "!", "unsupported": "–", "unproven": "?"}
    wrong = []
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        for sentry, ddtrace, chosen in itertools.product(
            ("2.5.1", "2.8.0", "2.30.0"), ("2.9.6", "2.14.2", "4.16.0"), (STOCK, WARNINGS)
        ):
            question = Question(
                versions={"sentry": Version(sentry), "ddtrace": Version(ddtrace)},
                python=PythonVersion(3, 10),
                chosen=chosen,
            )
            (part,) = answer(question, findings).parts
            said = choose(page, sentry=sentry, ddtrace=ddtrace, python="3.10", settings=chosen)
            text = said.inner_text()
            near = [str(v) for n in part.neighbours for v in (n.below, n.above) if v]
            sign = signs[str(part.outcome) if part.outcome else None]
            sign = f"({sign})" if part.basis is AnswerBasis.INFERRED else sign
            if not text.startswith(sign) or any(v not in text for v in near):
                wrong.append((sentry, ddtrace, chosen, part.outcome, near, text))
    assert wrong == []


def test_choice_can_be_sent_to_somebody(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        choose(page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        link = page.url
    with Reader(browser, address) as another:
        page = another.open(link.removeprefix(f"{address}/"))
        assert "It hangs" in page.locator("[data-answer]").inner_text()


def test_without_scripts_the_tables_say_it(browser: Any, address: str, complete: Any) -> None:
    with Reader(browser, address, java_script_enabled=False) as reader:
        page = reader.open("index.html")
        assert not page.locator("form.il-picker").is_visible()
        assert page.locator(".il-table").first.is_visible()
        reader.open("generated/probes/worker_restart.html")
        assert page.locator(".il-panel:visible").count() == 7
        page.locator(
            'a[href$="worker_restart-python-3.10.html#sentry-2.5.1-ddtrace-2.14.2-stock"]'
        ).click()
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
