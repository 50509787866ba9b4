"""The page of the matrix: what its script needs, and a small table for readers without scripts.

The map itself is drawn in the browser (``site/assets/matrix/``), from ``facts.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from packaging.version import Version

from interlock.findings import SearchedWindow
from interlock.matrix import Situation, in_words
from interlock.model import Outcome, PythonVersion, listing
from interlock.publish import links, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import CAN_HANG, NOT_SEEN, OWN_MARK, PART_MARK, UNTESTED, WORDS, Word

BASES = {
    "tested": "Tested.",
    "inferred": "Inferred, not run itself: tested releases around it agree.",
    "index": "The package index decides that. Nothing was run.",
    "unknown": "It was not tested, and nothing is inferred of it. That is not a pass.",
    "part": "Others are not known, so that is not a pass. Choose settings to see more.",
}

SCRIPTS = (
    *(f"assets/evaluator/{name}.js" for name in ("spread", "pairs")),
    *(f"assets/matrix/{name}.js" for name in ("known", "paint", "words", "address", "controls")),
    *(f"assets/matrix/{name}.js" for name in ("bars", "lines", "releases", "page")),
)
"""In the order in which the page loads them, after the evaluator. Each uses those before it."""

PART = Word(
    f"{WORDS[Outcome.PASS].symbol}{PART_MARK}",
    "passes in some settings",
    "pass in some settings",
    "It passes in some settings",
)

ANY = "the worst of all tested settings"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is known of all releases of one library with one release of the other."""

    python: PythonVersion
    beside: str
    settings: str
    windows: str


def publish(context: PageContext, folder: Path) -> None:
    """``matrix.md``: a part that the hand-written page includes."""
    templates.write(
        folder / "matrix.md",
        "release_map.html.j2",
        is_tested=bool(context.about.pairs),
        told=json.dumps(told(context), ensure_ascii=False) if len(context.axes) == 2 else "",
        number=len(context.axes),
        package=context.axes[-1].package,
        rows=list(rows(context)),
        scripts=SCRIPTS,
        probes=[(links.probe_page(p), context.probe_title(p)) for p in context.findings.probes],
    )


def told(context: PageContext) -> dict[str, Any]:
    """The words of the page, its settings, and what it shows first."""
    looks: dict[str, Word] = {
        **{str(outcome): word for outcome, word in WORDS.items()},
        "can-hang": CAN_HANG,
        "not-seen": NOT_SEEN,
        "part": PART,
        "unknown": UNTESTED._replace(name="not known", counted="not known"),
    }
    return {
        "looks": {
            name: {"symbol": word.symbol, "name": word.name, "counted": word.counted}
            for name, word in looks.items()
        },
        "own": OWN_MARK,
        "troubles": [str(Outcome.HANG), str(Outcome.FAIL)],
        "bases": BASES,
        "settings": [
            {"says": f"{ANY}{_but(context)}", "chosen": {}},
            *(
                {"says": in_words(one, context.matrix.choices), "chosen": dict(one.chosen)}
                for one in _situations(context)
            ),
        ],
        "but": _but(context),
        "python": str(context.default_python or ""),
    }


def _but(context: PageContext) -> str:
    """Which kinds of application an answer without settings leaves out."""
    kinds = [f"where {kind.title}" for kind in context.matrix.applications.values()]
    return f", except {listing(kinds)}" if kinds else ""


def _situations(context: PageContext) -> list[Situation]:
    """Those that were tested: first those of any application, then those of each kind."""
    matrix, findings = context.matrix, context.findings
    of_kinds = (
        matrix.situation_of(probe, config)
        for probe, config in findings.tracks
        if matrix.use(probe).application
    )
    return list(dict.fromkeys((*findings.tested.situations, *filter(None, of_kinds))))


def rows(context: PageContext) -> Iterator[Row]:
    """By Python, the windows with the oldest and the newest release that was searched."""
    package = context.axes[-1].package
    every = [one for one in context.findings.searched if one.stretch.axis == package]
    shown = {of(one.release for one in every) for of in (min, max)} if every else set()
    for python in context.pythons:
        here = [one for one in every if python in one.pythons and one.release in shown]
        for (release, track), group in groupby(sorted(here, key=_order), key=_beside):
            windows = list(group)
            yield Row(
                python=python,
                beside=f"{windows[0].partner} {release}",
                settings=context.config_title(track[1]),
                windows=", ".join(map(_window, windows)),
            )


def _beside(window: SearchedWindow) -> tuple[Version, tuple[str, str]]:
    return window.release, window.track


def _order(window: SearchedWindow) -> tuple[Version, tuple[str, str], Version]:
    return *_beside(window), window.stretch.first


def _window(window: SearchedWindow) -> str:
    first, last = window.stretch.first, window.stretch.last
    symbol = (WORDS[window.outcome] if window.outcome else UNTESTED).symbol
    return f"{symbol} {first}" if first == last else f"{symbol} {first} to {last}"
