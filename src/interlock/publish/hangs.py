"""One page per signature: the cycle drawn, the evidence, what is affected, how to see it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.findings import everything, windows
from interlock.matrix import Upstream
from interlock.model import Outcome, PythonVersion, Signature, plural
from interlock.publish import drawing, markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, code, join
from interlock.publish.wording import PHASES, span
from interlock.record import text_key


def publish(edition: Edition, folder: Path) -> None:
    """``hangs.md``, which the hand-written page includes, and a page each under ``hangs/``."""
    files = edition.results.signatures
    if not files:
        said = "No hang has been seen." if edition.verdicts else "Nothing has been tested yet."
        markup.page(folder / "hangs.md", said)
        return
    markup.page(folder / "hangs.md", block(join(_teaser(file) for file in files), "il-cards"))
    for file in files:
        signature = Signature(locks=tuple(file["locks"]), stuck=tuple(file["stuck"]))
        path = (folder / markup.hang_page(signature)).with_suffix(".md")
        markup.page(path, *_page(edition, file, signature))


def in_short(file: Mapping[str, Any]) -> str:
    """What kind of hang it is, in one sentence."""
    if not file["locks"]:
        return "Nothing moves any more; the waits do not close to a circle that could be read."
    if Signature(locks=tuple(file["locks"])).orphaned:
        return (
            "A forked child waits for a lock that a thread of its parent held at the fork; that "
            "thread is not in the child, so it waits for ever."
        )
    if len(file["locks"]) == 1:
        return "One thread waits for a lock that it holds itself, so it waits for ever."
    return (
        f"{len(file['locks'])} threads wait for each other's locks in a circle, "
        "so all of them wait for ever."
    )


def reports(edition: Edition, signature: Signature) -> list[Upstream]:
    """What upstream knows of hangs through one of its locks."""
    names = (*signature.locks, *signature.stuck)
    return [
        report
        for report in edition.matrix.upstream
        if any(fnmatchcase(name, report.lock) for name in names)
    ]


def _teaser(file: Mapping[str, Any]) -> Markup:
    times = sum(cell["hangs"] for cell in file["cells"])
    return Markup(
        '<article class="il-card il-hang"><h3><a href="generated/hangs/{slug}.html">'
        "<code>{name}</code></a></h3><p>{short}</p><p>Seen {times} in {cells}.</p></article>"
    ).format(
        slug=file["slug"],
        name=file["signature"],
        short=in_short(file),
        times=plural(times, "time"),
        cells=plural(len(file["cells"]), "combination"),
    )


def _page(
    edition: Edition, file: Mapping[str, Any], signature: Signature
) -> Iterable[str | Markup]:
    name = str(signature).replace("`", "'")
    times = sum(cell["hangs"] for cell in file["cells"])
    example = file["example"]
    yield f"---\ntitle: {json.dumps(name, ensure_ascii=False)}\n---"
    yield f"# `{name}`"
    seen = f"Seen {plural(times, 'time')} in {plural(len(file['cells']), 'combination')}."
    yield block(Markup("<p>{} {}</p>").format(in_short(file), seen))
    if known := reports(edition, signature):
        link = Markup('<li><a href="{}">{}</a></li>')
        links = join(link.format(report.url, report.title) for report in known)
        yield block(Markup("<p>Reported upstream:</p><ul>{}</ul>").format(links))
    if signature.orphaned:
        yield "## The wait"
        lock, holder = signature.locks[0], signature.locks[-1]
        yield block(drawing.orphan(lock, threads(signature, example)[0], holder))
    elif signature.locks:
        yield "## The circle"
        yield block(drawing.cycle(signature.locks, threads(signature, example)))
    if example:
        yield "## The evidence"
        yield from _evidence(edition, example)
    yield "## Affected releases"
    yield block(_affected(edition, file))
    yield "## See it yourself, in a checkout of Interlock"
    yield block(markup.command(_reproduce(edition, file)))


def threads(signature: Signature, example: Mapping[str, Any] | None) -> list[str]:
    """Who waits for each of the signature's locks, as far as the example's snapshot says."""
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


def _evidence(edition: Edition, example: Mapping[str, Any]) -> Iterable[Markup]:
    versions = " × ".join(f"{axis.package} {example[axis.name]}" for axis in edition.axes)
    yield block(
        Markup(
            "<p>From a run of {versions} on Python {python}. Configuration: {config}.</p>"
            "<ol>{sentences}</ol>"
            "<p>It stood {phase} after {exposures} {unit}. The proof was complete {seconds} s after"
            " the last sign of life: two snapshots a moment apart, the same threads waiting for"
            " the same lock objects.</p>{unresolved}"
        ).format(
            versions=versions,
            python=example["python"],
            config=edition.title(example["config"]),
            sentences=join(map(Markup("<li>{}</li>").format, map(code, example["evidence"]))),
            phase=PHASES.get(example["phase"], example["phase"]),
            exposures=example["exposures"],
            unit=edition.unit(example["probe"]),
            seconds=f"{example['noticed_after_s']:.1f}",
            unresolved=_unresolved(example["unresolved"]),
        )
    )
    for snapshot in example["snapshots"][-1:]:
        yield block(join(_thread(thread, snapshot) for thread in snapshot["threads"]))


def _unresolved(notes: Sequence[str]) -> Markup:
    if not notes:
        return Markup("")
    return Markup("<p>What could not be read in the same snapshots:</p><ul>{}</ul>").format(
        join(map(Markup("<li>{}</li>").format, map(code, notes)))
    )


def _thread(thread: Mapping[str, Any], snapshot: Mapping[str, Any]) -> Markup:
    """A thread's frames, innermost first, with what it waits for and is inside of marked."""
    marks: dict[int, list[Markup]] = {}

    def note(frame: int, text: str, kind: str, lock: Any, expression: str) -> None:
        names = snapshot["locks"].get(str(lock), {}).get("names") or [expression]
        mark = Markup('<em class="il-{}">{} {}</em>').format(kind, text, names[0])
        marks.setdefault(frame, []).append(mark)

    if waits := thread["waits"]:
        note(waits["frame"], "waits for", "waits", waits.get("lock"), waits["expression"])
    for hold in thread["holds"]:
        note(hold["frame"], "holds", "holds", hold["lock"], hold["expression"])
    line = Markup("<li><code>{}</code> <small>{}:{}</small> {}</li>")
    frames = join(
        line.format(f["qualname"], f["file"], f["line"], join(marks.get(number, [])))
        for number, f in enumerate(thread["frames"])
    )
    return Markup(
        '<details class="il-frames"><summary>Where {} stood: {}</summary><ol>{}</ol></details>'
    ).format(thread["name"], plural(len(thread["frames"]), "frame"), frames)


