"""The environment that compiles the templates, and the functions that render one.

A ``.md.j2`` template is Markdown, and its line breaks stay. All others are HTML or SVG. Their lines
are joined, so that an element is one line: a blank line can end a block of HTML in Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from interlock.model import listing, percent, plural
from interlock.publish import links, markup
from interlock.publish.wording import mark

_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_LINE_BREAKS = re.compile(r"\n+")


class JoinedLines(Extension):
    """In HTML, a line break inside a text is a space. Any other line break is dropped."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source if _is_markdown(name) else _INDENT.sub("", source)

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterable[Token]:
        return stream if _is_markdown(stream.name) else map(_joined, stream)


def _is_markdown(name: str | None) -> bool:
    return name is not None and name.endswith(".md.j2")


def _joined(token: Token) -> Token:
    if token.type != "data":
        return token

    def join(found: re.Match[str]) -> str:
        before, after = token.value[: found.start()], token.value[found.end() :]
        inside_text = before and after and not before.endswith(">") and not after.startswith("<")
        return " " if inside_text else ""

    return token._replace(value=_LINE_BREAKS.sub(join, token.value))


ENVIRONMENT = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
    extensions=[JoinedLines],
)
ENVIRONMENT.filters |= {
    "code": markup.code,
    "code_span": markup.code_span,
    "front_matter": markup.front_matter,
    "heading": markup.heading,
    "in_frame": markup.in_frame,
    "listing": listing,
    "percent": percent,
    "plural": plural,
    "probe_page": links.probe_page,
    "thousands": markup.thousands,
}
ENVIRONMENT.globals["untested"] = mark(None)


def prepare() -> None:
    """Compile every template, which otherwise happens when it is first rendered."""
    for name in ENVIRONMENT.list_templates():
        ENVIRONMENT.get_template(name)


def render(template: str, **values: object) -> Markup:
    """A template with its values filled in, without line breaks at its ends."""
    return Markup(ENVIRONMENT.get_template(template).render(values).strip("\n"))


def write(path: Path, template: str, **values: object) -> None:
    """Write a page, or a part of one, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{render(template, **values)}\n", encoding="utf-8")
