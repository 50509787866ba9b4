"""The facts as a script: a page that is opened from a disk cannot fetch JSON."""

from __future__ import annotations

from pathlib import Path

from interlock.publish.context import PageContext


def publish(context: PageContext, folder: Path) -> None:
    """``facts.js``, from the ``facts.json`` that was written before."""
    facts = folder / "facts.json"
    if facts.is_file():
        said = facts.read_text(encoding="utf-8").rstrip("\n")
        (folder / "facts.js").write_text(f"window.interlockFacts = {said};\n", encoding="utf-8")
