"""What the package index decides, for the releases on the start page that nobody ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.findings import refusal
from interlock.model import Axis, Outcome, PythonVersion, Reason
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS, Mark

Kind = Mapping[PythonVersion, Reason]
"""The Pythons on which a release does not install."""


def listed(context: PageContext, axis: Axis) -> dict[str, Any]:
    """Every release that the index lists, the newest first, and the number of its kind."""
    kinds = _kinds(context, axis)
    found = list(reversed(context.results.releases.by_axis.get(axis.name, ())))
    return {
        "listed": [str(one.version) for one in found],
        "kinds": [kinds.index(one.refused) for one in found],
    }


def index(context: PageContext) -> dict[str, Any] | None:
    """What the script says where the index decides. None if no index was asked.

    ``refused`` has by axis the kinds of releases, each with a sentence a Python on which it does
    not install. The script replaces each ``{…}`` by the reader's release.
    """
    if not context.results.releases:
        return None
    return {
        "mark": Mark(f"il-{Outcome.UNSUPPORTED}", WORDS[Outcome.UNSUPPORTED].symbol),
        "says": f"{WORDS[Outcome.UNSUPPORTED].sentence}.",
        "unlisted": "The package index did not list {} when these results were published.",
        "refused": {
            axis.name: [
                {
                    str(python): f"{refusal(axis.package, f'{{{axis.name}}}', python, reason)}."
                    for python, reason in sorted(kind.items())
                }
                for kind in _kinds(context, axis)
            ]
            for axis in context.axes
        },
    }


def _kinds(context: PageContext, axis: Axis) -> list[Kind]:
    """The ways in which the releases of an axis are refused, in version order."""
    found: list[Kind] = []
    for one in context.results.releases.by_axis.get(axis.name, ()):
        if one.refused not in found:
            found.append(one.refused)
    return found
