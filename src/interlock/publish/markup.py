"""The filters of the templates that turn a text into Markdown or HTML."""

from __future__ import annotations

import html
import json

from markupsafe import Markup


def code(text: str) -> Markup:
    """A text in HTML, with its `quoted` parts as code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


def code_span(text: str) -> Markup:
    """A text as code in Markdown, which escapes it itself."""
    quoted = text.replace("`", "'")
    return Markup(f"`{quoted}`")


def front_matter(text: str) -> Markup:
    """A text as a value in the front matter of a page, which is YAML.

    The theme writes it into HTML as it is. A lock is named by a tested package, which may name it
    ``<script>``.
    """
    return Markup(json.dumps(html.escape(text, quote=False), ensure_ascii=False))


def in_frame(text: str) -> Markup:
    """A text in the frame of every page, which MkDocs reads as a template: braces are code there.

    The text may come from a data file, and the code of a template can do whatever we can.
    """
    return Markup(html.escape(text).replace("{", "&#123;").replace("}", "&#125;"))


def heading(text: str) -> Markup:
    """A text in a heading of Markdown.

    Quotes stay as they are: MkDocs uses the heading as the page's title, where an escape would
    show.
    """
    return Markup(html.escape(text, quote=False))


def thousands(number: int) -> str:
    """``2,337``."""
    return f"{number:,}"
