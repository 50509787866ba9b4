"""The address of each generated page, seen from ``generated/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interlock.model import Axis, Cell, PythonVersion, Signature


def anchor(cell: Cell) -> str:
    """The element for a cell on a page of verdicts."""
    versions = {pin.axis: str(pin.version or "none") for pin in cell.pins}
    return _anchor(versions, anchor_of(cell.config))


def _anchor(versions: Mapping[str, str], config: str) -> str:
    return "-".join([*(f"{axis}-{version}" for axis, version in versions.items()), config])


def anchor_of(config: str) -> str:
    """A configuration, as an anchor has it."""
    return config.replace("+", "-with-").replace("@", "-at-")


def details_page(probe: str, python: PythonVersion | str) -> str:
    """The page with every verdict of one probe on one Python."""
    return f"verdicts/{probe}-python-{python}.html"


def probe_page(probe: str) -> str:
    """The page of a probe."""
    return f"probes/{probe}.html"


def found_at(cell: Cell) -> str:
    """The place of a cell's verdict on its page."""
    return f"{details_page(cell.probe, cell.python)}#{anchor(cell)}"


def found_at_any(axes: Iterable[Axis]) -> str:
    """The same for the script of the start page, which fills in what is in braces."""
    versions = {axis.name: f"{{{axis.name}}}" for axis in axes}
    return f"{details_page('{probe}', '{python}')}#{_anchor(versions, '{anchor}')}"


def hang_page(signature: Signature) -> str:
    """The page of a signature."""
    return f"hangs/{signature.slug}.html"
