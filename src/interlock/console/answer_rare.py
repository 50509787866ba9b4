"""What an answer says of rare hangs: never that it passes, and how often it hung."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from interlock.findings import Answer, Findings, KindNote, RareHang, Seen, headlines
from interlock.matrix import Matrix, in_words
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
        counted = [_counted(one, of, matrix) for one in of.seen if one.verdict.hangs]
        told = headlines.kind_note(of, matrix, f" in {listing(counted)}")
    elif of.rare:
        lines = "; ".join(f"{one.counted} ({one.probe})" for one in of.rare)
        told = headlines.kind_note(of, matrix, f": {lines}")
    else:
        return f"This answer does not cover an application where {kind.title}. {again}"
    return " ".join(filter(None, [told, kind.instead_plain, again]))


def _counted(one: Seen, of: KindNote, matrix: Matrix) -> str:
    """How often it hung, by which probe; and where, if that is not where the note says."""
    verdict, probe = one.verdict, one.verdict.cell.probe
    where = "" if one.situation == of.situation else in_words(one.situation, matrix.choices)
    told = [probe, f"{verdict.exposures:,} {unit(probe, matrix)}", where]
    often = f"{verdict.hangs:,} of {plural(verdict.trials, 'trial')}"
    return f"{often} ({', '.join(filter(None, told))})"


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
