"""What a specifier lets in. Pure."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.model import PythonVersion


def allows(specifier: SpecifierSet, version: Version) -> bool:
    """Whether pip may install it: a pre-release only where the range itself names one."""
    return specifier.contains(version, prereleases=bool(specifier.prereleases))


def includes(specifier: SpecifierSet, python: PythonVersion) -> bool:
    """Whether some patch release of a Python is within a specifier."""
    return any(specifier.contains(f"{python}.{patch}") for patch in (*range(40), 99))
