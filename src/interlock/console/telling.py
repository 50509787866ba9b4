"""What a run prints of its verdicts, and the files that it writes.

It prints twice: in the middle of the run and at its end.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import Version
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from interlock.campaign import Agenda, Finished, planning
from interlock.console import report, sources
from interlock.console.beside import Beside
from interlock.console.moves import Moves
from interlock.console.place import Place
from interlock.console.summary import Summary
from interlock.findings import Findings
from interlock.matrix import Matrix
from interlock.model import AuditedCell, Backend, Cell, Outcome, UsageError, Verdict, plural
from interlock.record import NONE_LISTED, Ledger, ListedReleases, read_results

COMMAND = "nox -s "
"""How a line begins that readers copy as a whole."""

NO_OTHERS = (
    "It knows the verdicts in this folder alone, so it may name another release than above. "
    "Without --results it answers by the published ones."
)
"""Said of a question about a run, where the advice above it counts published results too."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """The verdicts of a run so far, ready to be printed."""

    place: Place
    backend: Backend
    agenda: Agenda
    ledger: Ledger
    known: Sequence[Verdict]
    """Published verdicts that count as known (``--known``)."""
    advice: Beside[list[Verdict]]
    """Published verdicts that count for advice alone."""
    preparation: Beside[object]
    """Of the page, if there will be one."""
    withdrawn: Mapping[str, Collection[Version]]
    """Yanked releases, by axis."""
    listed: Beside[ListedReleases]
    """What the index lists, to be published."""
    audited: Sequence[AuditedCell] = ()
    """The inferred cells that audits drew."""

    def get_ready(self) -> None:
        """Do beside the first trials what only the end of the run needs."""
        self.advice.begin()
        self.preparation.begin()
        self.listed.begin()

    def findings(
        self, *, kept: Sequence[Verdict] = (), releases: ListedReleases = NONE_LISTED
    ) -> Findings:
        """What is known by now. The end of the run knows ``releases``, too."""
        matrix = self.place.matrix
        known = planning.known_now((*kept, *self.known), self._recorded(), matrix, _now())
        return Findings(
            matrix=matrix,
            verdicts=[v for v in known.values() if v.cell.has_library],
            withdrawn=self.withdrawn,
            audited=self.audited,
            releases=releases,
            now=_now(),
        )

    def summary(self, findings: Findings, *, follow_ups: bool) -> Summary:
        known = planning.known_now(self.known, self._recorded(), findings.matrix, _now())
        by_now = {v.cell.key: v for v in self._recorded()} if follow_ups else {}
        followed = self.agenda.follow_ups(by_now).cells if follow_ups else ()
        moves = Moves(findings=findings, published=self.advice(), today=_now().date())
        return Summary.of(self.agenda.asked, known, findings, moves, followed)

    def so_far(self) -> None:
        """Print the answer for the requested cells."""
        told = self.summary(self.findings(), follow_ups=False)
        say = self.place.console.print
        done = f"{len(told.asked)} of {plural(len(self.agenda.asked), 'cell')}"
        say(f"\nAnswer so far ({done}):", style="bold", highlight=False)
        for line in told.so_far():
            _say(self.place.console, f"  {line}")
        say(
            "\nWhat follows is extra; Ctrl-C ends the run here and keeps everything.",
            highlight=False,
        )

    def at_the_end(self, findings: Findings, *, keep: bool) -> None:
        """Print the verdicts of the run, with advice from all known verdicts."""
        told, console = self.summary(findings, follow_ups=True), self.place.console
        for drawn in told.tables():
            console.print(drawn)
        lines = told.lines()
        if keep:
            lines += report.environments(told.whole, self.place.store)
        for line in lines:
            _say(console, line)
        console.print()
        for line in told.safe():
            console.print(line, style="bold", highlight=False)

    def publish(
        self, findings: Findings, finished: Finished, folder: Path | None, *, page: bool
    ) -> None:
        """Write the results and build the page.

        An interrupted run builds no page: it prints the command that does.
        """
        from interlock.campaign import publish_results

        place = self.place
        results = folder_of_results(place, folder)

        def found() -> Findings:
            """What the folder has by now stays there, and is no answer of this run."""
            kept = kept_results(place, folder)
            return self.findings(kept=kept, releases=self.listed()) if kept else findings

        written = publish_results(
            self.ledger,
            found,
            results,
            finished.controls,
            finished.classify,
            self.listed(),
        )
        place.console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
        for line in how_to_ask(self.agenda.asked, written, results, self.advice()):
            place.console.print(line, highlight=False, soft_wrap=True)
        if page:
            publish_page(place, results, written, finished)

    def _recorded(self) -> Sequence[Verdict]:
        return list(self.ledger.verdicts(self.backend))


def publish_page(place: Place, results: Path, findings: Findings, finished: Finished) -> None:
    """Build the page of a run. After an interruption, print the command that builds it."""
    if finished.interrupted:
        again = f"{COMMAND}site -- --results {shlex.quote(str(results))}"
        place.console.print(f"page:     `{again}` builds it", highlight=False, soft_wrap=True)
        return
    from interlock.publish import site

    with place.console.status("building the page …"):
        built = site.build(place.root, results, place.matrix, findings)
    place.console.print(f"page:     {built}", highlight=False)
    if results != place.root / "results":
        place.console.print(
            "          It shows the verdicts of this folder alone.", highlight=False
        )


def how_to_ask(
    cells: Sequence[Cell], findings: Findings, results: Path, published: Sequence[Verdict]
) -> Iterator[str]:
    """The command of ``question``, and what it does not know of ``published`` verdicts."""
    if command := question(cells, findings, results):
        yield f"ask:      {command}"
        if published:
            yield f"          {NO_OTHERS}"


def question(cells: Sequence[Cell], findings: Findings, results: Path) -> str | None:
    """The command that asks about a combination of the run, by the verdicts in ``results``.

    It is about the first that hangs or fails, else the first that did not pass, with the settings
    of that cell. None where no combination has a verdict.
    """
    found = [findings.by_cell[c.key] for c in cells if c.is_whole and c.key in findings.by_cell]
    ran = [verdict for verdict in found if verdict.was_run]
    first = min(ran, key=lambda v: _ASKED_FIRST.get(v.outcome, 1), default=None)
    if first is None:
        return None
    pins = " ".join(f"--{pin.axis} {pin.version}" for pin in first.cell.pins)
    settings = "".join(f" {option}" for option in _settings(first.cell, findings.matrix))
    asked = f"interlock ask {pins} --python {first.cell.python}{settings}"
    return f"{asked} --results {shlex.quote(str(results))}"


_ASKED_FIRST = {Outcome.HANG: 0, Outcome.FAIL: 0, Outcome.PASS: 2}
"""The others come between."""


def _settings(cell: Cell, matrix: Matrix) -> Iterator[str]:
    """The options of ``ask`` for the settings of a cell.

    None where a configuration sets what no application can choose.
    """
    known = matrix.configurations.get(cell.config)
    if known and known.choices is not None and not known.at_release:
        yield f"--config {cell.config}"
    if kind := matrix.use(cell.probe).application:
        yield f"--with {kind}"


def _now() -> datetime:
    return datetime.now(timezone.utc)


def published_advice(place: Place) -> list[Verdict]:
    """The published verdicts, for advice alone. `interlock ask` answers from them too."""
    folder = sources.published_beside(place.root)
    try:
        if folder is None:
            return []
        matrix = place.matrix
        return read_results(folder, matrix.axes, matrix.renamed).within(matrix).verdicts
    except UsageError as mistake:
        place.console.print(f"the published results are not used: {mistake}", highlight=False)
        return []


def _say(console: Console, line: str) -> None:
    """Print a line. A terminal wraps it with its own indent, but never a command."""
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    if console.is_terminal and text and not text.startswith(COMMAND):
        console.print(Padding(Text(text), (0, 0, 0, indent), expand=False))
    else:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def folder_of_results(place: Place, named: Path | None) -> Path:
    """The folder for the verdicts of a run; ``named`` comes from the option."""
    return named or place.store.home / "results"


def kept_results(place: Place, named: Path | None) -> list[Verdict]:
    """The verdicts in a folder that is named; what the ledger's own folder has, the ledger has."""
    if named is None:
        return []
    matrix = place.matrix
    return read_results(named, matrix.axes, matrix.renamed).within(matrix).verdicts


def has_page(place: Place) -> bool:
    return (place.root / "mkdocs.yml").is_file()


def prepare_page() -> None:
    """Import what the page needs while the run waits for its containers."""
    from interlock.publish import site

    with suppress(ImportError):  # reported when the page is built
        site.prepare()
