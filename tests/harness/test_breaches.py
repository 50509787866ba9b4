"""Whatever an app sends, its trial ends and gets a verdict.

A breach of the protocol is the package's fault.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from languages import PROBE
from looks import HELLO, snapshot
from ours import PROBES
from stories import told as in_words

from interlock.evidence import classification, events
from interlock.model import Fail, Finding, Pass, Reason

PROLOGUE = [
    b'{"phase": "import"}',
    b'{"fact": "profiled-lock", "value": true}',
    b'{"phase": "serving"}',
]
EPILOGUE = [b'{"phase": "shutdown"}', b'{"done": 40, "number": 1}']


@pytest.fixture(scope="module")
def harness() -> Iterator[SimpleNamespace]:
    """The supervisor's side of the harness, in this very process."""
    sys.path.insert(0, str(PROBES))
    try:
        from harness import answers, heartbeat, messages, shapes, sightings, streams
    finally:
        sys.path.remove(str(PROBES))
    yield SimpleNamespace(
        answers=answers,
        Broken=shapes.Broken,
        Heartbeat=heartbeat.Heartbeat,
        Lines=streams.Lines,
        longest=messages.LONGEST_LINE,
        Sightings=sightings.Sightings,
    )


class Written:
    """A stream that keeps the lines which the real one writes."""

    started = 0.0

    def __init__(self) -> None:
        self.lines = [json.dumps(HELLO)]

    def now(self) -> float:
        return 1.0

    def emit(self, event: str, **fields: object) -> None:
        self.lines.append(json.dumps({"event": event, "at": 1.0, **fields}))

    def emit_looked(self) -> None:
        """As the supervisor does when the app says that it is done."""
        seen = {"processes": [7], "unanswered": [], "unjoined": []}
        self.emit("looked", before="its end", last=True, seconds=0.01, number=None, **seen)

    def classified(self) -> Finding:
        return classification.classify(events.read(self.lines), PROBE)


def heard(harness: SimpleNamespace, data: bytes) -> Finding:
    """The finding of a trial with an app that wrote this and then ended normally."""
    stream = Written()
    heartbeat = harness.Heartbeat(stream)
    read, write = os.pipe()
    os.set_blocking(read, False)
    lines = harness.Lines(read, harness.longest)
    for start in range(0, len(data), 50_000):
        os.write(write, data[start : start + 50_000])
        for line in lines.read() or ():
            heartbeat.hear(line)
    os.close(write)
    os.close(read)
    stream.emit_looked()
    heartbeat.done()
    stream.emit("exit", code=0, signal=None, phase=heartbeat.phase)
    stream.emit("intake-end", requests=0)
    stream.emit("end")
    return stream.classified()


def whole(*said: bytes) -> bytes:
    return b"\n".join([*PROLOGUE, *said, *EPILOGUE, b""])


def test_an_app_that_keeps_to_the_protocol_passes(harness: SimpleNamespace) -> None:
    assert in_words(heard(harness, whole(b'{"beat": 39}'))) == "pass: 40"


