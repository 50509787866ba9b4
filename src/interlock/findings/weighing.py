"""Whether each verdict counts for a release, against it, or not at all. Pure.

What another library does alone is no reason to avoid a release, nor is what the Python does to each
library. What a library does by itself counts against its own releases. Where the cause is not
known, the verdict counts against all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.findings.attribution import DEPENDENCIES, OPEN, PAIR, Attribution
from interlock.findings.criteria import EVERYTHING, Criteria, everything
from interlock.findings.likeness import TROUBLE
from interlock.matrix import Policy, line_name
from interlock.model import Basis, Cell, Outcome, Pin, PythonVersion, Reason, Verdict

Excluded = Mapping[str, Collection[Version]]
"""The yanked versions, by axis. They are never recommended; nor is a pre-release."""

Attributions = Mapping[tuple[str, ...], Attribution]
"""The cause of each hang and failure, by ``Cell.key``."""

Track = tuple[str, str]
"""A probe and a configuration."""

Pins = tuple[Pin, ...]

TOGETHER = (PAIR, OPEN, DEPENDENCIES)
"""Causes that count against every library in the combination."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A verdict that is a reason to move, and its cause."""

    verdict: Verdict
    attribution: Attribution

    def counts_against(self, axis: str) -> bool:
        """Whether it is a reason to avoid a release of that axis."""
        return counts_against(self.attribution.whose, axis)


def counts_against(whose: str, axis: str) -> bool:
    """Whether trouble with that cause is a reason to avoid a release of the axis."""
    return whose in (*TOGETHER, axis)


class Weight(Enum):
    """What one verdict says about a release of one axis."""

    GOOD = "it passes, often enough"
    BAD = "it is a reason to avoid the release"
    BESIDE = "it goes wrong, and is no reason to avoid the release"
    UNPROVEN = "it was run, and proved nothing"
    OPEN = "it was not run, or not often enough"
    CANNOT = "it can't be installed"
    NEUTRAL = "it is not asked of the release, or the release lacks the feature"


@dataclass(frozen=True, kw_only=True)
class PartnerLine:
    """A release line that the policy lists, and its axis."""

    axis: str
    line: SpecifierSet

    def __str__(self) -> str:
        return line_name(self.line)


@dataclass(frozen=True, kw_only=True, eq=False)
class Combination:
    """Certain releases on one Python, and their verdicts by probe and configuration.

    ``Combinations`` makes each once: two that are equal are the same object.
    """

    pins: Pins
    python: PythonVersion
    verdicts: dict[Track, Verdict] = field(default_factory=dict)

    def said(self, config: str | None) -> Iterable[Verdict]:
        """The verdicts in one configuration, or in all of them (None), sorted by track."""
        return [self.verdicts[t] for t in sorted(self.verdicts) if config in (None, t[1])]

    def installs(self, config: str | None) -> bool:
        """Whether some probe could be run. Where none could, neither library is to blame."""
        return any(
            verdict.outcome is not Outcome.UNSUPPORTED
            for (_, name), verdict in self.verdicts.items()
            if config in (None, name)
        )

    def is_refused(self, config: str | None) -> bool:
        """Whether some probe could not be run, because a release can't be installed."""
        return any(
            verdict.outcome is Outcome.UNSUPPORTED and verdict.reason is not Reason.NO_FEATURE
            for verdict in self.said(config)
        )


@dataclass(frozen=True, kw_only=True)
class Line:
    """The releases of one axis that were tested with the same others, in version order."""

    tested: Sequence[Version]
    """In any configuration."""
    passing: Sequence[Version]
    recommendable: Sequence[Version]
    """Those that pass, and are neither yanked nor a pre-release."""


