"""Makes the made-up distributions beside this file, and an index that has them.

``subject/hangs-self.py`` becomes the wheel of ``subject 1+hangs.self``, with that only module. A
block of comments at its top may hold more, as TOML: ``requires-python``, ``dependencies``, the
``tag`` of the wheel. A folder is a source distribution, as it stands. The index is a tree of files
in the form of PEP 503, for ``file://`` and for any web server.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
_BLOCK = re.compile(r"(?m)^# /// wheel$\n(?P<toml>(?:^#.*$\n)*?)^# ///$")


@dataclass(frozen=True)
class File:
    """One file of a release."""

    package: str
    name: str
    content: bytes
    requires_python: str = ""


def version_of(fate: str) -> Version:
    """``hangs-self`` as a version: a fate is what comes after the plus."""
    return Version(f"1+{fate}")


def fates() -> list[str]:
    return sorted(path.stem for path in (HERE / "subject").glob("*.py"))


def files() -> Iterator[File]:
    """Every file that is published."""
    for fate in fates():
        yield wheel("subject", version_of(fate), HERE / "subject" / f"{fate}.py")
    for path in sorted((HERE / "partner").glob("*.py")):
        yield wheel("partner", Version(path.stem), path)
    yield sdist("wont-build", Version("1"), HERE / "wont-build")


def wheel(package: str, version: Version, source: Path) -> File:
    """A wheel of one module."""
    text = source.read_text(encoding="utf-8")
    more = metadata(text)
    tag = more.get("tag", "py3-none-any")
    info = f"{package}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}"]
    if requires_python := more.get("requires-python", ""):
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {name}" for name in more.get("dependencies", ())]
    members = {
        f"{package}.py": text,
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    members[f"{info}/RECORD"] = "".join(map(_record, members, members.values())) + (
        f"{info}/RECORD,,\n"
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return File(
        package=package,
        name=f"{package}-{version}-{tag}.whl",
        content=content.getvalue(),
        requires_python=requires_python,
    )


def sdist(package: str, version: Version, folder: Path) -> File:
    """A source distribution of a folder."""
    stem = f"{package.replace('-', '_')}-{version}"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, f"{stem}/{path.name}")
    return File(package=package, name=f"{stem}.tar.gz", content=content.getvalue())


def metadata(source: str) -> Mapping[str, Any]:
    """The contents of the block at the top of a module."""
    found = _BLOCK.search(source)
    lines = found["toml"].splitlines() if found else []
    return tomllib.loads("\n".join(line.removeprefix("#") for line in lines))


def index(folder: Path) -> Path:
    """Write an index of everything; return the folder that its URL names."""
    pages: dict[str, list[str]] = {}
    (folder / "files").mkdir(parents=True)
    for file in files():
        (folder / "files" / file.name).write_bytes(file.content)
        requires = html.escape(file.requires_python)
        pages.setdefault(file.package, []).append(
            f'<a href="../../files/{file.name.replace("+", "%2B")}'
            f'#sha256={hashlib.sha256(file.content).hexdigest()}"'
            + (f' data-requires-python="{requires}"' if requires else "")
            + f">{file.name}</a><br>"
        )
    for package, links in pages.items():
        page = folder / "simple" / package / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>")
    return folder / "simple"


def _record(name: str, member: str) -> str:
    digest = hashlib.sha256(member.encode()).digest()
    encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"{name},sha256={encoded},{len(member.encode())}\n"
