"""How each step grows with the rows of ``results/``: 1,000, 10,000 and 100,000.

``nox -s bench -- --scale``. The tables are made from the shapes of the real results: each real
release stands for many made-up ones. A made-up pair has the rows of a real pair: its probes,
configurations, baselines, outcomes and signatures. Exposures are varied. Otherwise caches would
answer for rows that are alike only here. Each step runs in a process of its own. Prints a table for
``BENCHMARKS.md``, with the exponent by which seconds grow with rows.

======== ==========================================================================================
read     from ``results/`` to verdicts, nothing else
findings attributions, recommendations, advice, workarounds and windows, for every kind of
         application. That is everything that a site build takes from the findings, without reading
ask      one question, the median of 300. Half of them are about releases that did not run together.
         The findings are loaded, and have answered no question before
first    from verdicts to the first answer: everything that ``ask`` loads
kept     from what an earlier question kept and noted to the first answer
noted    what the first question after a change of the data notes of every row, for later ones
inferred the first answer about a pair that nobody ran, with the findings loaded and noted
further  one more of these, the median of 300
pages    reading, findings, and every page, data file and badge under ``site/generated``
site     the same, and MkDocs
plan     which cells to run, where half of all cells have a verdict
======== ==========================================================================================
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice, product
from pathlib import Path
from statistics import linear_regression, median

from packaging.version import Version

from interlock.campaign import planning
from interlock.findings import Findings, Noted, Question, answer, notes
from interlock.matrix import Matrix, matrix_file
from interlock.model import Axis, Cell, Pin, Release, Verdict, Wheel
from interlock.record import (
    SIGNATURES,
    Kept,
    ListedRelease,
    ListedReleases,
    read_published,
    read_results,
    write_results,
)

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 10_000, 100_000)
QUESTIONS = 300
SEED = 20261127

clock = time.perf_counter

Step = Callable[[Path, Matrix], "Iterator[float]"]
"""Yields the seconds of the measured step, without its preparation."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=SIZES, help="sizes of the tables")
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one step")
    parser.add_argument(
        "--cpu", action="store_true", help="measure processor time, for a busy machine"
    )
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    global clock
    clock = time.process_time if asked.cpu else time.perf_counter
    matrix = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    if asked.run:
        step, folder = asked.run
        seconds = list(STEPS[step](Path(folder), matrix))
        print(json.dumps({"seconds": median(seconds), "peak_mb": _peak_mb()}))
        return
    real = read_results(ROOT / "results", matrix.axes).verdicts
    with tempfile.TemporaryDirectory() as made:
        found: dict[str, dict[int, Mapping[str, float]]] = {step: {} for step in asked.steps}
        for rows in asked.rows:
            folder = Path(made) / str(rows)
            write(made_up(real, rows, matrix.axes), folder, matrix)
            for step in asked.steps:
                found[step][rows] = measured(step, folder, asked.timeout, asked.cpu)
                print(f"{rows:>9,} rows  {step:9} {found[step][rows]}", file=sys.stderr)
            shutil.rmtree(folder)
    print("\n".join(drawn(found, asked.rows)))


def measured(step: str, folder: Path, timeout_s: float, cpu: bool) -> Mapping[str, float]:
    """Run one step in a process of its own; infinite seconds if it takes too long."""
    command = [sys.executable, __file__, "--run", step, str(folder), *["--cpu"] * cpu]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        return {"seconds": math.inf, "peak_mb": math.nan}
    measured: Mapping[str, float] = json.loads(done.stdout)
    return measured