BREACHES = [
    (b"\xff\xfe", r"not UTF-8: b'\xff\xfe'"),
    (b"hello", "not JSON: b'hello'"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"fact": "f", "value": ' + b"[" * 40 + b"]" * 40 + b"}", "fact.value: nested more than 16"),
    *(
        (b'{"beat": ' + b"[" * deep + b"]" * deep + b"}", "beat.beat: ")
        for deep in (50, 500, 900, 940)
    ),
    (b"x" * (2 << 20), "a line of more than 1048576 bytes"),
    (b'{"fact": "f", "value": "' + b"x" * (30 << 20) + b'"}', "a line of more than 1048576 bytes"),
    (b"7", "not an object"),
    #
    (b'{"mood": "good"}', "no message that is known"),
    (b'{"phase": "lunch"}', "phase.phase: 'lunch' is not one of import, startup, serving"),
    (b'{"phase": "install"}', "phase.phase: 'install' is not one of"),
    (b'{"phase": ["serving"]}', "phase.phase: ['serving'] is not one of"),
    (b'{"phase": "import"}', "the phase import begins again"),
    (b'{"phase": "startup"}', "the phase startup begins again"),
    (b'{"misuse": "no such setting"}', "misuse comes after the phase import"),
    (b'{"done": 40, "number": 1}\n{"fact": "f", "value": 1}', "fact comes after done"),
    (b'{"done": 40, "number": 1}', "phase comes after done"),
    #
    (b'{"beat": "4"}', "beat.beat: '4' is not an integer"),
    (b'{"beat": true}', "beat.beat: True is not an integer"),
    (b'{"beat": -1}', "beat.beat: -1 is not an integer"),
    (b'{"beat": 1e3}', "beat.beat: 1000.0 is not an integer"),
    (b'{"beat": 1000000000001}', "beat.beat: 1000000000001 is not an integer"),
    (b'{"beat": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
    (b'{"beat": 1, "mood": 2}', "beat: there is no key 'mood'"),
    (b'{"fact": "f"}', "fact: the key value is missing"),
    (b'{"fact": 1, "value": 1}', "fact.fact: 1 is not a text"),
    (b'{"fact": "f", "value": NaN}', "NaN is not a number"),
    (b'{"fact": "f", "value": [-Infinity]}', "-Infinity is not a number"),
    (b'{"fact": "f", "value": 1e999}', "fact.value: a number that is not finite"),
    (b'{"fact": "f", "value": ' + b"9" * 30 + b"}", "fact.value: an integer of more than 64 bits"),
    (b'{"child": 8, "code": 1, "signal": 9}', "child: exactly one of code and signal"),
    (b'{"child": 8, "code": null, "signal": 70}', "child.signal: 70 is not an integer"),
    (b'{"look": "x", "number": 1, "silent_s": -1, "process": null}', "look.silent_s: -1 is not"),
    (b'{"look": "x", "number": 1, "silent_s": 1e300, "process": null}', "look.silent_s: 1e+300"),
]


@pytest.mark.parametrize(("said", "what"), BREACHES, ids=[what for _, what in BREACHES])
def test_a_breach_is_a_failure_that_says_what_was_wrong(
    harness: SimpleNamespace, said: bytes, what: str
) -> None:
    finding = heard(harness, whole(said))
    assert isinstance(finding, Fail)
    assert finding.reason is Reason.ERROR
    assert what in finding.detail
    assert finding.detail.startswith("it broke the event protocol: ")
    assert len(finding.detail) < 600


def test_text_that_no_encoding_has_is_no_breach(harness: SimpleNamespace) -> None:
    said = {"error": "E", "message": "\ud800 \x1b[31m", "traceback": "", "feature": None}
    error = json.dumps({**said, "phase": "serving"}).encode()
    finding = heard(harness, b"\n".join([*PROLOGUE, error, b""]))
    assert in_words(finding) == r"fail error in serving: E: \ud800 \x1b[31m"


def test_a_last_line_that_was_cut_is_no_breach(harness: SimpleNamespace) -> None:
    finding = heard(harness, whole() + b'{"beat": 4')
    assert isinstance(finding, Pass)


NASTY = st.sampled_from(
    [
        *(None, True, -1, 0, 8, 10**12, 10**30, 0.5, 1e300, float("nan"), float("-inf")),
        *("", "serving", "\ud800", "\x00\x1b[2J\u202e", "x" * 30_000),
        *([], {}, [[[]]], {"": {"\udfff": []}}),
    ]
)
MESSAGES: list[dict[str, Any]] = [
    {"beat": 3},
    {"fact": "profiled-lock", "value": True},
    {"fact": "settings", "value": {"profiling": True}},
    {"error": "E", "message": "m", "traceback": "t", "feature": None, "phase": "serving"},
    {"missing": "f", "detail": "d"},
    {"degraded": "d", "doubt": None},
    {"done": 40, "number": 1},
    {"look": "why", "number": 1, "silent_s": 0.5, "process": None},
    {"around": "the end", "number": 1},
    {"child": 8, "code": None, "signal": 9},
    {"misuse": "m"},
    *({"phase": phase} for phase in ("import", "startup", "serving", "shutdown")),
]


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    said = dict(draw(st.sampled_from(MESSAGES)))
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from([*said, "mood"]))
        if draw(st.booleans()):
            said.pop(key, None)
        else:
            said[key] = draw(NASTY)
    return json.dumps(said).encode()


ANYTHING = st.lists(messages() | st.binary(max_size=40), max_size=6).map(b"\n".join)


@settings(max_examples=500, deadline=None)
@given(said=ANYTHING, well=st.booleans(), cut=st.integers(0, 30))
def test_no_bytes_of_an_app_leave_its_trial_unclassified(
    harness: SimpleNamespace, said: bytes, well: bool, cut: int
) -> None:
    data = whole(said) if well else said + b"\n"
    finding = heard(harness, data[: len(data) - cut])
    text = in_words(finding)
    assert text == text.encode("utf-8").decode("utf-8")
    assert not any(ord(c) < 32 or c in "\u202e\x7f" for c in text)


# What the watchers answer -------------------------------------------------------------------------

CYCLE = "MainThread has A wants B; T has B wants A"


def answer(text: str = CYCLE) -> dict[str, Any]:
    """An answer of a watcher, as ``watcher.py`` makes it."""
    seen = copy.deepcopy(snapshot(text))
    for thread in seen["threads"]:
        thread.setdefault("waits", None)
        for key in ("holds", "unresolved"):
            thread.setdefault(key, [])
        if thread["waits"]:
            rest = {"lock": None, "thread": None, "bounded": False, "gives_back": True}
            thread["waits"] = {**rest, **thread["waits"]}
    for lock in seen["locks"].values():
        lock.setdefault("owner", None)
    return {"ask": 1, "threads": seen["threads"], "locks": seen["locks"], "at_fork": []}


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside of another."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*way, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*way, key))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    said = answer()
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(sorted(places(said), key=str)))
        at: Any = said
        for key in way:
            at = at[key]
        if draw(st.booleans()):
            del at[last]
        else:
            at[last] = copy.deepcopy(draw(NASTY))
    return json.dumps(said).encode()


