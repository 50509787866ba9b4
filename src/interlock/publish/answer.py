"""The start page: what is safe, and the form that answers for the reader's own releases.

The answers are computed in the browser, from the facts (``facts.py``) and the words for them
(``words.py``). Without scripts the start page names what is safe, and ``releases.md`` says
it release by release.
"""

from __future__ import annotations

from pathlib import Path

from interlock.evidence import LEVEL
from interlock.publish import applications, coverage, grid, safety, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import CAN_HANG, RARE_LOOK, Mark


def publish(context: PageContext, folder: Path) -> None:
    """Two parts of pages: ``answer.md`` and ``releases.md``."""
    if not context.about.pairs:
        for name in ("answer.md", "releases.md"):
            templates.write(folder / name, "answer_untested.html.j2")
        return
    first = context.first
    templates.write(
        folder / "answer.md",
        "answer.md.j2",
        legend=legend(context),
        lead=safety.lead(context),
        packages=[context.package(said.axis) for said in context.about.recommendations],
        by_python=safety.by_python(context),
    )
    templates.write(
        folder / "releases.md",
        "releases.md.j2",
        dangers=safety.dangers(context),
        beside=safety.beside(context),
        package=context.package(first.axis),
        configurations=[context.title(config) for config in context.configs],
        by_release=safety.by_release(context, first),
        policy=coverage.policy(context),
        coverages=coverage.coverages(context),
        sections=list(applications.sections(context)),
        confidence=LEVEL,
    )


def legend(context: PageContext) -> list[grid.Meaning]:
    """What the signs of the start page mean."""
    found = {one.mark.symbol: one for one in grid.legend(context, context.verdicts)}
    more = [(CAN_HANG.symbol, CAN_HANG.name, RARE_LOOK)] if context.matrix.applications else []
    more += [grid.INFERRED] if any(context.findings.untested.maps.values()) else []
    for symbol, name, look in more:
        found.setdefault(symbol, grid.Meaning(mark=Mark(look, symbol), name=name))
    return [*found.values()]
