"""What a check found: what decides, what does not, and the exit code. Pure data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.check.exceptions import Exempt
from interlock.check.found import Mention
from interlock.findings import Answer, AnswerBasis, RareHang, SituationAnswer
from interlock.matrix import Situation
from interlock.model import Axis, Outcome, PythonVersion


class Exit(IntEnum):
    """The exit codes of a check."""

    CLEAR = 0
    """Nothing was found: all of it is known, and passes."""
    FOUND = 1
    """A known hang or failure."""
    MISTAKE = 2
    """Bad input: no library, a file that can't be read, a wrong option."""
    TROUBLE = 3
    """Trouble of our own."""
    NOT_KNOWN = 5


class State(str, Enum):
    """What is known of some releases in some settings, the worst first."""

    HANG = "hang"
    FAIL = "fail"
    CAN_HANG = "can-hang-rarely"
    UNKNOWN = "unknown"
    UNPROVEN = "unproven"
    UNSUPPORTED = "unsupported"
    NO_HANG_SEEN = "no-hang-seen"
    """Where a hang is rare, and none was seen."""
    PASS = "pass"

    def __str__(self) -> str:
        return self.value

    @classmethod
    def of(cls, outcome: Outcome | None, rare: RareHang | None) -> State:
        """The state of an answer. Where hangs are rare, a pass is none."""
        if rare:
            return cls.CAN_HANG if rare.can_hang else cls.NO_HANG_SEEN
        return cls(outcome.value) if outcome else cls.UNKNOWN

    @property
    def is_trouble(self) -> bool:
        return self in (State.HANG, State.FAIL, State.CAN_HANG)

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(State).index(self)

    @property
    def code(self) -> Exit:
        if self is State.PASS:
            return Exit.CLEAR
        return Exit.FOUND if self.is_trouble else Exit.NOT_KNOWN


_CREDENTIALS = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the files ask for of one library: one release, or a range of them."""

    axis: Axis
    version: Version | None = None
    """None for a range, and for a source that names no version."""
    specifier: SpecifierSet | None = None
    """Of a range. It is empty for a name without a version."""
    source: str = ""
    """The URL, path or repository, if it does not come from the index."""
    mentions: tuple[Mention, ...] = field(default=(), compare=False)

    @property
    def whence(self) -> str:
        """The source, without a password that its URL may have."""
        return _CREDENTIALS.sub("//", self.source)

    @property
    def is_range(self) -> bool:
        return self.version is None and not self.source

    def __str__(self) -> str:
        """``ddtrace 2.14.2``, ``ddtrace >=2,<3``, ``ddtrace in any release``."""
        if self.version is None and self.source:
            return f"{self.axis.package} from {self.whence}"
        if self.version is None:
            told = str(self.specifier or "")
            return f"{self.axis.package} {told}" if told else f"{self.axis.package} in any release"
        whence = f" from {self.whence}" if self.source else ""
        return f"{self.axis.package} {self.version}{whence}"


@dataclass(frozen=True, kw_only=True)
class Library:
    """One tested library, as the files have it."""

    axis: Axis
    mentions: tuple[Mention, ...] = ()
    """Every place that names it. None if it is not in these files."""
    remarks: tuple[str, ...] = ()
    """What a reader has to know of these places, a sentence each."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to move to."""

    says: str
    """``upgrade ddtrace to 2.21.12 (nearest, stays on 2.x) or 4.16.0``"""
    pins: tuple[str, ...]
    """Lines to paste, all of them together."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the data say of some releases, on some Pythons, in some settings."""

    state: State
    chosen: tuple[Chosen, ...]
    """What the files ask for, one an axis."""
    releases: Mapping[str, tuple[Version, ...]]
    """By axis: the releases that it is about. Several of a window."""
    pythons: tuple[PythonVersion, ...]
    situations: tuple[Situation, ...]
    says: str
    """A sentence that needs nothing beside it."""
    basis: AnswerBasis = AnswerBasis.UNKNOWN
    details: tuple[str, ...] = ()
    """What it rests on, and what is near, a sentence each."""
    parts: tuple[SituationAnswer, ...] = ()
    """The answer to each situation; none of a window."""
    answer: Answer | None = None
    """To all situations together. None of a window."""
    is_window: bool = False
    """Whether it is about a part of a range, beside what would be installed today."""
    exempt: Exempt | None = None
    """The exception that lets it through."""

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Where the files ask for it."""
        return tuple(mention for one in self.chosen for mention in one.mentions)

    @property
    def tested_at(self) -> datetime | None:
        """When the oldest verdict that it rests on was tested, in UTC."""
        return min((p.tested_at for p in self.parts if p.tested_at), default=None)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why the check can't pass, apart from what the releases do."""

    code: Exit
    says: str
    file: Path | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class SafePart:
    """The part of a range that passes everywhere it was asked about."""

    says: str
    lines: tuple[str, ...]
    """Requirements to paste, all of them together. None if no part passes."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything that a report draws."""

    files: tuple[str, ...]
    """What was read, in words."""
    libraries: tuple[Library, ...]
    pythons: tuple[PythonVersion, ...] = ()
    why_pythons: str = ""
    findings: tuple[Finding, ...] = ()
    """What decides, the worst first."""
    notes: tuple[str, ...] = ()
    """What does not decide."""
    excepted: tuple[Finding, ...] = ()
    advice: tuple[Advice, ...] = ()
    safe: tuple[SafePart, ...] = ()
    workarounds: tuple[Workaround, ...] = ()
    problems: tuple[Problem, ...] = ()
    ask: str = ""
    """The command that says more."""
    data_of: datetime | None = None
    """When the newest published verdict was tested."""
    report_only: bool = False

    @property
    def decides(self) -> Exit:
        """The exit code without ``--report-only``: 2 and 3 before 1, and that before 5."""
        codes = {one.code for one in self.problems} | {one.state.code for one in self.findings}
        order = (Exit.MISTAKE, Exit.TROUBLE, Exit.FOUND, Exit.NOT_KNOWN)
        return next((code for code in order if code in codes), self._if_none)

    @property
    def _if_none(self) -> Exit:
        """Without any answer, nothing is known to pass."""
        return Exit.CLEAR if self.findings or self.excepted else Exit.NOT_KNOWN

    @property
    def code(self) -> Exit:
        """The exit code."""
        let_through = self.report_only and self.decides in (Exit.FOUND, Exit.NOT_KNOWN)
        return Exit.CLEAR if let_through else self.decides


@dataclass(frozen=True, kw_only=True)
class Workaround:
    """What people do until they can move."""

    name: str
    title: str
    costs: str
    paste: str
    """Empty if there is no line to paste."""


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The first of the worst state."""
    return min(findings, key=lambda one: one.state.rank, default=None)
