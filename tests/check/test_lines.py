"""The line of each value in a TOML and a JSON text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from interlock.check.formats.lines import entry_lines, json_lines, toml_lines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent.parent
Way = tuple[str | int, ...]

ODD = r"""
a = 1 # [x]
"b.c" = '#' # = 2
d . "e f" . g = "\"]#" # a dotted key
h = [ # [[
  "i", 'j', # k
  [1.5,
   -2e3], { l = [3] , "m n" = { o = 1979-05-27T07:32:00Z } },
]
p = ""
q = '''
[no]
"r" = '' 1
'''
s = [""\"one
]
two"\""", ""\"""\""", ''''quoted'''', "t"]
["u"]
[ v . 'w' ] # x
y=true
[[z]]
[z.one]
two = 1
[[z]] # again
[[z.many]]
k = 1
[[z.many]]
k = 2
[z.many.deep]
k = 3
'2026-01-01' = 2026-01-01
"é\u00e9" = {}
""".replace('""\\"', '"""').replace('"\\"""', '""""')


def ways(value: object, at: Way = ()) -> Iterator[Way]:
    """The ways to all values that are no tables."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    if at and not isinstance(value, dict):
        yield at
    for key, inner in items:
        yield from ways(inner, (*at, key))


def arrays(value: object, at: Way = ()) -> set[Way]:
    """The ways to arrays of tables, which may have no line of their own."""
    return {way for way in ways(value, at) if isinstance(_value(value, way), list)}


def _value(value: object, way: Way) -> object:
    for key in way:
        value = value[key]  # type: ignore[index]
    return value


TEXTS = [ODD, *(path.read_text() for path in (ROOT / "tests" / "data").rglob("*.toml"))]
TEXTS += [path.read_text() for path in (ROOT / "tests" / "data").rglob("*.lock")]
TEXTS += [(ROOT / "pyproject.toml").read_text()]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{len(text)} characters")
def test_every_value_of_a_toml_has_a_line(text: str) -> None:
    document, lines = tomllib.loads(text), toml_lines(text)
    assert set(ways(document)) - set(lines) <= arrays(document)
    for way, line in lines.items():
        _value(document, way)  # there is such a value
        if isinstance(way[-1], str) and "\\" not in text:
            assert way[-1] in text.split("\n")[line - 1]


def test_the_lines_of_an_odd_toml_are_right() -> None:
    lines = toml_lines(ODD)
    assert [lines[way] for way in [("a",), ("b.c",), ("d", "e f", "g"), ("h", 0), ("h", 1)]] == [
        *(2, 3, 4),
        *(6, 6),
    ]
    assert lines["h", 2, 1] == 8
    assert lines["h", 3, "m n", "o"] == 8
    assert (lines[("p",)], lines[("q",)], lines["s", 0], lines["s", 1]) == (10, 11, 15, 17)
    assert lines["z", 1, "many", 1, "deep", "k"] == 30
    assert lines["z", 1, "many", 1, "deep", "éé"] == 32


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text(max_size=4), JSON, max_size=4), plain=st.booleans())
def test_the_keys_of_a_json_have_their_lines(value: dict[str, object], plain: bool) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=plain)
    lines = json_lines(text)
    keys = [way for way in _keys(value) if isinstance(way[-1], str)]
    assert set(keys) == set(lines)
    for way, line in lines.items():
        assert json.dumps(way[-1], ensure_ascii=plain) in text.split("\n")[line - 1]


def _keys(value: object, at: Way = ()) -> Iterator[Way]:
    items = list(value.items()) if isinstance(value, dict) else []
    items += list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in items:
        yield (*at, key)
        yield from _keys(inner, (*at, key))


def test_entries_are_found_the_plain_way_and_the_long_way() -> None:
    plain = '[[package]]\nname = "a"\n\n[[package]]\nname = "b"\n'
    odd = '[[ package ]]\nversion = "1"\nname="a"\n[["package"]] # b\n\nname = \'b\'\n'
    assert entry_lines(plain, "package", ["a", "b"]) == [2, 5]
    assert entry_lines(odd, "package", ["a", "b"]) == [3, 6]
    assert entry_lines("package = [\n{name = 'a'},\n{name = 'b'}]\n", "package", ["a", "b"]) == [
        2,
        3,
    ]
    assert entry_lines("package = 7\n", "package", []) == []
