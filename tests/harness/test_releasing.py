"""Which code may release a lock that it has not taken, or give its name another value."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterator
from types import ModuleType

import pytest
from ours import PROBES


@pytest.fixture(scope="module")
def releasing() -> Iterator[ModuleType]:
    sys.path.insert(0, str(PROBES))
    try:
        from harness import releasing
    finally:
        sys.path.remove(str(PROBES))
    yield releasing


def is_lock(node: ast.AST) -> bool:
    """The lock is the attribute ``lock`` of anything."""
    return isinstance(node, ast.Attribute) and node.attr == "lock"


BALANCED = """
with self.lock: work()

self.lock.acquire()
work()
self.lock.release()

if self.lock.acquire(False):
    try: work()
    finally: self.lock.release()

if not self.lock.acquire(timeout=5): return
self.lock.release()

got = self.lock.acquire(timeout=5)
if got: self.lock.release()

got = self.lock.acquire(False)
try: work()
finally:
    if got and other: self.lock.release()

self.lock.acquire(True, timeout=-1)
self.lock.release()

if self.lock.locked(): work()

assert self.lock is not None and isinstance(self.lock, object)

lock = self.lock
with lock: work()

lock = self.lock
lock.acquire()
lock.release()

while self.lock and other: work()

if self.lock or other: work()

self.lock and self.lock.locked()

lock = self.lock or other
with lock: work()

self.lock.acquire()

other.release()

self.lock = make()
"""

MAY_RELEASE = """
self.lock.release()

self.lock.acquire(timeout=5)
self.lock.release()

self.lock.acquire(False)
self.lock.release()

if not self.lock.acquire(timeout=5): print("by force")
self.lock.release()

got = self.lock.acquire(timeout=5)
self.lock.release()

if self.lock.acquire(False): work()
self.lock.release()

self.lock.acquire(*given)
self.lock.release()

lock = self.lock
lock.release()

self.lock.release()
self.lock.acquire()

(self.lock or other).release()

lock = other if self.spare else self.lock
lock.release()

one = other = self.lock
third = other
third.release()

give_back(self.lock or other)

give_back(self.lock if self.lock else other)

lock = self.kept[0] = self.lock

call_later(3, self.lock.release)

give_back(self.lock)

return self.lock

kept.append(self.lock)

yield self.lock

self.lock.__exit__(None, None, None)

self.lock.acquire()
def later(): self.lock.release()
start(later)

start(lambda: self.lock.release())
"""


def functions(bodies: str) -> list[str]:
    return [textwrap.indent(body.strip(), "    ") for body in bodies.strip().split("\n\n")]


def parsed(body: str, name: str = "f") -> ast.AST:
    return ast.parse(f"def {name}(self):\n{body}\n").body[0]


@pytest.mark.parametrize("body", functions(BALANCED))
def test_code_that_takes_the_lock_first_releases_no_other_thread_s(releasing, body):
    assert releasing.release_at(parsed(body), is_lock, private=()) is None


@pytest.mark.parametrize("body", functions(MAY_RELEASE))
def test_code_that_releases_or_hands_on_what_it_has_not_taken(releasing, body):
    assert releasing.release_at(parsed(body), is_lock, private=()) is not None


def test_an_object_may_hand_on_its_lock_while_it_is_made(releasing):
    body = "    self.ready = Condition(self.lock)"
    assert releasing.release_at(parsed(body, "__init__"), is_lock, private=()) is None
    assert releasing.release_at(parsed(body), is_lock, private=()) is not None


@pytest.mark.parametrize(("since", "found"), [(2, 3), (3, 3), (4, None)])
def test_a_creator_that_runs_may_hand_on_the_lock_of_another(releasing, since, found):
    creator = parsed("    work()\n    give_back(other.lock)\n    rest()", "__init__")
    assert releasing.release_at(creator, is_lock, (), since=since) == found


def test_what_only_wrappers_have_is_handed_on_by_nobody(releasing):
    body = "    self.next = self.lock"
    assert releasing.release_at(parsed(body), is_lock, private={"lock"}) is None
    assert releasing.release_at(parsed("    self.lock.release()"), is_lock, private={"lock"})


@pytest.mark.parametrize(("line", "found"), [(2, None), (3, 4), (4, 4), (5, None)])
def test_a_frame_between_acquire_and_release_will_release(releasing, line, found):
    """Line 2 takes it, and line 4 gives it back."""
    function = parsed("    self.lock.acquire()\n    work()\n    self.lock.release()\n    rest()")
    assert releasing.release_at(function, is_lock, (), since=line) == found


@pytest.mark.parametrize(
    ("body", "name", "is_attribute", "of_self", "line"),
    [
        ("self.lock = make()", "f", True, True, 2),
        ("self.lock = make()", "f", True, False, None),
        ("other.lock = make()", "f", True, False, 2),
        ("del self.lock", "f", True, True, 2),
        ("self.lock = make()", "__init__", True, True, None),
        ("self.other = make()", "f", True, True, None),
        ("lock = make()", "f", False, True, None),
        ("global lock; lock = make()", "f", False, True, 2),
        ("self.lock = make()", "f", False, True, None),
    ],
)
def test_where_a_name_gets_another_value(releasing, body, name, is_attribute, of_self, line):
    function = parsed(f"    {body}", name)
    assert releasing.rebinds_at(function, "lock", is_attribute, of_self) == line
