"""What a run publishes of the index: every release that the matrix can mean, as it is listed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from packaging.version import Version

from interlock.index import Known, unsupported
from interlock.matrix import Every, Matrix
from interlock.model import Axis, PythonVersion, Reason, Release
from interlock.record import MACHINE, NONE_LISTED, ListedRelease, ListedReleases

Reported = Callable[[str, Version], Known]
"""What the indexes report of a package's release: ``Advisories.of``."""

ASK_S = 120.0
"""How long a run asks about vulnerabilities. One answer takes some 50 ms of a processor."""
AT_ONCE = 8


def listed_releases(
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    reported: Reported,
    before: ListedReleases = NONE_LISTED,
    clock: Callable[[], float] = time.monotonic,
) -> ListedReleases:
    """The releases of every axis, with what the index decides and reports.

    Final releases are asked about, the newest first, for at most ``ASK_S``. Where no index answers
    now, what was published ``before`` of the vulnerabilities stays.
    """
    pythons = sorted({python for cells in matrix.sets.values() for python in cells.pythons})
    meant = {axis: list(_meant(matrix, axis, releases[axis.name])) for axis in matrix.axes}
    known = _vulnerabilities(meant.values(), reported, clock)
    return ListedReleases(
        pythons=tuple(pythons),
        by_axis={
            axis.name: [
                _listed(release, pythons, known.get(id(release)), before, axis) for release in of
            ]
            for axis, of in meant.items()
        },
    )


def _listed(
    release: Release,
    pythons: Iterable[PythonVersion],
    known: Known,
    before: ListedReleases,
    axis: Axis,
) -> ListedRelease:
    earlier = before.of(axis.name, release.version)
    return ListedRelease(
        version=release.version,
        uploaded_at=release.uploaded_at,
        yanked=release.yanked,
        yanked_because=release.yanked_because,
        refused=dict(_refused(release, pythons)),
        vulnerabilities=earlier.vulnerabilities if known is None and earlier else known,
    )


def _refused(
    release: Release, pythons: Iterable[PythonVersion]
) -> Iterator[tuple[PythonVersion, Reason]]:
    for python in pythons:
        if why := unsupported(release, python, MACHINE):
            yield python, why.reason


def _meant(matrix: Matrix, axis: Axis, releases: Iterable[Release]) -> Iterable[Release]:
    """Those of a set that means every release of a specifier; without such a set, all."""
    choices = [choice for cells in matrix.sets.values() for choice in cells.versions[axis.name]]
    every = [choice.within for choice in choices if isinstance(choice, Every)]
    named = {choice for choice in choices if isinstance(choice, Version)}
    return (
        release
        for release in releases
        if not every
        or release.version in named
        or any(within.contains(release.version, prereleases=True) for within in every)
    )


def _vulnerabilities(
    meant: Iterable[Iterable[Release]], reported: Reported, clock: Callable[[], float]
) -> Mapping[int, Known]:
    """By the identity of a release. One that was not asked about is missing."""
    until = clock() + ASK_S
    finals = [
        release for of in meant for release in reversed([*of]) if not release.version.is_prerelease
    ]

    def ask(release: Release) -> tuple[int, Known]:
        known = reported(release.package, release.version) if clock() < until else None
        return id(release), known

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(threads.map(ask, finals))
