"""The little language in which tests say what a matrix of two libraries did.

``grid('''
         1.0   2.0
  1.0    hang  pass
  1.1    .     fail
''')`` are the verdicts of left 1.0 with right 1.0 and 2.0, and so on; a dot was not tested.

``rows("pair: hang A 3/90; left: pass 500; right on 3.12: fail crash SIGSEGV")`` are one pair and
its baselines: in 3 trials it hung in the way A after 90 exposures in all, and so on. ``pair 2.0``
and ``left 2.0`` have another release of left.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from packaging.version import Version

from interlock.matrix.definition import Matrix, MatrixLimits, SandboxLimits, Trials
from interlock.matrix.policy import Policy
from interlock.matrix.situations import AppChoice, ChoiceValue
from interlock.model import (
    REASONS,
    Axis,
    Backend,
    Basis,
    Cell,
    Configuration,
    Outcome,
    Phase,
    Pin,
    Probe,
    ProbeLimits,
    PythonVersion,
    Reason,
    Release,
    Signature,
    Verdict,
    Wheel,
)

LEFT = Axis(name="left", package="left-lib")
RIGHT = Axis(name="right", package="right-lib")
AXES = (LEFT, RIGHT)
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def cell(
    left: str = "1.0",
    right: str = "1.0",
    python: str = "3.10",
    config: str = "stock",
    probe: str = "restart",
) -> Cell:
    return Cell(
        pins=tuple(
            Pin(
                axis=axis.name,
                package=axis.package,
                version=None if version == "-" else Version(version),
            )
            for axis, version in zip(AXES, (left, right), strict=True)
        ),
        python=PythonVersion.parse(python),
        probe=probe,
        config=config,
    )


def verdict(of: Cell, outcome: str = "pass", **changes: object) -> Verdict:
    kind = Outcome(outcome)
    reasons = sorted(REASONS[kind])
    made = Verdict(
        cell=of,
        outcome=kind,
        phase=Phase.SERVING if reasons else None,
        reason=reasons[0] if reasons else None,
        signatures=(),
        detail="",
        evidence=(),
        basis=Basis.TESTED,
        trials=1,
        hangs=int(kind is Outcome.HANG),
        exposures=100,
        seconds=2.0,
        backend=Backend.DOCKER,
        probe_digest="probe",
        config_digest="config",
        environment_digest="environment",
        image_digest="image",
        python_full=f"{of.python}.1",
        machine="x86_64",
        tested_at=NOON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def grid(
    text: str, python: str = "3.10", config: str = "stock", probe: str = "restart"
) -> list[Verdict]:
    """Rows are versions of ``left``, columns those of ``right``."""
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return [
        verdict(cell(left, right, python, config, probe), outcome)
        for left, *outcomes in rows
        for right, outcome in zip(head, outcomes, strict=True)
        if outcome != "."
    ]


WHO = {"pair": ("1.0", "1.0"), "left": ("1.0", "-"), "right": ("-", "1.0"), "nobody": ("-", "-")}

CLAUSE = re.compile(
    r"(?P<who>pair|left|right|nobody)(?P<config>[+@]\S+)?(?: (?P<left>[\d.]+))?"
    r"(?: on (?P<python>[\d.]+))?(?: in (?P<plain>\w+))?(?: by (?P<probe>\w+))?: (?P<did>.*)"
)


def rows(text: str) -> list[Verdict]:
    """The verdicts of a pair, of each library alone, and of ``pair@release``."""
    return [_clause(clause.strip()) for clause in text.split(";")]


def _clause(text: str) -> Verdict:
    match = CLAUSE.fullmatch(text)
    assert match, f"no such clause: {text!r}"
    left, right = WHO[match["who"]]
    of = cell(
        match["left"] or left,
        right,
        match["python"] or "3.10",
        (match["plain"] or "stock") + (match["config"] or ""),
        match["probe"] or "restart",
    )
    return _did(of, *match["did"].split())


def _did(of: Cell, outcome: str, *words: str) -> Verdict:
    """``pass 500``; ``hang A,B 3/90``; ``fail crash SIGSEGV in import``; and so on."""
    if outcome == "pass":
        return verdict(of, exposures=int(words[0]))
    if outcome != "hang":
        phase = Phase(words[-1]) if "in" in words else Phase.SERVING
        changes = {"reason": Reason(words[0]), "phase": phase, "exposures": 0}
        cause = words[1] if words[1:] and words[1] != "in" else None
        failed = int(outcome == "fail")
        return verdict(of, outcome, cause=cause, failed=failed, **changes)
    *shapes, rate = words
    hangs, exposures = map(int, rate.split("/"))
    names = shapes[0].split(",")
    seen = tuple((Signature(locks=(name,)), hangs // len(names)) for name in names)
    return verdict(
        of,
        "hang",
        reason=Reason.SELF_DEADLOCK,
        signatures=seen,
        trials=hangs,
        hangs=hangs,
        exposures=exposures,
    )


def choice(
    name: str, *titles: str, default: str | None = None, sets: bool = True, **words: str
) -> AppChoice:
    """Of values ``value: title``, from less to more; the first is the default."""
    levels = {}
    for text in titles:
        value, _, title = text.partition(": ")
        levels[value] = ChoiceValue(title=title, settings={name: value} if sets else {})
    named = {"title": f"the {name}", "find_out": f"Read the {name}.", **words}
    return AppChoice(name=name, levels=levels, default=default or next(iter(levels)), **named)


LEVEL = {"level": choice("level", "ERROR: errors are events", "WARNING: warnings are events")}


def forking(title: str = "the process forks", **words: str) -> dict[str, AppChoice]:
    """A choice that only a probe makes."""
    return {"forking": choice("forking", "no: nothing forks", f"yes: {title}", sets=False, **words)}


def matrix(**changes: object) -> Matrix:
    """Probes ``restart`` and ``serve``, in ``stock`` and ``warnings``.

    ``restart`` alone also runs in ``calm``.
    """
    stock = Configuration(name="stock", title="as it is", description="", choices={})
    calm = replace(stock, name="calm", settings={"amplified": False}, choices=None)
    warnings = replace(stock, name="warnings", choices={"level": "WARNING"})
    box = SandboxLimits(memory_bytes=1, pids=1, output_bytes=1)
    restart = Probe(
        name="restart",
        title="",
        stresses="",
        cannot_see="",
        live=(),
        knobs={},
        environment={},
        requirements=(),
        least_exposures=1,
        exposure_unit="starts",
        limits=ProbeLimits(startup_s=1, stall_s=1, deadline_s=1, grace_s=1),
        configs=("stock", "warnings", "calm"),
        digest="probe",
    )
    made = Matrix(
        name="matrix.yaml",
        axes=AXES,
        sets={},
        default_set="",
        probes={
            "restart": restart,
            "serve": replace(restart, name="serve", configs=("stock", "warnings")),
        },
        choices=LEVEL,
        configurations={c.name: c for c in (stock, warnings, calm)},
        controls=(),
        controls_every=100,
        image="python:{python}",
        limits=MatrixLimits(install=box, install_wall_s=1, probe=box, wall_factor=2),
        trials=Trials(per_cell=1, when_unproven=1, on_trouble=1),
        fresh_for=timedelta(days=7),
        resolve_fresh_for=timedelta(days=7),
        policy=Policy(prefer=("right", "left"), least_trials=1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def release(
    axis: Axis,
    version: str,
    *,
    wheels: str = "py3-none-any",
    yanked: bool = False,
    requires: str | None = None,
) -> Release:
    """``wheels`` are the tags of its wheels, separated by spaces."""
    from packaging.specifiers import SpecifierSet

    required = SpecifierSet(requires) if requires else None
    stem = f"{axis.package.replace('-', '_')}-{version}"
    return Release(
        package=axis.package,
        version=Version(version),
        uploaded_at=None,
        requires_python=required,
        wheels=tuple(
            Wheel(filename=f"{stem}-{tags}.whl", requires_python=required)
            for tags in wheels.split()
        ),
        yanked=yanked,
    )


def published(axis: Axis, text: str) -> tuple[Release, ...]:
    """``"1.0 1.1! 2.0b1"``: an exclamation mark is a yanked release."""
    return tuple(
        release(axis, word.rstrip("!"), yanked=word.endswith("!")) for word in text.split()
    )
