"""A small matrix of two libraries, for tests of what runs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from grids import AXES, LEFT, RIGHT, published, release

from interlock.matrix.choices import read_choice
from interlock.matrix.definition import (
    CellSet,
    Matrix,
    MatrixLimits,
    ProbeUse,
    SandboxLimits,
    Trials,
    Workaround,
)
from interlock.matrix.policy import Policy
from interlock.model import Configuration, Probe, ProbeLimits, PythonVersion, Release

STOCK = Configuration(name="stock", title="", description="", settings={"profiling": True})
WARNINGS = replace(STOCK, name="warnings", settings={"level": "WARNING"})
SMALL = SandboxLimits(memory_bytes=1, pids=1, output_bytes=1)


def probe(name: str, *configs: str) -> Probe:
    return Probe(
        name=name,
        title="",
        stresses="",
        cannot_see="",
        live=(),
        knobs={},
        environment={},
        requirements=(),
        least_exposures=1,
        exposure_unit="",
        limits=ProbeLimits(startup_s=1, stall_s=1, deadline_s=1, grace_s=1),
        configs=configs,
        digest=f"digest of {name}",
    )


def cell_set(
    name: str, left: str, right: str, python: str, configs: str = "stock warnings"
) -> CellSet:
    return CellSet(
        name=name,
        title="",
        pinned=False,
        versions={
            "left": tuple(map(read_choice, left.split())),
            "right": tuple(map(read_choice, right.split())),
        },
        pythons=tuple(map(PythonVersion.parse, python.split())),
        probes=("restart",),
        configs=tuple(configs.split()),
    )


MATRIX = Matrix(
    name="matrix.yaml",
    axes=AXES,
    sets={
        "core": cell_set("core", "1.0 1.1 latest", "1.0 latest:==2.*", "3.8 3.10"),
        "smoke": cell_set("smoke", "1.0", "1.0 -", "3.10", "stock"),
    },
    default_set="core",
    probes={"restart": probe("restart", "stock", "warnings"), "serve": probe("serve", "stock")},
    configurations={"stock": STOCK, "warnings": WARNINGS},
    controls=(),
    controls_every=100,
    image="python:{python}",
    limits=MatrixLimits(install=SMALL, install_wall_s=1, probe=SMALL, wall_factor=2),
    trials=Trials(per_cell=1, when_unproven=1, on_trouble=1),
    fresh_for=timedelta(days=7),
    resolve_fresh_for=timedelta(days=7),
    policy=Policy(prefer=("right", "left"), least_trials=1),
)
RELEASES = {
    "left": published(LEFT, "0.9 1.0 1.1 1.2 2.0! 3.0b1"),
    "right": published(RIGHT, "1.0 1.5 2.0 2.9 2.10 3.0"),
}


QUIET = replace(WARNINGS, name="warnings+quiet", base="warnings", workaround="quiet")
THEN = replace(WARNINGS, name="warnings@release", base="warnings", at_release=True)
WORKAROUNDS = replace(
    MATRIX,
    configurations={c.name: c for c in (STOCK, WARNINGS, QUIET, THEN)},
    uses={"restart": ProbeUse(workarounds={"warnings": ("quiet",)})},
)


UPLOADED = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


def on_top(base: Configuration, **changes: object) -> Configuration:
    return replace(base, base=base.name, **changes)  # type: ignore[arg-type]


def workaround(name: str, same_as: str | None = None) -> Workaround:
    return Workaround(name=name, title="", description="", costs="", same_as=same_as)


WAYS = replace(
    MATRIX,
    probes={"restart": replace(probe("restart", "stock", "warnings"), needs=("left",))},
    configurations={
        of.name: of
        for of in (
            STOCK,
            on_top(STOCK, name="stock@release", at_release=True),
            WARNINGS,
            on_top(WARNINGS, name="warnings+quiet", workaround="quiet"),
            on_top(WARNINGS, name="warnings@release", at_release=True),
        )
    },
    workarounds={"quiet": workaround("quiet"), "as-stock": workaround("as-stock", same_as="stock")},
    uses={"restart": ProbeUse(workarounds={"warnings": ("as-stock", "quiet")})},
    trials=Trials(per_cell=1, when_unproven=3, when_compared=5, on_trouble=1),
)
"""A probe judged in `stock` and `warnings`, with workarounds in the latter.

It can't run without `left`.
"""


def releases(uploaded: datetime | None = UPLOADED) -> Mapping[str, Sequence[Release]]:
    versions = ("1.0", "1.1", "1.2", "2.0")
    return {
        axis.name: [replace(release(axis, v), uploaded_at=uploaded) for v in versions]
        for axis in (LEFT, RIGHT)
    }
