"""Blocks of HTML from the templates reach a page as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from grids import matrix, rows
from markdown import Markdown
from markdown.preprocessors import Preprocessor

from interlock.matrix.definition import ProbeUse, Workaround
from interlock.publish.context import PageContext
from interlock.publish.publishers import PUBLISHERS
from interlock.record.results import Results

EXTENSION = "interlock.publish.whole_html"
BLOCK = '<div class="il il-cards"><article id="a"><p>a *b* `c` &amp; <b>d</b></p></article></div>'


@pytest.mark.parametrize(
    "page",
    [
        f"# Title\n\n{BLOCK}\n\n## Next {{ #next }}\n\n{BLOCK}\n",
        f"{BLOCK}\n",
        f"{BLOCK}\n\n{BLOCK}\n\ntext\n",
        # anything but a block of a template is Markdown's
        '<div class="il ">\n<p>a</p>\n</div>\n\n*text*\n',
        '<div class="other"><p>*a*</p></div>\n\n*text*\n',
        f"    {BLOCK}\n",
        f"```\n{BLOCK}\n```\n",
        f"- item\n\n    {BLOCK}\n",
    ],
)
def test_a_page_is_the_same_with_the_extension_as_without(page: str) -> None:
    extensions = ["attr_list", "pymdownx.superfences"]

    with_it = Markdown(extensions=[*extensions, EXTENSION]).convert(page)

    assert with_it == Markdown(extensions=extensions).convert(page)


class Seen(Preprocessor):
    """The lines that a preprocessor gets when it looks for HTML."""

    def run(self, lines: list[str]) -> list[str]:
        self.lines = lines
        return lines


@pytest.fixture
def seen() -> Iterator[tuple[Markdown, Seen]]:
    converter = Markdown(extensions=[EXTENSION])
    spy = Seen(converter)
    converter.preprocessors.register(spy, "spy", 21)
    yield converter, spy


def test_a_block_is_hidden_from_what_looks_for_html(seen: tuple[Markdown, Seen]) -> None:
    converter, spy = seen

    page = converter.convert(f"text\n\n{BLOCK}\n")

    assert "<" not in "".join(spy.lines)
    assert BLOCK in page


def test_the_templates_write_html_in_whole_blocks_alone(
    tmp_path_factory: pytest.TempPathFactory, seen: tuple[Markdown, Seen]
) -> None:
    """So no page that grows with the verdicts is parsed."""
    folder, (converter, spy) = tmp_path_factory.mktemp("generated"), seen
    quiet = Workaround(name="quiet", title="be quiet", description="", costs="No noise.")
    known = matrix(
        uses={"restart": ProbeUse(workarounds={"stock": ("quiet",)})}, workarounds={"quiet": quiet}
    )
    verdicts = rows("pair: hang A 1/30; pair+quiet: pass 900; left: pass 90; right: hang A 1/90")
    results = Results(verdicts=verdicts, signatures=[], yanked={}, controls=[])
    for publish in PUBLISHERS:
        publish(PageContext(matrix=known, results=results), folder)

    pages = [*folder.rglob("*.md")]
    assert {"answer.md", "matrix.md", "workarounds.md", "restart.md"} <= {
        page.name for page in pages
    }
    for page in pages:
        converter.reset().convert(page.read_text(encoding="utf-8"))
        left = [line for line in spy.lines if "<div" in line or "<table" in line]
        assert left == [], page.name
