"""One made-up list of requirements, written in each format, is read back the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from dependency_files import PAIR, read
from hypothesis import HealthCheck, given, settings, strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

MARKERS = ["", 'python_version < "3.12"', 'sys_platform == "linux" and os_name == "posix"']
OTHERS = ["dd-trace", "datadog", "sentry", "a", "zope.interface", "Sentry-SDK-extra", "ddtrace-api"]
SPELLINGS = {
    "ddtrace": ["ddtrace", "DDTrace", "ddTRACE"],
    "sentry-sdk": ["sentry-sdk", "sentry_sdk", "Sentry.SDK", "SENTRY_SDK"],
}


@dataclass(frozen=True)
class Pin:
    package: str
    """Canonical."""
    name: str
    version: str
    marker: str
    extra: str


def _pins(package: str, names: list[str]) -> st.SearchStrategy[Pin]:
    numbers = st.lists(st.integers(0, 30), min_size=1, max_size=4)
    versions = st.builds(
        lambda release, suffix: ".".join(map(str, release)) + suffix,
        numbers,
        st.sampled_from(["", "rc1", ".post2", ".dev3", "a4"]),
    )
    return st.builds(
        Pin,
        st.just(package),
        st.sampled_from(names),
        versions,
        st.sampled_from(MARKERS),
        st.sampled_from(["", "flask"]),
    )


LISTS = st.lists(
    st.one_of(
        _pins("ddtrace", SPELLINGS["ddtrace"]),
        _pins("sentry-sdk", SPELLINGS["sentry-sdk"]),
        _pins("", OTHERS),
    ),
    max_size=6,
    unique_by=lambda pin: pin.package or pin.name,
)


def requirement(pin: Pin) -> str:
    extra = f"[{pin.extra}]" if pin.extra else ""
    marker = f" ; {pin.marker}" if pin.marker else ""
    return f"{pin.name}{extra}=={pin.version}{marker}"


def tables(key: str, pins: list[Pin], marker: str) -> str:
    lines = ["# made up"]
    for pin in pins:
        lines += [f"[[{key}]]", f'name = "{pin.name}"', f'version = "{pin.version}"']
        lines += [marker.format(json.dumps(pin.marker))] if pin.marker and marker else []
    return "\n".join([*lines, ""])


WRITERS: dict[str, Callable[[list[Pin]], str]] = {
    "requirements.txt": lambda pins: "".join(
        f"{requirement(pin)} \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via -r x.in\n"
        for pin in pins
    ),
    "plain.txt": lambda pins: "\r\n".join(f"{requirement(pin)}   # {pin.name}==9" for pin in pins),
    "pyproject.toml": lambda pins: (
        f"[project]\ndependencies = {json.dumps([requirement(p) for p in pins], indent=1)}\n"
    ),
    "uv.lock": lambda pins: tables("package", pins, "resolution-markers = [{}]"),
    "poetry.lock": lambda pins: tables("package", pins, "markers = {}"),
    "pdm.lock": lambda pins: tables("package", pins, "marker = {}"),
    "pylock.toml": lambda pins: tables("packages", pins, "marker = {}"),
    "Pipfile": lambda pins: (
        "[packages]\n"
        + "".join(
            f'"{p.name}" = {{version = "=={p.version}", markers = {json.dumps(p.marker)}}}\n'
            for p in pins
        )
    ),
    "Pipfile.lock": lambda pins: json.dumps(
        {"default": {p.name: {"version": f"=={p.version}", "markers": p.marker} for p in pins}},
        indent=4,
    ),
    "environment.yml": lambda pins: (
        "dependencies:\n- pip\n- pip:\n"
        + "".join(f"  - {json.dumps(requirement(pin))}\n" for pin in pins)
    ),
    "setup.cfg": lambda pins: (
        "[options]\ninstall_requires =\n" + "".join(f"    {requirement(pin)}\n" for pin in pins)
    ),
    "setup.py": lambda pins: (
        "import setuptools\n"
        f"setuptools.setup(install_requires={[requirement(p) for p in pins]!r})\n"
    ),
    "Dockerfile": lambda pins: (
        "FROM x\nRUN pip install -q \\\n"
        + "".join(f"    '{requirement(pin)}' \\\n" for pin in pins)
        + "    pip\n"
    ),
    "build.sh": lambda pins: (
        "#!/bin/sh\nset -e\nuv pip install "
        + " ".join(f"'{requirement(pin)}'" for pin in pins)
        + "\n"
    ),
}


@pytest.mark.parametrize("name", WRITERS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pins=LISTS)
def test_a_list_is_read_back_the_same(name: str, tmp_path: Path, pins: list[Pin]) -> None:
    file = read(tmp_path, name, WRITERS[name](pins))
    found = [(one.package, str(one.version), one.marker) for one in file.mentions]
    assert found == [
        (pin.package, str(Version(pin.version)), pin.marker) for pin in pins if pin.package in PAIR
    ]
    assert file.unread == ()
    lines = WRITERS[name](pins).split("\n")
    assert all(_names(lines[(one.line or 0) - 1], one.package) for one in file.mentions)


def _names(line: str, package: str) -> bool:
    return any(spelling in line for spelling in SPELLINGS[package])


RANGES = st.sampled_from(["==2.1.*", "~=2.1.3", ">=2,<3", "!=2.5", ">2.0rc1", "<=4", ""])


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "setup.cfg", "Dockerfile"])
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=RANGES, second=RANGES)
def test_a_range_is_read_back_the_same(name: str, tmp_path: Path, first: str, second: str) -> None:
    asked = [f"ddtrace{first}", f"sentry_sdk[x] {second}"]
    text = {
        "requirements.txt": "\n".join(asked),
        "pyproject.toml": f"[dependency-groups]\nx = {json.dumps(asked)}\n",
        "setup.cfg": "[options.extras_require]\nx =\n  " + "\n  ".join(asked),
        "Dockerfile": f"FROM x\nRUN {json.dumps(['pip', 'install', *asked])}\n",
    }[name]
    file = read(tmp_path, name, text)
    assert [one.specifier for one in file.mentions] == [SpecifierSet(first), SpecifierSet(second)]
