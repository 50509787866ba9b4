"""What an answer says of rare hangs: never that it passes, and how often it hung."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interlock.findings import Answer, Findings, KindNote, RareHang, headlines
from interlock.matrix import Matrix
from interlock.model import listing, plural


def sentences(answer: Answer, matrix: Matrix, told: Collection[RareHang]) -> Iterator[str]:
    """How often hangs of this kind came at all, and in the release lines of the question.

    ``told`` are the release lines that the answer names already.
    """
    counted = [
        f"{one.pool.hangs:,} of {one.pool.exposures:,} {unit(one.probe, matrix)} ({one.probe})"
        for one in answer.rates
    ]
    if counted:
        yield f"Over all releases and Pythons that were tested, it hung in {listing(counted)}."
    for one in answer.lines:
        if one not in told:
            yield f"The release line by {one.probe}: {one}."
    yield "A hang of this kind is rare, so a pass proves little."


def note(of: KindNote, matrix: Matrix) -> str:
    """What was seen of the releases in a kind of application that the question leaves open."""
    kind = of.kind
    again = f"Ask again with --with {kind.name}."
    if of.hangs:
        counted = [
            f"{s.verdict.hangs:,} of {plural(s.verdict.trials, 'trial')} ({s.verdict.cell.probe}, "
            f"{s.verdict.exposures:,} {unit(s.verdict.cell.probe, matrix)})"
            for s in of.seen
            if s.verdict.hangs
        ]
        told = headlines.kind_note(of, f" in {listing(counted)}")
    elif of.rare:
        lines = "; ".join(f"{one.counted} ({one.probe})" for one in of.rare)
        told = headlines.kind_note(of, f": {lines}")
    else:
        return f"This answer does not cover an application where {kind.title}. {again}"
    return " ".join(filter(None, [told, kind.instead_plain, again]))


def line_rates(findings: Findings, probe: str, config: str) -> Iterator[str]:
    """Each release line that a probe ran in a configuration with every library, and its rate."""
    yield ""
    yield f"{probe} in {config}: hangs are rare, so release lines have rates and no windows"
    found = [one for one in findings.rare_hangs if (one.probe, one.config) == (probe, config)]
    yield from (f"  {one}" for one in found if not one.is_alone)


def unit(probe: str, matrix: Matrix) -> str:
    """What a probe counts as exposures."""
    known = matrix.probes.get(probe)
    return known.exposure_unit if known else "exposures"
