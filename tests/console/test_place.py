"""Where a command prints: quoted text can't control a terminal."""

from __future__ import annotations

import io
import sys

import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text

from interlock.console.place import console

HOSTILE = "a\x1b]0;title\x1b\\b\u202ec\ud800"
HARMLESS = r"a\x1b]0;title\x1b\b\u202ec\ud800"


def table() -> Table:
    made = Table("name")
    made.add_row(HOSTILE)
    return made


@pytest.mark.parametrize(
    "thing", [HOSTILE, Text(HOSTILE), table()], ids=["a line", "a text", "a table"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_what_is_printed_is_escaped(
    monkeypatch: pytest.MonkeyPatch, thing: str | Text | Table, encoding: str
) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stream)
    printed = console()
    printed.print(thing, markup=False, highlight=False)
    stream.flush()
    text = written.getvalue().decode(encoding)
    assert HARMLESS in text
    assert not set("\x1b\u202e") & set(text)


def test_a_live_picture_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    printed = console()
    with Live(Text("the picture", style="red"), console=printed, auto_refresh=False) as live:
        printed.print(Text(HOSTILE))
        live.refresh()
    assert "the picture" in stream.getvalue()
    assert "\x1b[31m" in stream.getvalue()
    assert HARMLESS in stream.getvalue()
    assert "\x1b]0;" not in stream.getvalue()
