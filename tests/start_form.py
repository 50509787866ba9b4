"""The form of the start page, as a reader fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PHONE = {"width": 375, "height": 812}

STOCK = {"event-level": "ERROR"}
WARNINGS = {"event-level": "WARNING"}


def choose(page: Any, settings: Mapping[str, str] | None = None, **choices: str) -> Any:
    """Type the releases, choose the rest, and press the button. Returns the card."""
    for name, value in choices.items():
        if name == "python":
            page.select_option("form.il-picker select[name=python]", value)
        else:
            page.fill(f"form.il-picker input[name={name}]", value)
    for name, value in (settings or {}).items():
        details = page.locator("form.il-picker details").last
        details.evaluate("details => details.open = true")
        page.select_option(f"form.il-picker select[name={name}]", value)
        details.evaluate("details => details.open = false")
    page.click("form.il-picker button[type=submit]")
    return drawn(page)


def drawn(page: Any) -> Any:
    """The card, once every bar is drawn: they come one after the other."""
    page.wait_for_function(
        "() => { const bars = document.querySelector('.il-bars');"
        " return !bars || bars.childElementCount === interlock.facts.pythons.length; }"
    )
    return page.locator("[data-answer] .il-answer")


def unfold(card: Any) -> str:
    """All that a card says, with what is folded."""
    card.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    return str(card.inner_text())
