"""``shared.json``: what many rows of ``verdicts.csv`` have in common, each stored once.

A row refers to an environment, a definition, signatures and texts by a short key. The key is the
start of a digest of the content. So it never depends on the other entries, and two branches give
the same content the same key. An entry is a line of the file, in the order of the keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from interlock.model import Basis, UsageError, digest_of, printable
from interlock.record.files import AS_PUBLISHED, read_json
from interlock.record.shapes import SharedFile

SHARED = "shared.json"
SCHEMA_VERSION = 4
"""Of ``shared.json`` and of the ``verdicts.csv`` that refers to it."""

ENVIRONMENT = ("python_full", "environment_digest", "image_digest", "backend", "machine")
"""What the trials ran in."""
DEFINITION = ("probe_digest", "config_digest")
"""What was run, with which settings."""
GROUPS: Mapping[str, tuple[str, ...]] = {"environment": ENVIRONMENT, "definition": DEFINITION}
"""By column: the values that its key stands for."""
TEXTS = ("detail", "cause", "signatures")
"""Columns that refer to a text where it does not fit in a row."""
DRAWN = ("signature", "basis", "whose", "attribution")
"""Published columns that a stored row lacks: they are drawn from the others, or from all rows."""
_LEFT_OUT = frozenset({*DRAWN, *ENVIRONMENT, *DEFINITION})
_ENTRIES = ("environments", "definitions", "signatures", "texts")

KEY, SIGNATURE_KEY = 10, 6
"""Digits of a key. A signature's are those at the end of its file's name."""
MARK = "#"
"""Before the key of a text."""
_FITS = re.compile(r"(?!#)[A-Za-z0-9_.:* #-]{0,24}", re.ASCII)
"""A text that stands in the row itself. It needs no quotes."""
_SEEN = re.compile(r"([0-9a-f]{6,64})\*([1-9]\d{0,14})", re.ASCII)
"""A signature and its number of hangs."""

Row: TypeAlias = dict[str, Any]


class Shared:
    """Collects what stored rows refer to, while they are made."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Any]] = {name: {} for name in _ENTRIES}
        self._known: dict[tuple[str, tuple[str, ...]], str] = {}

    def stored(self, row: Mapping[str, Any]) -> Row:
        """A published row as it is stored."""
        found = {name: value for name, value in row.items() if name not in _LEFT_OUT}
        for name, values in GROUPS.items():
            found[name] = self._once(name, tuple(row[value] for value in values))
        for name in TEXTS:
            found[name] = self._once(name, (row[name],))
        return found

    def text(self) -> str:
        """The content of the file."""
        encode = json.JSONEncoder(ensure_ascii=False).encode
        parts = [f'"schema_version": {SCHEMA_VERSION}']
        for name, entries in self._entries.items():
            lines = ",\n".join(
                f"  {encode(key)}: {encode(entries[key])}" for key in sorted(entries)
            )
            parts.append(f'"{name}": {{\n{lines}\n }}' if lines else f'"{name}": {{}}')
        return "{\n " + ",\n ".join(parts) + "\n}\n"

    def _once(self, column: str, told: tuple[str, ...]) -> str:
        known = self._known.get((column, told))
        if known is None:
            made = self._group if column in GROUPS else self._text
            known = self._known[column, told] = made(column, told)
        return known

    def _group(self, column: str, told: tuple[str, ...]) -> str:
        entry = dict(zip(GROUPS[column], map(printable, told), strict=True))
        return self._add(f"{column}s", entry, KEY)

    def _text(self, column: str, told: tuple[str, ...]) -> str:
        text = self._signatures(*told) if column == "signatures" else printable(*told)
        return text if _FITS.fullmatch(text) else MARK + self._add("texts", text, KEY)

    def _signatures(self, published: str) -> str:
        """``1225dd*2 7a7d2f*1`` for a verdict's signatures."""
        found = []
        for each in json.loads(published):
            names = [list(map(printable, each[kind])) for kind in ("locks", "stuck")]
            found.append(f"{self._add('signatures', names, SIGNATURE_KEY)}*{each['hangs']}")
        return " ".join(found)

    def _add(self, group: str, entry: Any, digits: int) -> str:
        digest = digest_of(entry)
        key = digest[:digits]
        if self._entries[group].setdefault(key, entry) != entry:
            key = digest  # another content has the short key
            self._entries[group][key] = entry
        return key


