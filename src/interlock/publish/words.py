"""The words of the start page, for its script: titles, sentences, and where each page is.

``facts.py`` has what is known, as numbers. This has what a reader is told of it. The script decides
nothing: it looks a word up by the code that the evaluator returns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlock.findings import expected, headlines, refusal
from interlock.index import Bar
from interlock.matrix import DEFAULTS
from interlock.model import Axis, Cell, Outcome, PythonVersion, Reason, Signature
from interlock.publish import links
from interlock.publish.context import PageContext
from interlock.publish.wording import (
    CAN_HANG,
    NOT_SEEN,
    RARE_LOOK,
    REASONS,
    UNTESTED,
    WORDS,
    Word,
)

CAUSES = {
    "pair": "Neither library does it alone: it takes both.",
    "open": "It is not known whether one of the libraries does it alone.",
    "python": "It happens on this Python without either library.",
    "dependencies": "It comes from today's releases of what the libraries depend on.",
}
"""Whose trouble is, in a sentence; that of one library is said with its name."""

NO_MOVE = {
    "barred": "Newer releases of {package} pass, but none can be recommended",
    "lacking": "Moving {package} does not help: the other library lacks the feature",
    "not-its-own": "Moving {package} changes nothing: it is not its own trouble",
    "not-in-every-setting": "No {package} release that was tested passes in every setting",
    "none-helps": "No {package} release that was tested helps",
    "not-with-these-settings": "No newer {package} release was tested with these settings",
    "none-tested": "No newer {package} release was tested",
}
"""Why there is no release to move to, by the code of the evaluator."""

BARS = {
    Bar.NOT_LISTED: "the index does not list it",
    Bar.PRE_RELEASE: "it is a pre-release",
    Bar.YANKED: "it is yanked",
    Bar.TOO_YOUNG: "it is too new to recommend",
    Bar.VULNERABLE: "it has a known vulnerability that your release lacks",
}
"""Why a release that passes is not recommended."""

EFFECTS = {
    "works": "",
    "not-by-all": "It was not run by every probe that goes wrong.",
    "too-few": "It passes, in too few runs to tell from luck.",
    "hangs-elsewhere": "Don't count on it: other combinations hang with it.",
}
"""What to know of a workaround that passes, by its effect."""


def publish(context: PageContext, folder: Path) -> None:
    """``words.js``, beside ``facts.js``."""
    text = json.dumps(words(context), ensure_ascii=False, separators=(",", ":"))
    (folder / "words.js").write_text(
        f"(window.interlock ??= {{}}).words = {text};\n", encoding="utf-8"
    )


def words(context: PageContext) -> dict[str, Any]:
    """All that the script says, by the names and codes of ``facts.json``."""
    return {
        **_of_outcomes(),
        **_of_matrix(context),
        "reasons": {str(reason): says for reason, says in REASONS.items()},
        "causes": CAUSES,
        "no_move": NO_MOVE,
        "bars": {str(bar): says for bar, says in BARS.items()},
        "effects": EFFECTS,
        "hangs": {str(one): links.hang_page(one) for one in _signatures(context)},
        "refused": {axis.name: _refused(axis) for axis in context.axes},
        "found": links.found_at_any(context.axes),
        "anchors": {config: links.anchor_of(config) for config in _configs(context)},
        "run": _command(context),
        "configs": _configurations(context),
    }


def _of_outcomes() -> dict[str, Any]:
    """Signs and first words, by outcome."""
    return {
        "signs": {str(outcome): _sign(outcome) for outcome in Outcome}
        | {
            "can-hang": [RARE_LOOK, CAN_HANG.symbol, CAN_HANG.name],
            "not-seen": [RARE_LOOK, NOT_SEEN.symbol, NOT_SEEN.name],
            "unknown": ["il-untested", UNTESTED.symbol, UNTESTED.name],
        },
        "tested": _by_outcome(headlines.HEADLINES) | {"unknown": headlines.HEADLINES[None]},
        "inferred": _by_outcome(expected.HEADLINES),
        "rarely": {"can-hang": headlines.CAN_HANG, "not-seen": headlines.NOT_SEEN},
        "not_safe": expected.NOT_SAFE,
    }


def _of_matrix(context: PageContext) -> dict[str, Any]:
    """Titles of choices, probes and workarounds, by name."""
    matrix = context.matrix
    return {
        "defaults": DEFAULTS,
        "choices": {
            choice.name: {
                "title": choice.title,
                "find_out": choice.find_out.replace("`", ""),
                "instead": choice.instead.replace("`", ""),
                "values": {value: said.title for value, said in choice.levels.items()},
            }
            for choice in matrix.choices.values()
        },
        "probes": {
            name: {"title": probe.title, "unit": probe.exposure_unit, "needs": [*probe.needs]}
            for name, probe in matrix.probes.items()
        },
        "workarounds": {
            name: {"title": way.title, "costs": way.costs, "paste": way.paste}
            for name, way in matrix.workarounds.items()
        },
    }


def _sign(outcome: Outcome) -> list[str]:
    word: Word = WORDS[outcome]
    return [f"il-{outcome}", word.symbol, word.name]


def _by_outcome(says: Mapping[Any, str]) -> dict[str, str]:
    return {str(outcome): text for outcome, text in says.items() if outcome is not None}


def _signatures(context: PageContext) -> list[Signature]:
    found = (signature for verdict in context.verdicts for signature, _ in verdict.signatures)
    return [*dict.fromkeys(found)]


def _configs(context: PageContext) -> list[str]:
    return [*dict.fromkeys(verdict.cell.config for verdict in context.verdicts)]


def _refused(axis: Axis) -> dict[str, str]:
    """Why a release does not install, by the reason; the script fills in what is in braces."""
    python = PythonVersion(3, 0)
    reasons = (Reason.NO_WHEEL, Reason.REQUIRES_PYTHON)
    return {
        str(reason): f"{refusal(axis.package, '{version}', python, reason)}.".replace(
            str(python), "{python}"
        )
        for reason in reasons
    }


def _command(context: PageContext) -> str:
    """The command that runs a cell again; the script fills in what is in braces."""
    versions = {axis.name: f"{{{axis.name}}}" for axis in context.axes}
    return Cell.command(versions, "{python}", "{probe}", "{config}")


def _configurations(context: PageContext) -> dict[str, dict[str, str]]:
    """What each configuration chooses, for links of earlier versions of the page."""
    found = {}
    for about in context.by_application:
        for name in about.configs:
            probes = [p for p in about.matrix.uses if about.about.criteria.speaks_for(p)]
            probe = probes[0] if about.application and probes else ""
            if situation := context.matrix.situation_of(probe, name):
                found[about.choice(name)] = dict(situation.chosen)
    return found
