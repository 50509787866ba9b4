"""The start page in a real browser: what a reader types, and what he is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from browsing import Reader, served
from made_up import FORKS_BADLY
from start_form import PHONE, STOCK, WARNINGS, choose, drawn, unfold

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def address(complete: Any) -> Iterator[str]:
    """Where the built site is served, on this machine alone."""
    with served(complete.public) as address:
        yield address


def test_page_starts_empty(browser: Any, address: str) -> None:
    """No verdict before a question: one about other releases would be taken for the answer."""
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        assert page.locator("[data-answer] .il-answer").count() == 0
        assert page.input_value("form.il-picker input[name=sentry]") == ""
        page.click("form.il-picker button[type=submit]")
        said = page.locator("[data-answer]").inner_text()
        assert "Which release of sentry-sdk and ddtrace?" in said
        assert reader.complaints == []


def test_ten_seconds_on_a_phone_tell_what_hangs_what_to_move_to_and_what_to_do_until_then(
    browser: Any, address: str
) -> None:
    with Reader(browser, address, viewport=PHONE) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10")
        said = page.locator("[data-answer] .il-answer")
        shown = [
            said.locator(".il-verdict strong", has_text="It hangs"),
            said.get_by_text("ddtrace==3.2.1"),
            said.get_by_text("Lock profiling off").first,
        ]
        for one in shown:
            box = one.bounding_box()
            assert box["y"] + box["height"] < PHONE["height"], one.inner_text()
            assert box["x"] + box["width"] <= PHONE["width"], one.inner_text()


def test_without_a_python_each_has_its_own_answer(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html?sentry=2.5.1&ddtrace=2.14.2")
        said = page.locator("[data-answer] .il-answer")
        assert "Which Python?" in said.inner_text()
        said.get_by_text("Python 3.10: It hangs").click()
        assert "sentry-sdk 2.5.1 with ddtrace 2.14.2, Python 3.10" in said.inner_text()
        assert "python=3.10" in page.url


def test_choosing_a_setting_narrows_the_answer(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=2.14.2&python=3.10")
        said = page.locator("[data-answer] .il-answer")
        fields = page.locator("form.il-picker details select")
        every = drawn(page).inner_text()
        assert set(fields.evaluate_all("all => all.map((one) => one.value)")) == {"any"}

        choose(page, settings=WARNINGS)
        assert "Where warnings in the log become Sentry events." in said.inner_text()
        assert "any" not in fields.evaluate_all("all => all.map((one) => one.value)")
        choose(page, settings=STOCK)
        assert "With the default settings." in said.inner_text()
        assert "event-level=ERROR" in page.url, "the defaults are not the same as no settings"

        choose(page, settings={"event-level": "any"})
        assert said.inner_text() == every
        assert "event-level" not in page.url


def test_a_hang_has_its_cause_its_evidence_and_its_command(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = unfold(
            choose(page, sentry="2.10.0", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        )
        assert said.startswith("✗\u2002It hangs.")
        assert "Neither library does it alone: it takes both." in said
        assert "BackgroundWorker._lock" in said
        assert "--sentry 2.10.0 --ddtrace 2.14.2 --python 3.10 --probe worker_restart" in said
        passes = unfold(choose(page, sentry="2.30.0", ddtrace="3.2.1", settings=STOCK))
        assert passes.startswith("✓\u2002No hang was found.")


def test_moves_name_what_goes_wrong_with_them_in_other_settings(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = choose(page, sentry="2.5.1", ddtrace="2.14.2", python="3.10", settings=STOCK)
        text = said.inner_text()
        assert "ddtrace==3.2.1" in text and "ddtrace==4.16.0" in text
        nearer = "2.21.12 passes here, but hangs where warnings in the log become Sentry events"
        assert nearer in text
        assert "No sentry-sdk release that was tested helps." in text


def test_a_workaround_is_a_line_to_paste_with_its_cost(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        card = choose(page, sentry="2.5.1", ddtrace="2.9.6", python="3.10", settings=WARNINGS)
        assert "Lock profiling off You lose: No lock samples in the profiles." in card.inner_text()
        assert "Only errors in the log" not in card.locator(".il-until:visible").first.inner_text()
        text = unfold(card)
        assert "Only errors in the log become Sentry events" in text
        assert "Don't count on it: other combinations hang with it." in text


def test_what_each_probe_says_is_a_click_away(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        card = choose(page, sentry="2.70.1", ddtrace="2.14.2", python="3.10", settings=WARNINGS)
        listed = card.get_by_text("flask under gunicorn, as in the report")
        assert not listed.is_visible()
        card.get_by_text("How sure is this").click()
        listed.click()
        assert "Intermittent: it happened in 3 of 10 trials" in page.locator(":target").inner_text()


def test_the_untested_is_never_called_safe(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        said = choose(page, sentry="2.30.0", ddtrace="2.9.6", python="3.10", settings=STOCK)
        assert said.inner_text().startswith("·\u2002It is not known whether it hangs.")
        assert "✓" not in said.inner_text()


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "in the link"])
@pytest.mark.parametrize("sentry", ["2.8.0", "0.1", "99.0", "2.70.1rc1"])
def test_release_that_is_not_listed_is_unknown_with_its_neighbours(
    browser: Any, address: str, sentry: str, typed: bool
) -> None:
    with Reader(browser, address) as reader:
        if typed:
            page = reader.open("index.html")
            card = choose(page, sentry=sentry, ddtrace="4.16.0", python="3.11")
        else:
            page = reader.open(f"index.html#sentry={sentry}&ddtrace=4.16.0&python=3.11")
            card = page.locator("[data-answer] .il-answer")
        text = unfold(card)
        assert text.startswith("·") and "It is not known whether it hangs." in text
        assert f"sentry-sdk {sentry} with ddtrace 4.16.0, Python 3.11" in text
        assert "✓" not in text and "No hang was found" not in text
        near = {"2.8.0": ["2.5.1", "2.10.0"], "0.1": ["2.5.1"], "99.0": ["2.70.1"]}
        near["2.70.1rc1"] = ["2.30.0", "2.70.1"]
        named = " and ".join(
            f"{version} ({'hangs' if version in FORKS_BADLY else 'passes'})"
            for version in near[sentry]
        )
        assert f"Nearest tested sentry-sdk, with the other releases: {named}." in text
        assert f"nox -s matrix -- --sentry {sentry} --ddtrace 4.16.0 --python 3.11" in text
        assert reader.complaints == []


def test_what_the_index_decides_needs_no_test(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.8.0&ddtrace=2.14.9&python=3.14")
        text = page.locator("[data-answer] .il-answer").inner_text()
        assert text.startswith("–\u2002It cannot be installed like this.")
        assert "ddtrace 2.14.9 has no wheel for CPython 3.14 on x86_64." in text
        assert "nox" not in text
        assert reader.complaints == []


@pytest.mark.parametrize(("sentry", "listed"), [("2.8.0", True), ("2.8", True), ("2.8.1", False)])
def test_a_release_that_no_index_lists_is_named(
    browser: Any, address: str, sentry: str, listed: bool
) -> None:
    with Reader(browser, address) as reader:
        asked = f"sentry={sentry}&ddtrace=2.14.9&python=3.10&event-level=WARNING"
        page = reader.open(f"index.html#{asked}")
        text = unfold(page.locator("[data-answer] .il-answer"))
        version = "2.8.0" if listed else sentry
        command = f"interlock ask --sentry {version} --ddtrace 2.14.9 --python 3.10"
        assert command in text and "--with event-level=WARNING" in text
        said = "The package index did not list sentry-sdk 2.8.1 when these results were published."
        assert (said in text) is not listed
        assert reader.complaints == []


@pytest.mark.parametrize(
    ("link", "shown"),
    [("python=3.77", "Python 3.77."), ("python=3.11.4", "Python 3.11.")],
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
    ("python=3.11;reboot", "python: it is 3.14, 3.13, 3.12, 3.11, 3.10, 3.9 or 3.8."),
    ("python=banana", "python: it is 3.14"),
    ("python=<b>x</b>", "python: it is 3.14"),
    ("event-level=LOUD", "event-level: it is ERROR or WARNING."),
    ("event-level=warning", "event-level: it is ERROR or WARNING."),
    ("event-level=", "event-level: it is ERROR or WARNING."),
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
        assert "It hangs" in choose(page, python="3.10", settings=WARNINGS).inner_text()


HOSTILE = ["<img src=x onerror=alert(1)>", "2.5.1<b>", '"><script>alert(1)</script>', "banana"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_version_is_shown_as_text(browser: Any, address: str, text: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        card = choose(page, sentry=text, ddtrace="4.16.0", python="3.11")
        assert "Not understood." in card.inner_text()
        assert f'"{text}" is no version of sentry-sdk.' in card.inner_text()
        assert card.locator("img, script, b").count() == 0
        assert reader.complaints == []


def test_the_question_is_in_the_address_and_back_leads_to_the_one_before(
    browser: Any, address: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        choose(page, sentry="2.30.0", ddtrace="3.2.1", python="3.10")
        choose(page, sentry="2.5.1", ddtrace="2.14.2", settings=WARNINGS)
        link = page.url
        query = "?sentry=2.5.1&ddtrace=2.14.2&python=3.10&event-level=WARNING"
        assert link.endswith(f"index.html{query}")
        said = drawn(page)
        text = said.inner_text()
        for _ in range(8):
            page.go_back()
            if "2.30.0 with ddtrace 3.2.1" in said.inner_text():
                break
        playwright.expect(said).to_contain_text("sentry-sdk 2.30.0 with ddtrace 3.2.1")
    with Reader(browser, address) as another:
        page = another.open(link.removeprefix(f"{address}/") + "&utm_source=mail")
        assert drawn(page).inner_text() == text


def test_link_within_the_open_page_is_followed(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=3.2.1&python=3.10")
        answer = page.locator("[data-answer]")
        page.evaluate("location.hash = '#sentry=2.5.1&ddtrace=2.9.6&python=3.77'")
        playwright.expect(answer).to_contain_text("sentry-sdk 2.5.1 with ddtrace 2.9.6")
        assert page.locator("form.il-picker select[name=python]").input_value() == "3.77"
        page.evaluate("location.hash = '#by-python'")  # an anchor asks nothing
        page.evaluate("new Promise((done) => setTimeout(done))")
        assert "2.5.1 with ddtrace 2.9.6, Python 3.77" in answer.inner_text()


@pytest.mark.parametrize(
    ("settings", "says", "where"),
    [
        ({}, "It hangs with every choice of settings", "2.30.0 with ddtrace 2.14.2, Python 3.10."),
        ({"event-level": "ERROR"}, "It hangs.", "With the default settings."),
        (
            {"event-level": "WARNING"},
            "It hangs.",
            "Where warnings in the log become Sentry events.",
        ),
        # the workaround passes with more switched on, where the same hangs with the locks profiled
        ({"lock-profiling": "off"}, "No hang was found.", "Where ddtrace profiles no lock."),
        ({"profiling": "off"}, "It is not known", "Where ddtrace's profiler does not run."),
        # a hang with less switched on is one with more
        ({"forks": "yes"}, "It hangs.", "Where the process forks."),
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
        assert drawn(page).inner_text() == text
        for name, value in settings.items():
            assert page.locator(f"form.il-picker select[name={name}]").input_value() == value


def test_each_choice_says_how_to_find_out_what_one_has(
    browser: Any, address: str, complete: Any
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        assert not page.locator("form.il-picker select[name=forks]").is_visible()
        page.get_by_text("Your settings: any (choose yours)").click()
        text = page.locator("form.il-picker details").last.inner_text()
        for choice in complete.matrix.choices.values():
            assert choice.title in text
            assert choice.find_out.replace("`", "") in text
        page.select_option("form.il-picker select[name=forks]", "yes")
        assert page.get_by_text("Your settings: 1 of 4 changed").is_visible()


def test_older_links_to_a_configuration_still_lead_there(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        link = "index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10&config=warning-events"
        text = reader.open(link).locator("[data-answer] .il-answer").inner_text()
        assert "It hangs." in text
        assert "Where warnings in the log become Sentry events." in text


REQUIREMENTS = """\
# sentry-sdk==9.9.9 in a comment
sentry_sdk[flask]==2.5.1 \\
    --hash=sha256:00
