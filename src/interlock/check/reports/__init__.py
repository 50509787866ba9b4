"""The result of a check in the formats that other programs read."""

from __future__ import annotations

from interlock.check.result import Result

FORMATS = ("json", "sarif", "github", "markdown")


def written(result: Result, form: str) -> str:
    """The result in one of the formats, without a newline at its end."""
    # A check starts faster without the formats that it does not write.
    if form == "json":
        from interlock.check.reports import data

        return data.as_json(result)
    if form == "sarif":
        from interlock.check.reports import sarif

        return sarif.as_sarif(result)
    if form == "github":
        from interlock.check.reports import github

        return github.as_commands(result)
    if form == "markdown":
        from interlock.check.reports import markdown

        return markdown.as_markdown(result)
    raise ValueError(f"{form} is none of {FORMATS}")
