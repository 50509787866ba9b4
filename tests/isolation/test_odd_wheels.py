"""Wheels that are odd: what is installed, what no installer takes, and what is trouble of ours."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from installing import PYTHON, Counting, environments, made, pin
from languages import PROBE

from interlock.evidence import classification
from interlock.index.settings import IndexSettings
from interlock.isolation import seals
from interlock.isolation.environments import InstallFailed
from interlock.isolation.store import Store
from interlock.isolation.wheels import (
    built_wrongly,
    defect,
    directory_bytes,
    is_named,
    metadata_of,
    too_large,
)
from interlock.model import Fail, IndexUnreachable, TroubleError

INFO, DATA = "odd-1.0.dist-info", "odd-1.0.data"
METADATA = "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nTag: py3-none-any\n"
COMPILED = f"__pycache__/odd.cpython-{PYTHON.major}{PYTHON.minor}.pyc"


def odd(folder: Path, members: Mapping[str, str | None], how: int = zipfile.ZIP_STORED) -> Path:
    """A wheel with these members in the place of its own; None leaves one out."""
    folder.mkdir(exist_ok=True)
    own = {"odd.py": "ODD = 1\n", f"{INFO}/METADATA": METADATA, f"{INFO}/WHEEL": WHEEL}
    own[f"{INFO}/RECORD"] = "odd.py,,\n"
    path = folder / "odd-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, text in {**own, **members}.items():
            if text is not None:
                archive.writestr(name, text)
    return path


@pytest.mark.parametrize(
    "name",
    [
        COMPILED,  # It is compiled again.
        "__pycache__/other.cpython-27.pyc",
        "./dot.py",
        "two//slashes.py",
        #
        f"{INFO}/INSTALLER",
        f"{INFO}/direct_url.json",
        f"{INFO}/uv_cache.json",
        f"{INFO}/uv_build.json",
        # Names that mean something to us.
        "interlock-complete.json",
        f"{DATA}/data/interlock-complete.json",
        f"{DATA}/data/.cache/file",
        f"{DATA}/data/share/site-packages/other.py",
        f"{DATA}/data/lib64/other.py",
        # What leads out of the environment is not unpacked.
        "../../../outside.py",
        "/outside.py",
        f"{DATA}/data/../../../outside.py",
    ],
)
def test_a_wheel_with_odd_names_installs_as_it_does_everywhere(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, name: str
) -> None:
    odd(wheels, {name: "odd"})
    environment, _ = made(environments(box, store, index), pin("odd", "1.0"))
    assert list(Path(environment.path).rglob("odd.py"))
    assert made(environments(box, store, index), pin("odd", "1.0")) == (environment, True)


def test_what_a_wheel_keeps_where_the_layout_has_a_cache_is_there(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    odd(wheels, {f"{DATA}/data/.cache/file": "kept"})
    environment, _ = made(environments(box, store, index), pin("odd", "1.0"))
    assert Path(environment.path, ".cache", "file").read_text() == "kept"
    assert [path.name for path in Path(environment.path).glob(".cache*")] == [".cache"]


REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({f"{INFO}/RECORD": None}, "it has no RECORD"),
    ({f"{INFO}/WHEEL": None}, "it has no WHEEL"),
    ({f"{INFO}/METADATA": None}, "it has no METADATA"),
    ({"other-1.dist-info/METADATA": ""}, "it has 2 folders that end in .dist-info"),
    #
    ({f"{INFO}/WHEEL": "Wheel-Version: 2.0\n"}, "its Wheel-Version is 2.0"),
    ({f"{INFO}/WHEEL": "Tag: py3-none-any\n"}, "its WHEEL has no Wheel-Version"),
    ({f"{INFO}/WHEEL": "\0\1"}, "its WHEEL has no Wheel-Version"),
    #
    ({f"{INFO}/METADATA": METADATA.replace("1.0", "2.0")}, "its METADATA is of the version '2.0'"),
    (
        {f"{INFO}/METADATA": METADATA.replace("odd", "even")},
        "its METADATA is of the package 'even'",
    ),
    ({f"{INFO}/METADATA": "nonsense"}, "its METADATA is of the package ''"),
    ({f"{INFO}/METADATA": f"{METADATA}Requires-Dist: x (===\n"}, "its requirement 'x (===' can't"),
    #
    ({f"{'a' * 256}.py": ""}, "is too long"),
    ({"f": "", "f/g.py": ""}, "a file and a folder of it have one name"),
    ({f"{DATA}/foo/x": ""}, "it has data of the unknown kind 'foo'"),
    (
        {f"{INFO}/entry_points.txt": "[console_scripts]\n../../x = odd:f\n"},
        "leads out of",
    ),
    ({f"{INFO}/entry_points.txt": "[console_scripts]\nx = odd\n"}, "names no function"),
]
TAKEN: list[dict[str, str | None]] = [
    {},
    {f"{INFO}/WHEEL": "Wheel-Version: 1.9\n"},
    {f"{INFO}/METADATA": METADATA.replace("odd", "ODD").replace("1.0", "1.0.0")},
    {f"{INFO}/METADATA": f"{METADATA}Requires-Dist: x[y]>=1; python_version < '3'\n"},
    {f"{'a' * 252}.py": ""},
    {"f/": "", "f/g.py": ""},
    {f"{DATA}/scripts/x": "", "other-1.0.data/foo/x": ""},
    {f"{INFO}/entry_points.txt": "[console_scripts]\nx = odd:f [extra]\n[other]\na/b = odd\n"},
    # pip takes this one.
    {f"{INFO}/entry_points.txt": "[console_scripts\n"},
]


@pytest.mark.parametrize(("members", "why"), REFUSED)
def test_what_no_installer_takes_is_named(
    members: dict[str, str | None], why: str, tmp_path: Path
) -> None:
    found = defect(odd(tmp_path, members))
    assert found is not None
    assert why in found


@pytest.mark.parametrize("members", TAKEN)
def test_what_an_installer_may_take_has_no_defect(
    members: dict[str, str | None], tmp_path: Path
) -> None:
    assert defect(odd(tmp_path, members)) is None


def test_a_file_that_may_have_been_damaged_on_its_way_has_no_defect(tmp_path: Path) -> None:
    wheel = odd(tmp_path, {f"{INFO}/RECORD": None})
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace(b"ODD = 1", b"ODD = 2"))
    assert defect(wheel) is None
    wheel.write_bytes(content[:-30])
    assert defect(wheel) is None


BIG = "Comment: " + "x" * (200 << 20) + "\n"


@pytest.mark.parametrize("file", ["METADATA", "RECORD"])
def test_a_file_that_unpacks_to_gigabytes_is_not_held_in_memory(tmp_path: Path, file: str) -> None:
    wheel = odd(tmp_path, {f"{INFO}/{file}": BIG}, zipfile.ZIP_DEFLATED)
    assert wheel.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        metadata_of(wheel)
        list(seals._members(wheel, "site"))
        defect(wheel)
        assert tracemalloc.get_traced_memory()[1] < len(BIG)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("is_64", [False, True])
def test_a_list_of_members_that_takes_all_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_64: bool
) -> None:
    monkeypatch.setattr("zipfile.ZIP_FILECOUNT_LIMIT", 200 if is_64 else 1 << 16)
    wheel = odd(tmp_path, {f"{DATA}/data/{number}": "" for number in range(300)})
    if is_64:  # Its size is in the longer record alone.
        content = bytearray(wheel.read_bytes())
        at = content.rfind(b"PK\x05\x06") + 12
        content[at : at + 4] = b"\xff" * 4
        wheel.write_bytes(content)
    size = directory_bytes(wheel)
    assert 300 * 46 < size < wheel.stat().st_size
    assert (too_large([wheel]), built_wrongly(wheel, "1.0")) == (None, None)
    monkeypatch.setattr("interlock.isolation.wheels.DIRECTORY_BYTES", size - 1)
    assert too_large([wheel]) == f"{wheel.name} holds more files than are unpacked"
    assert "it holds too many files" in (built_wrongly(wheel, "1.0") or "")
    assert (defect(wheel), metadata_of(wheel)) == (None, None)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Failed to install: odd-1.0-py3-none-any.whl (odd==1.0)", True),
        ("Because odd==1.0 has an invalid package format", True),
        ("Because odd==1.0.1 has an invalid package format", False),
        ("Because not-odd==1.0 has an invalid package format", False),
        ("Because odd==1.0+local has an invalid package format", False),
    ],
)
def test_an_installer_names_a_release(said: str, named: bool) -> None:
    assert is_named("odd-1.0-py3-none-any.whl", said) is named


@pytest.mark.parametrize(
    "number",
    [0, 1, 2, 3, 4, 7, 8, 10, 11, 12],
    ids=lambda number: REFUSED[number][1][:40],
)
def test_a_wheel_that_no_installer_takes_fails(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, number: int
) -> None:
    members, why = REFUSED[number]
    odd(wheels, members)
    answer = environments(box, store, index).ensure([pin("odd", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed)
    finding = classification.classify([answer.event(1.0)], PROBE)
    assert isinstance(finding, Fail)
    assert finding.reason.value == "build"
    assert why in finding.detail
    assert str(store.home) not in finding.detail


@pytest.mark.parametrize(
    "members",
    [
        {f"{DATA}/scripts/python": "#!python\n"},
        {f"{INFO}/entry_points.txt": "[console_scripts]\npython = odd:f\n"},
        {f"{INFO}/entry_points.txt": "[console_scripts\n"},
        {"new\nline.py": ""},
    ],
)
def test_what_pip_takes_and_uv_refuses_is_no_verdict(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, members: dict[str, str | None]
) -> None:
    odd(wheels, members)
    with pytest.raises(TroubleError):
        environments(box, store, index).ensure([pin("odd", "1.0")], PYTHON)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"a/" * 1100 + "deep.py": ""}, "nest folders 1100 deep, and at most 100"),
        ({"a/" * 101 + "deep.py": ""}, "nest folders 101 deep, and at most 100"),
        ({"a/" * 100 + "deep.py": ""}, None),
    ],
)
def test_folders_that_are_nested_too_deep_are_not_unpacked(
    box: Counting,
    store: Store,
    index: IndexSettings,
    wheels: Path,
    members: dict[str, str | None],
    why: str | None,
) -> None:
    odd(wheels, members)
    answer = environments(box, store, index).ensure([pin("odd", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed) == (why is not None)
    if isinstance(answer, InstallFailed):
        assert why and why in answer.output


def test_more_files_than_a_disk_has_room_for_are_not_unpacked(
    box: Counting,
    store: Store,
    index: IndexSettings,
    wheels: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("interlock.isolation.wheels.MEMBERS", 9)
    odd(wheels, {f"data/{number}": "" for number in range(9)})
    answer = environments(box, store, index).ensure([pin("odd", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed)
    assert "hold 13 files, and at most 9 are unpacked" in answer.output


@pytest.fixture
def with_metadata(tmp_path: Path) -> Iterator[Callable[[str], IndexSettings]]:
    """An index with the wheel of ``odd``, and these metadata beside it."""
    folder = tmp_path / "index"
    (folder / "simple" / "odd").mkdir(parents=True)
    wheel = odd(folder, {})
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def published(metadata: str) -> IndexSettings:
        (folder / f"{wheel.name}.metadata").write_text(metadata)
        one, other = (sha256(text).hexdigest() for text in (wheel.read_bytes(), metadata.encode()))
        link = f'<a href="../../{wheel.name}#sha256={one}" data-core-metadata="sha256={other}">'
        (folder / "simple" / "odd" / "index.html").write_text(f"{link}{wheel.name}</a>")
        return IndexSettings(index_url=f"http://127.0.0.1:{server.server_port}/simple")

    yield published
    server.shutdown()
    server.server_close()
    thread.join()


def test_metadata_of_another_file_leave_the_cell_open(
    box: Counting, store: Store, with_metadata: Callable[[str], IndexSettings]
) -> None:
    other = with_metadata(f"{METADATA}Requires-Python: >=3\n")
    for _ in range(2):  # Nothing of it was kept as right.
        with pytest.raises(IndexUnreachable, match="contradicts itself"):
            environments(box, store, other).ensure([pin("odd", "1.0")], PYTHON)
    environment, _ = made(environments(box, store, with_metadata(METADATA)), pin("odd", "1.0"))
    assert list(Path(environment.path).rglob("odd.py"))
