"""The address of each generated page, seen from ``generated/``."""

from __future__ import annotations

from interlock.model import Cell, PythonVersion, Signature


def anchor(cell: Cell) -> str:
    """The element for a cell on a page of verdicts."""
    pins = (f"{pin.axis}-{pin.version or 'none'}" for pin in cell.pins)
    config = cell.config.replace("+", "-with-").replace("@", "-at-")
    return "-".join([*pins, config])


def details_page(probe: str, python: PythonVersion) -> str:
    """The page with every verdict of one probe on one Python."""
    return f"verdicts/{probe}-python-{python}.html"


def probe_page(probe: str) -> str:
    """The page of a probe."""
    return f"probes/{probe}.html"


def found_at(cell: Cell) -> str:
    """The place of a cell's verdict on its page."""
    return f"{details_page(cell.probe, cell.python)}#{anchor(cell)}"


def hang_page(signature: Signature) -> str:
    """The page of a signature."""
    return f"hangs/{signature.slug}.html"
