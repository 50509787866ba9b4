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
from interlock.findings import TROUBLE, Move, TriedWorkaround
from interlock.model import NoTarget, Outcome, Target, Verdict, listing, plural
from interlock.publish import applications, links, safety, templates
from interlock.publish.edition import Edition
from interlock.publish.summary import Summary, is_own, summaries
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


def publish(edition: Edition, folder: Path) -> None:
    """``answers.js`` for the script, and ``answer.md``, a part of the start page."""
    if not edition.pairs:
        templates.write(folder / "answer.md", "answer_untested.html.j2")
        return
    text = json.dumps(answers(edition), ensure_ascii=False, separators=(",", ":"))
    (folder / "answers.js").write_text(f"window.interlock = {text};\n", encoding="utf-8")
    first = edition.answers[0]
    templates.write(
        folder / "answer.md",
        "answer.md.j2",
        lead=safety.lead(edition),
        dangers=safety.dangers(edition),
        beside=safety.beside(edition),
        package=edition.package(first.axis),
        configurations=[edition.title(config) for config in edition.configs],
        by_release=safety.by_release(edition, first),
        packages=[edition.package(said.axis) for said in edition.answers],
        by_python=safety.by_python(edition),
        sections=list(applications.sections(edition)),
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


def answers(edition: Edition) -> dict[str, Any]:
    """All that the script looks up: the fields of the form, and an answer per choice."""
    texts = Texts()
    return {
        "fields": fields(edition),
        "untested": untested(edition),
        "answers": {
            "|".join(of): _answer(about, one, texts)
            for about in edition.by_application
            for of, one in summaries(about).items()
        },
        "text": list(texts.numbers),
    }


def fields(edition: Edition) -> list[dict[str, Any]]:
    """The form: each axis, Python and configuration, the newest on top."""
    pythons = [str(python) for python in reversed(edition.pythons)]
    settings = {
        about.choice(name): (about.title(name), _options(about, name))
        for about in edition.by_application
        for name in about.configs
    }
    described = [
        _field(axis.name, axis.package, {v: v for v in reversed(edition.versions(axis))})
        for axis in edition.axes
    ]
    described.append(_field("python", "Python", {python: python for python in pythons}))
    described[-1]["first"] = str(edition.default_python)
    described.append(_field("config", "Configuration", {c: t for c, (t, _) in settings.items()}))
    for option in described[-1]["options"]:
        option["run"] = settings[option["value"]][1]
    return described


def _options(about: Edition, config: str) -> str:
    """What asks for a configuration on the command line."""
    asked = [f"--config {config}"]
    if about.application:
        asked += [f"--probe {p}" for p in about.matrix.uses if about.is_about(p)]
    return " ".join(asked)


def untested(edition: Edition) -> dict[str, str]:
    """The answer where there is no verdict.

    The script replaces each ``{…}`` by the reader's choice.
    """
    options = " ".join(f"--{axis.name} {{{axis.name}}}" for axis in edition.axes)
    return {
        "symbol": UNTESTED.symbol,
        "says": f"{UNTESTED.sentence}.",
        "about": "Configuration: {title}.",
        "fact": "That is not a pass. The command below tests it on your machine.",
        "run": f"nox -s matrix -- {options} --python {{python}} {{run}}",
    }


def told_by_rates(edition: Edition, verdict: Verdict) -> bool:
    """Whether only the rates by release say something about this verdict.

    It is about one kind of application alone, and its hangs are rare.
    """
    rare = (Outcome.HANG, Outcome.PASS, Outcome.UNPROVEN)
    about = edition.application is not None and edition.is_about(verdict.cell.probe)
    return about and verdict.outcome in rare


def moves(edition: Edition, verdict: Verdict) -> list[tuple[str | None, str]]:
    """What to upgrade to, and why: in any configuration, then in this one alone.

    Empty for a rare hang, because another cell that passes may be luck.
    """
    if told_by_rates(edition, verdict):
        return []
    cell = verdict.cell
    everywhere = edition.advice.get((cell.pins, cell.python, None))
    here = edition.advice.get((cell.pins, cell.python, cell.config))
    found: list[tuple[str | None, str]] = []
    for number, move in enumerate(everywhere.moves if everywhere else ()):
        package = edition.package(move.axis)
        found += _targets(package, move)
        alone = here.moves[number].nearest if here else None
        if isinstance(alone, Target) and alone != move.nearest:
            found.append((f"{package} {alone.version}", "is enough in this configuration alone."))
    return found


def ways_out(edition: Edition, summary: Summary) -> list[tuple[str, str, str]]:
    """The look, symbol and sentence of each workaround that was run on these cells.

    Where several probes hang, a workaround has to help with all of them.
    """
    troubled = [verdict for verdict in summary.verdicts if verdict.outcome in TROUBLE]
    found: dict[str, list[TriedWorkaround]] = {}
    for verdict in troubled:
        for one in edition.ways_out.get(verdict.cell.key, ()):
            if one.was_run:
                found.setdefault(one.way.name, []).append(one)

    def last(many: Sequence[TriedWorkaround]) -> tuple[bool, bool]:
        rarer = any(edition.way_out_records[one.kind].hangs for one in many)
        return not all(one.works for one in many), rarer

    ordered = sorted(found.values(), key=last)
    return [_way_out(edition, many, troubled) for many in ordered]


def _where(many: Sequence[TriedWorkaround], troubled: Sequence[Verdict]) -> str:
    """By which probes, where several go wrong there: one may not name that way out."""
    if len(troubled) == 1:
        return ""
    run = [one.without.cell.probe for one in many]
    rest = [v.cell.probe for v in troubled if v.cell.probe not in run]
    return f" by {listing(run)}" + (f" (not run by {listing(rest, last='or')})" if rest else "")


def _way_out(
    edition: Edition, many: Sequence[TriedWorkaround], troubled: Sequence[Verdict]
) -> tuple[str, str, str]:
    way = many[0].way
    title = sentence(way.title)[:-1]
    where = _where(many, troubled)
    if failing := next((one.verdict for one in many if one.fails), None):
        by = f" by {failing.cell.probe}" if len(troubled) > 1 else ""
        reason = f", {why(failing)}" if failing.reason else ""
        shape = f" ({failing.signature})" if failing.signature else ""
        says = f"does not help. With it, it {word(failing).name}{by}{reason}{shape}."
        return *mark(failing), f"{title}: {says}"
    records = [edition.way_out_records[one.kind] for one in many]
    rarer = next((record for record in records if record.hangs), None)
    if not all(one.works for one in many):
        outcome, says = Outcome.UNPROVEN, f"not proven{where}"
    elif rarer is not None:
        outcome = Outcome.FAIL
        says = (
            f"don't count on it. It passes here{where}, yet with it {rarer.hangs} of {rarer.tried} "
            "combinations hang in the very same way"
        )
    elif not all(record.tells for record in records):
        outcome, says = Outcome.UNPROVEN, f"passes{where}, in too few runs to tell from luck"
    else:
        outcome, says = Outcome.PASS, f"passes{where}"
    passed = many[0].verdict if outcome is Outcome.PASS else None
    sign = mark(passed) if passed else Mark(f"il-{outcome}", WORDS[outcome].symbol)
    return *sign, f"{title}: {says}. It costs: {way.costs}"


def other_configurations(edition: Edition, summary: Summary) -> list[str]:
    """Other configurations in which the same releases pass, workarounds left out."""
    worst, cell = summary.worst, summary.cell
    if worst.outcome is not Outcome.HANG or told_by_rates(edition, worst):
        return []
    listed = {
        one.verdict.cell.config
        for verdict in summary.verdicts
        for one in edition.ways_out.get(verdict.cell.key, ())
    }
    passing = [
        config
        for config in edition.configs
        if config not in {cell.config, *listed} and edition.passes(cell.pins, cell.python, config)
    ]
    if passing or listed:
        return [f"The same releases pass with {edition.title(config)}." for config in passing]
    return ["No configuration that was tested keeps these releases from hanging."]


def elsewhere(edition: Edition, summary: Summary) -> list[str]:
    """What to mind beside the answer itself.

    Where the pair passes: the configurations in which the same releases hang or fail. Where hangs
    are rare: that one cell says little, and what to do instead.
    """
    cell = summary.cell
    if edition.application and told_by_rates(edition, summary.worst):
        rates = "A hang is rare there: the rates by release, further down, say more than one cell."
        return [rates, *filter(None, [edition.application.instead_plain])]
    if summary.worst.outcome is not Outcome.PASS and not summary.own:
        return []
    others = (
        other
        for other in edition.by_combination[cell.pins, cell.python]
        if other.outcome in TROUBLE and not is_own(edition, other)
    )
    mind = "Mind that the same releases {} {}."
    said = [mind.format(word(o).counted, f"with {edition.title(o.cell.config)}") for o in others]
    for kind, about in edition.kinds:
        found = about.by_combination.get((cell.pins, cell.python), ())
        told = [
            o for o in found if o.outcome is Outcome.HANG and not edition.concerns(o.cell.probe)
        ]
        said += [mind.format(word(o).counted, f"where {kind.title}") for o in told]
    return list(dict.fromkeys(said))


def whose(edition: Edition, summary: Summary) -> list[str]:
    """Whose the trouble is; and what one library does alone, beside the pair's."""
    said = []
    for verdict in summary.verdicts:
        found = edition.attributions.get(verdict.cell.key)
        if found and (verdict is summary.worst or is_own(edition, verdict)):
            by = "" if verdict is summary.worst else f"Beside it, {word(verdict).name} "
            title = "" if verdict is summary.worst else f"by {verdict.cell.probe}: "
            said.append(f"{by}{title}{found.says}")
    return said


def by_probe(edition: Edition, summary: Summary) -> list[tuple[str, str, str, str]]:
    """The look, symbol, words and page of each probe; empty if there is only one."""
    if len(summary.verdicts) == 1 and not summary.missing:
        return []
    return [
        (
            *mark(verdict, own=is_own(edition, verdict)),
            f"{edition.probe_title(verdict.cell.probe)}: {word(verdict).name}",
            links.found_at(verdict.cell),
        )
        for verdict in summary.verdicts
    ]


def _field(name: str, label: str, options: dict[str, str]) -> dict[str, Any]:
    listed = [{"value": value, "label": text} for value, text in options.items()]
    return {"name": name, "label": label, "first": listed[0]["value"], "options": listed}


def _answer(edition: Edition, summary: Summary, texts: Texts) -> dict[str, Any]:
    """The worst that any probe says, in words."""
    verdict, cell = summary.worst, summary.cell
    further: list[tuple[str | None, str]] = [("All that was found", links.found_at(cell))]
    if verdict.signature:
        further.insert(0, ("Why it hangs", links.hang_page(verdict.signature)))
    sign = mark(verdict, own=summary.own, part=bool(summary.missing))
    return {
        "look": sign.look,
        "symbol": sign.symbol,
        "says": texts.number(_headline(edition, summary)),
        "about": texts.number(
            f"{releases(cell)}, Python {cell.python}. Configuration: {edition.title(cell.config)}."
        ),
        "mind": [texts.number(fact) for fact in elsewhere(edition, summary)],
        "whose": [texts.number(fact) for fact in whose(edition, summary)],
        "facts": [texts.number(fact) for fact in _facts(edition, summary)],
        "moves": texts.pairs(moves(edition, verdict)),
        "ways": [
            [look, symbol, texts.number(says)] for look, symbol, says in ways_out(edition, summary)
        ],
        "until": [texts.number(way) for way in other_configurations(edition, summary)],
        "probes": [
            [look, symbol, texts.number(says), texts.number(page)]
            for look, symbol, says, page in by_probe(edition, summary)
        ],
        "links": texts.pairs(further),
        "run": texts.number(cell.reproduce),
    }


def _headline(edition: Edition, summary: Summary) -> str:
    verdict = summary.worst
    reason = f": {why(verdict)}" if verdict.reason else ""
    if not summary.own:
        return f"{headline(verdict)}{reason}."
    found = edition.attributions[verdict.cell.key]
    owners = [p.package for p in verdict.cell.pins if p.axis == found.whose]
    who = (
        f"{owners[0]} does alone"
        if owners
        else f"each library does on Python {verdict.cell.python}"
    )
    return f"{headline(verdict)}, as {who}{reason}."


def _facts(edition: Edition, summary: Summary) -> list[str]:
    verdict = summary.worst
    named = verdict.detail.startswith(tuple(axis.package for axis in edition.axes))
    facts = [verdict.detail if named else sentence(verdict.detail)]
    if often := how_often(verdict):
        facts.append(often)
    if summary.missing:
        names = listing([edition.probe_title(probe) for probe in summary.missing])
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
