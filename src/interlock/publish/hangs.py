"""One page per signature: its drawing, the evidence, and the affected releases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

from interlock.findings import everything, windows
from interlock.matrix import Upstream
from interlock.model import PythonVersion, Signature, Verdict
from interlock.publish import drawing, links, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import PHASES, releases, span
from interlock.record import text_key


@dataclass(frozen=True, kw_only=True)
class Hang:
    """A signature, and how often it was seen."""

    name: str
    page: str
    signature: Signature
    times: int
    combinations: int


@dataclass(frozen=True, kw_only=True)
class Noted:
    """The role of a frame in the hang."""

    kind: str
    """``waits`` or ``holds``."""
    lock: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame of a thread."""

    qualname: str
    file: str
    line: int
    notes: list[Noted]


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A thread's frames, innermost first."""

    name: str
    frames: list[Frame]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evidence from one recorded run."""

    versions: str
    python: str
    config: str
    sentences: Sequence[str]
    phase: str
    exposures: int
    unit: str
    noticed_after_s: float
    unresolved: Sequence[str]
    threads: list[Thread]


@dataclass(frozen=True, kw_only=True)
class Affected:
    """The affected releases in one configuration, by one probe."""

    config: str
    probe: str
    lines: list[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A cell with one library alone, or with a workaround."""

    page: str
    releases: str
    python: str
    config: str


def publish(context: PageContext, folder: Path) -> None:
    """``hangs.md``, a part of a hand-written page, and a page each under ``hangs/``."""
    files = context.results.signatures
    hangs = [_hang(file) for file in files]
    tested = bool(context.verdicts)
    templates.write(folder / "hangs.md", "hangs.html.j2", hangs=hangs, tested=tested)
    for file, hang in zip(files, hangs, strict=True):
        path = (folder / hang.page).with_suffix(".md")
        templates.write(path, "hang.md.j2", hang=hang, **_page(context, file, hang.signature))


def _hang(file: Mapping[str, Any]) -> Hang:
    signature = Signature(locks=tuple(file["locks"]), stuck=tuple(file["stuck"]))
    return Hang(
        name=file["signature"],
        page=links.hang_page(signature),
        signature=signature,
        times=sum(cell["hangs"] for cell in file["cells"]),
        combinations=len(file["cells"]),
    )


def reports(context: PageContext, signature: Signature) -> list[Upstream]:
    """Upstream reports of hangs that involve one of its locks."""
    names = (*signature.locks, *signature.stuck)
    return [
        report
        for report in context.matrix.upstream
        if any(fnmatchcase(name, report.lock) for name in names)
    ]


def _page(context: PageContext, file: Mapping[str, Any], signature: Signature) -> dict[str, object]:
    example = file["example"]
    return {
        "reports": reports(context, signature),
        "drawing": _drawing(signature, example),
        "evidence": _evidence(context, example) if example else None,
        "axes": [axis.package for axis in context.axes],
        "affected": list(_affected(context, file)),
        "beside": list(_beside(context, file)),
        "command": _reproduce(context, file),
    }


def _drawing(signature: Signature, example: Mapping[str, Any] | None) -> drawing.Drawing | None:
    if not signature.locks:
        return None
    named = threads(signature, example)
    if signature.orphaned:
        return drawing.orphan(signature.locks[0], named[0], signature.locks[-1])
    return drawing.cycle(signature.locks, named)


def threads(signature: Signature, example: Mapping[str, Any] | None) -> list[str]:
    """The threads that wait for the signature's locks in the example's last snapshot.

    A thread without a name there gets a number.
    """
    recorded = example["snapshots"][-1:] if example else []
    names = []
    for number, lock in enumerate(signature.locks, start=1):
        waiting = [
            thread["name"]
            for snapshot in recorded
            for thread in snapshot["threads"]
            if lock in _awaited(thread, snapshot)
        ]
        names.append(waiting[0] if waiting else f"thread {number}")
    return names


