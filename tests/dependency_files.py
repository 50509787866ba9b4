"""Reads made-up files, and says in one line each what was found."""

from __future__ import annotations

import re
from pathlib import Path

from interlock.check.found import DependencyFile, Mention, Unread
from interlock.check.project import read_project

PAIR = {"sentry-sdk": "sentry", "ddtrace": "ddtrace"}


def read(folder: Path, name: str, text: str | bytes) -> DependencyFile:
    """What is read of a file with this name and this content."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_project([file], PAIR).files[0]


def said(mention: Mention) -> str:
    """``3: ddtrace ==2.14.* [dev] if … from … <- needed-by``, without what is not told."""
    version = f"=={mention.version}" if mention.version else str(mention.specifier or "")
    line = f"{mention.line}: {mention.package}{' ' * bool(version)}{version}"
    line += f" [{mention.group}]" if mention.group else ""
    line += f" if {mention.marker}" if mention.marker else ""
    line += f" from {mention.source}" if mention.source else ""
    line += f" <- {', '.join(mention.needed_by)}" if mention.needed_by else ""
    return line


def found(file: DependencyFile) -> list[str]:
    return [said(one) for one in file.mentions]


def unread(file: DependencyFile) -> list[str]:
    """``3: ddtrace: why`` or ``3 elsewhere: text``."""
    return [_unread(one) for one in file.unread]


def _unread(one: Unread) -> str:
    if one.is_elsewhere:
        return f"{one.line} elsewhere: {one.text}"
    return f"{one.line}: {one.package or '?'}: {re.split('[:;]', one.why)[0]}"