def test_an_answer_as_the_watcher_gives_it_is_read(harness: SimpleNamespace) -> None:
    said = answer()
    assert harness.answers.read(json.dumps(said).encode()) == ("ask", said)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"threads": None}, "ask.threads: not a list"),
        ({"mood": 1}, "ask: there is no key 'mood'"),
        ({"locks": {"x": {}}}, "ask.locks: 'x' is not the id of an object"),
        ({"locks": {}}, "is not described"),
        ({"threads": [*answer()["threads"], *answer()["threads"]]}, "two have the same ident"),
        ({"threads": [{**answer()["threads"][0], "frames": []}]}, "there is no frame"),
    ],
)
def test_an_answer_of_another_shape_is_refused(
    harness: SimpleNamespace, change: Mapping[str, Any], what: str
) -> None:
    with pytest.raises(harness.Broken, match=what.replace("[", r"\[")):
        harness.answers.read(json.dumps({**answer(), **change}).encode())


@settings(max_examples=300, deadline=None)
@given(first=answers(), second=answers())
def test_no_answer_leaves_a_trial_unclassified(
    harness: SimpleNamespace, first: bytes, second: bytes
) -> None:
    try:
        seen = [harness.answers.read(line)[1] for line in (first, second)]
    except harness.Broken:
        return
    if not all("threads" in each for each in seen):
        return
    stream = Written()
    stream.emit("stall", number=1, phase="serving", silent_s=1.0, exposures=3)
    sightings = harness.Sightings(closed_s=0.0)
    for index, each in enumerate(seen):
        taken = {key: each[key] for key in ("threads", "locks", "at_fork")}
        taken["tasks"] = []
        sightings.add(8, taken, float(index))
        stream.emit("snapshot", number=1, index=index, process=8, **taken)
    sightings.has_lasted(8, 2.0)
    stream.emit("signal", signal="SIGTERM", reason="it stands")
    stream.emit("exit", code=None, signal="SIGTERM", phase="serving")
    stream.emit("intake-end", requests=0)
    stream.emit("end")
    stream.classified()
