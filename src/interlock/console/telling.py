"""What a run prints of its verdicts, in the middle and at the end, and what it writes."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
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
from interlock.console.moves import Moves
from interlock.console.place import Place
from interlock.console.summary import Summary
from interlock.findings import Findings
from interlock.model import Backend, UsageError, Verdict, plural
from interlock.record import Ledger, read_results

COMMAND = "nox -s "
"""How a line begins that is to be copied as a whole."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What the cells of a run say by now, told in the middle and at the end."""

    place: Place
    backend: Backend
    agenda: Agenda
    ledger: Ledger
    known: Sequence[Verdict]
    """Published verdicts that count as known (``--known``)."""
    advice: Sequence[Verdict]
    """Published verdicts that count for advice alone."""
    withdrawn: Mapping[str, Collection[Version]]
    """Yanked releases, by axis."""
    kept: Sequence[Verdict] = ()
    """What the folder of results has already. It stays there, and is no answer of this run."""

    def findings(self, *, kept: Sequence[Verdict] = ()) -> Findings:
        matrix = self.place.matrix
        known = planning.known_now((*kept, *self.known), self._recorded(), matrix, _now())
        return Findings(
            matrix=matrix,
            verdicts=[v for v in known.values() if v.cell.has_library],
            withdrawn=self.withdrawn,
        )

    def summary(self, findings: Findings, *, follow_ups: bool) -> Summary:
        known = planning.known_now(self.known, self._recorded(), findings.matrix, _now())
        by_now = {v.cell.key: v for v in self._recorded()} if follow_ups else {}
        followed = self.agenda.follow_ups(by_now).cells if follow_ups else ()
        moves = Moves(findings=findings, published=self.advice, today=_now().date())
        return Summary.of(self.agenda.asked, known, findings, moves, followed)

    def so_far(self) -> None:
        """Print the answer for the cells that were asked for."""
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
        """Print what the cells say, by all that is known."""
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
        """Write the results, and build the page; of an interrupted run, say how to build it."""
        from interlock.campaign import publish_results

        place = self.place
        results = folder_of_results(place, folder)
        if self.kept:
            findings = self.findings(kept=self.kept)
        publish_results(self.ledger, findings, results, finished.controls, finished.classify)
        place.console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
        if page and finished.interrupted:
            again = f"{COMMAND}site -- --results {shlex.quote(str(results))}"
            place.console.print(f"page:     `{again}` builds it", highlight=False, soft_wrap=True)
        elif page:
            from interlock.publish import site

            with place.console.status("building the page …"):
                built = site.build(place.root, results, place.matrix, findings)
            place.console.print(f"page:     {built}", highlight=False)

    def _recorded(self) -> Sequence[Verdict]:
        return list(self.ledger.verdicts(self.backend))


def _now() -> datetime:
    return datetime.now(timezone.utc)


def published_advice(place: Place) -> list[Verdict]:
    """The published verdicts, for advice alone: `interlock ask` answers by the same."""
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
    """Print a line; a terminal breaks it at its own indentation, and a command nowhere."""
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    if console.is_terminal and text and not text.startswith(COMMAND):
        console.print(Padding(Text(text), (0, 0, 0, indent), expand=False))
    else:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def folder_of_results(place: Place, named: Path | None) -> Path:
    """Where the verdicts of a run are written; ``named`` is that of the option."""
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
    """Beside the containers, whose end the run waits for."""
    from interlock.publish import site

    with suppress(ImportError):  # said when the page is built
        site.prepare()
