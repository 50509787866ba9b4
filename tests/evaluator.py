"""The evaluator of the start page, in a browser: it is asked as a script of the page would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parents[1] / "site" / "assets"
SCRIPTS = (
    *(ASSETS / "evaluator" / f"{name}.js" for name in ("versions", "conclude", "maps", "facts")),
    *(ASSETS / "evaluator" / f"{name}.js" for name in ("tested", "targets", "rare", "workarounds")),
    ASSETS / "evaluator.js",
)
"""In the order in which a page loads them."""


class Evaluator:
    """A blank page with the scripts in it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def answers(self, facts: Any, asked: Iterable[Any]) -> list[Any]:
        """The answer to each question."""
        given = json.dumps({"facts": facts, "asked": [*asked]})
        script = """given => {
          const { facts, asked } = JSON.parse(given);
          return JSON.stringify(asked.map((one) => Evaluator.answer(facts, one)));
        }"""
        found: list[Any] = json.loads(self.page.evaluate(script, given))
        return found


@contextmanager
def evaluating(browser: Any, scripts: Sequence[Path] = SCRIPTS) -> Iterator[Evaluator]:
    """A page that can answer. Whatever it complains of fails the test."""
    page, complaints = browser.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for script in scripts:
        page.add_script_tag(path=str(script))
    yield Evaluator(page)
    page.close()
    assert complaints == []
