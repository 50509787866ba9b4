"""What a tested package calls its locks and its errors is text on every page, and never markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from made_up import cell, verdict
from made_up_evidence import control

from interlock.model import Outcome, Phase, Reason, Signature

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&`|{{ 7 * 7 }}{% raw %}"
    "[x](javascript:alert(1)) </td></table></title>"
)


class Found(HTMLParser):
    """The harm that a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.harm: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        told = dict(attrs)
        if told.get("src") == "x" or (told.get("href") or "").startswith("javascript:"):
            self.harm.append(f"{tag} at {self.getpos()}")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and "alert(1)" in data:
            self.harm.append(f"a script at {self.getpos()}")


def harm_in(page: Path) -> list[str]:
    found = Found()
    found.feed(page.read_text(encoding="utf-8"))
    return found.harm


def test_no_name_of_a_package_is_markup_on_any_page(
    publish: Callable[..., Any], tmp_path: Path
) -> None:
    hangs = (Outcome.HANG, Phase.SERVING, Reason.SELF_DEADLOCK)
    fails = (Outcome.FAIL, Phase.SERVING, Reason.ERROR)
    seen = Signature(locks=(f"{HOSTILE}._lock",))
    made = [
        replace(
            verdict(cell("2.5.1", "2.14.2", "3.10", "warning-events"), hangs),
            detail=HOSTILE,
            signatures=((seen, 1),),
        ),
        replace(
            verdict(cell("2.5.1", "3.2.1", "3.10", "warning-events"), fails),
            detail=HOSTILE,
            cause=HOSTILE,
        ),
    ]
    public = publish(made, tmp_path).public
    pages = sorted(public.rglob("*.html"))
    assert any("alert(1)" in page.read_text(encoding="utf-8") for page in pages)
    assert {page.name: found for page in pages if (found := harm_in(page))} == {}


def test_no_value_of_a_data_file_is_code_of_the_frame(
    publish: Callable[..., Any], tmp_path: Path
) -> None:
    """MkDocs reads the frame of the pages as a template, which can call anything."""
    called = "{{ 7 * 191 }}{% if x %}{# x #}{{ lipsum.__globals__.os.mkdir(dict(made=1)|first) }}"
    differing = {**control(differs=True), "vouches_for": called}
    public = publish([], tmp_path, controls=[differing]).public
    page = (public / "index.html").read_text(encoding="utf-8")
    assert called.replace("{", "&#123;").replace("}", "&#125;") in page
    assert "1337" not in page
    assert not Path("made").exists()


def test_harm_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<title>{HOSTILE}</title><p>{HOSTILE}</p>", encoding="utf-8")
    assert len(harm_in(page)) > 1
