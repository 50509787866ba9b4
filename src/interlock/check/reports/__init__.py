"""The result of a check in the formats that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from interlock.check.reports import data, github, markdown, sarif
from interlock.check.result import Result

_FORMATS: Mapping[str, Callable[[Result], str]] = {
    "json": data.as_json,
    "sarif": sarif.as_sarif,
    "github": github.as_commands,
    "markdown": markdown.as_markdown,
}


def written(result: Result, form: str) -> str:
    """The result in one of the formats, without a newline at its end."""
    return _FORMATS[form](result)
