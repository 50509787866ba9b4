"""Made-up results of two libraries, by a seed: with all that real ones have too little of.

There are windows, backported fixes, boxes, contradictions, cells that prove nothing, releases that
lack a feature or do not install, yanked and vulnerable ones, and hangs that come now and then.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from grids import AXES, NOON, cell, verdict
from packaging.version import Version
from three_choices import known

from interlock.index.vulnerabilities import Vulnerability
from interlock.matrix.definition import Matrix, Only
from interlock.matrix.policy import Policy
from interlock.model import Cell, PythonVersion, Reason, Signature, Verdict
from interlock.publish.context import PageContext
from interlock.record.listed import ListedRelease, ListedReleases
from interlock.record.order import ordered
from interlock.record.results import Results

PYTHONS = ("3.10", "3.11", "3.12")
LEFT = (
    "1.0.0 1.0.1 1.0.2 1.0.3 1.0.4 1.1.0 1.1.1 1.1.2 1.2.0 1.2.1"
    " 2.0.0rc1 2.0.0 2.0.1 2.0.2 2.0.3 2.1.0 2.1.1"
)
RIGHT = (
    "1.0 1.1.0 1.1.1 1.1.2 1.1.3 2.0.0 2.0.1 2.0.2 2.0.3 2.0.4"
    " 2.1.0 2.1.1 2.1.2 2.2.0 3.0.0 3.0.1 3.0.2 3.0.3"
)
HANGS = {"A": Signature(locks=("A",)), "B": Signature(locks=("B",))}

Said = tuple[str, Mapping[str, object]]
"""An outcome, and what differs from any such verdict."""

NOISE: tuple[Said, ...] = (
    ("unproven", {"reason": Reason.NOT_LIVE}),
    ("unsupported", {"reason": Reason.NO_FEATURE}),
    ("unsupported", {"reason": Reason.NO_WHEEL}),
    ("fail", {"reason": Reason.ERROR, "cause": "builtins.KeyError"}),
    ("hang", {"reason": Reason.SELF_DEADLOCK, "lock": "B"}),
    ("pass", {}),
)


def context(seed: int) -> PageContext:
    """One world. Equal seeds have equal worlds."""
    made = _World(random.Random(seed))
    results = Results(
        verdicts=ordered(made.verdicts(), AXES),
        signatures=[],
        yanked={},
        controls=[],
        releases=made.listed() if seed % 5 else ListedReleases(),
    )
    return PageContext(matrix=made.matrix, results=results)


class _World:
    """What was run, and what it came to."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        self.matrix = self._matrix()
        self._density = drawn.choice([0.3, 0.8, 1.0, 1.0])
        self._noise = drawn.choice([0.0, 0.0, 0.05, 0.3])
        first, last = sorted(drawn.sample(RIGHT.split(), 2), key=Version)
        self._window = Version(first), Version(last)
        self._fixed_in = Version(drawn.choice(LEFT.split()))

    def _matrix(self) -> Matrix:
        made, drawn = known(), self._drawn
        needs = {"serve": ("left",), "preload": ("right",), "restart": ()}
        if drawn.random() < 0.5:
            needs["restart"] = ("right",)
        probes = {name: replace(probe, needs=needs[name]) for name, probe in made.probes.items()}
        logs = Only(versions={"right": (Version("3.0.0"), Version("2.0.1"))})
        both = Only(pythons=(PythonVersion(3, 10), PythonVersion(3, 11)))
        serve = replace(probes["serve"], configs=("stock", "warnings"))
        return replace(
            made,
            probes={**probes, "serve": serve},
            only={"logs": logs, "both": both},
            policy=Policy(
                prefer=drawn.choice([("right", "left"), ("left", "right")]),
                least_trials=drawn.choice([1, 2]),
                cool_down=timedelta(days=3),
            ),
        )

    def verdicts(self) -> Iterator[Verdict]:
        drawn, matrix = self._drawn, self.matrix
        tracks = [(p, c) for p in matrix.probes for c in matrix.judged_in(p)]
        lefts = [*drawn.sample(LEFT.split(), 8), "-", "1.9.9"]
        rights = [*drawn.sample(RIGHT.split(), 9), "-"]
        for python, (probe, config) in itertools.product(PYTHONS, tracks):
            # What was tested on the first Python vouches for what lies between on another.
            beside = rights if python == PYTHONS[0] or self._noise else [*rights[:-1:3], "-"]
            for left, right in itertools.product(lefts, beside):
                alone = "-" in (left, right)
                is_run = drawn.random() <= self._density and not (alone and "+" in config)
                if is_run and not left == right == "-":
                    of = cell(left, right, python, config, probe)
                    yield self._verdict(of, *self._said(left, right, probe, config))

    def _said(self, left: str, right: str, probe: str, config: str) -> Said:
        drawn = self._drawn
        if drawn.random() < self._noise:
            return drawn.choice(NOISE)
        if probe == "serve" and left != "-" and Version(left) < Version("1.1"):
            return "unsupported", {"reason": Reason.NO_FEATURE}
        if probe == "preload":
            return ("hang", {"lock": "A"}) if drawn.random() < 0.1 else ("pass", {})
        is_in = right != "-" and self._window[0] <= Version(right) <= self._window[1]
        is_fixed = left == "-" or Version(left) >= self._fixed_in or config.endswith("+quiet")
        if is_in and not is_fixed and config not in ("stock",):
            return "hang", {"reason": Reason.SELF_DEADLOCK, "lock": "A"}
        if right == "1.1.2":
            return "fail", {"reason": Reason.CRASH, "cause": "SIGSEGV"}
        return "pass", {}

    def _verdict(self, of: Cell, outcome: str, changes: Mapping[str, object]) -> Verdict:
        drawn = self._drawn
        trials = drawn.choice([1, 2, 8])
        wrong = drawn.randint(1, trials)
        counted: dict[str, object] = {"trials": trials, "hangs": 0, "exposures": 100 * trials}
        own = {**changes}
        lock = str(own.pop("lock", "A"))
        if outcome == "hang":
            seen = [(HANGS[lock], wrong)]
            if drawn.random() < 0.1:
                seen = [(HANGS["A"], wrong), (HANGS["B"], 1)]
            own = {"reason": Reason.SELF_DEADLOCK, **own, "signatures": tuple(seen), "hangs": wrong}
        if outcome == "fail":
            own["failed"] = wrong
        when = NOON - timedelta(days=drawn.randint(0, 9))
        return verdict(of, outcome, **{**counted, **own, "tested_at": when})

    def listed(self) -> ListedReleases:
        """All releases but one, with some more that nobody ran."""
        texts = {"left": [*LEFT.split(), "2.2.0"], "right": [*RIGHT.split(), "4.0"]}
        return ListedReleases(
            pythons=(*map(PythonVersion.parse, PYTHONS[:2]), PythonVersion(3, 13)),
            by_axis={
                axis: [self._listed(text) for text in sorted(of, key=Version)]
                for axis, of in texts.items()
            },
        )

    def _listed(self, text: str) -> ListedRelease:
        drawn = self._drawn
        why = drawn.choice([Reason.NO_WHEEL, Reason.REQUIRES_PYTHON])
        python = PythonVersion.parse(drawn.choice(["3.11", "3.13"]))
        known = drawn.choice(["", "", "x", "y", "x y"]).split()
        young = drawn.random() < 0.1
        return ListedRelease(
            version=Version(text),
            uploaded_at=NOON - timedelta(days=1 if young else 90) if drawn.random() < 0.9 else None,
            yanked=drawn.random() < 0.1,
            refused={python: why} if drawn.random() < 0.2 else {},
            vulnerabilities=tuple(Vulnerability(names=frozenset({f"CVE-{name}"})) for name in known)
            if drawn.random() < 0.8
            else None,
        )
