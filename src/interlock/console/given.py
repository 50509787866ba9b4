"""What was typed, before anything reads it: no empty value, and none of absurd length.

An empty value comes from a variable of a script that is not set. Taken for an option that was not
given, it would run a whole set in place of one cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interlock.model import UsageError

LONGEST = 4096
"""Characters of one argument, which is as long as a path may be."""

VARIABLES = ("INTERLOCK_HOME", "INTERLOCK_IMAGE")


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
