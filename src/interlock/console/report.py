"""What a run prints at its end: the verdicts by release, and what passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.version import Version

from interlock.campaign import ControlRecord, LeftOpen, Plan, Why
from interlock.console.moves import Moves
from interlock.console.progress import (
    SYMBOLS,
    about,
    sentence,
    trouble_line,
)
from interlock.findings import Findings, Rare, RareHang, Trouble, hangs_rarely, headlines, pool
from interlock.isolation import Store
from interlock.matrix import Application, Matrix, Workaround
from interlock.model import (
    Cell,
    OpenCells,
    Outcome,
    Verdict,
    listing,
    plural,
)

WORST_FIRST = (
    Outcome.HANG,
    Outcome.FAIL,
    Outcome.UNPROVEN,
    Outcome.UNSUPPORTED,
    Outcome.PASS,
)

KINDS = {
    Why.WORKAROUND: "with a workaround",
    Why.BASELINE: "with one library alone",
    Why.AT_RELEASE: "with the dependencies of the release's day",
}
"""Why a follow-up runs, in words."""

NOT_INSTALLED = 3
"""How many reasons for missing installs are shown. The tables have the others."""

LINES = 3
"""How many release lines of a rare hang are named. The page has the others."""


def counted(
    verdicts: Iterable[Verdict], rare: Callable[[Verdict], RareHang | None] = lambda _: None
) -> str:
    """``12 hang, 30 pass``, worst first; ``rare`` is what is told instead of a pass.

    Where hangs are rare, a cell that did not hang is counted by the words of its sign.
    """
    counts = Counter[Outcome | Rare]()
    for verdict in verdicts:
        instead = rare(verdict)
        counts[instead.state if instead else verdict.outcome] += 1
    *worse, passes = WORST_FIRST
    told: list[tuple[int, str]] = [(counts[outcome], str(outcome)) for outcome in worse]
    told += [(counts[state], f'"{state}"') for state in (Rare.CAN_HANG, Rare.RARER)]
    told.append((counts[passes], str(passes)))
    return ", ".join(f"{number} {word}" for number, word in told if number)


def planned(plan: Plan, jobs: int) -> str:
    """One line: what will run, what is known, and how long it may take."""
    parts = [f"{plural(len(plan.cells), 'cell')} to run" if plan.cells else "nothing to run"]
    if plan.controls:
        known = (
            "cells with known answers" if len(plan.controls) > 1 else "a cell with a known answer"
        )
        times = f", each {plan.rounds} times" if plan.rounds > 1 else ""
        controls = plural(len(plan.controls), "control")
        parts.append(f"{controls} beside them ({known}{times})")
    if plan.unsupported:
        parts.append(f"{len(plan.unsupported)} that can't be installed")
    if plan.known:
        parts.append(f"{len(plan.known)} with a verdict that is still valid")
    if plan.cells:
        parts.append(f"{about(plan.seconds)} with {plural(jobs, 'job')}")
    return ", ".join(parts)


def repeated(plan: Plan, times: int, jobs: int) -> str:
    """One line: what runs again, how often, and how long it may take."""
    return (
        f"{plural(len(plan.cells), 'cell')}, {plural(times, 'time')} each, "
        f"{about(plan.seconds * times)} with {plural(jobs, 'job')}"
    )


def is_plain(cell: Cell, matrix: Matrix) -> bool:
    """Whether the cell is a pair in a plain configuration, and no follow-up."""
    configuration = matrix.configurations.get(cell.config)
    composed = configuration is not None and configuration.is_composed
    return not composed and cell.is_whole


def by_application(
    verdicts: Iterable[Verdict], matrix: Matrix
) -> list[tuple[Application | None, list[Verdict]]]:
    """The verdicts on every application, then those on one kind alone, if any."""
    found: dict[str | None, list[Verdict]] = {None: []}
    for verdict in verdicts:
        found.setdefault(matrix.use(verdict.cell.probe).application, []).append(verdict)
    kinds = [(kind, found[name]) for name, kind in matrix.applications.items() if name in found]
    return [(None, found[None]), *kinds] if found[None] or not kinds else [*kinds]


def at_most(plan: Plan, kinds: Mapping[Why, int]) -> str:
    """One line on the possible follow-ups and their time; empty if there are none."""
    if not plan.cells:
        return ""
    named = listing([f"{number} {KINDS[kind]}" for kind, number in kinds.items()])
    return (
        f"then follow-ups of what does not pass: at most {plural(len(plan.cells), 'cell')} more, "
        f"{named}; {about(plan.seconds)}"
    )


def cells(plan: Plan) -> str:
    """The plan, a line a cell."""
    lines = [f"control      {control.cell}: {control.expect}" for control in plan.controls]
    lines += [f"run          {cell}" for cell in plan.cells]
    lines += [f"unsupported  {cell}: {why.detail}" for cell, why in plan.unsupported.items()]
    lines += [f"known        {cell}" for cell in plan.known]
    return "".join(f"{line}\n" for line in lines)


def doubts(controls: Iterable[ControlRecord], repair: str) -> list[str]:
    """One line for each control with an unexpected result: which passes prove nothing.

    ``repair`` says how to run them again.
    """
    lines = []
    for one in controls:
        if one.differs:
            probes = "every probe" if one.for_all else one.control.cell.probe
            lines.append(
                f"the passes of {probes} on Python {one.control.cell.python}, and on Pythons "
                f"without such a control, prove nothing in this run: {one}; {repair}"
            )
    return lines


def workarounds(verdicts: Sequence[Verdict], matrix: Matrix) -> list[str]:
    """For each workaround that was tried: how often it helped, and what it costs."""
    by_cell = {verdict.cell: verdict for verdict in verdicts}
    lines: list[str] = []
    for probe in matrix.probes:
        for config, names in matrix.use(probe).workarounds.items():
            troubled = [
                cell
                for cell, verdict in by_cell.items()
                if (cell.probe, cell.config) == (probe, config)
                and cell.is_whole
                and verdict.outcome in (Outcome.HANG, Outcome.FAIL)
            ]
            known = matrix.probes[probe]
            rare_unit = known.exposure_unit if hangs_rarely(matrix, probe, config) else None
            tried = [
                line
                for name in names
                for line in _tried(matrix.workarounds[name], config, troubled, by_cell, rare_unit)
            ]
            if tried:
                lines += ["", f"workarounds, tried where {probe} · {config} did not pass:", *tried]
    return lines


def _tried(
    way: Workaround,
    config: str,
    troubled: Sequence[Cell],
    by_cell: Mapping[Cell, Verdict],
    rare_unit: str | None,
) -> list[str]:
    """``rare_unit`` is what is counted where hangs are rare, because a pass may be luck there."""
    tried = [replace(cell, config=way.on(config)) for cell in troubled]
    found = [by_cell[cell] for cell in tried if cell in by_cell]
    if not found:
        return []
    helped = sum(verdict.outcome is Outcome.PASS for verdict in found)
    often = f"helps in {helped} of {plural(len(found), 'cell')}"
    if rare_unit:
        of = pool(found)
        often = f"hung in {of.hangs:,} of {of.exposures:,} {rare_unit}"
    return [f"  {way.name}: {often} ({way.title})", f"    {way.costs}"]


def safe(verdicts: Sequence[Verdict], findings: Findings, published: Findings | None = None) -> str:
    """Which releases passed with everything they ran with, and whether they are safe.

    ``findings`` are those of the run. A pass in this run alone does not make a release safe: the
    policy of the matrix decides, by all known verdicts. ``published`` has the published results
    too. Where hangs are rare, a cell that did not hang is no pass.
    """
    ran = [v for v in verdicts if v.outcome is not Outcome.UNSUPPORTED]
    if not ran:
        return "Nothing was run, so nothing is known to be safe."
    rare = (published or findings).instead_of_pass
    counts = counted(verdicts, rare)
    instead = [one for verdict in ran if (one := rare(verdict))]
    if len(instead) == len(ran):
        worst = min(instead, key=lambda one: not one.can_hang)
        return f"{headlines.rarely(worst)} ({counts})."
    every = not instead and all(verdict.outcome is Outcome.PASS for verdict in ran)
    ran = [verdict for verdict in ran if not rare(verdict)]
    for along in (published or findings).by_application[None].recommendations:
        passed = _passed(ran, findings, along.axis)
        if passed:
            package = findings.matrix.axis(along.axis).package
            named = f"{package} {listing([str(version) for version in passed])}"
            by_all = {s.version for s in along.standings if s.is_safe and s.recommendable}
            called = [str(version) for version in passed if version in by_all]
            what = "everything that was run" if every else f"{named}, with everything run with it"
            told = _called_safe(published or findings, package, called, bool(published))
            return f"Passed here: {what} ({counts}{'' if every else ' in all'}). {told}"
    return f"No release passed all its tests ({counts})."


def _called_safe(
    findings: Findings, package: str, called: Sequence[str], is_published: bool
) -> str:
    """Which releases are safe by all known verdicts, and where they are not, as on the page."""
    if not called:
        return "That is too little to call a release safe."
    known = "By all known verdicts" + (", published results included" if is_published else "")
    exceptions = (
        f"{headlines.not_where(kind)} {headlines.THERE}."
        for kind in headlines.unsafe_kinds(findings)
    )
    return " ".join([f"{known}, {package} {listing(called)} is safe.", *exceptions])


def _passed(ran: Sequence[Verdict], findings: Findings, axis: str) -> list[Version]:
    """The releases of that axis with nothing against them in this run.

    Trouble that another library has alone does not count against them.
    """
    passed: set[Version] = set()
    against: set[Version] = set()
    for verdict in ran:
        version = verdict.cell.version(axis)
        whose = findings.attributions.get(verdict.cell.key)
        if version is None:
            continue
        if verdict.outcome is Outcome.PASS:
            passed.add(version)
        elif not whose or Trouble(verdict=verdict, attribution=whose).counts_against(axis):
            against.add(version)
    excluded = findings.withdrawn.get(axis, ())
    return sorted(v for v in passed - against if not v.is_prerelease and v not in excluded)


def in_kind(verdicts: Sequence[Verdict], kind: Application, findings: Findings) -> str:
    """On a kind of application with rare hangs: the counts, and the rates of release lines.

    A single pass proves little there, so none is named.
    """
    if all(verdict.outcome is Outcome.UNSUPPORTED for verdict in verdicts):
        return f"Where {kind.title}: nothing was run, so nothing is known to be safe."
    counts = counted(verdicts).replace(" pass", " without a hang")
    said = f"Where {kind.title}: {counts}. A hang is rare there, so a pass proves little."
    ran = (v for v in verdicts if v.outcome is not Outcome.UNSUPPORTED)
    found = (findings.rare_hangs.of(verdict.cell) for verdict in ran)
    lines = [str(of) for of in dict.fromkeys(found) if of and of.rate.tried]
    told = "; ".join(lines[:LINES]) + (f"; and {len(lines) - LINES} more" * (len(lines) > LINES))
    rates = f"By release line: {told}." if lines else "The page has the rates by release line."
    return f"{said} {rates} {kind.instead_plain}".rstrip()


def stories(
    verdicts: Sequence[Verdict],
    findings: Findings,
    kind: Application | None = None,
    *,
    moves: Moves | None = None,
    in_short: bool = False,
) -> list[str]:
    """One story for each kind of hang, failure or doubt.

    A story names one cell, what happened, and its attribution. It gives the releases to move to,
    by all known verdicts, and the command that runs just that cell again. ``in_short`` leaves out
    everything but what happened and where to move to.

    For rare hangs of a kind of application there is no release to move to, because a pass of
    another cell may be luck. The story says what helps instead.
    """
    moves = moves or Moves(findings=findings)
    alike: dict[object, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome not in (Outcome.PASS, Outcome.UNSUPPORTED):
            what = (verdict.outcome, verdict.phase, verdict.reason, verdict.signature)
            alike.setdefault(what, []).append(verdict)
    lines: list[str] = []
    for verdict, *others in alike.values():
        more = f"  (and {len(others)} more like it)" if others else ""
        whose = findings.attributions.get(verdict.cell.key)
        lines += [*([] if in_short else [""]), f"{sentence(verdict)}{more}"]
        lines += [] if in_short else [f"  {verdict.detail}"]
        lines += [f"  {whose.says}"] if whose and not in_short else []
        name = kind.name if kind else None
        if kind and verdict.outcome is not Outcome.FAIL:
            lines += [f"  {kind.instead_plain}"] if kind.instead else []
        else:
            same = [v.cell for v in (verdict, *others) if v.cell.pins == verdict.cell.pins]
            lines += [f"  {line}" for line in _moves(same, moves, name)]
            if not in_short and (command := moves.to_find(verdict.cell, name)):
                lines += ["  To look for a release that helps:", f"  {command}"]
        lines += [] if in_short else [f"  {verdict.cell.reproduce}"]
    return lines


def _moves(cells: Iterable[Cell], moves: Moves, application: str | None) -> Iterator[str]:
    """Where to move to from these releases, which may differ by Python."""
    told = {cell.python: moves.lines(cell, application) for cell in cells}
    by_python = {python: lines for python, lines in told.items() if lines}
    for along_one_axis in zip(*by_python.values(), strict=True):
        pythons: dict[str, list[str]] = {}
        for python, line in zip(by_python, along_one_axis, strict=True):
            pythons.setdefault(line, []).append(str(python))
        for line, those in pythons.items():
            yield f"on Python {listing(those)}: {line}" if len(pythons) > 1 else line


def not_installed(verdicts: Iterable[Verdict]) -> list[str]:
    """Why some cells can't run at all, one line a reason."""
    reasons = Counter(v.detail.rstrip(".") for v in verdicts if v.outcome is Outcome.UNSUPPORTED)
    sign, _ = SYMBOLS[Outcome.UNSUPPORTED]
    shown = reasons.most_common(NOT_INSTALLED)
    lines = [f"{sign} {plural(number, 'cell')} not run: {why}" for why, number in shown]
    rest = sum(reasons.values()) - sum(number for _, number in shown)
    lines += [f"{sign} {plural(rest, 'cell')} not run for other reasons"] if rest else []
    return ["", *lines] if lines else []


