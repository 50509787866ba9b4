"""All that an answer needs, as small data: ``facts.json`` for the evaluator of the start page.

``findings`` answers one question in Python; ``site/assets/evaluator.js`` answers the same question
from these facts. So the page needs no answer that is made ahead, and the file grows with what was
tested, not with what can be asked. ``facts.schema.json`` describes every field.

Releases, Pythons, probes and whatever else repeats are numbers here: positions in a list of the
file. A set of releases is a list of ranges, ``[first, last, first, last, …]``.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from interlock.findings import bounds_by, by_preference, every_situation
from interlock.model import PRECEDENCE, PythonVersion
from interlock.publish.context import PageContext
from interlock.publish.facts_releases import ListedAxis
from interlock.publish.facts_tracks import Tracks

SCHEMA_VERSION = 1


def publish(context: PageContext, folder: Path) -> None:
    """``facts.json`` with its schema, and the same as a script; none for other than two axes."""
    if len(context.axes) != 2:
        return
    text = json.dumps(facts(context), ensure_ascii=False, separators=(",", ":"))
    (folder / "facts.json").write_text(f"{text}\n", encoding="utf-8")
    # A page from a disk can read no JSON, but it can load a script.
    (folder / "facts.js").write_text(
        f"(window.interlock ??= {{}}).facts = {text};\n", encoding="utf-8"
    )
    (folder / "facts.schema.json").write_text(schema(), encoding="utf-8")


def schema() -> str:
    """The JSON Schema of ``facts.json``."""
    return (files(__package__) / "facts.schema.json").read_text(encoding="utf-8")


def facts(context: PageContext) -> dict[str, Any]:
    """What is known of two axes of releases, for ``site/assets/evaluator.js``."""
    findings = context.findings
    bounds = bounds_by(context.matrix, findings.rows)
    limits = {track: bounds(*track) for track in findings.tracks}
    axes = [
        ListedAxis(findings, axis, [of.versions.get(axis.name, ()) for of in limits.values() if of])
        for axis in context.axes
    ]
    pythons = _pythons(context)
    return {
        "schema_version": SCHEMA_VERSION,
        "tested_at": context.tested_at.isoformat() if context.tested_at else "",
        **_policy(context),
        "pythons": [str(python) for python in pythons],
        "releases": [axis.facts(pythons) for axis in axes],
        **_situations(context),
        "error_rates": {
            probe: {"wrong": of.wrong, "run": of.run, "interval": [*of.interval]}
            for probe, of in findings.audits.items()
        },
        **Tracks(findings, axes, pythons).facts(limits),
    }


def _policy(context: PageContext) -> dict[str, Any]:
    """The axes, and which moves are recommended."""
    policy, names = context.matrix.policy, [axis.name for axis in context.axes]
    return {
        "axes": [{"name": axis.name, "package": axis.package} for axis in context.axes],
        "preferred": [names.index(one.name) for one in by_preference(context.axes, policy)],
        "least_trials": policy.least_trials,
        "precedence": [str(outcome) for outcome in PRECEDENCE],
    }


def _situations(context: PageContext) -> dict[str, Any]:
    """What a reader can choose, and the situations that are answered where nothing is chosen."""
    choices = context.matrix.choices.values()
    return {
        "choices": [
            {
                "name": choice.name,
                "values": [*choice.levels],
                "default": choice.level(choice.default),
                "is_the_probes": choice.is_the_probes,
            }
            for choice in choices
        ],
        "situations": [[*one.levels] for one in every_situation(context.findings)],
        "tested_situations": len(context.findings.tested.situations),
        "settings_of": _settings_of(context),
    }


def _pythons(context: PageContext) -> list[PythonVersion]:
    """Those that were tested or that the index was asked about, oldest first."""
    rows, listed = context.findings.rows, context.results.releases.pythons
    return sorted({*listed, *(rows.parts[-3] if len(rows) else ())})


def _settings_of(context: PageContext) -> dict[str, list[list[Any]]]:
    """By probe: each configuration that a cell may have, and the levels of its choices."""
    matrix = context.matrix
    return {
        probe: [
            [config, [*there.levels]]
            for config in matrix.judged_in(probe)
            if (there := matrix.situation_of(probe, config))
        ]
        for probe in matrix.probes
    }
