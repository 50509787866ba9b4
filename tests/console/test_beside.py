"""Work beside the first containers: made once, whoever comes first."""

from __future__ import annotations

import threading

import pytest

from interlock.console.beside import Beside


class Making:
    def __init__(self, trouble: Exception | None = None) -> None:
        self.times = 0
        self.by: list[threading.Thread] = []
        self.trouble = trouble

    def __call__(self) -> int:
        self.times += 1
        self.by.append(threading.current_thread())
        if self.trouble:
            raise self.trouble
        return self.times


@pytest.mark.parametrize("begins", [0, 1, 2])
def test_it_is_made_once(begins: int) -> None:
    making = Making()
    beside = Beside(making)
    for _ in range(begins):
        beside.begin()
    assert [beside(), beside()] == [1, 1]
    assert (making.by[0] is threading.current_thread()) is (begins == 0)


@pytest.mark.parametrize("begun", [True, False])
def test_its_trouble_is_raised_where_it_is_needed(begun: bool) -> None:
    beside = Beside(Making(LookupError("gone")))
    if begun:
        beside.begin()
    with pytest.raises(LookupError, match="gone"):
        beside()


def test_what_nobody_needs_is_not_made() -> None:
    making = Making()
    Beside(making)
    assert making.times == 0
