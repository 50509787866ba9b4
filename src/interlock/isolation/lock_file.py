"""What stands in a lock file of uv, and in the names of the files that it locks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name


def pins(lock: str) -> Iterator[tuple[str, str]]:
    """The name and the version on each line of a lock file that has them."""
    for line in lock.splitlines():
        name, equals, rest = line.partition("==")
        if equals and not line.startswith((" ", "#")):
            yield name.strip(), rest.split()[0].rstrip(";")


def version_in(lock: str, package: str) -> str | None:
    """The version of a package; None if it is not in it."""
    wanted = canonicalize_name(package)
    return next((each for name, each in pins(lock) if canonicalize_name(name) == wanted), None)


def exact(lock: str, wheels: Mapping[Path, str]) -> str:
    """The lock file, with only the hash of the one wheel of each package."""
    of = {package_of(wheel.name): sha256 for wheel, sha256 in wheels.items()}
    return "".join(
        f"{name}=={version} --hash=sha256:{of[canonicalize_name(name)]}\n"
        for name, version in pins(lock)
    )


def package_of(file: str) -> str:
    """The package's name in the file name of a wheel or source distribution."""
    stem = file.partition("-")[0] if file.endswith(".whl") else file.rpartition("-")[0]
    return canonicalize_name(stem)
