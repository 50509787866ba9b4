"""From ``results/`` to a site: a tuple of publishers with one context and folder.

They write Markdown. MkDocs builds it together with the hand-written pages in ``site/``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from interlock.findings import Findings
from interlock.matrix import Matrix
from interlock.publish.answer import publish as publish_answer
from interlock.publish.badges import publish as publish_badges
from interlock.publish.context import PageContext
from interlock.publish.controls import publish as publish_controls
from interlock.publish.data import publish as publish_data
from interlock.publish.details import publish as publish_details
from interlock.publish.facts import publish as publish_facts
from interlock.publish.hangs import publish as publish_hangs
from interlock.publish.probes import publish as publish_probes
from interlock.publish.rarity import publish as publish_rarity
from interlock.publish.release_map import publish as publish_map
from interlock.publish.settings import publish as publish_settings
from interlock.publish.windows import publish as publish_windows
from interlock.publish.words import publish as publish_words
from interlock.publish.workarounds import publish as publish_workarounds
from interlock.record import read_results

Publisher = Callable[[PageContext, Path], None]

PUBLISHERS: tuple[Publisher, ...] = (
    publish_answer,
    publish_facts,
    publish_words,
    publish_map,
    publish_details,
    publish_hangs,
    publish_windows,
    publish_workarounds,
    publish_settings,
    publish_probes,
    publish_controls,
    publish_rarity,
    publish_data,
    publish_badges,
)


def generate(results: Path, site: Path, matrix: Matrix, findings: Findings | None = None) -> Path:
    """Write ``site/generated`` anew from the data set in ``results``, and return it.

    ``findings`` are those of the same verdicts, if they exist already. If nothing has been
    published yet, the pages say so.
    """
    found = read_results(results, matrix.axes, matrix.renamed).within(matrix)
    context = PageContext(matrix=matrix, results=found, shared=findings)
    folder = site / "generated"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for publish in PUBLISHERS:
        publish(context, folder)
    return folder
