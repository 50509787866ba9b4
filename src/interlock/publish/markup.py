"""Pieces of HTML that several pages share. Whatever is not ``Markup`` is escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from interlock.model import Backend, Basis, Cell, PythonVersion, Signature, Verdict
from interlock.publish.wording import intermittent, word

PROCESS_MARK = "ᵖ"
"""Beside the symbol of a verdict that no container isolated."""
INTERMITTENT_MARK = "~"
"""Beside the symbol of what went wrong in some trials and not in others."""
OWN_MARK = "°"
"""Beside the symbol of what one library does alone."""
PART_MARK = "…"
"""Beside the symbol of what not every probe has been run on."""

ANSWERS = Markup('<script src="generated/answers.js" defer></script>')
"""On a hand-written page whose script looks answers up."""


def page(path: Path, *blocks: str) -> None:
    """Write a page or a part of one: blocks of Markdown, HTML being Markdown too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(str(block) for block in blocks) + "\n", encoding="utf-8")


def block(content: str | Markup, kind: str = "") -> Markup:
    """HTML that Markdown leaves alone: one element, so that nothing inside is read as Markdown."""
    return Markup('<div class="il {}">{}</div>').format(kind, content)


def join(parts: Iterable[str | Markup]) -> Markup:
    return Markup("").join(parts)


def look(verdict: Verdict | None, *, own: bool = False) -> str:
    """The classes of whatever shows a verdict; ``own`` where it is one library's alone."""
    if verdict is None:
        return "il-untested"
    classes = [f"il-{verdict.outcome}"]
    if own:
        classes.append("il-own")
    if verdict.basis is Basis.INFERRED:
        classes.append("il-inferred")
    if verdict.backend is Backend.PROCESS:
        classes.append("il-process")
    return " ".join(classes)


def symbol(verdict: Verdict | None, *, own: bool = False, part: bool = False) -> str:
    """What stands for a verdict beside its colour: ``✗``, ``(✓)`` inferred, ``✓ᵖ`` in a process,
    ``✗~`` intermittent, ``✗°`` one library's alone, ``✓…`` by some of the probes."""
    text = word(verdict).symbol
    if verdict and intermittent(verdict):
        text += INTERMITTENT_MARK
    text += OWN_MARK * own + PART_MARK * part
    if verdict and verdict.basis is Basis.INFERRED:
        text = f"({text})"
    if verdict and verdict.backend is Backend.PROCESS:
        text += PROCESS_MARK
    return text


def code(text: str) -> Markup:
    """A text whose `quoted` parts are code."""
    pieces = text.split("`")
    return join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


def code_span(text: str) -> Markup:
    """A text as code in Markdown, which escapes it itself."""
    quoted = text.replace("`", "'")
    return Markup(f"`{quoted}`")


def front_matter(text: str) -> Markup:
    """A text as a value in the front matter of a page, which is YAML."""
    return Markup(json.dumps(text, ensure_ascii=False))


def heading(text: str) -> Markup:
    """A text in a heading of Markdown.

    Quotes stay as they are: MkDocs makes the page's title of it, where an escape would be seen.
    """
    return Markup(html.escape(text, quote=False))


def thousands(number: int) -> str:
    """``2,337``."""
    return f"{number:,}"


def columns(titles: Iterable[object]) -> list[Markup]:
    """The headings of a table's columns."""
    return [Markup('<th scope="col">{}</th>').format(title) for title in titles]


def table(head: Iterable[Markup], rows: Iterable[Markup], kind: str = "") -> Markup:
    """A table that scrolls in itself where a page is narrow; ``kind`` is one more class of it."""
    return Markup(
        '<div class="il-scroll" tabindex="0" role="region" aria-label="A table">'
        '<table class="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(f"il-table {kind}".strip(), join(head), join(rows))


def command(text: str) -> Markup:
    """A command to copy; the script of the site adds the button."""
    return Markup('<pre class="il-command"><code>{}</code></pre>').format(text)


def anchor(cell: Cell) -> str:
    """The element on a page of verdicts that is about a cell."""
    pins = (f"{pin.axis}-{pin.version or 'none'}" for pin in cell.pins)
    config = cell.config.replace("+", "-with-").replace("@", "-at-")
    return "-".join([*pins, config])


def details_page(probe: str, python: PythonVersion) -> str:
    """The page of every verdict of one probe on one Python, from ``generated/``."""
    return f"verdicts/{probe}-python-{python}.html"


def probe_page(probe: str) -> str:
    """The page of a probe, from ``generated/``."""
    return f"probes/{probe}.html"


def found_at(cell: Cell) -> str:
    """Where all that was found of a cell is told, from ``generated/``."""
    return f"{details_page(cell.probe, cell.python)}#{anchor(cell)}"


def hang_page(signature: Signature) -> str:
    """The page of a signature, from ``generated/``."""
    return f"hangs/{signature.slug}.html"


def releases(cell: Cell) -> str:
    """``sentry-sdk 2.5.1 with ddtrace 2.14.2``, under the names of the index."""
    named = [f"{pin.package} {pin.version}" for pin in cell.pins if pin.version is not None]
    if len(named) == 1 < len(cell.pins):
        return f"{named[0]} alone"
    return " with ".join(named) or "none of the libraries"