class Combinations:
    """The tested verdicts, by combination.

    Baselines and composed configurations are left out: they are about one library alone, or about a
    workaround.

    Each index is made once, when it is first needed, and is at most linear in the verdicts.
    """

    def __init__(
        self,
        verdicts: Iterable[Verdict],
        attributions: Attributions,
        policy: Policy,
        excluded: Excluded | None = None,
        criteria: Criteria = EVERYTHING,
    ) -> None:
        self.policy = policy
        self._excluded = excluded or {}
        self._criteria = criteria
        self._attributions = attributions
        found: dict[tuple[Pins, PythonVersion], Combination] = {}
        for verdict in verdicts:
            cell = verdict.cell
            if verdict.basis is Basis.TESTED and everything(cell) and criteria.concerns(cell.probe):
                key = cell.pins, cell.python
                if key not in found:
                    found[key] = Combination(pins=cell.pins, python=cell.python)
                found[key].verdicts[cell.probe, cell.config] = verdict
        self._found = {
            key: here
            for key, here in found.items()
            if any(criteria.speaks_for(probe) for probe, _ in here.verdicts)
        }
        self._weighed: dict[Combination, Mapping[Track, Weight | Trouble]] = {}
        self._lines: dict[tuple[str, Pins, PythonVersion, str | None], Line] = {}
        self._lines_beside: dict[tuple[str, PythonVersion], tuple[PartnerLine, ...]] = {}
        self._lines_of: dict[Pin, frozenset[PartnerLine]] = {}

    def __iter__(self) -> Iterator[Combination]:
        """In the order of the verdicts."""
        return iter(self._found.values())

    @cached_property
    def tracks(self) -> Sequence[Track]:
        """Every probe and configuration that something was tested in, sorted."""
        return sorted({track for here in self for track in here.verdicts})

    @cached_property
    def configs(self) -> Sequence[str]:
        return sorted({config for _, config in self.tracks})

    @cached_property
    def pythons(self) -> Sequence[PythonVersion]:
        return sorted({here.python for here in self})

    def versions(self, axis: str) -> Sequence[Version]:
        """The releases of that axis, in version order."""
        return self._versions.get(axis, ())

    def at(self, pins: Pins, python: PythonVersion) -> Combination | None:
        return self._found.get((pins, python))

    def of_release(
        self, axis: str, version: Version, python: PythonVersion
    ) -> Sequence[Combination]:
        """Every combination with the release on that Python."""
        return self._by_release.get((axis, version, python), ())

    def lines_beside(self, axis: str, python: PythonVersion) -> tuple[PartnerLine, ...]:
        """The release lines of the other axes that a release has to pass with there."""
        key = axis, python
        if key not in self._lines_beside:
            self._lines_beside[key] = tuple(
                PartnerLine(axis=other, line=line)
                for other in self.policy.safe.lines
                if other != axis
                for line in self.policy.safe.lines_on(other, python)
            )
        return self._lines_beside[key]

    def lines_of(self, pin: Pin) -> frozenset[PartnerLine]:
        """The release lines that a release belongs to; a pre-release belongs to none."""
        if pin not in self._lines_of:
            groups = self.policy.safe.lines.get(pin.axis, ())
            self._lines_of[pin] = frozenset(
                PartnerLine(axis=pin.axis, line=line)
                for group in groups
                for line in group.lines
                if pin.version is not None and line.contains(pin.version)
            )
        return self._lines_of[pin]

    def line(self, axis: str, beside: Pins, python: PythonVersion, config: str | None) -> Line:
        """The releases of an axis, tested with the same others on that Python.

        ``config`` None is every configuration.
        """
        key = axis, beside, python, config
        if key not in self._lines:
            found = [
                (version_of(here.pins, axis), self.passes(here, config, axis))
                for here in self._by_beside.get((axis, beside, python), ())
            ]
            passing = [version for version, passes in found if passes]
            self._lines[key] = Line(
                tested=[version for version, _ in found],
                passing=passing,
                recommendable=[v for v in passing if self.recommendable(axis, v)],
            )
        return self._lines[key]

    def troubles(self, here: Combination, config: str | None) -> list[Trouble]:
        """Everything that hangs or fails there, whether or not the matrix asks for it."""
        weighed = self._weigh(here)
        return [
            weight
            for track, weight in weighed.items()
            if isinstance(weight, Trouble) and config in (None, track[1])
        ]

    def weights(self, here: Combination, config: str | None, axis: str) -> set[Weight]:
        """What the verdicts there say about the release of that axis."""
        return {
            weight if isinstance(weight, Weight) else _against(weight, axis)
            for track, weight in self._weigh(here).items()
            if config in (None, track[1])
        }

    def is_asked_more(self, here: Combination, config: str | None) -> bool:
        """Whether the matrix asks for a probe here that was never run on anything."""
        return any(
            config in (None, name)
            and self._criteria.meant(
                Cell(pins=here.pins, python=here.python, probe=probe, config=name)
            )
            for probe, name in self._never_run
        )

    @cached_property
    def _never_run(self) -> frozenset[Track]:
        return frozenset(self._criteria.tracks).difference(self.tracks)

    def passes(self, here: Combination, config: str | None, axis: str) -> bool:
        """Whether everything that is asked of the release passes, in enough trials."""
        return is_good(self.weights(here, config, axis))

    def recommendable(self, axis: str, version: Version) -> bool:
        return not version.is_prerelease and version not in self._excluded.get(axis, ())

    def _weigh(self, here: Combination) -> Mapping[Track, Weight | Trouble]:
        """By probe and configuration, those included that were not run here."""
        if here not in self._weighed:
            weighed = {track: self._weight(here, track) for track in self.tracks}
            self._weighed[here] = weighed
        return self._weighed[here]

    def _weight(self, here: Combination, track: Track) -> Weight | Trouble:
        verdict = here.verdicts.get(track)
        if verdict and verdict.outcome in TROUBLE:
            return Trouble(verdict=verdict, attribution=self._attributions[verdict.cell.key])
        probe, config = track
        cell = Cell(pins=here.pins, python=here.python, probe=probe, config=config)
        if not self._criteria.meant(verdict.cell if verdict else cell):
            return Weight.NEUTRAL
        if verdict is None:
            return Weight.OPEN
        if verdict.outcome is Outcome.UNPROVEN:
            return Weight.UNPROVEN
        if verdict.outcome is Outcome.PASS:
            enough = verdict.trials >= self.policy.least_trials
            return Weight.GOOD if enough else Weight.OPEN
        lacks = verdict.reason is Reason.NO_FEATURE
        return Weight.NEUTRAL if lacks else Weight.CANNOT

    @cached_property
    def _versions(self) -> Mapping[str, Sequence[Version]]:
        found: dict[str, set[Version]] = {}
        for here in self:
            for pin in here.pins:
                if pin.version is not None:
                    found.setdefault(pin.axis, set()).add(pin.version)
        return {axis: sorted(versions) for axis, versions in found.items()}

    @cached_property
    def _by_release(self) -> Mapping[tuple[str, Version, PythonVersion], Sequence[Combination]]:
        found: dict[tuple[str, Version, PythonVersion], list[Combination]] = {}
        for here in self:
            for pin in here.pins:
                if pin.version is not None:
                    found.setdefault((pin.axis, pin.version, here.python), []).append(here)
        return found

    @cached_property
    def _by_beside(self) -> Mapping[tuple[str, Pins, PythonVersion], Sequence[Combination]]:
        """By axis and by the other releases; in version order."""
        found: dict[tuple[str, Pins, PythonVersion], list[Combination]] = {}
        for here in self:
            for pin in here.pins:
                key = pin.axis, without(here.pins, pin.axis), here.python
                found.setdefault(key, []).append(here)
        for (axis, _, _), listed in found.items():
            listed.sort(key=lambda here: version_of(here.pins, axis))
        return found


