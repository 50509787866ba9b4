"""The results of a campaign's controls, and the passes that they make worthless.

A control is a cell with a known answer. If it gives another answer, the campaign's passes of its
probe prove nothing. That holds on the control's Python, and on each Python without a control of its
own with the same answer. A control of a probe that is in no set needs no tested library, and
vouches for every probe. A control that hangs shows how many exposures that took (``power.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from interlock.evidence import power
from interlock.matrix import Control, Matrix
from interlock.model import ABSENT, Finding, Outcome, PythonVersion, Trial, Unsupported, outcome_of


@dataclass(frozen=True, kw_only=True)
class ControlResult:
    """The result of one trial of a control."""

    campaign: str
    control: Control
    at: datetime
    outcome: Outcome
    exposures: int
    load: float

    @classmethod
    def of(cls, control: Control, ran: Trial, finding: Finding) -> ControlResult:
        return cls(
            campaign=ran.campaign,
            control=control,
            at=ran.started_at,
            outcome=outcome_of(finding),
            exposures=0 if isinstance(finding, Unsupported) else finding.exposures,
            load=power.load_of(ran.events),
        )

    @property
    def as_expected(self) -> bool:
        return self.outcome is self.control.expect


@dataclass(kw_only=True)
class ControlRecord:
    """All results of one control in one campaign."""

    control: Control
    for_all: bool
    """Whether it vouches for every probe."""
    results: list[ControlResult] = field(default_factory=list)
    """In the order in which they were added."""
    _row: int = 0
    """How many proven results in a row, up to the last, were not as expected."""
    _differed: bool = False
    _proven: int = 0
    _missed: int = 0
    """Exposures of the passes since the last hang."""

    def add(self, result: ControlResult) -> power.Reached | None:
        """Add a result; return the exposures that the hang took, if it is a known hang."""
        self.results.append(result)
        if result.outcome is not Outcome.UNPROVEN:
            self._proven += 1
            self._row = 0 if result.as_expected else self._row + 1
            self._differed |= self._row >= self.control.tries
        if self.control.expect is not Outcome.HANG:
            return None
        if result.outcome is Outcome.PASS:
            self._missed += result.exposures
        if not result.as_expected:
            return None
        took, self._missed = self._missed + result.exposures, 0
        return power.Reached(
            python=self.control.cell.python,
            load=result.load,
            exposures=took,
            scales=self.control.scale_by_load,
        )

    @property
    def differs(self) -> bool:
        """Whether its last proven results were not as expected, as many as it has tries.

        A trial that proved nothing counts only if no other trial ran.
        """
        return self._differed if self._proven else len(self.results) >= self.control.tries

    @property
    def counted(self) -> Sequence[ControlResult]:
        proven = [r for r in self.results if r.outcome is not Outcome.UNPROVEN]
        return proven or self.results

    def __str__(self) -> str:
        counted = self.counted
        other = [result for result in counted if not result.as_expected]
        gave = " and ".join(dict.fromkeys(str(result.outcome) for result in other))
        return (
            f"the control {self.control.cell} should give {self.control.expect} and gave {gave} "
            f"in {len(other)} of {len(counted)}"
        )


class ControlResults:
    """The results of the controls of some campaigns, and which passes rest on them.

    ``earlier`` reads a campaign's results when they are first needed.
    """

    def __init__(
        self,
        matrix: Matrix,
        results: Iterable[ControlResult] = (),
        *,
        earlier: Callable[[str], Iterable[ControlResult]] = lambda campaign: (),
    ) -> None:
        self._matrix = matrix
        self._earlier = earlier
        self._records: dict[str, dict[Control, ControlRecord]] = {}
        self._needs: dict[tuple[str, str, PythonVersion | None], power.Needs] = {}
        """By campaign, probe and Python; None is every Python."""
        self._vouches: dict[tuple[Control, str, PythonVersion], bool] = {}
        for result in results:
            self.add(result)

    def begin(self, campaign: str) -> None:
        """Note a new campaign: it has no earlier results to read."""
        self._records.setdefault(campaign, {})

    def add(self, result: ControlResult) -> None:
        campaign, control = result.campaign, result.control
        of = self._records.setdefault(campaign, {})
        if control not in of:
            for_all = self._matrix.vouches_for_all(control.cell.probe)
            of[control] = ControlRecord(control=control, for_all=for_all)
        took = of[control].add(result)
        if took is None:
            return
        for python in (control.cell.python, None):
            key = (campaign, control.cell.probe, python)
            self._needs[key] = self._needs.get(key, power.Needs()).plus(took)

    def records(self, campaign: str) -> Sequence[ControlRecord]:
        """By control, in the order of the matrix."""
        return sorted(self._of(campaign).values(), key=lambda record: _order(record.control))

    def of(self, campaign: str, control: Control) -> Sequence[ControlResult]:
        """The results of one control in one campaign."""
        record = self._of(campaign).get(control)
        return record.results if record else ()

    def heaviest(self, campaign: str, probe: str) -> float:
        """The heaviest load under which a control of the probe answered as known, or 0."""
        return max(
            (
                result.load
                for control, record in self._of(campaign).items()
                if control.cell.probe == probe
                for result in record.results
                if result.as_expected
            ),
            default=0.0,
        )

    @property
    def campaigns(self) -> Sequence[str]:
        return sorted(campaign for campaign, of in self._records.items() if of)

    def doubt(self, campaign: str, probe: str, python: PythonVersion) -> str | None:
        """A sentence on the control that gave another answer; None if the passes count."""
        doubtful = [
            record
            for record in self._of(campaign).values()
            if record.differs and self.vouches(record.control, probe, python)
        ]
        first = min(doubtful, key=lambda record: _order(record.control), default=None)
        return str(first) if first else None

    def needs(self, campaign: str, probe: str, python: PythonVersion) -> power.Needs:
        """What the known hang of the probe took on that Python.

        Without a known hang there, the hangs on all Pythons count.
        """
        self._of(campaign)
        own = self._needs.get((campaign, probe, python))
        return own or self._needs.get((campaign, probe, None)) or power.Needs()

    def needed(self, ran: Trial) -> int:
        """The exposures that the known hang needed under the load of that trial."""
        cell = ran.cell
        return self.needs(ran.campaign, cell.probe, cell.python).at(power.load_of(ran.events))

    def vouches(self, control: Control, probe: str, python: PythonVersion) -> bool:
        """Whether a pass of that probe on that Python rests on the control."""
        key = (control, probe, python)
        if key not in self._vouches:
            self._vouches[key] = self._does_vouch(*key)
        return self._vouches[key]

    def _does_vouch(self, control: Control, probe: str, python: PythonVersion) -> bool:
        if control.cell.probe != probe and not self._matrix.vouches_for_all(control.cell.probe):
            return False
        return control.cell.python == python or not any(
            other.cell.python == python
            and other.cell.probe == control.cell.probe
            and other.expect is control.expect
            for other in self._matrix.controls
        )

    def _of(self, campaign: str) -> dict[Control, ControlRecord]:
        if campaign not in self._records:
            self._records[campaign] = {}
            for result in self._earlier(campaign):
                self.add(result)
        return self._records[campaign]


def _order(control: Control) -> tuple[Any, ...]:
    return control.entry, control.cell.python, control.cell.key


def rows(results: ControlResults) -> list[dict[str, Any]]:
    """The rows of ``controls.json``: each control of each campaign."""
    return [
        _row(campaign, record)
        for campaign in results.campaigns
        for record in results.records(campaign)
    ]


def _row(campaign: str, record: ControlRecord) -> dict[str, Any]:
    cell = record.control.cell
    counted, results = record.counted, record.results
    return {
        "campaign": campaign,
        "cell": {pin.axis: str(pin.version or ABSENT) for pin in cell.pins}
        | {"python": str(cell.python), "probe": cell.probe, "config": cell.config},
        "expected": str(record.control.expect),
        "got": dict(sorted(Counter(str(result.outcome) for result in results).items())),
        "as_expected": sum(result.as_expected for result in counted),
        "trials": len(counted),
        "load": [round(of(result.load for result in results), 2) for of in (min, max)],
        "first_at": min(result.at for result in results).isoformat(),
        "last_at": max(result.at for result in results).isoformat(),
        "differs": record.differs,
        "vouches_for": None if record.for_all else cell.probe,
        "says": f"{record}" if record.differs else "",
    }
