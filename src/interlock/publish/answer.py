"""The start page: what is safe, and what becomes of the reader's own releases.

Every combination's answer is worded here, once; the script in the browser only looks it up in
``answers.js``. Without scripts the tables below the form say the same by release.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interlock.evidence import LEVEL
from interlock.findings import (
    TROUBLE,
    Move,
    OfferedWorkaround,
    Summary,
    WorkaroundEffect,
    offered,
)
from interlock.model import NoTarget, Outcome, Target, Verdict, listing, plural
from interlock.publish import applications, coverage, links, safety, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import (
    UNTESTED,
    WORDS,
    Mark,
    basis,
    day,
    headline,
    how_often,
    mark,
    releases,
    sentence,
    why,
    word,
)


def publish(context: PageContext, folder: Path) -> None:
    """``answers.js`` for the script, and ``answer.md``, a part of the start page."""
    if not context.about.pairs:
        templates.write(folder / "answer.md", "answer_untested.html.j2")
        return
    text = json.dumps(answers(context), ensure_ascii=False, separators=(",", ":"))
    (folder / "answers.js").write_text(f"window.interlock = {text};\n", encoding="utf-8")
    first = context.first
    templates.write(
        folder / "answer.md",
        "answer.md.j2",
        lead=safety.lead(context),
        dangers=safety.dangers(context),
        beside=safety.beside(context),
        package=context.package(first.axis),
        configurations=[context.title(config) for config in context.configs],
        by_release=safety.by_release(context, first),
        packages=[context.package(said.axis) for said in context.about.recommendations],
        by_python=safety.by_python(context),
        policy=coverage.policy(context),
        coverages=coverage.coverages(context),
        sections=list(applications.sections(context)),
        confidence=LEVEL,
    )


class Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def pairs(self, pairs: Sequence[tuple[str | None, str]]) -> list[list[int | None]]:
        return [
            [None if one is None else self.number(one), self.number(other)] for one, other in pairs
        ]


def answers(context: PageContext) -> dict[str, Any]:
    """All that the script looks up: the fields of the form, and an answer per choice."""
    texts = Texts()
    return {
        "fields": fields(context),
        "untested": untested(context),
        "answers": {
            "|".join(about.choices(one.cell)): _answer(about, one, texts)
            for about in context.by_application
            for one in about.about.summaries.values()
        },
        "text": list(texts.numbers),
    }


def fields(context: PageContext) -> list[dict[str, Any]]:
    """The form: each axis, Python and configuration, the newest on top."""
    pythons = [str(python) for python in reversed(context.pythons)]
    settings = {
        about.choice(name): (about.title(name), _options(about, name))
        for about in context.by_application
        for name in about.configs
    }
    described = [
        _field(axis.name, axis.package, {v: v for v in reversed(context.versions(axis))})
        for axis in context.axes
    ]
    described.append(_field("python", "Python", {python: python for python in pythons}))
    described[-1]["first"] = str(context.default_python)
    described.append(_field("config", "Configuration", {c: t for c, (t, _) in settings.items()}))
    for option in described[-1]["options"]:
        option["run"] = settings[option["value"]][1]
    return described


def _options(about: PageContext, config: str) -> str:
    """What asks for a configuration on the command line."""
    asked = [f"--config {config}"]
    if about.application:
        asked += [f"--probe {p}" for p in about.matrix.uses if about.about.criteria.speaks_for(p)]
    return " ".join(asked)


def untested(context: PageContext) -> dict[str, str]:
    """The answer where there is no verdict.

    The script replaces each ``{…}`` by the reader's choice.
    """
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in context.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": f"{UNTESTED.sentence}.",
        "about": "Configuration: {title}.",
        "fact": "That is not a pass. The command below tests it on your machine.",
        "run": f"nox -s matrix -- {options} --python {{python}} {{run}}",
    }


def moves(context: PageContext, verdict: Verdict) -> list[tuple[str | None, str]]:
    """What to upgrade to, and why: in any configuration, then in this one alone.

    Empty for a rare hang, because another cell that passes may be luck.
    """
    if context.about.told_by_rates(verdict):
        return []
    cell = verdict.cell
    everywhere = context.about.advice.get((cell.pins, cell.python, None))
    here = context.about.advice.get((cell.pins, cell.python, cell.config))
    found: list[tuple[str | None, str]] = []
    for number, move in enumerate(everywhere.moves if everywhere else ()):
        package = context.package(move.axis)
        found += _targets(package, move)
        alone = here.moves[number].nearest if here else None
        if isinstance(alone, Target) and alone != move.nearest:
            found.append((f"{package} {alone.version}", "is enough in this configuration alone."))
    return found


def workarounds(context: PageContext, summary: Summary) -> list[tuple[str, str, str]]:
    """The look, symbol and sentence of each workaround that was run on these cells."""
    findings = context.findings
    found = offered(summary.verdicts, findings.workarounds, findings.workaround_records)
    alone = sum(verdict.outcome in TROUBLE for verdict in summary.verdicts) == 1
    return [
        (*_sign(one), f"{sentence(one.way.title)[:-1]}: {_effect(one, alone)}") for one in found
    ]


def _sign(one: OfferedWorkaround) -> Mark:
    """The sign of a workaround: of the verdict that decides, where one does."""
    match one.effect:
        case WorkaroundEffect.FAILS:
            return mark(one.failing)
        case WorkaroundEffect.WORKS:
            return mark(one.tried[0].verdict)
        case WorkaroundEffect.HANGS_ELSEWHERE:
            outcome = Outcome.FAIL
        case WorkaroundEffect.UNPROVEN | WorkaroundEffect.TOO_FEW | WorkaroundEffect.NOT_BY_ALL:
            outcome = Outcome.UNPROVEN
    return Mark(f"il-{outcome}", WORDS[outcome].symbol)


def _effect(one: OfferedWorkaround, alone: bool) -> str:
    """What became of a workaround; ``alone`` where a single probe goes wrong there."""
    if one.failing:
        return _fails(one.failing, alone)
    where = "" if alone else _where(one)
    match one.effect:
        case WorkaroundEffect.UNPROVEN:
            says = f"not proven{where}"
        case WorkaroundEffect.HANGS_ELSEWHERE:
            assert one.elsewhere, "some record has a hang"
            says = (
                f"don't count on it. It passes here{where}, yet with it {one.elsewhere.hangs} of "
                f"{one.elsewhere.tried} combinations hang in the very same way"
            )
        case WorkaroundEffect.TOO_FEW:
            says = f"passes{where}, in too few runs to tell from luck"
        case _:
            says = f"passes{where}"
    return f"{says}. It costs: {one.way.costs}"


def _fails(failing: Verdict, alone: bool) -> str:
    by = "" if alone else f" by {failing.cell.probe}"
    reason = f", {why(failing)}" if failing.reason else ""
    shape = f" ({failing.signature})" if failing.signature else ""
    return f"does not help. With it, it {word(failing).name}{by}{reason}{shape}."


def _where(one: OfferedWorkaround) -> str:
    """By which probes, where several go wrong there."""
    rest = one.not_run_by
    return f" by {listing(one.run_by)}" + (
        f" (not run by {listing(rest, last='or')})" if rest else ""
    )


def other_configurations(context: PageContext, summary: Summary) -> list[str]:
    """Other configurations in which the same releases pass, workarounds left out."""
    worst, cell = summary.worst, summary.cell
    if worst.outcome is not Outcome.HANG or context.about.told_by_rates(worst):
        return []
    listed = {
        one.verdict.cell.config
        for verdict in summary.verdicts
        for one in context.findings.workarounds.get(verdict.cell.key, ())
    }
    passing = [
        config
        for config in context.configs
        if config not in {cell.config, *listed}
        and context.about.passes(cell.pins, cell.python, config)
    ]
    if passing or listed:
        return [f"The same releases pass with {context.title(config)}." for config in passing]
    return ["No configuration that was tested keeps these releases from hanging."]


def elsewhere(context: PageContext, summary: Summary) -> list[str]:
    """What to mind beside the answer itself.

    Where the pair passes: the configurations in which the same releases hang or fail. Where hangs
    are rare: that one cell says little, and what to do instead.
    """
    cell = summary.cell
    if context.application and context.about.told_by_rates(summary.worst):
        rates = "A hang is rare there: the rates by release, further down, say more than one cell."
        return [rates, *filter(None, [context.application.instead_plain])]
    if summary.worst.outcome is not Outcome.PASS and not summary.own:
        return []
    others = (
        other
        for other in context.about.by_combination[cell.pins, cell.python]
        if other.outcome in TROUBLE and not context.is_own(other)
    )
    mind = "Mind that the same releases {} {}."
    said = [mind.format(word(o).counted, f"with {context.title(o.cell.config)}") for o in others]
    for kind, about in context.kinds:
        found = about.about.by_combination.get((cell.pins, cell.python), ())
        told = [
            o
            for o in found
            if o.outcome is Outcome.HANG and not context.about.criteria.concerns(o.cell.probe)
        ]
        said += [mind.format(word(o).counted, f"where {kind.title}") for o in told]
    return list(dict.fromkeys(said))


def whose(context: PageContext, summary: Summary) -> list[str]:
    """Whose the trouble is; and what one library does alone, beside the pair's."""
    said = []
    for verdict in summary.verdicts:
        found = context.findings.attributions.get(verdict.cell.key)
        if found and (verdict is summary.worst or context.is_own(verdict)):
            by = "" if verdict is summary.worst else f"Beside it, {word(verdict).name} "
            title = "" if verdict is summary.worst else f"by {verdict.cell.probe}: "
            said.append(f"{by}{title}{found.says}")
    return said