def _awaited(thread: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Sequence[str]:
    wanted = (thread["waits"] or {}).get("lock")
    names: Sequence[str] = snapshot["locks"].get(str(wanted), {}).get("names", ())
    return names


def _evidence(context: PageContext, example: Mapping[str, Any]) -> Evidence:
    return Evidence(
        versions=" × ".join(f"{axis.package} {example[axis.name]}" for axis in context.axes),
        python=example["python"],
        config=context.title(example["config"]),
        sentences=example["evidence"],
        phase=PHASES.get(example["phase"], example["phase"]),
        exposures=example["exposures"],
        unit=context.unit(example["probe"]),
        noticed_after_s=example["noticed_after_s"],
        unresolved=example["unresolved"],
        threads=[
            _thread(thread, snapshot)
            for snapshot in example["snapshots"][-1:]
            for thread in snapshot["threads"]
        ],
    )


def _thread(thread: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Thread:
    """One thread; frames that wait for a lock or hold one are marked."""
    notes: dict[int, list[Noted]] = {}

    def note(kind: str, what: Mapping[str, Any]) -> None:
        known = snapshot["locks"].get(str(what.get("lock")), {}).get("names")
        lock = (known or [what["expression"]])[0]
        notes.setdefault(what["frame"], []).append(Noted(kind=kind, lock=lock))

    if thread["waits"]:
        note("waits", thread["waits"])
    for hold in thread["holds"]:
        note("holds", hold)
    frames = [
        Frame(qualname=f["qualname"], file=f["file"], line=f["line"], notes=notes.get(number, []))
        for number, f in enumerate(thread["frames"])
    ]
    return Thread(name=thread["name"], frames=frames)


def _affected(context: PageContext, file: Mapping[str, Any]) -> Iterator[Affected]:
    seen = _by_track(context, file)
    for track in context.findings.tracks:
        if track in seen and (lines := affected(context, seen[track])):
            probe, config = track
            title = context.title(config)
            yield Affected(config=title, probe=context.probe_title(probe), lines=lines)


def _by_track(
    context: PageContext, file: Mapping[str, Any]
) -> Mapping[tuple[str, str], Sequence[Verdict]]:
    """The pairs in which the signature was seen, by probe and configuration."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for seen in file["cells"]:
        verdict = context.findings.by_cell.get(_key(context, seen))
        if verdict and everything(verdict.cell):
            of = verdict.cell.probe, verdict.cell.config
            found.setdefault(of, []).append(verdict)
    return found


def _beside(context: PageContext, file: Mapping[str, Any]) -> Iterator[Beside]:
    """Cells with one library alone, and with workarounds that did not help."""
    for seen in file["cells"]:
        verdict = context.findings.by_cell.get(_key(context, seen))
        if verdict and not everything(verdict.cell):
            cell = verdict.cell
            yield Beside(
                page=links.found_at(cell),
                releases=releases(cell),
                python=str(cell.python),
                config=context.title(cell.config),
            )


def affected(context: PageContext, seen: Collection[Verdict]) -> list[tuple[str, ...]]:
    """The affected releases: a stretch of each axis, and the Pythons.

    ``seen`` are the pairs of one probe and configuration in which a signature was seen. Releases of
    the other axes that have the same windows along the last axis share a line. A window holds
    releases in which this signature was seen. A release that hangs in another way ends it.
    """
    axis = context.axes[-1].name
    keys = {verdict.cell.key for verdict in seen}
    lines_of = context.findings.lines[axis]
    found: dict[tuple[str, ...], dict[str, list[PythonVersion]]] = {}
    by_python = sorted(seen, key=lambda verdict: verdict.cell.python)
    for rest in dict.fromkeys(windows.rest_of(verdict.cell, axis) for verdict in by_python):
        *others, _, python, _, _ = rest
        along = windows.showing(axis, lines_of.get(rest, ()), keys)
        hanging = [_stretch(window.first, window.last) for window in along]
        if hanging:
            pythons = found.setdefault(tuple(others), {})
            pythons.setdefault("; ".join(hanging), []).append(PythonVersion.parse(python))
    told = {
        others: tuple((text, span(on, context.pythons)) for text, on in pythons.items())
        for others, pythons in found.items()
    }
    lines: list[tuple[str, ...]] = []
    ordered = sorted(told, key=lambda others: [text_key(text) for text in others])
    for what, run in groupby(ordered, key=told.__getitem__):
        group = list(run)
        stretches = [_stretch(*ends) for ends in zip(group[0], group[-1], strict=True)]
        lines += [(*stretches, text, where) for text, where in what]
    return lines


def _stretch(first: object, last: object) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _reproduce(context: PageContext, file: Mapping[str, Any]) -> str:
    """The command for its example, or else for the cell that showed it most often."""
    shown = file["example"] or max(file["cells"], key=lambda cell: int(cell["hangs"]))
    return context.findings.by_cell[_key(context, shown)].cell.reproduce


def _key(context: PageContext, cell: Mapping[str, Any]) -> tuple[str, ...]:
    names = [*(axis.name for axis in context.axes), "python", "probe", "config"]
    return tuple(str(cell[name]) for name in names)
