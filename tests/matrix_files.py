"""A small ``matrix.yaml`` and its probe as texts, with edits and their mistakes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interlock.matrix.definition import Matrix
from interlock.model import MatrixError

MATRIX = """\
axes:
  left: {package: left-lib}
  right: {package: Right_Lib}
  python: {interpreter: cpython}
default_set: core
sets:
  core:
    left: ["1.0", latest]
    right: ["1.0", "latest:==2.*"]
    python: ["3.8", "3.10"]
  smoke:
    pinned: true
    left: ["1.0"]
    right: ["1.0", "-"]
    python: ["3.10"]
    configs: [stock]
probes:
  restart: {}
configurations:
  stock:
    title: as they come
    settings: {profiling: true, level: 1}
    environment: {A: "1"}
  warnings:
    base: stock
    title: with warnings
    settings: {level: 2}
controls:
  - {left: "1.0", right: "1.0", python: "3.10", probe: restart, config: stock, expect: hang}
image: python:{python}-slim
limits:
  install: {memory: 2 GiB, pids: 512, output: 4 MiB, wall: 10 minutes}
  probe: {memory: 512 MiB, pids: 256, output: 32 MiB, wall_factor: 2}
trials: {per_cell: 1, when_unproven: 3, on_trouble: 2}
freshness: {verdicts: 7 days, resolutions: 36 hours}
policy: {prefer: [right, left]}
"""

PROBE = """\
name: restart
title: restarted
stresses: restarts
cannot_see: the rest
live:
  - {name: profiled, says: its locks are profiled, "needs": [right], fact: profiled-lock}
  - {name: sent, says: it arrived, request: {path: "/api/*", contains: hello}, "needs": [left]}
  - {name: samples, says: a profile arrived, request: {path: "/p/*", pprof: [lock-acquire]}}
knobs:
  starts: {value: 500, why: enough}
environment:
  RATE: {value: "0", why: no limit}
needs: [left, right]
requirements: ["flask>=2"]
exposures: {least: 250, unit: worker starts}
limits: {startup_s: 20, stall_s: 0.5, deadline_s: 30, grace_s: 0.5}
measures: {per-s: {title: a second, says: starts a second, fact: rate}}
"""

COMPOSED = """\
restart: {} => restart:
    configs: [stock, warnings]
    workarounds: {warnings: [quiet, as-stock]}
    only: {left: [latest], python: ["3.10"]}
;; title: with warnings => title: with warnings
    only: {right: ["1.0"]}
;; controls: => workarounds:
  quiet: {title: quiet, costs: what it would say, settings: {level: 9}, environment: {A: null}}
  as-stock: {title: as they come, costs: warnings, same_as: stock}
controls:"""
"""An edit of `MATRIX`: workarounds, and what is narrowed."""

CHOICES = """\
configurations: => choices:
  profiler:
    title: the profiler
    default: "on"
    values: {"off": {title: not profiled, settings: {profiling: false}},
      "on": {title: profiled, settings: {profiling: true}}}
    find_out: Look at PROFILER.
  level:
    title: the level
    default: ERROR
    values: {ERROR: {title: errors}, WARNING: {title: warnings, settings: {level: 2},
      environment: {B: "2"}}}
    find_out: Look at LEVEL.
  forks:
    title: forks
    default: "no"
    values: {"no": {title: it does not fork}, "yes": {title: it forks}}
    find_out: Look for `fork`.
    instead: Fork `later`.
configurations:
  chosen: {title: as it comes, choices: {}}
  loud: {title: louder, base: chosen, choices: {level: WARNING}}
  odd: {title: odd, base: loud, settings: {amplified: false}}
;; restart: {} => restart:
    configs: [stock, warnings, chosen, loud, odd]
    choices: {forks: "yes"}
    workarounds: {loud: [calm, odder]}
;; controls: => workarounds:
  calm: {title: calm, costs: profiles, choices: {profiler: "off"}}
  odder: {title: odder, costs: sense, settings: {odd: true}}
controls:"""
"""An edit of `MATRIX` with choices.

They occur in configurations, a workaround and a probe.
"""

Load = Callable[..., Matrix]
"""Reads the two texts as files."""


def edited(text: str, edit: str) -> str:
    """``"old => new"``; several edits are separated by ``;;``."""
    for step in filter(None, edit.split(";;")):
        old, _, new = step.partition("=>")
        assert text.count(old.strip()) >= 1, old
        text = text.replace(old.strip(), new.strip().replace("\\n", "\n"), 1)
    return text


def mistakes(load_it: Load, matrix: str = "", probe: str = "") -> list[str]:
    with pytest.raises(MatrixError) as caught:
        load_it(edited(MATRIX, matrix), edited(PROBE, probe))
    assert caught.value.exit_code == 2
    return list(caught.value.mistakes)
