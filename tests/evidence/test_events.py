"""The stream must follow the protocol, or it is not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from languages import STORIES, stream
from looks import HELLO, Raw, snapshot

from interlock.evidence.events import (
    Done,
    Error,
    Fact,
    Hello,
    Looked,
    Snapshot,
    Truncated,
    parse,
    read,
)
from interlock.model import Phase, ProtocolError

DATA = Path(__file__).parents[1] / "data"
RECORDED = sorted([*DATA.glob("recorded/*.jsonl"), *DATA.glob("judged/*.jsonl")])


def lines(text: str) -> list[str]:
    return [json.dumps(event) for event in stream(text)]


def test_a_stream_is_read_as_typed_values() -> None:
    hello, phase, looked, done, _, end = parse(stream("serving | done | end"))
    assert isinstance(hello, Hello)
    assert phase.event == "phase"
    assert phase.phase is Phase.SERVING
    assert isinstance(looked, Looked)
    assert isinstance(done, Done)
    assert end.event == "end"


def test_lines_and_events_are_the_same_stream() -> None:
    text = "live | serving | 40 exposures | stall | [T has A wants A] | end"
    assert tuple(read(lines(text))) == stream(text)


def test_what_is_written_to_a_ledger_is_read_back_the_same() -> None:
    events = stream(STORIES["cycle"])
    assert parse(json.loads(json.dumps(events))) == parse(events)


def test_a_cut_last_line_is_an_event_of_its_own() -> None:
    whole = lines("serving | 40 exposures")
    *_, last = parse(list(read([*whole[:-1], whole[-1][:20]])))
    assert isinstance(last, Truncated)
    assert last.text == whole[-1][:20]


def test_a_broken_line_in_the_middle_is_no_truncation() -> None:
    first, *rest = lines("serving | done | end")
    with pytest.raises(ProtocolError, match="line 2: not JSON: 'app says hi'"):
        list(read([first, "app says hi", *rest]))


def changed(event: Raw, **fields: Any) -> Raw:
    return {**event, **fields}


THREAD = snapshot("T1 has A wants B; T2 has B wants A")["threads"][0]


@pytest.mark.parametrize(
    ("event", "mistake"),
    [
        ({"event": "telepathy", "at": 1.0}, "line 2: event: .*'telepathy'"),
        ({"at": 1.0}, "line 2: event: "),
        ([], "line 2: event: "),
        ({"event": "done", "at": 1.0}, "line 2: done.exposures: Field required"),
        ({"event": "done", "at": 1.0, "exposures": "4"}, "line 2: done.exposures: "),
        ({"event": "done", "at": 1.0, "exposures": -1}, "line 2: done.exposures: "),
        ({"event": "done", "at": 1.0, "exposures": True}, "line 2: done.exposures: "),
        ({"event": "done", "at": "soon", "exposures": 1}, "line 2: done.at: "),
        ({"event": "done", "at": 1.0, "exposures": 1, "mood": "good"}, "line 2: done.mood: "),
        ({"event": "phase", "at": 1.0, "phase": "lunch"}, "line 2: phase.phase: "),
        ({"event": "guard", "limit": "patience", "seconds": 1.0}, "line 2: guard.limit: "),
        (
            {"event": "unsupported", "reason": "slow", "detail": ""},
            "line 2: unsupported.reason: ",
        ),
        ({"event": "exit", "phase": "serving"}, "line 2: exit.code: exactly one"),
        (
            {"event": "exit", "phase": "serving", "code": 1, "signal": "SIGTERM"},
            "line 2: exit.code: exactly one",
        ),
        (
            changed(snapshot("T runs f"), threads=[changed(THREAD, ident="7")]),
            r"line 2: snapshot.threads\[0\].ident: ",
        ),
        (
            changed(snapshot("T runs f"), threads=[changed(THREAD, waits={"kind": "hunch"})]),
            r"line 2: snapshot.threads\[0\].waits.kind: ",
        ),
        (changed(snapshot("T runs f"), index=3), "line 2: snapshot.index: "),
        (changed(HELLO, protocol=5), "line 2: hello.protocol is 5, this reads 1 to 4"),
    ],
)
def test_a_malformed_event_is_named_with_line_and_field(event: Any, mistake: str) -> None:
    with pytest.raises(ProtocolError, match=mistake):
        parse([HELLO, event])


def test_several_mistakes_of_one_event_are_told_at_once() -> None:
    with pytest.raises(ProtocolError, match=r"done\.exposures.*; done\.mood"):
        parse([HELLO, {"event": "done", "mood": "good"}])


def test_a_harness_says_hello_first() -> None:
    with pytest.raises(ProtocolError, match="line 2: done comes before hello"):
        parse(
            [
                {"event": "install", "ok": True, "stage": "install", "seconds": 1.0},
                {"event": "done", "exposures": 1},
            ]
        )


def test_our_own_events_need_no_hello() -> None:
    assert len(parse(stream("unsupported no-wheel: none"))) == 1
    assert parse([]) == ()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain é 😀", "plain é 😀"),
        ("\x1b[31mred\x00", r"\x1b[31mred\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        ("one\r\ntwo\rthree\x85", "one\ntwo\nthree\\x85"),
    ],
)
def test_text_of_an_event_is_printable(sent: str, shown: str) -> None:
    error = {"event": "error", "phase": "serving", "type": "E", "message": sent, "traceback": ""}
    _, read_back = read([json.dumps(HELLO), json.dumps(error)])
    _, parsed = parse([HELLO, error])
    assert isinstance(parsed, Error)
    assert (read_back["message"], parsed.message) == (shown, shown)


def test_text_that_should_be_one_line_is_one() -> None:
    _, fact = parse([HELLO, {"event": "fact", "name": "a\n\tb", "value": {"\x1b": ["\n"]}}])
    assert isinstance(fact, Fact)
    assert (fact.name, fact.value) == (r"a\n\tb", {r"\x1b": [r"\n"]})


def test_an_event_that_is_nested_deeply_is_a_protocol_error() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    with pytest.raises(ProtocolError, match="nested too deeply"):
        list(read([json.dumps(HELLO), f'{{"event": "fact", "name": "f", "value": {deep}}}', "{}"]))
    value: Any = 1
    for _ in range(500):
        value = [value]
    with pytest.raises(ProtocolError, match="nested too deeply"):
        parse([HELLO, {"event": "fact", "name": "f", "value": value}])


def test_an_event_is_not_changed_afterwards() -> None:
    (event,) = parse([HELLO])
    with pytest.raises(ValueError, match="frozen"):
        event.at = 3.0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
names = st.sampled_from(["hello", "phase", "snapshot", "stood", "exit", "intake", "error", "x"])
fields = st.sampled_from(["at", "phase", "threads", "locks", "code", "number", "index", "body"])


@given(st.dictionaries(fields, json_values), names)
def test_anything_else_is_a_protocol_error(content: dict[str, Any], name: str) -> None:
    try:
        parse([HELLO, {"event": name, **content}])
    except ProtocolError as error:
        assert str(error).startswith("line 2: ")


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_the_harness_really_said_is_read(path: Path) -> None:
    raw = tuple(read(path.read_text().splitlines()))
    events = parse(raw)
    assert any(isinstance(event, Hello) for event in events)
    for event in events:
        if isinstance(event, Snapshot):
            assert event.threads
