"""The result of a check as text for a terminal: the answer first, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from interlock.check import Exit, Finding, Mention, Result, State, span
from interlock.console.page import Page
from interlock.findings import AnswerBasis
from interlock.model import Outcome, plural, printable

_MOST = 6
"""Findings that are told; the other formats list all."""

_MOST_DETAILS = 4
_MOST_WORKAROUNDS = 2

_SHADES = {
    State.HANG: Outcome.HANG,
    State.FAIL: Outcome.FAIL,
    State.UNSUPPORTED: Outcome.UNSUPPORTED,
    State.PASS: Outcome.PASS,
}

_CODES = {
    Exit.FOUND: "a known hang or failure",
    Exit.NOT_KNOWN: "not known to be safe",
    Exit.MISTAKE: "the input can't be checked",
    Exit.TROUBLE: "the check itself failed",
}


def as_text(result: Result, page: Page, now: datetime) -> str:
    """The whole report, without a newline at its end."""
    blocks = [
        _answer(result, page),
        _problems(result, page),
        _moves(result, page),
        _workarounds(result, page),
        _places(result, page),
        _excepted(result, page),
        _notes(result, page),
        _end(result, page, now),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, blocks) if lines)


def _answer(result: Result, page: Page) -> Iterator[str]:
    for number, one in enumerate(result.findings[:_MOST]):
        for line in page.wrapped(printable(one.says)):
            yield page.coloured(line, _shade(one))
        if number == 0 or one.state.is_trouble:
            yield from _details(one, page)
    left = result.findings[_MOST:]
    if left:
        yield from page.wrapped(f"And {len(left)} more; --format json lists all.")


def _shade(one: Finding) -> Outcome | None:
    """Green only for what was tested and passes."""
    is_inferred = one.state is State.PASS and one.basis is AnswerBasis.INFERRED
    return None if is_inferred else _SHADES.get(one.state)


def _details(one: Finding, page: Page) -> Iterator[str]:
    for detail in one.details[:_MOST_DETAILS]:
        yield from page.wrapped(printable(detail), "  ", "- ")
    if one.tested_at and not one.details:
        yield from page.wrapped(f"Tested since {one.tested_at:%Y-%m-%d}.", "  ")


def _problems(result: Result, page: Page) -> Iterator[str]:
    for one in sorted(result.problems, key=lambda one: not one.code):
        at = ""
        if one.file:
            at = f"{one.file}:{one.line}: " if one.line else f"{one.file}: "
        for line in page.wrapped(printable(f"{at}{one.says}")):
            yield page.coloured(line, None) if one.code else line


def _moves(result: Result, page: Page) -> Iterator[str]:
    told = [*result.safe, *result.advice]
    if not told:
        return
    yield "What to install:"
    for part in result.safe:
        yield from page.wrapped(printable(part.says), "  ", "- ")
        yield from (f"      {printable(line)}" for line in part.lines)
    for advice in result.advice:
        yield from page.wrapped(printable(advice.says), "  ", "- ")
        yield from (f"      {line}" for line in advice.pins)


def _workarounds(result: Result, page: Page) -> Iterator[str]:
    if result.workarounds:
        yield from page.wrapped("Until then, workarounds that pass on these very releases:")
    for one in result.workarounds[:_MOST_WORKAROUNDS]:
        title = f"{one.title[:1].upper()}{one.title[1:]}"
        yield from page.wrapped(f"{title}. {one.costs}", "  ", "- ")
        yield from (f"      {line}" for line in one.paste.splitlines())
    left = len(result.workarounds) - _MOST_WORKAROUNDS
    if left > 0:
        yield from page.wrapped(f"and {left} more", "  ", "- ")


def _places(result: Result, page: Page) -> Iterator[str]:
    told = [(_asked(one), _where(one)) for of in result.libraries for one in of.mentions]
    if told:
        yield f"Found in {plural(len(result.files), 'file')}:"
    wide = min(max((len(asked) for asked, _ in told), default=0), page.width // 2)
    for asked, where in dict.fromkeys(told):
        yield f"  {printable(asked):{wide}}  {printable(where)}"
    for of in result.libraries:
        for remark in of.remarks:
            yield from page.wrapped(printable(remark), "  ")
    if result.findings and result.pythons:
        pythons = f"{span(result.pythons)}: {result.why_pythons}."
        yield from page.wrapped(printable(pythons), "  ")


def _asked(one: Mention) -> str:
    if one.version:
        return f"{one.package} {one.version}"
    told = str(one.specifier or "")
    return f"{one.package} {told}".strip()


def _where(one: Mention) -> str:
    kinds = [
        "constraint" if one.is_constraint else "",
        "dependency of another package" if one.is_direct is False else "",
        f"optional: {one.group}" if one.group else "",
        f"only where {one.marker}" if one.marker else "",
    ]
    told = "; ".join(filter(None, kinds))
    at = f"{one.file}:{one.line}" if one.line else str(one.file)
    return f"{at} ({told})" if told else at


def _excepted(result: Result, page: Page) -> Iterator[str]:
    if result.excepted:
        yield "Excepted, so it does not decide:"
    for one in result.excepted:
        yield from page.wrapped(printable(one.says), "  ", "- ")
        if one.exempt:
            until = f"{one.exempt.reason} (until {one.exempt.until}, {one.exempt.where})"
            yield from page.wrapped(printable(until), "    ")


def _notes(result: Result, page: Page) -> Iterator[str]:
    for note in result.notes:
        yield from page.wrapped(printable(note))


def _end(result: Result, page: Page, now: datetime) -> Iterator[str]:
    if result.data_of:
        days = max((now - result.data_of).days, 0)
        old = "less than a day" if not days else plural(days, "day")
        day = f"{result.data_of.day} {result.data_of:%B %Y}"
        yield from page.wrapped(f"Data of {day}, {old} old.")
    if result.ask:
        yield from _command(result.ask)
    if result.report_only and result.decides:
        said = f"Only reported ({_CODES[result.decides]}): without --report-only, the exit code "
        yield from page.wrapped(f"{said}would be {int(result.decides)}.")


def _command(text: str) -> Sequence[str]:
    return ["More about it:", f"  {text}"]