def by_probe(context: PageContext, summary: Summary) -> list[tuple[str, str, str, str]]:
    """The look, symbol, words and page of each probe; empty if there is only one."""
    if len(summary.verdicts) == 1 and not summary.missing:
        return []
    return [
        (
            *mark(verdict, own=context.is_own(verdict)),
            f"{context.probe_title(verdict.cell.probe)}: {word(verdict).name}",
            links.found_at(verdict.cell),
        )
        for verdict in summary.verdicts
    ]


def _field(name: str, label: str, options: dict[str, str]) -> dict[str, Any]:
    listed = [{"value": value, "label": text} for value, text in options.items()]
    return {"name": name, "label": label, "first": listed[0]["value"], "options": listed}


def _answer(context: PageContext, summary: Summary, texts: Texts) -> dict[str, Any]:
    """The worst that any probe says, in words."""
    verdict, cell = summary.worst, summary.cell
    further: list[tuple[str | None, str]] = [("All that was found", links.found_at(cell))]
    if verdict.signature:
        further.insert(0, ("Why it hangs", links.hang_page(verdict.signature)))
    sign = mark(verdict, own=summary.own, part=bool(summary.missing))
    return {
        "look": sign.look,
        "symbol": sign.symbol,
        "says": texts.number(_headline(context, summary)),
        "about": texts.number(
            f"{releases(cell)}, Python {cell.python}. Configuration: {context.title(cell.config)}."
        ),
        "mind": [texts.number(fact) for fact in elsewhere(context, summary)],
        "whose": [texts.number(fact) for fact in whose(context, summary)],
        "facts": [texts.number(fact) for fact in _facts(context, summary)],
        "moves": texts.pairs(moves(context, verdict)),
        "ways": [
            [look, symbol, texts.number(says)]
            for look, symbol, says in workarounds(context, summary)
        ],
        "until": [texts.number(way) for way in other_configurations(context, summary)],
        "probes": [
            [look, symbol, texts.number(says), texts.number(page)]
            for look, symbol, says, page in by_probe(context, summary)
        ],
        "links": texts.pairs(further),
        "run": texts.number(cell.reproduce),
    }


