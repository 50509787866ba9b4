"""The pages that people read keep their sentences short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "site").rglob("*.md"))
    if "generated" not in path.parts
)
MOST_WORDS = 30
NO_PROSE = re.compile(r"^---\n.*?\n---\n|```.*?```|<[^>]+>|^\|.*$", re.DOTALL | re.MULTILINE)
END = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n *(?:[-*#]+|\d+\.) ")


def long_sentences(text: str) -> list[str]:
    """The sentences of a Markdown page with more than ``MOST_WORDS`` words.

    Tables and code do not count.
    """
    sentences = END.split(NO_PROSE.sub(" ", text))
    return [one for one in sentences if len(one.split()) > MOST_WORDS]


def test_a_long_sentence_is_found() -> None:
    words = " ".join(["word"] * MOST_WORDS)
    assert long_sentences(f"{words}.\n\nSo: {words} more. {words}.") == [f"{words} more."]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_no_long_sentence(page: Path) -> None:
    assert long_sentences(page.read_text(encoding="utf-8")) == []
