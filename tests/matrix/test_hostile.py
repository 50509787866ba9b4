"""A hostile or absurd ``matrix.yaml`` is refused in one line, at no cost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from matrix_files import MATRIX, Load, edited, mistakes

from interlock.matrix import document, plain_files
from interlock.matrix.document import Document, read
from interlock.matrix.matrix_file import load
from interlock.model import MatrixError


def said(folder: Path, text: str | bytes) -> Document:
    path = folder / "some.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def doubling(levels: int) -> str:
    steps = (f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))
    return "\n".join(["a0: &a0 [x]", *steps])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (doubling(60), "has more than 50000 values"),
        (doubling(2000), "it has more than 200 aliases"),
        ("[" * 1000 + "]" * 1000, "nested more than 40 levels deep"),
        ("[" * 100_000, "nested more than 40 levels deep"),
        ("{a: " * 1000, "nested more than 40 levels deep"),
        ("\n".join(" " * n + f"k{n}:" for n in range(1000)), "nested more than 40 levels deep"),
        ("a: &a [*a]", "some.yaml:1: a[0]: refers to itself"),
        ("a: &a {b: *a}", "some.yaml:1: a.b: refers to itself"),
        # values that are no JSON
        ("a: 2026-11-27", 'some.yaml:1: a: 2026-11-27 is a date; write "2026-11-27" in quotes'),
        ("a: 2026-13-01", 'some.yaml:1: a: "2026-13-01" can\'t be read as a YAML timestamp'),
        ("a: !!binary aGk=", "is a YAML bytes"),
        ("a: .inf", "some.yaml:1: a: .inf is not a finite number"),
        ("a: -.inf", "is not a finite number"),
        ("a: .nan", "is not a finite number"),
        ("a: 1.0e+999", "is not a finite number"),
        ("a: " + "9" * 5000, "is a number of more than 40 digits"),
        ("a: 0x" + "f" * 5000, "is a number of more than 40 digits"),
        ("a: !!int many", "can't be read as a YAML int"),
        ("a: !!int ''", "can't be read as a YAML int"),
        ("a: !!bool perhaps", "can't be read as a YAML bool"),
        ("a: !!timestamp never", "can't be read as a YAML timestamp"),
        ("a: !!python/object:os.system x", "can't be read as a YAML python/object:os.system"),
        ("? [a]\n: 1", "has a key that is not text"),
        # no YAML, no text
        ("a: 1\x00", "is not YAML"),
        (b"a: \xff", "can't be read: byte 0xff is not UTF-8"),
        ("a: 1\n--- \nb: 2", "is not YAML"),
    ],
)
def test_what_nobody_wrote_in_earnest_is_one_line(
    tmp_path: Path, text: str | bytes, expected: str
) -> None:
    found = said(tmp_path, text)
    assert len(found.mistakes) == 1
    assert expected in found.mistakes[0]
    assert "\n" not in found.mistakes[0]


def test_a_few_aliases_are_what_yaml_has_them_for(tmp_path: Path) -> None:
    found = said(tmp_path, "a: &a [1, 2]\nb: *a\nc: {d: *a}")
    assert (found.value, found.mistakes) == ({"a": [1, 2], "b": [1, 2], "c": {"d": [1, 2]}}, [])


def test_a_mark_of_byte_order_is_read(tmp_path: Path) -> None:
    found = said(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert (found.value, found.mistakes) == ({"a": 1}, [])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("pipe", "is not a regular file"),
        ("link to itself", "is a link that leads back to itself"),
        ("endless", "is not a regular file"),
        ("folder", "is a folder; name a file"),
        ("huge", "is larger than 1 MiB"),
        ("beneath a file", "can't be read: Not a directory"),
        ("NUL", "can't be read: embedded null byte"),
    ],
)
def test_what_is_no_regular_file_is_never_read(tmp_path: Path, kind: str, expected: str) -> None:
    path = tmp_path / "some.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(document.MOST_BYTES + 1)
    elif kind == "beneath a file":
        path.write_text("")
        path = path / "some.yaml"
    else:
        path = tmp_path / "a\0b"

    assert expected in "".join(read(path).mistakes)


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a: 1")
    (tmp_path / "link").symlink_to("there")
    assert plain_files.read_text(tmp_path / "link") == "a: 1"


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ("memory: 512 MiB => memory: 0 MiB", "limits.probe.memory: must be from 16 MiB"),
        ("memory: 512 MiB => memory: 9999999 GiB", "limits.probe.memory: must be from 16 MiB"),
        (f"memory: 512 MiB => memory: {'9' * 400} GiB", "is not a size"),
        ("memory: 512 MiB => memory: ٥١٢ MiB", "is not a size"),
        ("output: 32 MiB => output: 0 MiB", "limits.probe.output: must be from 0.0625 MiB"),
        ("pids: 256 => pids: 0", "limits.probe.pids: 0: input should be greater than 0"),
        ("pids: 256 => pids: 999999999", "limits.probe.pids: 999999999: input should be less"),
        ("wall_factor: 2 => wall_factor: .inf", "limits.probe.wall_factor: .inf is not a finite"),
        ("wall_factor: 2 => wall_factor: 1.0e+9", "limits.probe.wall_factor: 1000000000.0: input"),
        ("wall: 10 minutes => wall: 0 seconds", '"0 seconds" must be from 1 second to 3650 days'),
        ("verdicts: 7 days => verdicts: 99999999999 days", "must be from 1 second to 3650 days"),
        (f"verdicts: 7 days => verdicts: {'9' * 400} days", "is not a time"),
        ("per_cell: 1 => per_cell: 1000000000", "trials.per_cell: 1000000000: input should be"),
        ('environment: {A: "1"} => environment: {"": "1"}', "can't be the name of an environment"),
        ('environment: {A: "1"} => environment: {"A=B": "1"}', "can't be the name of an env"),
        ('environment: {A: "1"} => environment: {"A\\0": "1"}', "can't be the name of an env"),
        ('environment: {A: "1"} => environment: {A: "1\\0"}', "has a NUL"),
        ("level: 1 => level: 2026-11-27", "configurations.stock.settings.level: 2026-11-27 is a"),
        ("level: 1 => level: !!binary aGk=", "configurations.stock.settings.level: aGk= is a YAML"),
        ("level: 1 => level: .nan", "configurations.stock.settings.level: .nan is not a finite"),
        ('"3.8", "3.10" => "2.7", "3.10"', "the harness runs on Python 3.8 and newer, not on 2.7"),
        ('"3.8", "3.10" => "3.7", "3.10"', "the harness runs on Python 3.8 and newer, not on 3.7"),
        (
            '"3.8", "3.10" => "3.100", "3.10"',
            "the harness runs on Python 3.8 and newer, not on 3.100",
        ),
        ('"1.0", latest] => "1.0", "' + "1" * 5000 + '"]', "is too long for a version"),
        ("  stock: => '':", "is not a name of 1 to 100 printable characters"),
        ('  stock: => "a\\tb":', "is not a name of 1 to 100 printable characters"),
        ("image: python:{python}-slim => image: 'python:{python.__class__}'", "where the Python"),
        ("image: python:{python}-slim => image: 'python:{python:>1000000000}'", "where the Python"),
        ("image: python:{python}-slim => image: '{python}{python.__class__}'", "has a brace"),
        ("image: python:{python}-slim => image: '{python}{0}'", "has a brace that is not {python}"),
        ("image: python:{python}-slim => image: '{python} x'", "is not the name of an image"),
    ],
)
def test_what_is_absurd_is_refused_with_its_place(loaded: Load, edit: str, expected: str) -> None:
    found = mistakes(loaded, edit)
    assert [mistake for mistake in found if expected in mistake], found
    assert all(mistake.startswith("matrix.yaml:") for mistake in found)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            "value: 500 => value: many",
            'knobs.starts: "many" is not a number; list its allowed texts',
        ),
        ('value: 500 => value: "500"', 'knobs.starts: "500" is not a number'),
        ("value: 500 => value: null", "knobs.starts: null is not a number"),
        ("value: 500 => value: true", "knobs.starts: true is not a number"),
        ("value: 500 => value: [500]", "knobs.starts: [500] is not a number"),
        ("value: 500 => value: -1", "knobs.starts: -1 is not above 0 and up to 1000000000"),
        ("value: 500 => value: 0", "knobs.starts: 0 is not above 0 and up to 1000000000"),
        ("value: 500 => value: 0.5", "knobs.starts.value: 0.5 is not a whole number"),
        ("value: 500 => value: 500.0", "knobs.starts.value: 500.0 is not a whole number"),
        ("value: 500 => value: .nan", ".nan is not a finite number"),
        ("value: 500 => value: .inf", ".inf is not a finite number"),
        ("value: 500 => value: few, one_of: [none, many]", '"few" is not one of none, many'),
        ("startup_s: 20 => startup_s: .inf", "limits.startup_s: .inf is not a finite number"),
        ("startup_s: 20 => startup_s: 0", "limits.startup_s: 0: input should be greater than 0"),
        ("startup_s: 20 => startup_s: 1000000", "limits.startup_s: 1000000: input should be less"),
        ("least: 250 => least: 0", "exposures.least: 0: input should be greater than 0"),
        ('RATE: {value: "0" => "R=": {value: "0"', "can't be the name of an environment variable"),
    ],
)
def test_the_same_in_the_file_of_a_probe(loaded: Load, edit: str, expected: str) -> None:
    found = mistakes(loaded, probe=edit)
    assert [mistake for mistake in found if expected in mistake], found
    assert all(mistake.startswith("probes/restart/probe.yaml:") for mistake in found)


def test_the_image_of_the_environment_is_held_to_the_same(folder: Path, loaded: Load) -> None:
    loaded()
    with pytest.raises(MatrixError, match=r"image template given instead .* where the Python goes"):
        load(folder / "matrix.yaml", folder / "probes", "python:{python.__class__}")


def test_a_bomb_in_the_whole_file_is_one_mistake(folder: Path, loaded: Load) -> None:
    loaded()
    (folder / "matrix.yaml").write_text(f"{doubling(60)}\n{edited(MATRIX, '')}")
    with pytest.raises(MatrixError) as caught:
        load(folder / "matrix.yaml", folder / "probes")
    assert caught.value.mistakes == (
        "matrix.yaml:1: has more than 50000 values, counting those behind aliases",
    )


@pytest.mark.parametrize("source", ["(" * 5000, "x = " + "-" * 100_000 + "1"])
def test_python_that_is_nested_too_deeply_is_a_mistake(
    folder: Path, loaded: Load, source: str
) -> None:
    (folder / "probes" / "restart" / "app.py").write_text(source)
    before = sys.getrecursionlimit()
    (mistake,) = mistakes(loaded)
    assert mistake.startswith("probes/restart/app.py")
    assert "is not Python" in mistake
    assert sys.getrecursionlimit() == before
