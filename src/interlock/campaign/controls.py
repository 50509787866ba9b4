"""What the controls of a campaign answered, and what that makes of its passes.

A control is a cell with a known answer. Where one answers otherwise, the campaign's passes of its
probe prove nothing: on its Python, and on every Python that has no control with the same known
answer of its own. A control of a probe that is in no set needs none of the tested libraries; it
vouches for every probe. What hung says how many exposures it took (``power.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from interlock.evidence import classification, power
from interlock.matrix import Control, Matrix
from interlock.model import ABSENT, Outcome, Probe, PythonVersion, Trial, Unsupported, outcome_of


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one trial of a control gave."""

    campaign: str
    control: Control
    at: datetime
    outcome: Outcome
    exposures: int
    load: float

    @property
    def as_expected(self) -> bool:
        return self.outcome is self.control.expect


def answer(control: Control, ran: Trial, probe: Probe) -> Answer:
    """Raises ``ProtocolError`` for a stream that says nothing."""
    finding = classification.classify(ran.events, probe.asked_of(ran.cell))
    return Answer(
        campaign=ran.campaign,
        control=control,
        at=ran.started_at,
        outcome=outcome_of(finding),
        exposures=0 if isinstance(finding, Unsupported) else finding.exposures,
        load=power.load_of(ran.events),
    )


@dataclass(frozen=True, kw_only=True)
class Told:
    """All answers of one control in one campaign."""

    control: Control
    answers: tuple[Answer, ...]
    """In the order in which they were given."""
    for_all: bool
    """Whether it vouches for every probe."""

    @property
    def differs(self) -> bool:
        """Whether so many in a row as it has tries were other than expected.

        A trial that proved nothing is not counted, unless no other was run.
        """
        row = 0
        for given in self.counted:
            row = 0 if given.as_expected else row + 1
            if row >= self.control.tries:
                return True
        return False

    @property
    def counted(self) -> tuple[Answer, ...]:
        proven = tuple(a for a in self.answers if a.outcome is not Outcome.UNPROVEN)
        return proven or self.answers

    def __str__(self) -> str:
        other = [given for given in self.counted if not given.as_expected]
        gave = " and ".join(dict.fromkeys(str(given.outcome) for given in other))
        return (
            f"the control {self.control.cell} should give {self.control.expect} and gave {gave} "
            f"in {len(other)} of {len(self.counted)}"
        )


def _reached(answers: Sequence[Answer]) -> Iterator[power.Reached]:
    """What each hang of a control took: its exposures, and those of the passes since the last."""
    missed = 0
    for one in answers:
        if one.outcome is Outcome.PASS:
            missed += one.exposures
        elif one.as_expected:
            yield power.Reached(
                python=one.control.cell.python,
                load=one.load,
                exposures=missed + one.exposures,
                scales=one.control.scale_by_load,
            )
            missed = 0


class Answers:
    """What the controls of some campaigns answered, asked about what they vouch for."""

    def __init__(self, matrix: Matrix, given: Iterable[Answer] = ()) -> None:
        self._matrix = matrix
        self._told: dict[str, list[Told]] = {}
        self._needed: dict[tuple[str, str], list[power.Reached]] = {}
        ordered = sorted(given, key=lambda a: (a.campaign, _order(a.control), a.at))
        for (campaign, _), group in groupby(ordered, key=lambda a: (a.campaign, a.control.cell)):
            answers = tuple(group)
            control = answers[0].control
            for_all = self._matrix.vouches_for_all(control.cell.probe)
            told = Told(control=control, answers=answers, for_all=for_all)
            self._told.setdefault(campaign, []).append(told)
            if control.expect is Outcome.HANG:
                of = (campaign, control.cell.probe)
                self._needed.setdefault(of, []).extend(_reached(answers))

    def told(self, campaign: str) -> Sequence[Told]:
        """By control, in the order of the matrix."""
        return self._told.get(campaign, [])

    @property
    def campaigns(self) -> tuple[str, ...]:
        return tuple(self._told)

    def doubt(self, campaign: str, probe: str, python: PythonVersion) -> str | None:
        """In words, which control gave another answer; None where passes stand."""
        return next(
            (
                str(told)
                for told in self.told(campaign)
                if told.differs and self._reaches(told, probe, python)
            ),
            None,
        )

    def needed(self, campaign: str, probe: str, python: PythonVersion, load: float) -> int:
        """Exposures that the known hang of the probe needed on a machine as busy as that."""
        return power.needed(self._needed.get((campaign, probe), ()), python, load)

    def needs(self, ran: Trial) -> int:
        """The same, for a trial that was run."""
        load = power.load_of(ran.events)
        return self.needed(ran.campaign, ran.cell.probe, ran.cell.python, load)

    def _reaches(self, told: Told, probe: str, python: PythonVersion) -> bool:
        control = told.control
        if not told.for_all and control.cell.probe != probe:
            return False
        return control.cell.python == python or not any(
            other.cell.python == python
            and other.cell.probe == control.cell.probe
            and other.expect is control.expect
            for other in self._matrix.controls
        )


def _order(control: Control) -> tuple[Any, ...]:
    return control.entry, control.cell.python, control.cell.key


def rows(answers: Answers) -> list[dict[str, Any]]:
    """What each control of each campaign answered, as ``controls.json`` has it."""
    return [
        _row(campaign, told) for campaign in answers.campaigns for told in answers.told(campaign)
    ]


def _row(campaign: str, told: Told) -> dict[str, Any]:
    cell = told.control.cell
    counted = told.counted
    return {
        "campaign": campaign,
        "cell": {pin.axis: str(pin.version or ABSENT) for pin in cell.pins}
        | {"python": str(cell.python), "probe": cell.probe, "config": cell.config},
        "expected": str(told.control.expect),
        "got": dict(sorted(Counter(str(given.outcome) for given in told.answers).items())),
        "as_expected": sum(given.as_expected for given in counted),
        "trials": len(counted),
        "load": [round(of(a.load for a in told.answers), 2) for of in (min, max)],
        "first_at": min(given.at for given in told.answers).isoformat(),
        "last_at": max(given.at for given in told.answers).isoformat(),
        "differs": told.differs,
        "vouches_for": None if told.for_all else cell.probe,
        "says": f"{told}" if told.differs else "",
    }