IN_THE_WAY = frozenset({Weight.BAD, Weight.UNPROVEN, Weight.OPEN, Weight.CANNOT})
"""With one of these, a combination does not pass."""


def is_good(weights: Collection[Weight]) -> bool:
    """Whether everything that is asked for was run, and passes."""
    return Weight.GOOD in weights and not IN_THE_WAY & set(weights)


def version_of(pins: Iterable[Pin], axis: str) -> Version:
    """The version of that axis among the pins of a whole combination."""
    for pin in pins:
        if pin.axis == axis:
            assert pin.version is not None, "no library is left out of a whole combination"
            return pin.version
    raise LookupError(axis)


def without(pins: Pins, axis: str) -> Pins:
    """The other pins: those that the release of that axis is run with."""
    return tuple(pin for pin in pins if pin.axis != axis)


def moved(pins: Pins, axis: str, version: Version) -> Pins:
    """The same releases, but for one axis."""
    moving = str(version)
    return tuple(_pin(pin.axis, pin.package, moving) if pin.axis == axis else pin for pin in pins)


@lru_cache(maxsize=2**16)
def _pin(axis: str, package: str, text: str) -> Pin:
    """Each made once: to look up one and the same object takes a third of the time.

    By the text, because 2.0 and 2.0.0 are equal versions, and a cell is found by its texts.
    """
    return Pin(axis=axis, package=package, version=Version(text))


def _against(trouble: Trouble, axis: str) -> Weight:
    return Weight.BAD if trouble.counts_against(axis) else Weight.BESIDE