datadog==0.44.0
ddtrace==2.14.2  ; python_version >= "3.8"
"""
LOCK = """\
[[package]]
name = "flask"
version = "3.0.0"
dependencies = [
    { name = "ddtrace" },
]

[[package]]
name = "ddtrace"
version = "2.14.2"

[[package]]
name = "sentry-sdk"
version = "2.5.1"
"""


DIFF = """\
-sentry-sdk==2.30.0
+sentry-sdk==2.5.1
-ddtrace==4.16.0
+ddtrace==2.14.2
"""
LISTED = 'dependencies = ["sentry-sdk[flask]==2.5.1", "ddtrace==2.14.2"]  # "ddtrace==9.9"\n'
PIPFILE = '{"default": {"ddtrace": {"version": "==2.14.2"}, "sentry-sdk": {"version": "==2.5.1"}}}'
PDM = LOCK.replace('name = "sentry-sdk"', 'name = "sentry-sdk"\nextras = ["flask"]')


@pytest.mark.parametrize(
    "text",
    [REQUIREMENTS, LOCK, REQUIREMENTS.replace("\n", "\r\n"), DIFF, LISTED, PIPFILE, PDM],
)
def test_a_pasted_lock_file_fills_in_the_releases(browser: Any, address: str, text: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=3.2.1&python=3.10")
        page.get_by_text("Or paste or drop").click()
        page.fill("form.il-picker textarea", text)
        said = page.locator("[data-answer] .il-answer")
        playwright.expect(said).to_contain_text("sentry-sdk 2.5.1 with ddtrace 2.14.2, Python 3.10")
        assert reader.complaints == []


def test_a_lock_file_that_pins_only_one_of_them_says_which_is_missing(
    browser: Any, address: str
) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html")
        page.get_by_text("Or paste or drop").click()
        page.fill("form.il-picker textarea", "ddtrace==2.14.2\nddtrace==3.0.0\n")
        text = page.locator("form.il-picker").inner_text()
        assert "It pins no release of sentry-sdk." in text
        assert "It pins ddtrace more than once: 2.14.2, 3.0.0." in text
        assert page.locator("[data-answer] .il-answer").count() == 0


def test_the_range_bar_says_in_words_what_it_draws(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.30.0&ddtrace=2.14.2&python=3.10")
        card = drawn(page)
        assert card.locator("svg.il-bar").count() == 7
        own = card.locator(".il-own-row svg").get_attribute("aria-label")
        assert own.startswith("ddtrace on Python 3.10: ")
        # 2.9.6 was not run, and 2.14.9 neither: it lies between no two of its own line.
        assert own.endswith(
            "2.5.6 to 2.14.2: hangs, partly inferred; 2.21.12: hangs; 3.2.1 to 4.16.0: passes"
        )
        card.get_by_text("The same in words").click()
        assert own.removeprefix("ddtrace on Python 3.10: ") in card.inner_text()
        assert page.evaluate("document.querySelectorAll('*').length") < 2000


def test_an_old_answer_says_so(browser: Any, address: str) -> None:
    """The data set is of March 2025. A reader's clock tells how old that is."""
    with Reader(browser, address) as reader:
        reader.page.clock.install(time="2025-03-12T12:00:00Z")
        page = reader.open("index.html#sentry=2.30.0&ddtrace=3.2.1&python=3.10")
        assert page.locator(".il-age.il-old").count() == 0
        assert "days ago" in page.locator(".il-age").inner_text()
        reader.page.clock.set_system_time("2025-06-01T12:00:00Z")
        choose(page, ddtrace="4.16.0")
        assert page.locator(".il-age.il-old").count() == 1


def test_copying_gives_the_link_the_pin_and_the_data(browser: Any, address: str) -> None:
    with Reader(browser, address, permissions=["clipboard-read", "clipboard-write"]) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10")
        copied = []
        for name in ("Copy pin", "Copy link", "Copy JSON"):
            page.get_by_role("button", name=name, exact=True).first.click()
            playwright.expect(page.get_by_role("button", name="Copied").last).to_be_visible()
            copied.append(page.evaluate("navigator.clipboard.readText()"))
        assert copied[0] == "ddtrace==3.2.1"
        assert copied[1].endswith("index.html?sentry=2.5.1&ddtrace=2.9.6&python=3.10")
        assert '"outcome": "hang"' in copied[2]


def test_a_screen_reader_hears_one_sentence(browser: Any, address: str) -> None:
    with Reader(browser, address) as reader:
        page = reader.open("index.html#sentry=2.5.1&ddtrace=2.9.6&python=3.10")
        said = page.locator("[aria-live]")
        assert said.count() == 1
        assert said.inner_text().startswith("It hangs")
        assert len(said.inner_text()) < 200
