"""An empty value never counts as a missing option, and huge numbers are refused."""

from __future__ import annotations

import argparse

import pytest
from matrices import MATRIX

from interlock.console import entry, given, options
from interlock.model import UsageError


def every_option() -> list[str]:
    """Each option that takes a value, of every command."""
    first = options.everywhere()
    found = ["--matrix"]
    for command in options.COMMANDS:
        whole = options.parser(command, MATRIX, first)
        (commands,) = (a for a in whole._actions if isinstance(a, argparse._SubParsersAction))
        for action in commands.choices[command]._actions:
            if action.nargs != 0:
                found += [f"{command} {option}" for option in action.option_strings]
    return found


@pytest.mark.parametrize("option", every_option())
@pytest.mark.parametrize("value", ["", " ", "\t\n", "= ", "="])
def test_an_empty_value_is_a_mistake_of_every_option(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    *before, name = option.split()
    typed = [*before, name + value] if value.startswith("=") else [*before, name, value]

    assert entry.main(typed) == 2

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{name} is empty; give it a value, or leave it out\n")


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        (["matrix", ""], {}, "an argument is empty"),
        (["matrix", "--sentry", "9" * 5000], {}, "--sentry has 5000 characters; at most 4096"),
        (["matrix", f"--set={'x' * 5000}"], {}, "--set has 5000 characters"),
        (["matrix"], {"INTERLOCK_HOME": ""}, "INTERLOCK_HOME is set and empty"),
        (["matrix"], {"INTERLOCK_HOME": " "}, "INTERLOCK_HOME is set and empty"),
        (["matrix"], {"INTERLOCK_IMAGE": ""}, "INTERLOCK_IMAGE is set and empty"),
        # what makes sense
        ([], {}, None),
        (["matrix", "--keep", "--set", "core"], {"INTERLOCK_HOME": "/somewhere"}, None),
        (["matrix", "--sentry=2.5.1", "--python", "3.10"], {"NO_COLOR": ""}, None),
        (["matrix", "--sentry", "-"], {}, None),
    ],
)
def test_what_was_typed(
    arguments: list[str], environ: dict[str, str], expected: str | None
) -> None:
    if expected is None:
        given.check(arguments, environ)
    else:
        with pytest.raises(UsageError, match=expected):
            given.check(arguments, environ)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("matrix --jobs 0", "0 is not a number from 1 to 512"),
        ("matrix --jobs 10000", "10000 is not a number from 1 to 512"),
        ("matrix --jobs many", "many is not a number from 1 to 512"),
        ("matrix --jobs -1", "-1 is not a number from 1 to 512"),
        ("matrix --jobs ٣", "٣ is not a number from 1 to 512"),
        ("matrix --jobs 1.5", "1.5 is not a number from 1 to 512"),
        ("matrix --trials 1000000000", "1000000000 is not a number from 1 to 10000"),
        (f"matrix --trials {'9' * 4000}", "is not a number from 1 to 10000"),
        ("aa --cells 1000000000", "1000000000 is not a number from 1 to 100000"),
        ("aa --repeat 1000000000", "1000000000 is not a number from 1 to 10000"),
        ("clean --days nan", "nan is not a number of days up to 36500"),
        ("clean --days inf", "inf is not a number of days up to 36500"),
        ("clean --days -1", "-1 is not a number of days up to 36500"),
        ("clean --days 1e9", "1e9 is not a number of days up to 36500"),
    ],
)
def test_a_number_beyond_its_bounds_is_named_with_them(
    arguments: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, option, value = arguments.split()
    whole = options.parser(command, MATRIX, options.everywhere())
    with pytest.raises(SystemExit) as left:
        whole.parse_args([command, f"{option}={value}"])
    assert left.value.code == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ("matrix --jobs 512", "jobs", 512),
        ("matrix --trials 10000", "trials", 10_000),
        ("clean --days 0", "days", 0.0),
        ("clean --days 0.5", "days", 0.5),
    ],
)
def test_a_number_within_its_bounds_is_read(arguments: str, name: str, value: float) -> None:
    command, *_ = typed = arguments.split()
    read = options.parser(command, MATRIX, options.everywhere()).parse_args(typed)
    assert getattr(read, name) == value