def _peak_mb() -> float:
    """The peak memory of this process alone.

    ``ru_maxrss`` holds the parent's value if that was larger.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


# The tables ---------------------------------------------------------------------------------------


def made_up(real: Sequence[Verdict], rows: int, axes: Sequence[Axis]) -> list[Verdict]:
    """This many rows, of pairs of made-up releases that each stand for a real pair."""
    releases = [_versions(axis, real) for axis in axes]
    counts, made = [2] * len(axes), list[Verdict]()
    while len(made) < rows:
        smallest = min(range(len(axes)), key=lambda i: counts[i] / len(releases[i]))
        counts[smallest] += 1
        stands_for = [
            _names(versions, count) for versions, count in zip(releases, counts, strict=True)
        ]
        if _expected(real, stands_for, axes) >= rows:
            made = list(_resampled(real, stands_for, axes))
    chosen = random.Random(SEED)
    return chosen.sample(made, rows)


def _names(real: Sequence[Version], count: int) -> Mapping[Version, list[Version]]:
    """By real release, made-up ones of its line: 2.14.2 is 2.14.2, 2.14.2.1, and so on."""
    found: dict[Version, list[Version]] = {}
    for number in range(count):
        of = real[number * len(real) // count]
        here = found.setdefault(of, [])
        here.append(Version(f"{of}.{len(here)}") if here else of)
    return found


StandsFor = Sequence[Mapping[Version, list[Version]]]


def _chosen(cell: Cell, stands_for: StandsFor, axes: Sequence[Axis]) -> list[list[Version | None]]:
    versions = [cell.version(axis.name) for axis in axes]
    return [
        [None] if v is None else list(names.get(v, ()))
        for v, names in zip(versions, stands_for, strict=True)
    ]


def _expected(real: Sequence[Verdict], stands_for: StandsFor, axes: Sequence[Axis]) -> int:
    return sum(math.prod(map(len, _chosen(one.cell, stands_for, axes))) for one in real)


def _resampled(
    real: Sequence[Verdict], stands_for: StandsFor, axes: Sequence[Axis]
) -> Iterator[Verdict]:
    varied = random.Random(SEED)
    for one in real:
        lists = _chosen(one.cell, stands_for, axes)
        for versions in product(*lists):
            pins = tuple(
                Pin(axis=axis.name, package=axis.package, version=version)
                for axis, version in zip(axes, versions, strict=True)
            )
            exposures = max(one.hangs, round(one.exposures * varied.uniform(0.7, 1.3)))
            yield replace(one, cell=replace(one.cell, pins=pins), exposures=exposures)


def write(verdicts: Sequence[Verdict], folder: Path, matrix: Matrix) -> None:
    """Write ``results/`` as a campaign does, with the evidence of the real hangs."""
    shutil.copytree(ROOT / "results", folder)
    write_results(verdicts, {}, folder, matrix.axes)
    for path in (folder / SIGNATURES).glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        coordinates = {name: content["cells"][0][name] for name in content["cells"][0]}
        content["example"] |= {n: v for n, v in coordinates.items() if n in content["example"]}
        path.write_text(json.dumps(content), encoding="utf-8")


# The steps ----------------------------------------------------------------------------------------


def _taken(step: Callable[..., object], *given: object) -> float:
    started = clock()
    step(*given)
    return clock() - started


def read(folder: Path, matrix: Matrix) -> Iterator[float]:
    yield _taken(read_results, folder, matrix.axes)


def _findings(folder: Path, matrix: Matrix) -> Findings:
    results = read_results(folder, matrix.axes)
    return Findings(matrix=matrix, verdicts=results.verdicts, withdrawn=results.yanked)


def everything(folder: Path, matrix: Matrix) -> Iterator[float]:
    findings = _findings(folder, matrix)
    started = clock()
    dict(findings.attributions)
    for about in findings.by_application.values():
        _ = about.by_combination, about.recommendations, about.advice
    _ = findings.by_cell, findings.workaround_records, findings.windows
    yield clock() - started


def ask(folder: Path, matrix: Matrix) -> Iterator[float]:
    findings = _findings(folder, matrix)
    for asked in _questions(findings):
        yield _taken(answer, asked, findings)


def first(folder: Path, matrix: Matrix) -> Iterator[float]:
    findings = _findings(folder, matrix)
    yield _taken(answer, next(_questions(findings)), findings)


def kept(folder: Path, matrix: Matrix) -> Iterator[float]:
    now = datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory() as made:
        keep = Kept(folder=Path(made))
        asked = next(_questions(_findings(folder, matrix)))
        verdicts = read_published(folder, matrix, keep, now).verdicts
        plain = notes(Findings(matrix=matrix, verdicts=verdicts))
        started = clock()
        verdicts = read_published(folder, matrix, keep, now).verdicts
        of = Noted(plain, verdicts)
        answer(asked, Findings(matrix=matrix, verdicts=verdicts, now=now, noted=of))
        yield clock() - started


def noted(folder: Path, matrix: Matrix) -> Iterator[float]:
    findings = _findings(folder, matrix)
    yield _taken(notes, replace(findings, releases=_listed(findings)))


def inferred(folder: Path, matrix: Matrix) -> Iterator[float]:
    yield next(_inferred(folder, matrix))


def further(folder: Path, matrix: Matrix) -> Iterator[float]:
    yield from islice(_inferred(folder, matrix), 1, None)


def _inferred(folder: Path, matrix: Matrix) -> Iterator[float]:
    """Seconds of each answer about releases that no row has together."""
    findings = _findings(folder, matrix)
    findings = replace(findings, releases=_listed(findings))
    findings = replace(findings, noted=Noted(notes(findings), findings.rows))
    answer(next(_questions(findings)), findings)
    for asked in [asked for asked in _questions(findings) if not _is_run(asked, findings)]:
        yield _taken(answer, asked, findings)


def _is_run(asked: Question, findings: Findings) -> bool:
    axes = findings.matrix.axes
    pins = tuple(Pin(axis=a.name, package=a.package, version=asked.versions[a.name]) for a in axes)
    return bool(findings.tested.at((pins, asked.python)))


def _listed(findings: Findings) -> ListedReleases:
    """An index that lists the releases of the table, which install on every Python of it."""
    return ListedReleases(
        pythons=tuple(sorted({verdict.cell.python for verdict in findings.verdicts})),
        by_axis={
            axis.name: [ListedRelease(version=v) for v in _versions(axis, findings.verdicts)]
            for axis in findings.matrix.axes
        },
    )


def _questions(findings: Findings) -> Iterator[Question]:
    """Each configuration of releases that ran together, and of some that did not."""
    drawn = random.Random(SEED)
    rows = [v for v in findings.verdicts if all(pin.version for pin in v.cell.pins)]
    for number in range(QUESTIONS):
        one, other = drawn.choice(rows).cell, drawn.choice(rows).cell
        pins = one.pins if number % 2 else (one.pins[0], *other.pins[1:])
        versions = {pin.axis: pin.version for pin in pins if pin.version}
        yield Question(versions=versions, python=one.python)


def pages(folder: Path, matrix: Matrix) -> Iterator[float]:
    from interlock.publish.publishers import generate

    with tempfile.TemporaryDirectory() as made:
        started = clock()
        generate(folder, Path(made), matrix)
        yield clock() - started


def site(folder: Path, matrix: Matrix) -> Iterator[float]:
    from interlock.publish import site

    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        shutil.copy(ROOT / "mkdocs.yml", root)
        shutil.copytree(ROOT / "site", root / "site", ignore=shutil.ignore_patterns("generated"))
        os.chdir(root)
        started = clock()
        site.build(root, folder, matrix)
        yield clock() - started


def plan(folder: Path, matrix: Matrix) -> Iterator[float]:
    verdicts = read_results(folder, matrix.axes).verdicts
    releases = {axis.name: _releases(axis, verdicts) for axis in matrix.axes}
    now = max(verdict.tested_at for verdict in verdicts)
    started = clock()
    known = planning.by_cell(verdicts[::2], matrix)
    cells = [verdict.cell for verdict in verdicts]
    planning.plan(cells, known, matrix=matrix, releases=releases, now=now, machine="x86_64")
    yield clock() - started


def _releases(axis: Axis, verdicts: Sequence[Verdict]) -> list[Release]:
    return [
        Release(
            package=axis.package,
            version=version,
            uploaded_at=None,
            requires_python=None,
            wheels=(Wheel(filename=f"x-{version}-py3-none-any.whl", requires_python=None),),
            yanked=False,
        )
        for version in _versions(axis, verdicts)
    ]


def _versions(axis: Axis, verdicts: Sequence[Verdict]) -> list[Version]:
    found = {verdict.cell.version(axis.name) for verdict in verdicts}
    return sorted(version for version in found if version is not None)


STEPS: Mapping[str, Step] = {
    "read": read,
    "findings": everything,
    "ask": ask,
    "first": first,
    "kept": kept,
    "noted": noted,
    "inferred": inferred,
    "further": further,
    "pages": pages,
    "site": site,
    "plan": plan,
}


def drawn(
    found: Mapping[str, Mapping[int, Mapping[str, float]]], sizes: Sequence[int]
) -> Iterator[str]:
    """A Markdown table: seconds by size, memory at the largest, and how seconds grow."""
    yield f"| step | {' | '.join(f'{rows:,} rows' for rows in sizes)} | peak memory | exponent |"
    yield f"| --- |{' ---: |' * (len(sizes) + 2)}"
    for step, by_size in found.items():
        seconds = [by_size[rows]["seconds"] for rows in sizes]
        times = " | ".join(map(_seconds, seconds))
        peak = by_size[sizes[-1]]["peak_mb"]
        memory = "-" if math.isnan(peak) else f"{peak:,.0f} MB"
        yield f"| {step} | {times} | {memory} | {_growth(sizes, seconds)} |"


def _seconds(number: float) -> str:
    if math.isinf(number):
        return "too long"
    return f"{number * 1000:.2f} ms" if number < 0.1 else f"{number:.1f} s"


def _growth(sizes: Sequence[int], seconds: Sequence[float]) -> str:
    """The slope of log seconds over log rows: for all sizes, and for the largest two."""
    known = [
        (math.log(r), math.log(s)) for r, s in zip(sizes, seconds, strict=True) if math.isfinite(s)
    ]
    if len(known) < 2:
        return "-"
    rows, taken = zip(*known, strict=True)
    (r1, s1), (r2, s2) = known[-2:]
    return f"{linear_regression(rows, taken).slope:.2f} (last {(s2 - s1) / (r2 - r1):.2f})"


if __name__ == "__main__":
    main()
