"""A project and what is known → the result of a check. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import product

from interlock.check import advising, pinned, ranges, safe
from interlock.check.choosing import choices_of, remarks_of
from interlock.check.exceptions import Exempt, unused
from interlock.check.found import Project
from interlock.check.pinned import Asked
from interlock.check.pythons import pythons_of, span
from interlock.check.result import (
    Chosen,
    Exit,
    Finding,
    Library,
    Problem,
    Result,
    SafePart,
    State,
)
from interlock.check.specifiers import allows
from interlock.findings import Findings, Glances, KindNote, every_situation, headlines
from interlock.matrix import Matrix
from interlock.model import PythonVersion, listing


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the reader asks of the files."""

    pythons: tuple[PythonVersion, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    """The settings that are stated."""
    exempts: tuple[Exempt, ...] = ()
    mistakes: tuple[str, ...] = ()
    """What was wrong with the input; the rest is checked all the same."""
    report_only: bool = False
    today: date
    data_of: datetime | None = None


def decide(project: Project, findings: Findings, request: Request) -> Result:
    """What the check found."""
    axes = findings.matrix.axes
    tested = findings.releases.pythons or tuple(sorted(findings.rows.parts[-3]))
    missing = [axis for axis in axes if not project.of(axis.package)]
    pythons, why = pythons_of(
        project, request.pythons, tested, lambda python: _installs(project, findings, python)
    )
    found, safe_parts, notes = _looked(project, findings, request, () if missing else pythons)
    counting = [one for one in found if one.exempt is None]
    excepted = [one for one in found if one.exempt is not None]
    used = [one.exempt for one in excepted if one.exempt]
    decisive = sorted(counting, key=_urgency)
    return Result(
        files=tuple(f"{file.path} ({file.format})" for file in project.files),
        libraries=tuple(
            Library(
                axis=axis,
                mentions=project.of(axis.package),
                remarks=tuple(remarks_of(project, axis, pythons or tested)),
            )
            for axis in axes
        ),
        pythons=pythons,
        why_pythons=why,
        findings=tuple(decisive),
        notes=(*notes, *unused(request.exempts, used, request.today)),
        excepted=tuple(excepted),
        advice=tuple(advising.moves(decisive, findings)),
        safe=tuple(safe_parts),
        workarounds=tuple(advising.workarounds(decisive)),
        problems=tuple(_problems(project, findings, request, pythons, why)),
        ask=advising.command(decisive or found, request.chosen),
        data_of=request.data_of,
        report_only=request.report_only,
    )


def _urgency(one: Finding) -> tuple[bool, bool, bool, int]:
    """What decides first; and what is installed today before the rest of a range."""
    code = one.state.code
    return code is not Exit.FOUND, code is Exit.CLEAR, one.is_window, one.state.rank


def _installs(project: Project, findings: Findings, python: PythonVersion) -> bool:
    """Whether some choice of the files installs there; yes, if nothing says otherwise."""
    for axis in findings.matrix.axes:
        choices = choices_of(project, axis, python, findings.releases)
        if not choices:
            return False
        listed = findings.releases.by_axis.get(axis.name, ())
        if listed and not any(_is_there(one, python, findings) for one in choices):
            return False
    return True


def _is_there(chosen: Chosen, python: PythonVersion, findings: Findings) -> bool:
    releases = findings.releases
    if chosen.version is not None:
        known = releases.of(chosen.axis.name, chosen.version)
        return known is None or python not in known.refused
    within = chosen.specifier
    return within is None or any(
        python not in one.refused and allows(within, one.version)
        for one in releases.by_axis[chosen.axis.name]
    )


# The releases -------------------------------------------------------------------------------------


def _looked(
    project: Project, findings: Findings, request: Request, pythons: Sequence[PythonVersion]
) -> tuple[list[Finding], list[SafePart], list[str]]:
    """What is found of each choice that the files leave open, on the Pythons where they do."""
    matrix = findings.matrix
    stated = matrix.situation(request.chosen)
    situations = [stated] if request.chosen else every_situation(findings)
    asked = Asked(
        findings=findings,
        glances=Glances(findings, situations),
        chosen=request.chosen,
        exempts=request.exempts,
        today=request.today,
    )
    found: list[Finding] = []
    parts: list[SafePart] = []
    alone: list[PythonVersion] = []
    for chosen, there in _combinations(project, findings, pythons):
        if not chosen:
            alone += there
            continue
        some, safe_parts = _of(asked, chosen, there)
        found += some
        parts += safe_parts
    notes = [*dict.fromkeys(_notes(found, findings))]
    if alone:
        notes.insert(0, f"On {span(sorted(alone))} the files install only one of the two.")
    # Two ranges may come to the same pins.
    once = {frozenset(one.lines) or one.says: one for one in parts}
    return found, [*once.values()], notes


def _combinations(
    project: Project, findings: Findings, pythons: Iterable[PythonVersion]
) -> Iterator[tuple[tuple[Chosen, ...], list[PythonVersion]]]:
    """Each choice of all libraries, with its Pythons. Empty where one is not installed."""
    together: dict[Hashable, tuple[tuple[Chosen, ...], list[PythonVersion]]] = {}
    for python in pythons:
        by_axis = [
            choices_of(project, axis, python, findings.releases) for axis in findings.matrix.axes
        ]
        every = [*product(*by_axis)] or [()]
        for chosen in every:
            key = tuple(map(str, chosen))
            together.setdefault(key, (chosen, []))[1].append(python)
    yield from together.values()


def _of(
    asked: Asked, chosen: tuple[Chosen, ...], pythons: Sequence[PythonVersion]
) -> tuple[list[Finding], list[SafePart]]:
    """What is found of one choice of all libraries."""
    nameless = [one for one in chosen if one.source and one.version is None]
    if nameless:
        return [_without_version(chosen, nameless, pythons)], []
    if not any(one.is_range for one in chosen):
        pair = [(one, one.version) for one in chosen if one.version]
        return [*pinned.look(asked, pair, pythons)], []
    within = ranges.Range(asked=asked, chosen=chosen, pythons=tuple(pythons))
    found = [*ranges.look(within), *safe.beside_the_newest(within)]
    return found, [*safe.safe_parts(within)]


def _without_version(
    chosen: tuple[Chosen, ...], nameless: Sequence[Chosen], pythons: Sequence[PythonVersion]
) -> Finding:
    said = listing([str(one) for one in nameless])
    return Finding(
        state=State.UNKNOWN,
        chosen=chosen,
        releases={one.axis.name: (one.version,) for one in chosen if one.version},
        pythons=tuple(pythons),
        situations=(),
        says=f"{headlines.NOT_KNOWN.rstrip('.')}: {said} names no release.",
        details=("Ask with `interlock ask` about the release that it was made from.",),
    )


def _notes(found: Iterable[Finding], findings: Findings) -> Iterator[str]:
    """What an answer leaves open, and what does not decide."""
    matrix = findings.matrix
    answers = list({id(one.answer): one.answer for one in found if one.answer}.values())
    uncovered: dict[str, list[PythonVersion]] = {}
    for said in answers:
        telling = {part.situation for part in said.telling}
        left = [part for part in said.parts if part.situation not in telling]
        yield from (headlines.lacks(seen, matrix) for part in left for seen in part.lacking)
        unknown = [part for part in left if not part.lacking and part.outcome is None]
        if unknown:
            where = headlines.all_of(unknown, matrix)
            uncovered.setdefault(where, []).append(said.question.python)
    for where, pythons in uncovered.items():
        on = span(sorted(set(pythons)))
        yield f"On {on}, no test covers these releases {where}."
    worst: dict[str, KindNote] = {}
    for note in (note for said in answers for note in said.kinds):
        known = worst.setdefault(note.kind.name, note)
        if (note.hangs, len(note.rare)) > (known.hangs, len(known.rare)):
            worst[note.kind.name] = note
    yield from (_of_kind(note, matrix) for note in worst.values())
    yield from (advice for said in answers for advice in said.advice)


def _of_kind(note: KindNote, matrix: Matrix) -> str:
    told = headlines.kind_note(note, matrix)
    helps = note.kind.instead_plain if told else ""
    told = told or f"This check does not cover an application where {note.kind.title}."
    how = f"To let it decide: --situation {note.kind.name}."
    return " ".join(filter(None, [told, helps, how]))


# What keeps it from passing -----------------------------------------------------------------------


def _problems(
    project: Project,
    findings: Findings,
    request: Request,
    pythons: Sequence[PythonVersion],
    why: str,
) -> Iterator[Problem]:
    yield from (Problem(code=Exit.MISTAKE, says=says) for says in request.mistakes)
    there = [axis.package for axis in findings.matrix.axes if project.of(axis.package)]
    in_vain = {one.package for one in project.unread}
    named = [axis.package for axis in findings.matrix.axes if axis.package in {*there, *in_vain}]
    missing = [axis.package for axis in findings.matrix.axes if axis.package not in named]
    if not named and (project.files or not request.mistakes):
        files = listing([str(file.path) for file in project.files]) or "the files"
        yield Problem(
            code=Exit.MISTAKE,
            says=f"Neither {listing(missing, last='nor')} is in {files}. Name the file that "
            "installs them, such as a lock file.",
        )
    elif named and missing:
        yield Problem(
            code=Exit.NOT_KNOWN,
            says=f"Only {listing(named)} was found. The other, {listing(missing)}, is not in "
            "these files: name the file that installs it too.",
        )
    elif there and not pythons:
        yield Problem(code=Exit.NOT_KNOWN, says=f"{why[0].upper()}{why[1:]}; name one: --python.")
    for one in project.unread:
        code = Exit.CLEAR if one.is_elsewhere and not missing else Exit.NOT_KNOWN
        says = f"{one.text}: {one.why}" if one.text else one.why
        yield Problem(code=code, says=says, file=one.file, line=one.line)
    for file in project.files:
        is_empty = not file.packages and not file.mentions and not file.unread
        if is_empty and not file.format.lower().startswith(_MAY_BE_EMPTY):
            yield Problem(
                code=Exit.NOT_KNOWN,
                says=f"This {file.format} names no package, so it proves nothing.",
                file=file.path,
            )


_MAY_BE_EMPTY = ("pyproject", "dockerfile", "shell")
"""Files that may have another purpose than to list packages."""
