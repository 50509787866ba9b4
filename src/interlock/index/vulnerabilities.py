"""What is known of a release's vulnerabilities. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.model import printable

_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Vulnerability:
    """One known vulnerability. Reports of the same one are joined by their aliases."""

    names: frozenset[str]
    """Every identifier: of CVE, of GitHub (GHSA), of PyPI (PYSEC)."""

    @property
    def id(self) -> str:
        """The name to show: the CVE if it has one."""
        return min(self.names, key=lambda name: (not name.startswith("CVE-"), name))


Known = tuple[Vulnerability, ...] | None
"""The known vulnerabilities of a release, by their names. None if no index reports them."""


def joined(reports: Iterable[Iterable[str]]) -> tuple[Vulnerability, ...]:
    """The vulnerabilities in some reports, each given by its names.

    Reports with a name in common are about the same one.
    """
    found: list[set[str]] = []
    for report in reports:
        names = {printable(name)[:_LONGEST_NAME] for name in report}
        for other in [known for known in found if known & names]:
            found.remove(other)
            names |= other
        found.append(names)
    same = (Vulnerability(names=frozenset(names)) for names in found)
    return tuple(sorted(same, key=lambda one: one.id))
