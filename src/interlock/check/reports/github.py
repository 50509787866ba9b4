"""The result as workflow commands of GitHub Actions, which become annotations.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from interlock.check.reports.places import Place, places, relative
from interlock.check.result import Exit, Finding, Problem, Result, State
from interlock.model import printable

TITLES = {
    State.HANG: "Known hang",
    State.FAIL: "Known failure",
    State.CAN_HANG: "Rare hang",
    State.PASS: "No hang was found",
}
NOT_KNOWN = "Not known"


def as_commands(result: Result) -> str:
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    helps = _helps(result)
    for one in result.findings:
        level = {Exit.FOUND: "error", Exit.CLEAR: "notice"}.get(one.state.code, "warning")
        yield _of(level, one, [*one.details[:2], *(helps if one.state.code else [])])
    for one in result.excepted:
        because = f"Excepted until {one.exempt.until}: {one.exempt.reason}" if one.exempt else ""
        yield _of("notice", one, [because])
    for problem in result.problems:
        yield _of_problem(problem)
    for note in result.notes:
        yield command("notice", "Note", note)
    if result.report_only and result.decides:
        yield command("notice", "Report only", f"The exit code would be {int(result.decides)}.")


def _helps(result: Result) -> list[str]:
    moves = [f"Move to {' and '.join(one.pins)}." for one in result.advice[:2]]
    parts = [f"Use {' and '.join(one.lines)}." for one in result.safe if one.lines]
    ways = [f"Workaround: {one.paste or one.title}" for one in result.workarounds[:1]]
    return [*moves, *parts, *ways]


def _of(level: str, one: Finding, more: Sequence[str]) -> str:
    place = next(iter(places(one)), None)
    text = "\n".join([one.says, *filter(None, more)])
    return command(level, TITLES.get(one.state, NOT_KNOWN), text, place)


def _of_problem(one: Problem) -> str:
    level = {Exit.MISTAKE: "error", Exit.TROUBLE: "error", Exit.CLEAR: "notice"}
    place = (one.file, one.line) if one.file else None
    return command(level.get(one.code, "warning"), "Could not check", one.says, place)


def command(level: str, title: str, text: str, place: Place | None = None) -> str:
    """``::error file=app.txt,line=3,title=Known hang::It hangs``"""
    properties: dict[str, str | int] = {}
    if place:
        file, line = place
        properties["file"] = _path(file)
        properties |= {"line": line} if line else {}
    properties["title"] = title
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {told}::{_data(printable(text, lines=True))}"


def _path(file: Path) -> str:
    return relative(file).as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text, lines=True)).replace(":", "%3A").replace(",", "%2C")
