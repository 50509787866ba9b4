"""Sentences: what the judge writes into a verdict's is read back from it."""

from __future__ import annotations

import pytest
from languages import PROBE, trials

from interlock.evidence.judge import decide
from interlock.model import words


@pytest.mark.parametrize(
    ("ran", "failed", "cause"),
    [
        ("crash", (1, 1), "SIGSEGV"),
        ("pass error", (1, 2), "TypeError"),
        ("pass*3 crash*2", (2, 5), "SIGSEGV"),
        ("pass*2", None, None),
        ("pass hang", None, None),
        ("slow", None, None),
        ("no-wheel", None, None),
    ],
)
def test_how_many_failed_and_by_what(
    ran: str, failed: tuple[int, int] | None, cause: str | None
) -> None:
    verdict = decide(trials(ran), PROBE)

    assert (words.failed(verdict), words.cause(verdict)) == (failed, cause)


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listing(items: list[str], expected: str) -> None:
    assert words.listing(items) == expected
