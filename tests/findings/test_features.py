"""How a missing feature is named: by what its configuration switches on, never from prose."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import LEVEL, cell, choice, forking, matrix, verdict

from interlock.findings.features import lack_in_words
from interlock.findings.situation import Seen
from interlock.matrix.definition import ProbeUse
from interlock.model import Configuration, Reason

CHOICES = {
    **LEVEL,
    "logs": choice("logs", "off: logs are off", "on: logs are on", title="structured logs"),
    "noise": choice("noise", "off: all is quiet", "on: there is noise", default="on"),
    **forking(),
}


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"logs": "on"}, "left-lib 1.0 lacks structured logs"),
        # what is off, and what only a probe chooses, is no feature
        ({"logs": "on", "noise": "off"}, "left-lib 1.0 lacks structured logs"),
        # nothing says which of two it is
        ({"logs": "on", "level": "WARNING"}, "left-lib 1.0 lacks what serve tests"),
        ({}, "left-lib 1.0 lacks what serve tests"),
    ],
)
@pytest.mark.parametrize("detail", ["", "no wings: this release cannot fly."])
def test_a_missing_feature_is_named_by_what_is_switched_on(
    chosen: dict[str, str], says: str, detail: str
) -> None:
    made = matrix()
    serve = replace(made.probes["serve"], needs=("left",))
    known = replace(
        made,
        choices=CHOICES,
        probes={**made.probes, "serve": serve},
        uses={"serve": ProbeUse(choices={"forking": "yes"})},
        configurations={
            "logs": Configuration(name="logs", title="", description="", choices=chosen)
        },
    )
    situation = known.situation_of("serve", "logs")
    assert situation
    of = cell(probe="serve", config="logs")
    lacks = verdict(of, "unsupported", reason=Reason.NO_FEATURE, detail=detail)
    assert lack_in_words(Seen(verdict=lacks, situation=situation), known) == says
