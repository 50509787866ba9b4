"""A message that is longer than what a pipe takes at once arrives whole, whatever happens."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from languages import PROBE
from ours import PROBES
from stories import told as in_words

from interlock.evidence import classification
from interlock.model import Pass, ProofRule

FACT = replace(PROBE, live=(ProofRule(name="fact", says="", fact="alive"),), least_exposures=1)

BEFORE = """
import signal
def run(trial):
    trial.phase("serving")
    trial.fact("alive", True)
    trial.expose()
"""


@pytest.mark.alone
@pytest.mark.parametrize(
    "body",
    [
        # Another thread speaks at the same time.
        """
        import threading
        over = []
        def beat():
            while not over:
                trial.expose()
        others = [threading.Thread(target=beat) for _ in range(3)]
        for other in others:
            other.start()
        for _ in range(40):
            trial.fact("long", "x" * 200_000)
        over.append(True)
        for other in others:
            other.join()
        """,
        # A signal's handler speaks in the middle of it.
        """
        signal.signal(signal.SIGALRM, lambda *_: trial.fact("short", 1))
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.002)
        for _ in range(30):
            trial.fact("long", "x" * 300_000)
        signal.setitimer(signal.ITIMER_REAL, 0)
        """,
        # A signal's handler raises in the middle of it, and the app goes on.
        """
        class Late(Exception): pass
        def late(*_): raise Late
        signal.signal(signal.SIGALRM, late)
        for number in range(20):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + number / 10_000)
                while True:
                    trial.fact("long", "x" * 300_000)
            except Late:
                pass
        trial.fact("whole", True)
        """,
    ],
    ids=["another thread", "a handler", "an exception"],
)
def test_a_long_message_is_not_cut_by_another(run_app, body: str) -> None:
    told = run_app(BEFORE + textwrap.indent(textwrap.dedent(body), "    "))
    assert told.all("breach") == []
    assert all(len(set(value)) == 1 for name, value in told.fact.items() if name == "long")
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Pass), in_words(finding)


@pytest.fixture
def harness() -> Iterator[SimpleNamespace]:
    sys.path.insert(0, str(PROBES))
    try:
        from harness import pieces, shapes
    finally:
        sys.path.remove(str(PROBES))
    yield SimpleNamespace(Pieces=pieces.Pieces, Broken=shapes.Broken)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["{}"], ["{}"]),
        (["+1 ab", "+1 cd", "=1"], ["abcd"]),
        (["+1 ab", "{}", "+2 x", "=2", "=1"], ["{}", "x", "ab"]),
        (["+1 ab", "-1", "+2 x", "=2"], ["x"]),
        (["-7"], []),
        (["+1 abcdef", "+1 abcdef", "+1 a", "=1"], [None]),
        ([None], [None]),
        ([f"+{number} x" for number in range(70)] + ["=69"], ["x"]),
    ],
)
def test_pieces_are_put_together(harness, lines, expected) -> None:
    pieces = harness.Pieces(longest=10)
    taken = [whole for line in lines for whole in pieces.take(line and line.encode())]
    assert [whole and whole.decode() for whole in taken] == expected


@pytest.mark.parametrize("line", ["+x ab", "+", "=1", "=1 a", "-1 a", "+1234567890123 a", "=-1"])
def test_what_is_no_piece_breaks_the_protocol(harness, line: str) -> None:
    with pytest.raises(harness.Broken):
        harness.Pieces(longest=10).take(line.encode())
