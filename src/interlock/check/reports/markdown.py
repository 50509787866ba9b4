"""The result as Markdown, for a comment on a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from interlock.check.reports.places import where
from interlock.check.result import Exit, Finding, Result
from interlock.model import printable

_MARKS = {Exit.CLEAR: "✓", Exit.FOUND: "✗", Exit.NOT_KNOWN: "?"}
_TITLES = {
    Exit.CLEAR: "No hang was found",
    Exit.FOUND: "A known hang or failure",
    Exit.MISTAKE: "The input can't be checked",
    Exit.TROUBLE: "The check itself failed",
    Exit.NOT_KNOWN: "Not known to be safe",
}
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_MOST = 10
"""Findings that a comment lists."""


def as_markdown(result: Result) -> str:
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"### Interlock: {_TITLES[result.decides]}"
    yield ""
    for one in result.findings[:_MOST]:
        yield _item(one)
    if len(result.findings) > _MOST:
        yield f"- and {len(result.findings) - _MOST} more"
    for problem in result.problems:
        at = f" ({escaped(str(problem.file))})" if problem.file else ""
        yield f"- {escaped(problem.says)}{at}"
    for advice in result.advice:
        yield from _paste(advice.says, advice.pins)
    for part in result.safe:
        yield from _paste(part.says, part.lines)
    for way in result.workarounds:
        yield from _paste(f"Workaround: {way.title}. {way.costs}", [way.paste] if way.paste else [])
    yield from _listed("Excepted", [_excepted(one) for one in result.excepted])
    remarks = [remark for library in result.libraries for remark in library.remarks]
    yield from _listed("Notes", [*map(escaped, [*remarks, *result.notes])])
    if result.report_only and result.decides:
        yield ""
        yield f"Only reported: the exit code would be {int(result.decides)}."
    if result.data_of:
        yield ""
        yield f"Data of {result.data_of:%Y-%m-%d}."


def _item(one: Finding) -> str:
    at = ", ".join(f"<code>{escaped(place)}</code>" for place in where(one))
    mark = _MARKS[one.state.code]
    return f"- {mark} **{escaped(one.says)}**{f' ({at})' if at else ''}"


def _excepted(one: Finding) -> str:
    if one.exempt is None:
        return escaped(one.says)
    return f"{escaped(one.says)} Until {one.exempt.until}: {escaped(one.exempt.reason)}"


def _paste(says: str, lines: Sequence[str]) -> Iterator[str]:
    yield ""
    yield f"{escaped(says[:1].upper() + says[1:])}"
    if lines:
        text = printable("\n".join(lines), lines=True)
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        yield ""
        yield from (fence, *text.split("\n"), fence)


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield f"**{title}**"
        yield ""
        yield from (f"- {item}" for item in items)


def escaped(text: str) -> str:
    """Text that Markdown and HTML show as it is. No ``@name`` in it notifies anybody."""
    plain = html.escape(_SPECIAL.sub(r"\\\1", printable(text)), quote=False)
    return plain.replace("@", "&#64;")