def _headline(context: PageContext, summary: Summary) -> str:
    verdict = summary.worst
    reason = f": {why(verdict)}" if verdict.reason else ""
    if not summary.own:
        return f"{headline(verdict)}{reason}."
    found = context.findings.attributions[verdict.cell.key]
    owners = [p.package for p in verdict.cell.pins if p.axis == found.whose]
    who = (
        f"{owners[0]} does alone"
        if owners
        else f"each library does on Python {verdict.cell.python}"
    )
    return f"{headline(verdict)}, as {who}{reason}."


def _facts(context: PageContext, summary: Summary) -> list[str]:
    verdict = summary.worst
    # What the package index decides begins with the name of a package, which keeps its letters.
    facts = [sentence(verdict.detail) if verdict.was_run else verdict.detail]
    if often := how_often(verdict):
        facts.append(often)
    if summary.missing:
        names = listing([context.probe_title(probe) for probe in summary.missing])
        facts.append(f"Not run yet: {plural(len(summary.missing), 'probe')} ({names}).")
    return [*facts, f"{basis(verdict)}, {day(verdict.tested_at)}."]


def _targets(package: str, move: Move) -> list[tuple[str | None, str]]:
    match move.nearest, move.newest:
        case NoTarget(reason=reason), _:
            return [(None, sentence(reason))]
        case Target(version=near), Target(version=new) if near == new:
            return [(f"{package} {near}", "passes in every configuration.")]
        case Target(version=near), Target(version=new):
            return [
                (f"{package} {near}", "is the nearest that passes in every configuration;"),
                (f"{package} {new}", "is the newest."),
            ]
        case _:
            raise AssertionError(f"a move to {move.nearest} and {move.newest}")
