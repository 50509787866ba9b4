"""Sentences that are built from their parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import interlock
from interlock.model import words

SOURCE = Path(interlock.__file__).parent


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listing(items: list[str], expected: str) -> None:
    assert words.listing(items) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 trials"), (1, "1 trial"), (2, "2 trials"), (2000, "2,000 trials")],
)
def test_plural(number: int, expected: str) -> None:
    assert words.plural(number, "trial") == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.995, "100 %"),
        (0.5, "50 %"),
        (0.0521, "5.2 %"),
        (0.00068, "0.068 %"),
        (1e-8, "0.000001 %"),
    ],
)
def test_a_share_has_two_digits(share: float, expected: str) -> None:
    assert words.percent(share) == expected


def test_the_bounds_of_a_share_have_the_same_form() -> None:
    assert words.between(0.00068, 0.03) == "0.068 % to 3 %"


WRITES_ITS_OWN = re.compile(r":[.,\d]*%\}|%%|[\d}]%(?![\w}(-])")
"""A percent sign that ``words.percent`` did not write: without the space before it."""


@pytest.mark.parametrize(
    ("line", "is_its_own"),
    [
        ('f"{rate:.0%} hung"', True),
        ('"rate (%.0f%% interval)" | format(100 * rate)', True),
        ('"at 95% confidence"', True),
        ('f"{percent(rate)} hung"', False),
        ('"with 95 % confidence"', False),
        ('f"{moment:%H:%M} UTC on {day:%Y-%m-%d}"', False),
        ("{% if shown %}", False),
    ],
)
def test_a_percent_sign_of_its_own_is_found(line: str, is_its_own: bool) -> None:
    assert bool(WRITES_ITS_OWN.search(line)) is is_its_own


def test_a_share_is_written_in_one_form_everywhere() -> None:
    sources = [p for kind in ("*.py", "*.md.j2", "*.html.j2") for p in SOURCE.rglob(kind)]
    found = [
        f"{path.relative_to(SOURCE)}:{number}: {line.strip()}"
        for path in sources
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if WRITES_ITS_OWN.search(line) and "argparse" not in line
    ]
    assert not found, "\n".join(["use model.percent:", *found])


@pytest.mark.parametrize(
    ("text", "one_line", "lines"),
    [
        ("", "", ""),
        ("Grüße, 世界 😀", "Grüße, 世界 😀", "Grüße, 世界 😀"),
        ("a\nb\tc", r"a\nb\tc", "a\nb\tc"),
        ("a\r\nb\rc", r"a\r\nb\rc", "a\nb\nc"),
        ("\x1b[2J\x00\x7f", r"\x1b[2J\x00\x7f", r"\x1b[2J\x00\x7f"),
        ("\x85\xad\u2028\u2029", r"\x85\xad\u2028\u2029", r"\x85\xad\u2028\u2029"),
        ("\u200b\u202e\u2066\ufeff", r"\u200b\u202e\u2066\ufeff", r"\u200b\u202e\u2066\ufeff"),
        ("\ud800\udfff\U000e0041", r"\ud800\udfff\U000e0041", r"\ud800\udfff\U000e0041"),
    ],
)
def test_printable(text: str, one_line: str, lines: str) -> None:
    assert words.printable(text) == one_line
    assert words.printable(text, lines=True) == lines


@given(st.text(st.characters()))
def test_what_is_printable_can_be_encoded_and_stays_as_it_is(text: str) -> None:
    shown = words.printable(text)
    assert shown.encode("utf-8").decode("utf-8") == words.printable(shown) == shown
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": ["b", 1, None, 2.5, True]}, {"a": ["b", 1, None, 2.5, True]}),
        ({"a": ["\x1b", {"b": "\n"}]}, {"a": [r"\x1b", {"b": r"\n"}]}),
        ({"\x1b": 1}, {r"\x1b": 1}),
        ({"text": "a\n\x1b", "name": "a\n"}, {"text": "a\n\\x1b", "name": r"a\n"}),
        ({"text": ["a\n"], "name": {"text": ["\n"]}}, {"text": ["a\n"], "name": {"text": ["\n"]}}),
        (("\x00",), [r"\x00"]),
        ("\x00", r"\x00"),
    ],
)
def test_all_printable(value: object, expected: object) -> None:
    assert words.all_printable(value, {"text"}) == expected


@pytest.mark.parametrize("innermost", ["plain", "\x1b"])
def test_a_value_that_is_nested_too_deeply_is_refused(innermost: str) -> None:
    value: object = innermost
    for _ in range(10_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        words.all_printable(value)