def _affected(edition: Edition, file: Mapping[str, Any]) -> Markup:
    """A table per probe and configuration; then where else it was seen."""
    head = markup.columns([*(axis.package for axis in edition.axes), "Python"])
    cell, row = Markup("<td>{}</td>"), Markup("<tr>{}</tr>")
    tables = []
    for probe, config in edition.tracks:
        lines = affected(edition, file, probe, config)
        body = [row.format(join(map(cell.format, line))) for line in lines]
        if lines:
            said = Markup("<p>Configuration: <strong>{}</strong><br><small>{}</small></p>").format(
                edition.title(config), edition.probe_title(probe)
            )
            tables.append(said + markup.table(head, body))
    note = "<p>Both ends were tested; not everything that lies between them was.</p>"
    beside = _beside(edition, file)
    if not tables:
        return beside or Markup("<p>None in the present data.</p>")
    return join(tables) + Markup(note) + beside


def _beside(edition: Edition, file: Mapping[str, Any]) -> Markup:
    """One library alone, and ways out that did not keep it away."""
    seen = [edition.by_cell.get(_key(edition, cell)) for cell in file["cells"]]
    others = [v.cell for v in seen if v and not everything(v.cell)]
    item = Markup('<li><a href="../{}">{}, Python {}</a>: {}</li>')
    lines = [
        item.format(
            markup.found_at(of), markup.releases(of), str(of.python), edition.title(of.config)
        )
        for of in others
    ]
    if not lines:
        return Markup("")
    return Markup(
        "<details><summary>Seen with one library alone or a way out: {}</summary><ul>{}</ul>"
        "</details>"
    ).format(plural(len(lines), "cell"), join(lines))


def affected(
    edition: Edition, file: Mapping[str, Any], probe: str, config: str
) -> list[tuple[str, ...]]:
    """A line per stretch of the other axes with equal windows along the last one, and Pythons.

    Windows are those of releases in which this signature was seen; one that hangs in another way
    ends them.
    """
    seen = {_key(edition, cell) for cell in file["cells"]}
    if all((cell["probe"], cell["config"]) != (probe, config) for cell in file["cells"]):
        return []
    here = [
        v if v.cell.key in seen else replace(v, outcome=Outcome.UNPROVEN)
        for v in edition.by_track.get((probe, config), ())
        if everything(v.cell)
    ]
    found: dict[tuple[str, ...], dict[str, list[PythonVersion]]] = {}
    for rest, along in windows.along(edition.axes[-1].name, here).items():
        *others, _, python, _, _ = rest
        hanging = [_stretch(w.first, w.last) for w in along if w.outcome is Outcome.HANG]
        if hanging:
            pythons = found.setdefault(tuple(others), {})
            pythons.setdefault("; ".join(hanging), []).append(PythonVersion.parse(python))
    told = {
        others: tuple((text, span(on, edition.pythons)) for text, on in pythons.items())
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


def _reproduce(edition: Edition, file: Mapping[str, Any]) -> str:
    """The command for its example, else for the cell that showed it most often."""
    shown = file["example"] or max(file["cells"], key=lambda cell: int(cell["hangs"]))
    return edition.by_cell[_key(edition, shown)].cell.reproduce


def _key(edition: Edition, cell: Mapping[str, Any]) -> tuple[str, ...]:
    names = [*(axis.name for axis in edition.axes), "python", "probe", "config"]
    return tuple(str(cell[name]) for name in names)