class Joined:
    """Stored rows with what they refer to, in published form."""

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        self._name = path.name
        self._groups = {name: content[f"{name}s"] for name in GROUPS}
        self._texts = content["texts"]
        self._of = content["signatures"]
        self._seen: dict[str, str] = {}

    def row(self, stored: Mapping[str, str]) -> dict[str, str]:
        """Raises ``ValueError`` with every reference that leads nowhere."""
        try:
            groups = self._groups
            found = {
                **stored,
                **groups["environment"][stored["environment"]],
                **groups["definition"][stored["definition"]],
                "basis": Basis.TESTED.value,
            }
            for name in TEXTS:
                if found[name].startswith(MARK):
                    found[name] = self._texts[found[name][1:]]
            told = found["signatures"]
            known = self._seen.get(told)
            if known is None:
                known = self._seen[told] = self._published(told)
            found["signatures"] = known
        except KeyError:
            raise ValueError("; ".join(self._missing(stored))) from None
        return found

    def _missing(self, stored: Mapping[str, str]) -> Iterator[str]:
        told: dict[str, Any] = dict(stored)
        for name in TEXTS:
            if told[name].startswith(MARK):
                told[name] = self._texts.get(told[name][1:])
                if told[name] is None:
                    yield self._said(name, stored[name])
        for name, entries in self._groups.items():
            if told[name] not in entries:
                yield self._said(name, told[name])
        for each in (told["signatures"] or "").split():
            if each.partition("*")[0] not in self._of:
                yield self._said("signatures", each)

    def _said(self, column: str, key: str) -> str:
        return f"{column}: {self._name} has no entry {key[:70]!r}; the two files belong together"

    def _published(self, text: str) -> str:
        found = []
        for each in text.split():
            told = _SEEN.fullmatch(each)
            if told is None:
                raise ValueError(
                    f"signatures: {text[:70]!r} is not a list such as 1225dd*2 7a7d2f*1"
                )
            locks, stuck = self._of[told[1]]
            found.append({"locks": locks, "stuck": stuck, "hangs": int(told[2])})
        return json.dumps(found, separators=(",", ":"))


def is_stored(header: Sequence[str]) -> bool:
    """Whether rows with these columns refer to ``shared.json``."""
    return any(name in header for name in GROUPS)


def read_shared(table: Path) -> Joined:
    """What the rows of this ``verdicts.csv`` refer to, from the file beside it.

    Raises ``UsageError`` with every mistake, or if the file is missing.
    """
    path = table.with_name(SHARED)
    content = read_json(path, SharedFile)
    if content is None:
        raise UsageError(
            f"{path}: no such file, and {table.name} refers to it; keep the files of a folder "
            "together"
        )
    if wrong := list(_changed(content)):
        more = [f"{path}: {len(wrong) - 20} more entries like these"] if len(wrong) > 20 else []
        raise UsageError(
            "\n".join([*(f"{path}: {said}; {AS_PUBLISHED}" for said in wrong[:20]), *more])
        )
    return Joined(path, content)


def _changed(content: Mapping[str, Any]) -> Iterator[str]:
    for group in _ENTRIES:
        for key, entry in content[group].items():
            digest = digest_of(entry)
            least = SIGNATURE_KEY if group == "signatures" else KEY
            if len(key) < least or not digest.startswith(key):
                yield f"{group}: the entry {key[:70]!r} is not what its key was made of"
