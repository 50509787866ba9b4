"""The text of a file that anybody may have written."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from interlock.model import UsageError

MOST_BYTES = 32 * 2**20
"""The largest lock files of large projects have about 5 MB."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # `pip freeze >` in PowerShell
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)


class UnreadableFile(UsageError):
    """A dependency file that can't be read, with its line if one is to blame."""

    def __init__(self, file: Path, line: int | None, why: str) -> None:
        super().__init__(f"{file}:{line}: {why}" if line else f"{file}: {why}")
        self.file = file
        self.line = line
        self.why = why


def text_of(file: Path) -> str:
    """The text, with ``\\n`` at the end of each line. Raises ``UnreadableFile``."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableFile(file, None, "there is no such file; check the path") from None
    except IsADirectoryError:
        raise UnreadableFile(file, None, "this is a folder, not a file") from None
    except (OSError, ValueError) as trouble:
        why = getattr(trouble, "strerror", None) or str(trouble)
        raise UnreadableFile(file, None, f"it can't be read: {why}") from None
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 2**20
        raise UnreadableFile(file, None, f"it is larger than {most} MiB; is it a dependency file?")
    text = _decoded(file, content)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(file, line, "this is not a text file: it has a zero byte")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(file: Path, content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            rest = content[len(mark) :] if encoding == "utf-8" else content
            return _text(file, rest, encoding)
    # pip takes the encoding from such a comment, too
    declared = next(filter(None, map(_DECLARED.match, content.split(b"\n", 2)[:2])), None)
    return _text(file, content, declared[1].decode() if declared else "utf-8")


def _text(file: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError:
        raise UnreadableFile(file, 1, f'"{encoding}" is not an encoding; use UTF-8') from None
    except UnicodeError as wrong:
        start = getattr(wrong, "start", 0)
        line = content.count(b"\n", 0, start) + 1
        raise UnreadableFile(
            file, line, f"byte {start} is not {encoding.upper()}; save the file as UTF-8"
        ) from None
