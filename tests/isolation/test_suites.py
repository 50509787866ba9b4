"""Which Pythons a Debian mirror offers."""

from __future__ import annotations

import lzma
import platform
from pathlib import Path

import pytest
from packages.campaigns import served

from interlock.isolation.suites import Debian, Packaged, pythons_in
from interlock.model import PythonVersion

# As in Debian's own, cut down: other packages have that version too, and some have none like it.
PACKAGES = """\
Package: python3
Source: python3-defaults
Version: 3.13.5-1
Description: interactive high-level object-oriented language

Package: python3.13
Priority: optional
Version: {version}

Package: python3.13-venv
Version: {version}

Package: python3.14
Version: 3.14.0~rc3-1
"""

PY313 = PythonVersion(3, 13)


@pytest.mark.parametrize(
    ("version", "full"),
    [
        ("3.13.5-2+deb13u5", "3.13.5"),
        ("1:3.13.5-2", "3.13.5"),
        ("3.13.15", "3.13.15"),
        ("3.13.0~rc3-1", None),
        ("3.12.4-1", None),
        ("3.13", None),
        ("", None),
    ],
)
def test_a_patch_release_is_read_from_the_version_of_its_package(
    version: str, full: str | None
) -> None:
    found = dict(pythons_in(PACKAGES.format(version=version).splitlines()))
    assert found == ({"python3.13": full} if full else {})


def test_a_python_that_had_distutils_is_installed_with_it() -> None:
    packages = {
        minor: Packaged(python=PythonVersion(3, minor), suite="any", full="").packages
        for minor in (9, 11, 13)
    }
    assert packages == {
        9: ("python3.9", "python3-distutils"),
        11: ("python3.11", "python3-distutils"),
        13: ("python3.13",),
    }


def has(mirror: Path, suite: str, content: bytes) -> None:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder = mirror / f"dists/{suite}/main/binary-{machine}"
    folder.mkdir(parents=True)
    (folder / "Packages.xz").write_bytes(content)


def packed(version: str) -> bytes:
    return lzma.compress(PACKAGES.format(version=version).encode())


def test_every_suite_that_has_it_is_named_the_newest_patch_release_first(tmp_path: Path) -> None:
    has(tmp_path, "trixie", packed("3.13.5-2"))
    has(tmp_path, "forky", packed("3.13.15-1"))
    with served(tmp_path) as url:
        debian = Debian(url.removesuffix("/simple"))
        found = [str(one) for one in debian.packaged(PY313)]
        assert debian.packaged(PythonVersion(3, 10)) == []
    assert found == ["Debian forky (3.13.15)", "Debian trixie (3.13.5)"]
    assert debian.silent == {}


@pytest.mark.parametrize("content", [b"no archive", packed("3.13.5-1")[:-40], None])
def test_a_suite_that_can_not_be_read_has_nothing_and_says_why(
    tmp_path: Path, content: bytes | None
) -> None:
    has(tmp_path, "trixie", packed("3.13.5-2"))
    if content is not None:
        has(tmp_path, "forky", content)
    with served(tmp_path) as url:
        debian = Debian(url.removesuffix("/simple"))
        found = [str(one) for one in debian.packaged(PY313)]
    assert found == ["Debian trixie (3.13.5)"]
    assert set(debian.silent) == {"forky"}


def test_without_a_mirror_there_is_nothing(tmp_path: Path) -> None:
    debian = Debian("http://127.0.0.1:1")
    assert debian.packaged(PY313) == []
    assert set(debian.silent) == {"trixie", "forky"}
