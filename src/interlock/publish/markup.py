"""Pieces of HTML that several pages share. Whatever is not ``Markup`` is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from interlock.model import Backend, Basis, Cell, PythonVersion, Signature, Verdict
from interlock.publish.wording import word

PROCESS_MARK = "ᵖ"
"""Beside the symbol of a verdict that no container isolated."""

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


def look(verdict: Verdict | None) -> str:
    """The classes of whatever shows a verdict."""
    if verdict is None:
        return "il-untested"
    classes = [f"il-{verdict.outcome}"]
    if verdict.basis is Basis.INFERRED:
        classes.append("il-inferred")
    if verdict.backend is Backend.PROCESS:
        classes.append("il-process")
    return " ".join(classes)


def symbol(verdict: Verdict | None) -> str:
    """What stands for a verdict beside its colour: ``✗``, ``(✓)`` inferred, ``✓ᵖ`` in a process."""
    text = word(verdict).symbol
    if verdict and verdict.basis is Basis.INFERRED:
        text = f"({text})"
    if verdict and verdict.backend is Backend.PROCESS:
        text += PROCESS_MARK
    return text


def command(text: str) -> Markup:
    """A command to copy; the script of the site adds the button."""
    return Markup('<pre class="il-command"><code>{}</code></pre>').format(text)


def answer_key(cell: Cell) -> tuple[str, ...]:
    """What a reader chooses a verdict by: everything but the probe."""
    *versions, python, _, config = cell.key
    return (*versions, python, config)


def anchor(cell: Cell) -> str:
    """The element on a Python's page that is about a cell."""
    pins = (f"{pin.axis}-{pin.version or 'none'}" for pin in cell.pins)
    return "-".join([*pins, cell.probe, cell.config])


def details_page(python: PythonVersion) -> str:
    """The page of every verdict on one Python, from ``generated/``."""
    return f"verdicts/python-{python}.html"


def hang_page(signature: Signature) -> str:
    """The page of a signature, from ``generated/``."""
    return f"hangs/{signature.slug}.html"


def releases(cell: Cell) -> str:
    """``sentry-sdk 2.5.1 with ddtrace 2.14.2``, under the names of the index."""
    return " with ".join(
        f"{pin.package} {pin.version}" for pin in cell.pins if pin.version is not None
    )
