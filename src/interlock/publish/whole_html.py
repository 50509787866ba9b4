"""A Python-Markdown extension: the templates' HTML reaches a page unparsed.

A template writes each block of HTML as one whole line (``templates.py``). Python-Markdown would
look for its end tag by tag, and MkDocs would search it again for anchors. That is nearly all the
time that a large site takes. MkDocs can't check HTML that it has not seen: a link in Markdown to an
anchor inside such a block is an error.
"""

from __future__ import annotations

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

START, END = '<div class="il ', "</div>"
"""How a block begins and ends."""

PRIORITY = 22
"""After fenced code (25), and right before MkDocs looks for anchors (21)."""


def is_whole(line: str) -> bool:
    """Whether a line is a block of a template."""
    return line.startswith(START) and line.endswith(END)


class WholeHtml(Preprocessor):
    """Sets each block aside until the page is made, as Python-Markdown does with HTML."""

    def run(self, lines: list[str]) -> list[str]:
        return [self.md.htmlStash.store(f"{line}\n") if is_whole(line) else line for line in lines]


class WholeHtmlExtension(Extension):
    """Registers ``WholeHtml``."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(WholeHtml(md), "interlock_whole_html", PRIORITY)


def makeExtension(**settings: object) -> WholeHtmlExtension:
    """The function that Python-Markdown calls in an extension named by its module."""
    return WholeHtmlExtension(**settings)
