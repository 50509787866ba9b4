"""Sentences are put together from their parts."""

from __future__ import annotations

import pytest

from interlock.model import words


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listing(items: list[str], expected: str) -> None:
    assert words.listing(items) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials")])
def test_plural(number: int, expected: str) -> None:
    assert words.plural(number, "trial") == expected
