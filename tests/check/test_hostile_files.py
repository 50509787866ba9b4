"""Files that are broken, huge or strange: a clear error or an ``Unread``, never a traceback."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from dependency_files import PAIR, found, read
from hypothesis import HealthCheck, example, given, settings, strategies as st

from interlock.check.formats.text import MOST_BYTES
from interlock.check.project import files_in, read_environment, read_project
from interlock.model import UsageError

LOCKFILES = Path(__file__).parent.parent / "data" / "lockfiles"

BROKEN = {
    "TOML": ("uv.lock", '[[package]]\nname = "a"\nversion = \n', r"uv.lock:3: it is not TOML: "),
    "a merge": (
        "poetry.lock",
        '[[package]]\n<<<<<<< HEAD\nname = "a"\n',
        r"poetry.lock:2: it is not TOML: .*; finish the merge first",
    ),
    "a key twice": ("pyproject.toml", "[project]\nname='a'\nname='b'\n", r":3: it is not TOML: "),
    "JSON": ("Pipfile.lock", '{\n"default": {\n}', r"Pipfile.lock:3: it is not JSON: "),
    "YAML": (
        "environment.yml",
        "dependencies:\n- a\n  b: [\n",
        r"environment.yml:\d: it is not YAML",
    ),
    "YAML with a tab": ("environment.yml", "a:\n\t- b\n", r"environment.yml:2: it is not YAML"),
    "Python": ("setup.py", "import setuptools\nprint 1\n", r"setup.py:2: it is not Python"),
    "INI": ("setup.cfg", "a = 1\n", r"setup.cfg:1: it has no section before this line"),
    "INI, a line": ("setup.cfg", "[a\nb = 1\n", r"setup.cfg:1: "),
    "a deep TOML": ("pyproject.toml", "a = " + "[" * 5000, r"pyproject.toml.* "),
    "a deep JSON": ("Pipfile.lock", '{"default": ' + "[" * 100_000, r"Pipfile.lock.* "),
    "a deep YAML": ("environment.yml", "a: " + "[" * 20_000, r"environment.yml.* "),
    "a deep Python": ("setup.py", "a = " + "(" * 50_000, r"setup.py.* "),
    "a long number": ("pyproject.toml", "a = " + "9" * 5000, r"pyproject.toml: it is not TOML"),
    "a date that is none": ("pyproject.toml", "a = 2026-99-99", r"pyproject.toml.*it is not TOML"),
    "bad bytes": (
        "requirements.txt",
        b"a==1\nb==\xff\n",
        r"requirements.txt:2: byte 8 is not UTF-8",
    ),
    "half of UTF-16": (
        "requirements.txt",
        b"\xff\xfea",
        r"requirements.txt:1: byte 2 is not UTF-16",
    ),
    "a zero byte": ("requirements.txt", "a\n\0", r"requirements.txt:2: this is not a text file"),
    "a wheel": ("thing.whl", b"PK\x03\x04\x00", r"thing.whl:1: this is not a text file"),
    "no encoding": ("requirements.txt", "# coding: klingon\na", r'"klingon" is not an encoding'),
    "no text encoding": ("requirements.txt", "# coding: hex\na", r"requirements.txt:1: .*encoding"),
    "another JSON": (
        "package.json",
        '{"dependencies": {"@sentry/node": "8"}}',
        r"understood are .*uv.lock",
    ),
    "another YAML": ("docker-compose.yml", "services: {}\n", r"its format is not known"),
    "a page": ("README.md", "pip install ddtrace\n", r"its format is not known"),
    "a text": ("notes", "we use ddtrace 2.0\n", r"its format is not known"),
    "nothing with no name": ("thing", "", r"its format is not known"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_clear_error(name: str, tmp_path: Path) -> None:
    file, text, message = BROKEN[name]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, file, text)
    assert re.search(message, str(caught.value))
    assert str(caught.value).startswith(str(tmp_path / file))
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"requirements.txt: it is larger than 32 MiB"):
        read(tmp_path, "requirements.txt", b"#" * (MOST_BYTES + 1))
    with pytest.raises(UsageError, match="larger than"):
        read_project([Path("/dev/zero")], PAIR)


@pytest.mark.parametrize("name", ["gone.txt", "gone/uv.lock", "a\0b", "x" * 300])
def test_a_file_that_is_not_there_is_a_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_project([tmp_path / name], PAIR)


def test_an_included_file_that_is_broken_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"a\n\xff")
    file = read(tmp_path, "requirements.txt", "ddtrace==2.0\n-r bad.txt\n")
    assert found(file) == ["1: ddtrace ==2.0"]
    ((line, why),) = [(one.line, one.why) for one in file.unread]
    assert (line, why.startswith(f"{tmp_path / 'bad.txt'}:2: byte 2")) == (2, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", ""),
        ("requirements.txt", "# nothing\n\n"),
        ("uv.lock", "version = 1\n"),
        ("poetry.lock", "package = []\n"),
        ("pdm.lock", "package = 7\n"),
        ("pylock.toml", "packages = [1, 'a', {}]\n"),
        ("Pipfile.lock", "[]"),
        ("Pipfile.lock", '{"default": []}'),
        ("Pipfile", "packages = 1\n"),
        ("pyproject.toml", ""),
        ("pyproject.toml", "project = 1\ntool = 2\n"),
        ("pyproject.toml", "[project]\ndependencies = {}\noptional-dependencies = []\n"),
        ("pyproject.toml", "[tool]\npoetry = [1]\nuv = 'x'\n[tool.hatch]\nenvs = [1]\n"),
        ("environment.yml", ""),
        ("environment.yml", "[]"),
        ("environment.yml", "dependencies: 7\n"),
        ("environment.yml", "dependencies: {a: b}\n"),
        ("setup.cfg", ""),
        ("Dockerfile", "FROM python:3.12\n"),
        ("x.sh", "#!/bin/sh\n"),
    ],
)
def test_a_file_that_says_nothing_has_no_packages(name: str, text: str, tmp_path: Path) -> None:
    file = read(tmp_path, name, text)
    assert (file.mentions, file.unread, file.packages) == ((), (), 0)


def test_aliases_of_yaml_do_not_multiply(tmp_path: Path) -> None:
    lines = ["a: &a [ddtrace]"]
    lines += [f"{x}: &{x} [{', '.join([f'*{y}'] * 9)}]" for y, x in pairwise("abcdefghi")]
    text = "\n".join([*lines, "dependencies: *i", ""])
    assert read(tmp_path, "environment.yml", text).mentions == ()


FILES = sorted(path for path in LOCKFILES.rglob("*") if path.is_file() and path.suffix != ".csv")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject, tmp_path: Path) -> None:
    original = data.draw(st.sampled_from(FILES))
    content = original.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    length = data.draw(st.integers(0, 40))
    pieces = st.sampled_from(
        [
            b"",
            b"\n",
            b'"',
            b"'",
            b"[",
            b"]]",
            b"{",
            b"\\",
            b"=",
            b"\xff",
            b"$(",
            b"<<EOF\n",
            b"ddtrace",
        ]
    )
    changed = content[:start] + data.draw(pieces) + content[start + length :]
    (tmp_path / original.name).write_bytes(changed)
    try:
        read_project([tmp_path / original.name], PAIR)
    except UsageError as told:
        assert str(told)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["requirements.txt", "Dockerfile", "x.sh", "setup.py", "environment.yml"]),
    text=st.text(alphabet="ddtrace=2.0 \n\\\"'$(){}<>&|;#-:[],.`RUNFROMpipinstall", max_size=200),
)
@example(name="x.sh", text="pip install 'ddtrace")
@example(name="x.sh", text="<<")
@example(name="Dockerfile", text="FROM")
@example(name="Dockerfile", text="RUN <<EOF\npip install ddtrace")
@example(name="Dockerfile", text='RUN ["pip", ')
@example(name="Dockerfile", text="ENV\nARG =\nFROM --platform=x\nCOPY <<EOF\n")
def test_no_text_ends_in_a_traceback(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    try:
        read_project([tmp_path / name], PAIR)
    except UsageError as told:
        assert str(told)


def names(folder: Path, *files: str) -> list[str]:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return [path.name for path in files_in(folder)]


def test_a_folder_is_read_by_what_it_installs(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    assert names(folder, "pyproject.toml", "setup.py") == ["pyproject.toml"]
    assert names(folder, "Dockerfile") == ["pyproject.toml", "Dockerfile"]
    assert names(folder, "uv.lock", "docs/requirements.txt") == ["uv.lock", "Dockerfile"]
    assert names(folder, "requirements-dev.txt") == [
        "uv.lock",
        "requirements-dev.txt",
        "Dockerfile",
    ]
    assert names(tmp_path / "requirements", "base.txt", "base.in") == ["base.txt"]
    assert names(tmp_path / "old", "setup.py", "setup.cfg") == ["setup.cfg", "setup.py"]


def test_a_folder_with_nothing_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dependency file is in this folder; understood are"):
        read_project([tmp_path], PAIR)


def installed(site: Path, name: str, version: str, *requires: str, **files: str) -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    for file, text in files.items():
        (folder / file.replace("_json", ".json")).write_text(text)


def test_an_environment_is_read(tmp_path: Path) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    installed(site, "plugin", "1", "ddtrace>=1", "x; extra == 'y'", REQUESTED="")
    installed(site, "ddtrace", "2.14.4")
    source = '{"url": "https://x/s.git", "vcs_info": {}}'
    installed(site, "sentry_sdk", "2.1.0", REQUESTED="", direct_url_json=source)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    for project in (
        read_environment(PAIR, tmp_path / "venv"),
        read_project([tmp_path / "venv"], PAIR),
        read_project([site], PAIR),
    ):
        (file,) = project.files
        assert (str(file.python), file.packages) == ("==3.11.*", 3)
        (trace,), (errors,) = project.of("ddtrace"), project.of("sentry-sdk")
        assert (str(trace.version), trace.is_direct, trace.needed_by) == (
            "2.14.4",
            False,
            ("plugin",),
        )
        assert (str(errors.version), errors.is_direct, errors.source) == (
            "2.1.0",
            True,
            "https://x/s.git",
        )


def test_a_package_that_is_half_removed_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "ddtrace-2.0.dist-info").mkdir()
    installed(tmp_path, "sentry_sdk", "x.y")
    project = read_project([tmp_path], PAIR)
    assert [one.package for one in project.unread] == ["sentry-sdk"]


def test_the_running_environment_is_read() -> None:
    project = read_environment({"packaging": "x"})
    (mention,) = project.mentions
    assert mention.version is not None and mention.is_locked


def test_a_folder_without_packages_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no package is installed in this folder"):
        read_environment(PAIR, tmp_path)
