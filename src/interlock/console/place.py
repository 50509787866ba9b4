"""What a command works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from interlock.isolation import Store
from interlock.matrix import Matrix


@dataclass(frozen=True, kw_only=True)
class Place:
    """The matrix, and the folders beside it."""

    root: Path
    matrix: Matrix
    store: Store
    console: Console

    @property
    def probes(self) -> Path:
        return self.root / "probes"
