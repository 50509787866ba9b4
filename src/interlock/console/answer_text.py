"""The answer to a question as text for a terminal: the answer first, then each configuration.

Configurations that say the same are told once. Lines are as wide as the terminal, but for commands,
which are there to be copied.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from interlock.console.answer_json import UNKNOWN
from interlock.findings import (
    Answer,
    AnswerBasis,
    ConfigurationAnswer,
    Findings,
    Move,
    Neighbours,
)
from interlock.matrix import Matrix
from interlock.model import NoTarget, Outcome, PythonVersion, Target, Verdict, listing, plural

_HEADLINES = {
    Outcome.HANG: "It hangs",
    Outcome.FAIL: "It fails",
    Outcome.UNPROVEN: "It is not proven to be safe",
    Outcome.UNSUPPORTED: "It cannot be run",
    Outcome.PASS: "No hang was found",
    None: "It is not known whether it hangs",
}

_COLOURS = {
    Outcome.HANG: "1;31",
    Outcome.FAIL: "1;31",
    Outcome.UNPROVEN: "1;33",
    Outcome.UNSUPPORTED: "1",
    Outcome.PASS: "1;32",
    None: "1;33",
}

_LEAST_WIDTH = 30


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the text is written on."""

    width: int = 80
    """In columns."""
    colours: bool = False

    def wrapped(self, text: str, indent: str = "", mark: str = "") -> list[str]:
        """Lines of the page; ``mark`` stands before the first, and the others below its text."""
        return textwrap.wrap(
            text,
            width=max(self.width, _LEAST_WIDTH),
            initial_indent=indent + mark,
            subsequent_indent=indent + " " * len(mark),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def coloured(self, text: str, outcome: Outcome | None) -> str:
        return f"\x1b[{_COLOURS[outcome]}m{text}\x1b[0m" if self.colours else text


def as_text(answer: Answer, findings: Findings, page: Page) -> str:
    """The whole answer, without a newline at its end."""
    lines = _headline(answer, findings.matrix, page)
    if answer.question.config is None and answer.moves:
        lines += ["", *page.wrapped("To pass in every configuration:")]
        lines += _moves(answer.moves, page, "")
    bodies = [(part, _body(part, findings.matrix, page)) for part in answer.by_config]
    for names, part, body in _alike(bodies):
        lines += ["", *_heading(names, findings.matrix, page)]
        lines += ["  " + page.coloured(str(part.outcome or UNKNOWN), part.outcome), *body]
    lines += _not_asked(answer, findings, page)
    return "\n".join(lines)


def _headline(answer: Answer, matrix: Matrix, page: Page) -> list[str]:
    question, worst = answer.question, answer.worst
    outcome = worst.outcome if worst else None
    releases = [f"{axis.package} {question.versions[axis.name]}" for axis in matrix.axes]
    alike = [part for part in answer.by_config if part.outcome is outcome]
    of = ""
    if question.config:
        of = f", in the configuration {question.config}"
    elif 0 < len(alike) < len(answer.by_config):
        of = f", in {len(alike)} of {len(answer.by_config)} configurations"
    subject = f"{' with '.join(releases)} on Python {question.python}"
    first, *more = page.wrapped(f"{_HEADLINES[outcome]}: {subject}{of}.")
    return [page.coloured(first, outcome), *(page.coloured(line, outcome) for line in more)]


def _heading(names: Iterable[str], matrix: Matrix, page: Page) -> list[str]:
    """Each configuration by its name and title."""
    known = matrix.configurations
    titles = {name: f": {known[name].title}" if name in known else "" for name in names}
    return [line for name, title in titles.items() for line in page.wrapped(f"{name}{title}")]


def _alike(
    bodies: Iterable[tuple[ConfigurationAnswer, list[str]]],
) -> list[tuple[list[str], ConfigurationAnswer, list[str]]]:
    """Configurations that say the same, together; the first of each keeps its place."""
    found: list[tuple[list[str], ConfigurationAnswer, list[str]]] = []
    for part, body in bodies:
        for names, first, said in found:
            if (first.outcome, said) == (part.outcome, body):
                names.append(part.config)
                break
        else:
            found.append(([part.config], part, body))
    return found


def _body(said: ConfigurationAnswer, matrix: Matrix, page: Page) -> list[str]:
    """What stands below the heading of a configuration."""
    lines: list[str] = []
    for verdict in said.verdicts:
        lines += _verdict(verdict, matrix, page)
    for why in dict.fromkeys(one.attribution.says for one in said.troubles):
        lines += page.wrapped(why, "  ")
    lines += _moves(said.moves, page, "  ")
    lines += _workarounds(said, page)
    if said.basis is AnswerBasis.UNKNOWN:
        lines += _unknown(said, page)
    lines += [f"  {v.cell.reproduce}" for v in said.verdicts if v.outcome is said.outcome][:1]
    return lines


def _verdict(verdict: Verdict, matrix: Matrix, page: Page) -> list[str]:
    """What one probe says, on how many trials."""
    probe = verdict.cell.probe
    reason = f" ({verdict.reason})" if verdict.reason else ""
    if verdict.outcome is Outcome.UNSUPPORTED:
        return page.wrapped(f"{probe}: {verdict.outcome}{reason}; {verdict.detail}", "  ")
    unit = matrix.probes[probe].exposure_unit if probe in matrix.probes else "exposures"
    day = f"{verdict.tested_at:%Y-%m-%d}"
    counted = f"{plural(verdict.trials, 'trial')}, {verdict.exposures} {unit}, tested on {day}"
    lines = page.wrapped(f"{probe}: {verdict.outcome}{reason}; {counted}", "  ")
    for signature, _ in verdict.signatures:
        lines += page.wrapped(str(signature), "    ")
    if verdict.outcome in (Outcome.FAIL, Outcome.UNPROVEN):
        lines += page.wrapped(verdict.detail, "    ")
    return lines


def _moves(moves: Sequence[Move], page: Page, indent: str) -> list[str]:
    return [line for move in moves for line in page.wrapped(_move(move), indent, "- ")]


def _move(move: Move) -> str:
    match move.nearest, move.newest:
        case Target(axis=axis, version=nearest), Target(version=newest):
            either = f"{nearest}" if nearest == newest else f"{nearest} (nearest) or {newest}"
            return f"upgrade {axis} to {either}"
        case NoTarget(reason=reason), _:
            return reason
    raise AssertionError("a move is a target or the reason why there is none")


def _workarounds(said: ConfigurationAnswer, page: Page) -> list[str]:
    """Each with what it costs; and against what it helps, where that is not all that goes wrong."""
    if not said.workarounds:
        return []
    troubled = {one.verdict.cell.probe for one in said.troubles}
    helps: dict[str, list[str]] = {}
    for one in said.workarounds:
        helps.setdefault(one.way.name, []).append(one.without.cell.probe)
    lines = page.wrapped("Workarounds that pass on these very releases:", "  ")
    for way in {one.way.name: one.way for one in said.workarounds}.values():
        only = "" if troubled <= {*helps[way.name]} else " Only for "
        only += listing(helps[way.name]) + "." if only else ""
        lines += page.wrapped(f"{way.name}: {way.title}. {way.costs}{only}", "  ", "- ")
    return lines


def _unknown(said: ConfigurationAnswer, page: Page) -> list[str]:
    if said.verdicts and said.missing:
        probes = listing([cell.probe for cell in said.missing])
        lines = page.wrapped(f"Not tested by {probes}, so it is not known to be safe.", "  ")
    elif said.verdicts:
        lines = page.wrapped("Not tested for this kind of application.", "  ")
    else:
        lines = page.wrapped("This combination was not tested.", "  ")
    for one in said.neighbours:
        lines += page.wrapped(_neighbours(one), "  ", "- ")
    return lines


def _neighbours(one: Neighbours) -> str:
    around = [str(version) for version in (one.below, one.above) if version]
    if not around:
        return f"no release of {one.axis} was tested here"
    where = "with the other releases" if one.with_the_others else "with other releases"
    return f"nearest tested {one.axis}, {where}: {listing(list(dict.fromkeys(around)))}"


def _not_asked(answer: Answer, findings: Findings, page: Page) -> list[str]:
    """What the answer says nothing of."""
    pythons = {verdict.cell.python for verdict in findings.verdicts}
    lines: list[str] = []
    if pythons and answer.question.python not in pythons:
        lines += page.wrapped(f"Tested Pythons: {listing(_in_order(pythons))}.")
    if asked := findings.matrix.applications.get(answer.question.application or ""):
        rare = f"Where {asked.title}, a hang is rare, so a pass says little. {asked.instead_plain}"
        lines += page.wrapped(rare.rstrip())
    else:
        for kind in findings.matrix.applications.values():
            lines += page.wrapped(
                f"This says nothing of an application where {kind.title}: "
                f"ask again with --application {kind.name}."
            )
    return ["", *lines] if lines else []


def _in_order(pythons: Iterable[PythonVersion]) -> list[str]:
    return [str(python) for python in sorted(pythons)]
