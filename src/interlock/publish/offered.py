"""The workarounds that an answer of the start page offers, in words."""

from __future__ import annotations

from interlock.findings import OfferedWorkaround, SituationAnswer, WorkaroundEffect, offered
from interlock.model import Outcome, Verdict, listing
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS, Mark, mark, sentence, why, word


def ways(context: PageContext, part: SituationAnswer) -> list[tuple[Mark, str]]:
    """The sign and sentence of each workaround that ran on these cells.

    Left out where hangs are rare and only rates count, because a single pass may be luck.
    """
    findings = context.findings
    troubled = [
        one.verdict
        for one in part.rests_on
        if one.is_trouble
        and not one.inferred
        and one.situation == part.situation
        and context.matrix.is_about(None, one.verdict.cell.probe)
    ]
    found = offered(troubled, findings.workarounds, findings.workaround_records)
    alone = len(troubled) == 1
    return [(_sign(one), f"{sentence(one.way.title)[:-1]}: {_effect(one, alone)}") for one in found]


def _sign(one: OfferedWorkaround) -> Mark:
    """The sign of a workaround, which means what it means on every page."""
    match one.effect:
        case WorkaroundEffect.FAILS:
            return mark(one.failing)
        case WorkaroundEffect.WORKS:
            return mark(one.tried[0].verdict)
        case WorkaroundEffect.NOT_BY_ALL:
            return mark(one.tried[0].verdict, part=True)
        case (
            WorkaroundEffect.UNPROVEN | WorkaroundEffect.TOO_FEW | WorkaroundEffect.HANGS_ELSEWHERE
        ):
            return Mark(f"il-{Outcome.UNPROVEN}", WORDS[Outcome.UNPROVEN].symbol)


def _effect(one: OfferedWorkaround, alone: bool) -> str:
    """The effect of a workaround; ``alone`` if only a single probe has trouble."""
    if one.failing:
        return _fails(one.failing, alone)
    where = "" if alone else _where(one)
    match one.effect:
        case WorkaroundEffect.UNPROVEN:
            says = f"not proven{where}"
        case WorkaroundEffect.HANGS_ELSEWHERE:
            assert one.elsewhere, "some record has a hang"
            says = (
                f"don't count on it. It passes here{where}, yet with it {one.elsewhere.hangs} of "
                f"{one.elsewhere.tried} combinations hang in the same way"
            )
        case WorkaroundEffect.TOO_FEW:
            says = f"passes{where}, in too few runs to tell from luck"
        case _:
            says = f"passes{where}"
    apply = f" To apply it: {one.way.paste}" if one.way.paste else ""
    return f"{says}. It costs: {one.way.costs}{apply}"


def _fails(failing: Verdict, alone: bool) -> str:
    by = "" if alone else f" by {failing.cell.probe}"
    reason = f", {why(failing)}" if failing.reason else ""
    shape = f" ({failing.signature})" if failing.signature else ""
    return f"does not help. With it, it {word(failing).name}{by}{reason}{shape}."


def _where(one: OfferedWorkaround) -> str:
    """The probes that ran with it, if several have trouble."""
    rest = one.not_run_by
    return f" by {listing(one.run_by)}" + (
        f" (not run by {listing(rest, last='or')})" if rest else ""
    )
