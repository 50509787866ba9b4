"""The effect of a workaround on one combination, by all probes that need it."""

from __future__ import annotations

import pytest
from grids import cell, matrix, verdict

from interlock.findings.effects import OfferedWorkaround, offered
from interlock.findings.workarounds import records, tried
from interlock.matrix.definition import ProbeUse, Workaround
from interlock.model import Reason, Verdict

NAMES = ("quiet", "slow")
WAYS = {
    name: Workaround(name=name, title=name, description="", costs="", settings={name: 1})
    for name in NAMES
}
USE = ProbeUse(workarounds={"stock": NAMES})
KNOWN = matrix(uses={"restart": USE, "serve": USE}, workarounds=WAYS)
ENOUGH = 3000
"""Enough exposures to show a hang that occurs once in 100."""


def said(text: str) -> list[Verdict]:
    """Rows such as ``hang; quiet pass; 2.0 slow few; serve: hang``.

    They are by release, workaround and probe.
    """
    found = []
    for clause in text.split(";"):
        probe, _, rest = clause.rpartition(":")
        *where, outcome = rest.split()
        left = next((word for word in where if word[0].isdigit()), "1.0")
        way = next((f"+{word}" for word in where if word in NAMES), "")
        of = cell(left, config=f"stock{way}", probe=probe.strip() or "restart")
        exposures = {"pass": ENOUGH, "few": 20}.get(outcome, 100)
        outcome = "pass" if outcome == "few" else outcome
        reason = {"reason": Reason.SELF_DEADLOCK} if outcome == "hang" else {}
        found.append(verdict(of, outcome, exposures=exposures, **reason))
    return found


def offers(text: str) -> list[OfferedWorkaround]:
    """For the release 1.0."""
    verdicts = said(text)
    workarounds = tried(verdicts, KNOWN)
    here = [v for v in verdicts if v.cell.pins == cell().pins and v.cell.config == "stock"]
    return offered(here, workarounds, records(workarounds))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hang; quiet pass", "quiet WORKS"),
        ("hang; quiet few", "quiet TOO_FEW"),
        ("hang; quiet unproven", "quiet UNPROVEN"),
        ("hang; quiet hang", "quiet FAILS"),
        ("hang; quiet fail", "quiet FAILS"),
        # it may only make the hang rarer
        ("hang; quiet pass; 2.0 hang; 2.0 quiet hang", "quiet HANGS_ELSEWHERE"),
        # on another combination it was not needed
        ("hang; quiet pass; 2.0 pass; 2.0 quiet hang", "quiet WORKS"),
        # it has to help with every probe that goes wrong
        ("hang; serve: hang; quiet pass; serve: quiet pass", "quiet WORKS"),
        ("hang; serve: hang; quiet pass; serve: quiet hang", "quiet FAILS"),
        ("hang; serve: hang; quiet pass; serve: quiet unproven", "quiet UNPROVEN"),
        ("hang; serve: hang; quiet pass; serve: quiet few", "quiet TOO_FEW"),
        ("hang; serve: hang; quiet pass", "quiet NOT_BY_ALL"),
        ("hang; serve: hang; quiet pass; serve: quiet unsupported", "quiet NOT_BY_ALL"),
        # a probe that passes needs none
        ("hang; serve: pass; quiet pass; serve: quiet hang", "quiet WORKS"),
        # workarounds that help come first, led by those that help with every probe
        (
            "hang; serve: hang; quiet pass; slow pass; serve: slow pass",
            "slow WORKS, quiet NOT_BY_ALL",
        ),
        ("hang; quiet hang; slow pass", "slow WORKS, quiet FAILS"),
        # a cell that could not run proves nothing, and a pass needs no workaround
        ("hang; quiet unsupported", ""),
        ("hang", ""),
        ("pass; quiet pass", ""),
    ],
)
def test_a_workaround_is_offered_as_what_became_of_it(text: str, expected: str) -> None:
    assert ", ".join(f"{one.way.name} {one.effect.name}" for one in offers(text)) == expected


def test_an_offer_names_the_probes_that_it_was_run_by_and_those_that_it_was_not() -> None:
    (one,) = offers("hang; serve: hang; quiet pass")

    assert (one.run_by, one.not_run_by) == (("restart",), ("serve",))
    assert one.failing is None


def test_an_offer_has_the_verdict_with_which_it_fails() -> None:
    (one,) = offers("hang; serve: hang; quiet pass; serve: quiet fail")

    assert one.failing is not None
    assert one.failing.cell == cell(config="stock+quiet", probe="serve")
