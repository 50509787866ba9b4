"""The place where a job runs: described as plain data, built where it is needed.

Each process builds a campaign's workplace once and keeps it. The campaign's own process stops its
sandbox itself. Every other process stops its own when the channel's flag is set.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from interlock.index import IndexSettings
from interlock.isolation import Environments, Limits, Sandbox, Store, sandbox
from interlock.matrix import Matrix, MatrixLimits
from interlock.model import Backend


class Flag(Protocol):
    """Says to every job that it has to end. See ``channel.py``."""

    def set(self) -> Any: ...

    def is_set(self) -> bool: ...

    def wait(self) -> Any: ...


class Place(Protocol):
    """Where a campaign's jobs run: plain data that pickles and can be built."""

    @property
    def campaign(self) -> str: ...

    @property
    def probes(self) -> Path: ...

    @property
    def limits(self) -> MatrixLimits: ...

    @property
    def key(self) -> Hashable:
        """Each process builds places with the same key once."""

    def build(self) -> tuple[Sandbox, Environments]:
        """Raises ``EngineUnavailable`` and any trouble of the sandbox."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A sandbox of this backend, with the engine and store of the building machine."""

    campaign: str
    backend: Backend
    image: str
    """The template, ``python:{python}-slim``."""
    store: Store
    probes: Path
    limits: MatrixLimits
    index: IndexSettings
    only_binary: tuple[str, ...]
    resolve_fresh_for: timedelta
    keep_failed: bool = False
    sandbox: Sandbox | None = field(default=None, compare=False, repr=False)
    """This process's own sandbox, if it has one; it is not pickled."""

    @classmethod
    def of(
        cls,
        matrix: Matrix,
        box: Sandbox,
        *,
        campaign: str,
        store: Store,
        probes: Path,
        index: IndexSettings,
        keep_failed: bool = False,
    ) -> Workplace:
        return cls(
            campaign=campaign,
            backend=box.backend,
            image=matrix.image,
            store=store,
            probes=probes,
            limits=matrix.limits,
            index=index,
            only_binary=tuple(axis.package for axis in matrix.axes),
            resolve_fresh_for=matrix.resolve_fresh_for,
            keep_failed=keep_failed,
            sandbox=box,
        )

    @property
    def key(self) -> Hashable:
        return self.campaign

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "sandbox": None}

    def build(self) -> tuple[Sandbox, Environments]:
        box = self.sandbox or sandbox.BACKENDS[self.backend](
            store=self.store, probes=self.probes, template=self.image
        )
        install = self.limits.install
        environments = Environments(
            sandbox=box,
            store=self.store,
            index=self.index,
            only_binary=self.only_binary,
            resolve_fresh_for=self.resolve_fresh_for,
            keep_failed=self.keep_failed,
            limits=Limits(
                wall_s=self.limits.install_wall_s,
                memory_bytes=install.memory_bytes,
                pids=install.pids,
                output_bytes=install.output_bytes,
            ),
        )
        return box, environments


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all trials of a campaign share in one process."""

    campaign: str
    sandbox: Sandbox
    environments: Environments
    probes: Path
    limits: MatrixLimits


class _Built:
    """What this process has built."""

    def __init__(self) -> None:
        self.settings: dict[Hashable, Setting] = {}
        self.lock = threading.Lock()


_built = _Built()
# A forked child must not use its parent's sandbox, nor a lock that may be held.
os.register_at_fork(after_in_child=lambda: _built.__init__())  # type: ignore[misc]


def setting_of(place: Place, stopped: Flag | None = None) -> Setting:
    """The setting of a place, built once a process; it stops when ``stopped`` is set."""
    with _built.lock:
        if place.key not in _built.settings:
            box, environments = place.build()
            _built.settings[place.key] = Setting(
                campaign=place.campaign,
                sandbox=box,
                environments=environments,
                probes=place.probes,
                limits=place.limits,
            )
            if stopped is not None:
                threading.Thread(target=_stop_when, args=(stopped, box), daemon=True).start()
        return _built.settings[place.key]


def leave(place: Place) -> None:
    """Forget the setting of a place."""
    with _built.lock:
        _built.settings.pop(place.key, None)


def _stop_when(stopped: Flag, box: Sandbox) -> None:
    with suppress(EOFError, OSError):  # if the campaign is gone, it has stopped
        stopped.wait()
    box.stop()
