"""Shapes: what a value that the app sent has to look like.

A shape is a function. It takes a value and the value's place, and returns the value as it may be
used. It raises ``Broken`` for a value of another shape. The app writes these values, so nothing in
them is trusted: not a type, not a size, not a depth.
"""

from __future__ import annotations

import json
import math

DEEPEST = 16
"""Levels of lists and objects in a fact."""
LARGEST = 2**63 - 1
"""The largest integer; ids of objects and of threads are below it."""
LONGEST_NUMBER = 400
"""Digits of one number. Reading a longer one takes time that grows with the square."""


class Broken(ValueError):
    """What the app sent is not what the protocol allows; the message says where and why."""


def _no_number(word: str) -> object:
    raise Broken(f"{word} is not a number")


def _integer(digits: str) -> int:
    return int(_short(digits))


def _decimal(digits: str) -> float:
    return float(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > LONGEST_NUMBER:
        raise Broken(f"a number of {len(digits)} digits")
    return digits


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_int=_integer, parse_float=_decimal)


def decoded(line: bytes) -> object:
    """One line as JSON. Raises ``Broken`` for anything else."""
    try:
        return _DECODER.decode(line.decode("utf-8"))
    except Broken:
        raise
    except UnicodeDecodeError:
        raise Broken(f"not UTF-8: {quoted(line)}") from None
    except RecursionError:
        raise Broken(f"nested too deeply: {quoted(line)}") from None
    except ValueError:
        raise Broken(f"not JSON: {quoted(line)}") from None


def quoted(value: object) -> str:
    """The start of a value, for a message."""
    try:
        return ascii(value)[:80]
    except RecursionError:
        return "a value that is nested too deeply"


def encodable(text: str) -> str:
    """The text with lone surrogates escaped, which no encoding has."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# Shapes -------------------------------------------------------------------------------------------


def boolean(value, place: str):
    if type(value) is not bool:
        raise Broken(f"{place}: {quoted(value)} is not true or false")
    return value


def text(longest: int):
    """A text, cut to a length."""

    def check(value, place: str):
        if type(value) is not str:
            raise Broken(f"{place}: {quoted(value)} is not a text")
        return encodable(value[:longest])

    return check


def integer(least: int, most: int):
    def check(value, place: str):
        if type(value) is not int or not least <= value <= most:
            raise Broken(f"{place}: {quoted(value)} is not an integer from {least} to {most}")
        return value

    return check


def number(least: float, most: float):
    def check(value, place: str):
        if type(value) not in (int, float) or not least <= value <= most:
            raise Broken(f"{place}: {quoted(value)} is not a number from {least:g} to {most:g}")
        return value

    return check


def one_of(*allowed: str):
    def check(value, place: str):
        if type(value) is not str or value not in allowed:
            raise Broken(f"{place}: {quoted(value)} is not one of {', '.join(allowed)}")
        return value

    return check


def optional(shape):
    """The shape, or null."""
    return lambda value, place: None if value is None else shape(value, place)


def many(shape, most: int):
    """A list of one shape."""

    def check(value, place: str):
        if type(value) is not list or len(value) > most:
            raise Broken(f"{place}: not a list of at most {most}")
        return [shape(item, f"{place}[{number}]") for number, item in enumerate(value)]

    return check


def record(**fields):
    """An object with exactly these keys."""

    def check(value, place: str):
        if type(value) is not dict:
            raise Broken(f"{place}: {quoted(value)} is not an object")
        for name in value:
            if name not in fields:
                raise Broken(f"{place}: there is no key {quoted(name)}")
        for name in fields:
            if name not in value:
                raise Broken(f"{place}: the key {name} is missing")
        return {name: shape(value[name], f"{place}.{name}") for name, shape in fields.items()}

    return check


def keyed(key, shape, most: int):
    """An object with any keys of one shape, and values of another."""

    def check(value, place: str):
        if type(value) is not dict or len(value) > most:
            raise Broken(f"{place}: not an object of at most {most} keys")
        return {key(k, place): shape(v, f"{place}.{quoted(k)}") for k, v in value.items()}

    return check


def anything(value, place: str, depth: int = 0):
    """Any JSON value that is finite, not deep, and can be written again."""
    if type(value) is str:
        return encodable(value)
    if type(value) in (list, dict) and depth == DEEPEST:
        raise Broken(f"{place}: nested more than {DEEPEST} deep")
    if type(value) is list:
        return [anything(item, place, depth + 1) for item in value]
    if type(value) is dict:
        return {encodable(k): anything(v, place, depth + 1) for k, v in value.items()}
    if type(value) is int and abs(value) > LARGEST:
        raise Broken(f"{place}: an integer of more than 64 bits")
    if type(value) is float and not math.isfinite(value):
        raise Broken(f"{place}: a number that is not finite")
    return value
