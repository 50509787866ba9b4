"""The patch releases of Python in Debian's suites, from the mirror."""

from __future__ import annotations

import lzma
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import httpx
from packaging.version import InvalidVersion, Version

from interlock.model import PythonVersion

DEFAULT_MIRROR = "http://deb.debian.org/debian"

# https://packages.debian.org/search?keywords=python3 — the suites to look in. Unstable is left out:
# it changes every day, and the image would change with it.
SUITES: Mapping[PythonVersion, tuple[str, ...]] = {
    PythonVersion(3, 9): ("bullseye",),
    PythonVersion(3, 11): ("bookworm",),
    PythonVersion(3, 13): ("trixie", "forky"),
    PythonVersion(3, 14): ("forky",),
}

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
"""The kernel's names, and Debian's."""

_TIMEOUT_S = 20.0
_MOST_BYTES = 64 << 20
"""Of one compressed index. forky's has 10 MB."""


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A Python in a Debian suite."""

    python: PythonVersion
    suite: str
    full: str
    """``3.13.5``."""

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages of CPython.

        Debian packs `distutils` apart, and uv refuses a Python without it.
        """
        apart = ("python3-distutils",) if self.python < PythonVersion(3, 12) else ()
        return f"python{self.python}", *apart

    def __str__(self) -> str:
        return f"Debian {self.suite} ({self.full})"


def mirror() -> str:
    """The Debian mirror that apt uses on this machine, or Debian's own."""
    command = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return DEFAULT_MIRROR
    for line in done.stdout.splitlines():
        origin, codename, *uri = line.split(" ")
        if origin == "Debian" and "-" not in codename and uri:
            return uri[0].rstrip("/")
    return DEFAULT_MIRROR


class Debian:
    """The suites of the mirror. Each suite is asked once."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._asked: dict[str, Mapping[str, str]] = {}
        self.silent: dict[str, str] = {}
        """The suites that could not be asked, and why."""

    def packaged(self, python: PythonVersion) -> list[Packaged]:
        """That Python in every suite that has it, the newest patch release first."""
        found = [
            Packaged(python=python, suite=suite, full=full)
            for suite in SUITES.get(python, ())
            if (full := self._versions(suite).get(f"python{python}"))
        ]
        return sorted(found, key=lambda one: Version(one.full), reverse=True)

    def _versions(self, suite: str) -> Mapping[str, str]:
        if suite not in self._asked:
            self._asked[suite] = {}
            try:
                self._asked[suite] = dict(pythons_in(self._lines(suite)))
            except (httpx.HTTPError, lzma.LZMAError, UnicodeDecodeError, ValueError) as error:
                self.silent[suite] = str(error) or type(error).__name__
        return self._asked[suite]

    def _lines(self, suite: str) -> Iterator[str]:
        machine = _MACHINES.get(platform.machine(), platform.machine())
        self._url = self._url or mirror()
        url = f"{self._url}/dists/{suite}/main/binary-{machine}/Packages.xz"
        reader, rest, size = lzma.LZMADecompressor(), b"", 0
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_raw():
                size += len(chunk)
                if size > _MOST_BYTES:
                    raise ValueError(f"{url} has more than {_MOST_BYTES >> 20} MB")
                *lines, rest = (rest + reader.decompress(chunk)).split(b"\n")
                yield from (line.decode() for line in lines)
        if not reader.eof:
            raise ValueError(f"{url} ended early")


def pythons_in(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """``("python3.13", "3.13.5")`` from the lines of Debian's index ``Packages``."""
    package = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "Package":
            package = value
        elif name == "Version" and package.startswith("python3."):
            upstream = value.partition(":")[2] or value
            full = upstream.rpartition("-")[0] or upstream
            if _is_release_of(full, package):
                yield package, full


def _is_release_of(full: str, package: str) -> bool:
    """Whether it is a patch release of this Python, not of ``python3.13-venv``."""
    try:
        version = Version(full)
    except InvalidVersion:
        return False
    return package == f"python{version.major}.{version.minor}" and len(version.release) == 3
