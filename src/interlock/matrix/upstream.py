"""What the tested libraries themselves say: reports of hangs, and changes in a release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:  # `schema` adds these names for pydantic, which a question does not need
    from interlock.matrix import values


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A library's own report of a hang, found by a lock in the hang's signature."""

    lock: values.Words
    title: values.Words
    url: values.Url


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change that a library's own release notes, or its commits, report."""

    axis: values.AxisName
    releases: values.Listed[values.ReleaseVersion]
    """The first release of each line that has it: a fix may be backported."""
    title: values.Words
    url: values.Url


def changes_at(
    changes: Iterable[Change], axis: str, before: Version, after: Version
) -> tuple[Change, ...]:
    """The changes that came with a release above ``before``, up to ``after``."""
    return tuple(
        change
        for change in changes
        if change.axis == axis and any(before < release <= after for release in change.releases)
    )
