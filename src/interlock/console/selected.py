"""What is printed of a selection: the versions it means, and its size if it is too large."""

from __future__ import annotations

from interlock.campaign import MOST_AT_ONCE, Count
from interlock.console.progress import about, duration
from interlock.matrix import Matrix, Selection
from interlock.model import listing, plural


def numbers(count: Count, jobs: int) -> str:
    """One line on a selection that is too large to be listed."""
    parts = [f"{count.cells:,} cells: {count.to_run:,} to run"]
    if count.unsupported:
        parts.append(f"{count.unsupported:,} that can't be installed")
    if count.known:
        parts.append(f"{count.known:,} with a fresh verdict")
    return ", ".join([*parts, f"{about(count.seconds)} with {plural(jobs, 'job')}"])


def too_many(count: Count, jobs: int, matrix: Matrix) -> str:
    """Why a run of so many cells does not start, and what to do instead."""
    options = [*(f"--{axis.name}" for axis in matrix.axes), "--python", "--probe", "--config"]
    return (
        f"these are {count.cells:,} cells, and {count.to_run:,} of them would run, "
        f"{about(count.seconds)} with {plural(jobs, 'job')}; at most {MOST_AT_ONCE:,} can be run "
        "one by one: search them with --budget TIME, such as 90m, or only count them with "
        f"--dry-run, or narrow them with {listing(options, last='or')}"
    )


def chosen(found: Selection, matrix: Matrix) -> list[str]:
    """What ``latest`` is today, and which releases are still too young to be tested."""
    lines = [f"{what} is {version}" for what, version in found.resolved.items()]
    for axis, versions in found.too_young.items():
        lines.append(
            f"{axis} {listing(list(map(str, versions)))} is left out for now: it is younger than "
            f"{duration(matrix.policy.cool_down.total_seconds())} (`cool_down`); "
            f"--{axis} {versions[-1]} runs it"
        )
    return lines
