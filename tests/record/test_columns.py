"""Verdicts in columns: the same verdicts, whenever they are made."""

from __future__ import annotations

import marshal
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from published import AXES, CYCLE, SELF, cell, verdict

from interlock.model import Basis, Measured, Outcome, Phase, PythonVersion, Reason, Verdict
from interlock.record.columns import Columns

HANG: dict[str, object] = {
    "phase": Phase.SERVING,
    "reason": Reason.LOCK_CYCLE,
    "signatures": ((CYCLE, 2), (SELF, 1)),
    "hangs": 3,
}
FAILURE: dict[str, object] = {"phase": Phase.IMPORT, "reason": Reason.ERROR, "cause": "a.Bad"}


def several() -> list[Verdict]:
    exit_s = Measured(name="exit-s", trials=3, median=0.5, least=0.25, most=2.0)
    return [
        verdict(cell("1.0", "1.0")),
        verdict(cell("1.0", "1.1"), Outcome.HANG, **HANG),
        verdict(cell("1.10rc1", "1.0"), Outcome.FAIL, **FAILURE, failed=1),
        verdict(cell(None, "1.0"), measured=(exit_s,)),
        verdict(cell("1.0", "1.0", python="3.9"), seconds=0.125, basis=Basis.INFERRED),
    ]


def unpacked(verdicts: list[Verdict]) -> Columns:
    return Columns.unpacked(marshal.loads(marshal.dumps(Columns.of(verdicts).packed(AXES))))


def test_every_verdict_comes_back() -> None:
    assert [*unpacked(several())] == several()


def test_no_verdicts_come_back() -> None:
    assert [*unpacked([])] == []


def test_a_verdict_is_made_once() -> None:
    found = unpacked(several())
    assert found[1] is found[1]
    assert found[-1] is found[len(found) - 1]


def test_what_is_known_of_a_row_without_its_verdict() -> None:
    for found in (Columns.of(several()), unpacked(several())):
        assert [*found.outcomes] == [one.outcome for one in several()]
        assert [*found.tested] == [True, True, True, True, False]
        assert [*found.is_whole] == [True, True, True, False, True]


def test_rows_are_grouped_in_their_order() -> None:
    found = unpacked(several()).grouped(-3)
    assert {python: [*rows] for python, rows in found.items()} == {
        PythonVersion(3, 10): several()[:4],
        PythonVersion(3, 9): several()[4:],
    }


def test_a_slice_has_verdicts() -> None:
    assert [*unpacked(several())[1:3]] == several()[1:3]
    with pytest.raises(IndexError):
        unpacked(several())[5]


OTHER_ZONE = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1, 0, 0, 0, 1, timezone.utc), datetime(2026, 1, 1, tzinfo=OTHER_ZONE)],
)
def test_a_moment_that_would_come_back_otherwise_is_not_packed(moment: datetime) -> None:
    with pytest.raises(ValueError, match="parts of a second"):
        Columns.of([replace(several()[0], tested_at=moment)]).packed(AXES)