def environments(verdicts: Sequence[Verdict], store: Store) -> list[str]:
    """The environment folder of each cell that ran and did not pass."""
    lines = [
        f"{store.of_backend(verdict.backend) / 'environments' / verdict.environment_digest}  "
        f"{verdict.cell}"
        for verdict in verdicts
        if verdict.environment_digest and verdict.outcome is not Outcome.PASS
    ]
    return ["", "environments of cells that did not pass:", *lines] if lines else []


def left_open(events: Iterable[LeftOpen]) -> str:
    """The cells that stay open and why, one line each."""
    return "\n".join(trouble_line(event) for event in events)


def raise_open(events: Sequence[LeftOpen], lost: Sequence[str]) -> None:
    """Raise ``OpenCells`` if cells stay open or trials were left out."""
    lines = [left_open(events)] if events else []
    if lost:
        what = plural(len(lost), "trial")
        lines.append(
            f"left out {what} that can't be read back; restore the ledger's folder, or set those "
            "with a wrong time aside with `interlock judge`:"
        )
        lines += [f"  {line}" for line in lost[:_NAMED_LOST]]
        if len(lost) > _NAMED_LOST:
            lines.append(f"  and {len(lost) - _NAMED_LOST} more")
    if lines:
        raise OpenCells("\n".join(lines))


_NAMED_LOST = 20
