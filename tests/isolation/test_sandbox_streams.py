from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from interlock.isolation.sandbox.streams import Output


def heard(pieces: list[bytes], limit_bytes: int = 1 << 20) -> tuple[list[str], bool]:
    lines: list[str] = []
    output = Output(lines.append, None, limit_bytes)
    within = [output.feed(1, piece) for piece in pieces]
    output.close()
    return lines, all(within)


def test_a_line_in_pieces_is_one_line() -> None:
    assert heard([b"one\ntw", b"o", b"\nthree\n"])[0] == ["one", "two", "three"]


def test_a_last_line_without_newline_is_handed_over() -> None:
    assert heard([b"one\ntwo"])[0] == ["one", "two"]


def test_an_empty_line_is_a_line() -> None:
    assert heard([b"\n\n"])[0] == ["", ""]


def test_a_character_in_two_pieces_is_whole() -> None:
    whole = "é".encode()
    assert heard([whole[:1], whole[1:] + b"\n"])[0] == ["é"]


def test_bytes_that_are_no_utf8_do_not_stop_the_stream() -> None:
    assert heard([b"\xff\n", b"ok\n"])[0] == ["\ufffd", "ok"]


def test_what_is_beyond_the_limit_is_dropped_and_said() -> None:
    assert heard([b"12345", b"67890"], limit_bytes=7) == (["1234567"], False)
    assert heard([b"1234567"], limit_bytes=7) == (["1234567"], True)


def test_both_streams_count_against_one_limit_and_stay_apart() -> None:
    out: list[str] = []
    err: list[str] = []
    output = Output(out.append, err.append, 6)
    assert output.feed(1, b"abc\n")
    assert not output.feed(2, b"defg\n")
    output.close()
    assert (out, err) == (["abc"], ["de"])


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_how_bytes_are_cut_into_pieces_changes_nothing(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    assert heard(pieces) == heard([data])
