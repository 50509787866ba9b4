"""TOML, JSON and YAML that anybody may have written."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from interlock.check.formats.text import UnreadableFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LINE = re.compile(r"\(at line (\d+)")
_TOO_DEEP = "it is nested too deep to be read"


def toml_of(file: Path, text: str) -> dict[str, Any]:
    """The document. Raises ``UnreadableFile`` with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        at = _LINE.search(str(wrong))
        why = f"it is not TOML: {_LINE.sub('(', str(wrong)).partition(' (')[0]}"
        raise UnreadableFile(file, int(at[1]) if at else None, _hint(text, at, why)) from None
    except ValueError as wrong:  # a number with too many digits, a date that is none
        raise UnreadableFile(file, None, f"it is not TOML: {wrong}") from None
    except RecursionError:
        raise UnreadableFile(file, None, _TOO_DEEP) from None


def json_of(file: Path, text: str) -> dict[str, Any]:
    """The object. Raises ``UnreadableFile`` with the line."""
    try:
        return table(json.loads(text))
    except json.JSONDecodeError as wrong:
        raise UnreadableFile(file, wrong.lineno, f"it is not JSON: {wrong.msg}") from None
    except ValueError as wrong:
        raise UnreadableFile(file, None, f"it is not JSON: {wrong}") from None
    except RecursionError:
        raise UnreadableFile(file, None, _TOO_DEEP) from None


def table(value: object) -> dict[str, Any]:
    """The value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> list[dict[str, Any]]:
    """The tables of an array, in their order. What is no table becomes an empty one."""
    return [table(one) for one in value] if isinstance(value, list) else []


def strings(value: object) -> list[str]:
    """The strings of an array; a string alone is an array of one."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _hint(text: str, at: re.Match[str] | None, why: str) -> str:
    """Name what is most often to blame: a merge that nobody finished."""
    lines = text.split("\n")
    line = lines[int(at[1]) - 1] if at and int(at[1]) <= len(lines) else ""
    return f"{why}; finish the merge first" if re.match(r"<{7}|={7}|>{7}", line) else why
