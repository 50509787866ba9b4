"""Checks the typed values before anything reads them: none empty, none too long.

An empty value usually comes from a script's variable that is not set. If it counted as an option
that was not given, a whole set would run instead of one cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlock.model import UsageError

LONGEST = 4096
"""Characters of one argument: as many as a path may have."""

IMAGE_VARIABLE = "INTERLOCK_IMAGE"
VARIABLES = ("INTERLOCK_HOME", IMAGE_VARIABLE)


def check(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise ``UsageError`` for the first value that is empty or too long."""
    before = ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        is_option = option.startswith("--")
        given = value if is_option and equals else argument
        name = option if is_option else before or "an argument"
        if not given.strip():
            raise UsageError(f"{name} is empty; give it a value, or leave it out")
        if len(given) > LONGEST:
            raise UsageError(f"{name} has {len(given)} characters; at most {LONGEST} are read")
        before = "" if equals or not is_option else option
    for name in VARIABLES:
        if name in environ and not environ[name].strip():
            raise UsageError(f"{name} is set and empty; give it a value, or unset it")
