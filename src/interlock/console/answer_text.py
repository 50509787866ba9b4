"""The answer to a question as text for a terminal.

The answer comes first, then each situation. Lines are as wide as the terminal. Commands are never
broken, because readers copy them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from interlock.console import answer_rare, basis_text, workaround_text
from interlock.console.advice_text import AdviceText
from interlock.console.basis_text import shade
from interlock.console.page import Page
from interlock.findings import (
    Answer,
    AnswerBasis,
    Findings,
    Move,
    RareHang,
    Seen,
    SituationAnswer,
    SmallestMove,
    captions,
    expected,
    headlines,
    nearest,
)
from interlock.matrix import Matrix, Situation, beyond_the_harness, in_words
from interlock.model import Outcome, PythonVersion, Verdict, listing, plural


def as_text(answer: Answer, findings: Findings, page: Page) -> str:
    """The whole answer, without a newline at its end."""
    return "\n".join(_Telling(answer=answer, findings=findings, page=page).lines())


@dataclass(frozen=True, kw_only=True)
class _Telling:
    """One answer as it is written, and what was written so far."""

    answer: Answer
    findings: Findings
    page: Page
    told: set[tuple[str, ...]] = field(default_factory=set)
    """Cells with a hang or failure that was already described."""
    said: set[str] = field(default_factory=set)
    """Sentences on the cause, and commands, that were already written."""
    rare: list[RareHang] = field(default_factory=list)
    """Release lines whose rate was already written."""

    @property
    def matrix(self) -> Matrix:
        return self.findings.matrix

    def lines(self) -> list[str]:
        answer, page = self.answer, self.page
        lines = self._headlines()
        if len(answer.parts) > 1 and (answer.moves or answer.smallest):
            lines += ["", *page.wrapped("To pass in every setting that was tested with it:")]
            lines += self._moves(answer.moves, "", answer.smallest)
            lines += self._advice.to_find(answer.moves, "", answer.parts)
        for parts, body in self._bodies():
            lines += ["", *self._heading(parts), *body]
        return [*lines, *self._to_test(), *self._beside()]

    def _bodies(self) -> list[tuple[list[SituationAnswer], list[str]]]:
        """The text of each situation; situations with the same text share it."""
        found: list[tuple[list[SituationAnswer], list[str]]] = []
        for part in self._in_order():
            body = self._part(part)
            alike = [parts for parts, told in found if told == body]
            if alike:
                alike[0].append(part)
            else:
                found.append(([part], body))
        return found

    def _heading(self, parts: Sequence[SituationAnswer]) -> list[str]:
        """Empty where one text covers all situations of the question."""
        if len(parts) == len(self.answer.parts):
            return []
        words = headlines.all_of(parts, self.matrix)
        return self.page.wrapped(f"{words[0].upper()}{words[1:]}:")

    def _in_order(self) -> Iterable[SituationAnswer]:
        """The situations that get their own text, in the order of ``matrix.yaml``.

        A situation that no probe is meant for gets none: the headlines have it.
        """
        several = len(self.answer.parts) > 1
        return [p for p in self.answer.parts if not several or p.verdicts or p.is_meant]

    # The first lines

    def _headlines(self) -> list[str]:
        first, *others = headlines.headlines(self.answer, self.matrix)
        where = f", {first.where}" if first.where else ""
        said = f"{first.says}: {self._subject()}{where}."
        # What passes with some settings only is no pass of the whole.
        unknown = self.answer.worst is not None and self.answer.worst.outcome is None
        lines = self._coloured(said, None if unknown else shade(first.parts[0]))
        for one in others:
            lines += self._coloured(one.sentence, shade(one.parts[0]))
        return lines

    def _lacks(self, seen: Seen) -> str:
        """``left-lib 1.0 lacks structured logs.``"""
        return headlines.lacks(seen, self.matrix)

    def _coloured(self, text: str, outcome: Outcome | None) -> list[str]:
        return [self.page.coloured(line, outcome) for line in self.page.wrapped(text)]

    def _subject(self) -> str:
        question = self.answer.question
        releases = [f"{a.package} {question.versions[a.name]}" for a in self.matrix.axes]
        return f"{' with '.join(releases)} on Python {question.python}"

    # Each situation

    def _part(self, part: SituationAnswer) -> list[str]:
        page = self.page
        how = ", inferred" if expected.is_inferred(part) else ""
        lines = ["  " + page.coloured(f"{basis_text.called(part)}{how}", shade(part))]
        if part.basis is AnswerBasis.INDEX:
            details = [verdict.detail for verdict in part.verdicts]
            decided = dict.fromkeys([*details, *basis_text.refused(part)])
            if len(self.answer.parts) == 1:
                decided |= dict.fromkeys(map(self._lacks, part.lacking))
            lines += [line for said in decided for line in page.wrapped(said, "  ")]
            return [*lines, *self._passing(part)]
        untold = [one for one in part.rests_on if one.inferred]
        for seen in part.rests_on:
            lines += self._seen(seen, part) if seen not in untold else []
        lines += self._inferred(part)
        for trouble in part.troubles:
            if trouble.attribution.says not in self.said:
                self.said.add(trouble.attribution.says)
                lines += page.wrapped(trouble.attribution.says, "  ")
        above = self.answer.moves if len(self.answer.parts) > 1 else ()
        moves = [move for move in part.moves if move not in above]
        lines += self._moves(moves, "  ", part.smallest if moves else None)
        lines += self._advice.to_find(part.moves, "  ", [part]) if moves else []
        lines += workaround_text.lines(part, page)
        shown = {one.verdict.cell.key for one in part.rests_on}
        lacking = [one for one in part.lacking if one.verdict.cell.key not in shown]
        if len(self.answer.parts) == 1 or part.troubles:
            lines += [line for one in lacking for line in page.wrapped(self._lacks(one), "  ")]
        if len(self.answer.parts) == 1:
            lines += self._fewer(part)
        if part.basis is AnswerBasis.UNKNOWN:
            lines += self._unknown(part)
        elif part.not_run:
            lines += page.wrapped(f"Not tested by {listing(part.not_run)}.", "  ")
        return [*lines, *self._again(part)]

    def _again(self, part: SituationAnswer) -> list[str]:
        """The command that repeats what an answer rests on, once."""
        told = [one for one in part.rests_on if not (one.inferred and one.lacks_feature)]
        told.sort(key=lambda one: one.situation != part.situation)
        cells = [one.verdict.cell for one in told if one.verdict.outcome is part.outcome]
        lines = [f"  {c.reproduce}" for c in cells[:1] if c.reproduce not in self.said]
        if lines and expected.is_inferred(part):
            lines = [*self.page.wrapped("To test it:", "  "), *lines]
        self.said.update(cell.reproduce for cell in cells)
        self.told.update(t.verdict.cell.key for t in part.troubles)
        return lines

    def _inferred(self, part: SituationAnswer) -> list[str]:
        """What is inferred by each probe, and from what."""
        lines: list[str] = []
        for one in expected.needed(part):
            elsewhere = one.situation != part.situation
            at = f", {in_words(one.situation, self.matrix.choices)}" if elsewhere else ""
            lines += self.page.wrapped(expected.because(one, at), "  ")
        if expected.is_inferred(part) and part.outcome is Outcome.PASS:
            lines += self.page.wrapped(expected.NOT_SAFE, "  ")
        return lines

    def _seen(self, seen: Seen, part: SituationAnswer) -> list[str]:
        """The verdict of one probe.

        A missing feature is described only in the situation that switches it on.
        """
        verdict = seen.verdict
        elsewhere = seen.situation != part.situation and verdict.was_run
        if elsewhere and seen.lacks_feature:
            return []
        at = f", {in_words(seen.situation, self.matrix.choices)}" if elsewhere else ""
        if verdict.cell.key in self.told:
            return self.page.wrapped(f"{verdict.cell.probe}: {verdict.outcome}{at}, as above", "  ")
        return self._verdict(verdict, at)

    def _verdict(self, verdict: Verdict, at: str) -> list[str]:
        """The verdict of one probe, and the number of its trials."""
        page, probe = self.page, verdict.cell.probe
        reason = f" ({verdict.reason})" if verdict.reason else ""
        rare = self.findings.instead_of_pass(verdict)
        head = f"{probe}: {rare or verdict.outcome}{reason}{at}"
        if verdict.outcome is Outcome.UNSUPPORTED:
            return page.wrapped(f"{head}; {verdict.detail}", "  ")
        unit = answer_rare.unit(probe, self.matrix)
        counted = f"{plural(verdict.trials, 'trial')}, {verdict.exposures:,} {unit}"
        if rare:
            self.rare.append(rare)
            counted = f"none in {counted} of this very combination"
        lines = page.wrapped(f"{head}; {counted}, tested on {verdict.tested_at:%Y-%m-%d}", "  ")
        for signature, _ in verdict.signatures:
            lines += page.wrapped(str(signature), "    ")
        if verdict.outcome in (Outcome.FAIL, Outcome.UNPROVEN):
            lines += page.wrapped(verdict.detail, "    ")
        for one in self.answer.by_chance.get(verdict.cell.key, ()):
            lines += page.wrapped(captions.by_chance(one, unit), "    ")
        return lines

    def _unknown(self, part: SituationAnswer) -> list[str]:
        page = self.page
        if part.verdicts and part.missing:
            probes = listing(part.not_run or self._in_less(part))
            lines = page.wrapped(f"Not tested by {probes}, so it is not known to be safe.", "  ")
        elif part.is_meant:
            lines = page.wrapped("This combination was not tested.", "  ")
        else:
            python = self.answer.question.python
            lines = page.wrapped(f"No test used these settings on Python {python}.", "  ")
        lines += [line for said in nearest.unlisted(part) for line in page.wrapped(said, "  ")]
        for said in nearest.nearest(self.findings, self.answer.question, part):
            lines += page.wrapped(said, "  ", "- ")
        around = (one.below or one.above for one in part.neighbours)
        if any(around) or part.elsewhere:
            lines += page.wrapped("Ask about these for more.", "  ")
        lines += self._passing(part)
        if part.verdicts and part.missing:
            lines += [*page.wrapped("To test what is missing:", "  ")]
            here = [s.verdict for s in part.rests_on if s.situation == part.situation]
            again = [v.cell for v in here if v.outcome is Outcome.UNPROVEN]
            lines += [f"  {[*again, *part.missing][0].reproduce}"]
        return lines

    def _in_less(self, part: SituationAnswer) -> list[str]:
        """Probes of which some verdict is told, and which were not run with other settings."""
        of = [(c.probe, self.matrix.situation_of(c.probe, c.config)) for c in part.missing]
        return [f"{probe} {in_words(s, self.matrix.choices)}" for probe, s in of if s]

    def _passing(self, part: SituationAnswer) -> list[str]:
        """What was tested and passes, unless it is told above for every setting."""
        several = len(self.answer.parts) > 1
        above = [one.targets for one in self.answer.moves] if several else []
        moves = [move for move in part.passing if move.targets not in above]
        smallest = None if several and part.smallest == self.answer.smallest else part.smallest
        if not moves and (part.passing or not smallest):
            return []
        lines = self.page.wrapped("These were tested, and no hang was found:", "  ")
        return [*lines, *self._moves(moves, "  ", smallest)]

    def _to_test(self) -> list[str]:
        """The command that would test what is not known at all."""
        answer, question = self.answer, self.answer.question
        if any(part.verdicts or part.refusals for part in answer.parts):
            return []
        missing = answer.parts[0].missing if len(answer.parts) == 1 else ()
        if why := beyond_the_harness(question.python):
            return ["", *self.page.wrapped(f"It can't be tested: {why}.")]
        run = self._runs_just(answer.asked) if question.chosen else ""
        if run is None:
            return ["", *self.page.wrapped("No probe runs with just these settings.")]
        releases = [f"--{a.name} {question.versions[a.name]}" for a in self.matrix.axes]
        asked = " ".join(filter(None, [*releases, f"--python {question.python}", run]))
        command = missing[0].reproduce if missing else f"nox -s matrix -- {asked}"
        return ["", *self.page.wrapped("To test these releases:"), f"  {command}"]

    def _runs_just(self, asked: Situation) -> str | None:
        """The options for a probe that runs in that very situation; None where none does."""
        matrix = self.matrix
        return next(
            (
                f"--probe {probe} --config {config}"
                for probe, of in matrix.probes.items()
                if not matrix.use(probe).only_as_control
                for config in of.configs
                if matrix.situation_of(probe, config) == asked
            ),
            None,
        )

    def _fewer(self, part: SituationAnswer) -> list[str]:
        """What helps against the hang that was found, with less switched on."""
        lines: list[str] = []
        for less in part.fewer:
            advice = self._moves(less.moves, "  ", less.smallest)
            body = [*advice, *workaround_text.lines(less, self.page)]
            if body:
                words = in_words(less.situation, self.matrix.choices)
                found = f"Against the {less.outcome} that was found {words}"
                said = f"{found}, with fewer settings on; not tested with all of yours:"
                lines += [*self.page.wrapped(said, "  "), *body]
        return lines

    def _moves(
        self, moves: Sequence[Move], indent: str, smallest: SmallestMove | None = None
    ) -> list[str]:
        return self._advice.moves(moves, indent, smallest)

    @property
    def _advice(self) -> AdviceText:
        of = self.answer.question
        return AdviceText(findings=self.findings, question=of, page=self.page, said=self.said)

    # Below the situations

    def _beside(self) -> list[str]:
        """The Pythons that the answer rests on, and what the answer leaves open."""
        page = self.page
        lines = [line for said in self._patches() for line in page.wrapped(said)]
        if self.answer.advice:
            rare = answer_rare.sentences(self.answer, self.matrix, self.rare)
            lines += page.wrapped(" ".join([*rare, *self.answer.advice]))
        for note in self.answer.kinds:
            lines += page.wrapped(answer_rare.note(note, self.matrix))
        return ["", *lines] if lines else []

    def _patches(self) -> Iterator[str]:
        question = self.answer.question
        pythons = frozenset(self.findings.rows.parts[-3])
        if pythons and question.python not in pythons:
            yield f"Tested Pythons: {listing(_in_order(pythons))}."
        seen = list(dict.fromkeys(full for part in self.answer.parts for full in part.pythons))
        if seen:
            itself = question.patch and question.patch not in seen
            but = f" Python {question.patch} itself was not tested." if itself else ""
            yield f"Tested on Python {listing(seen)}.{but}"


def _in_order(pythons: Iterable[PythonVersion]) -> list[str]:
    return [str(python) for python in sorted(pythons)]
