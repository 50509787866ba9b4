"""Build base images from this machine, for places without an image registry.

All images share a Debian system from debootstrap. On top stands one of the machine's own CPython
interpreters in ``/usr/local``, laid out like Docker's official images. If a Debian suite has a
newer patch release, the image is made from that suite with its own Python.

The labels of an image hold its sources, so a second call changes nothing.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from docker import APIClient
from docker.errors import APIError, ImageNotFound
from packaging.version import Version

from interlock.isolation.sandbox import engine
from interlock.isolation.sandbox.interpreters import Interpreter, installed
from interlock.isolation.suites import Debian, Packaged, mirror
from interlock.model import ImageMissing, PythonVersion, StorageTrouble, TroubleError, digest_of

LABEL = "org.interlock.image"
"""On every image of ours: the digest of its sources."""

_RECIPE = 1
"""Increase it if the same sources make another image."""

_SCRIPTS = Path("/usr/share/debootstrap/scripts")

# The libraries that CPython's extension modules are linked against, by Debian's names.
_LIBRARIES = {
    "bookworm": "ca-certificates libssl3 libffi8 libsqlite3-0 zlib1g liblzma5 libbz2-1.0 "
    "libreadline8 libuuid1 libncursesw6 libexpat1 libgdbm6 libcrypt1",
    "trixie": "ca-certificates libssl3t64 libffi8 libsqlite3-0 zlib1g liblzma5 libbz2-1.0 "
    "libreadline8t64 libuuid1 libncursesw6 libexpat1 libgdbm6t64 libcrypt1 libzstd1",
}

# The glibc of each suite. An interpreter from here may need this machine's glibc.
_GLIBC = {"bookworm": (2, 36), "trixie": (2, 41)}

# Parts of the standard library that no probe imports, and parts of the old prefix.
_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "idle_test", "turtledemo", "tkinter", "site-packages"}
    | {"__pycache__"}
)

_CHECK = """
import bz2, ctypes, hashlib, json, lzma, platform, sqlite3, ssl, sys, threading, uuid, venv, zlib
import importlib.metadata
if sys.version_info < (3, 12):
    import distutils
others = sorted(d.metadata["Name"] for d in importlib.metadata.distributions())
assert not others, "third-party packages in the image: " + ", ".join(others)
print(platform.python_version())
"""

Report = Callable[[str], None]

Source = Interpreter | Packaged
"""The source of an image's Python."""


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """The result for one Python of the axis."""

    python: PythonVersion
    reference: str
    """``python:3.10-slim``."""
    status: str
    """``built``, ``current`` (same sources), ``kept`` (not ours), ``missing``."""
    detail: str
    """The source, or the reason why there is none."""


def reference_for(python: PythonVersion, template: str) -> str:
    """``python:{python}-slim`` for 3.10 is ``python:3.10-slim``."""
    return template.format(python=python)


def build(
    pythons: Iterable[PythonVersion], template: str, report: Report = print
) -> list[BaseImage]:
    """Make the images that are missing. One ``BaseImage`` for each Python, in order.

    Raises ``EngineUnavailable`` without an engine, ``TroubleError`` without root or debootstrap. A
    Python without a source is ``missing`` in the result, and the others go on.
    """
    client, debian = engine.connect(), Debian()
    made = []
    for python in pythons:
        reference = reference_for(python, template)
        sources = newest_first([*installed(python, _elsewhere()), *debian.packaged(python)])
        with engine.translated():
            made.append(_build_one(client, python, reference, sources, report))
        report(f"{made[-1].reference}: {made[-1].status}, {made[-1].detail}")
    for suite, why in debian.silent.items():
        report(f"Debian {suite} was not asked for a newer patch release: {why}")
    return made


def newest_first(sources: Iterable[Source]) -> list[Source]:
    """The newest patch release first. Among equal ones, the machine's own is first."""

    def rank(source: Source) -> tuple[Version, bool]:
        return Version(source.full), isinstance(source, Interpreter)

    return sorted(sources, key=rank, reverse=True)


def _build_one(
    client: APIClient,
    python: PythonVersion,
    reference: str,
    sources: Sequence[Source],
    report: Report,
) -> BaseImage:
    """Build from the first source that works."""

    def became(status: str, detail: str) -> BaseImage:
        return BaseImage(python=python, reference=reference, status=status, detail=detail)

    labels = _labels(client, reference)
    if labels is not None and LABEL not in labels:
        return became("kept", "an image with this name exists, and Interlock did not build it")
    why = (
        f"no Python {python} on this machine or in Debian; install one with pyenv or "
        f"`uv python install {python}`"
    )
    for source in sources:
        if labels and is_current(labels, source):
            return became("current", f"from {labels[f'{LABEL}.source']}")
        try:
            _make(client, reference, source, python, report)
        except ImageMissing as error:
            report(f"{reference}: not from {source}: {error}")
            why = str(error)
        else:
            return became("built", f"from {source}")
    if labels:
        return became("current", f"from {labels[f'{LABEL}.source']}")
    return became("missing", why)


def is_current(labels: Mapping[str, str], source: Source) -> bool:
    """Whether an image of ours has that source, or a newer patch release."""
    made = labels.get(f"{LABEL}.full")
    newer = made is not None and Version(made) > Version(source.full)
    return newer or labels[LABEL] == _recipe(source)


def _make(
    client: APIClient, reference: str, source: Source, python: PythonVersion, report: Report
) -> None:
    if isinstance(source, Packaged):
        base = _debian(client, source.suite, source.packages, report, source.full)
    else:
        base = _debian(client, _suite_here(), (), report)
    report(f"{reference}: building from {source}")
    _assemble(client, reference, base, source, python)
    _check(client, reference, source)


def _elsewhere() -> dict[str, str]:
    """The environment without ``/usr/bin``, where Debian's own Python is.

    Debian spreads it over ``/usr``, so it can't be laid out in ``/usr/local``.
    """
    folders = [f for f in os.get_exec_path() if Path(f).resolve() != Path("/usr/bin")]
    return {**os.environ, "PATH": os.pathsep.join(folders)}


def _recipe(source: Source) -> str:
    if isinstance(source, Packaged):
        return digest_of([_RECIPE, source.suite, source.packages, source.full])
    built = source.executable.stat()
    parts = (str(source.prefix), source.full, built.st_mtime, built.st_size)
    return digest_of([_RECIPE, _suite_here(), *parts])


def _suite_here() -> str:
    """The oldest suite whose glibc is at least as new as this machine's."""
    version = platform.libc_ver()[1]
    here = tuple(int(part) for part in version.split(".") if part.isdigit())
    return next((suite for suite, glibc in _GLIBC.items() if here <= glibc), "trixie")


def _labels(client: APIClient, reference: str) -> dict[str, str] | None:
    """The labels of an image. None if there is no such image."""
    try:
        found: dict[str, Any] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
        return found["Config"].get("Labels") or {}
    except ImageNotFound:
        return None


def _debian(
    client: APIClient, suite: str, extra: tuple[str, ...], report: Report, release: str = ""
) -> str:
    """The reference of a minimal Debian image. It is made if it does not exist."""
    packages = [*_LIBRARIES.get(suite, "ca-certificates").split(), *extra]
    recipe = digest_of([_RECIPE, suite, packages, *filter(None, [release])])
    repository, tag = "interlock-debian", f"{suite}-{recipe[:12]}"
    if _labels(client, f"{repository}:{tag}") is not None:
        return f"{repository}:{tag}"
    if not shutil.which("debootstrap"):
        raise TroubleError(
            "debootstrap is not installed; run `apt-get install debootstrap`, then try again"
        )
    if os.geteuid() != 0:
        raise TroubleError('debootstrap needs root: run `sudo env PATH="$PATH" nox -s images`')
    report(f"Debian {suite}: fetching the system ({len(packages)} packages and their dependencies)")
    with tempfile.TemporaryDirectory(prefix="interlock-debian-", dir="/var/tmp") as folder:
        rootfs = Path(folder) / "rootfs"
        _debootstrap(suite, packages, rootfs)
        for rubbish in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man"):
            shutil.rmtree(rootfs / rubbish, ignore_errors=True)
        for mark in rootfs.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
            mark.unlink()
        client.import_image(
            _tar_of(rootfs),
            repository=repository,
            tag=tag,
            changes=[f"LABEL {LABEL}={recipe}", 'CMD ["/bin/sh"]'],
            stream_src=True,
        )
    return f"{repository}:{tag}"


def _debootstrap(suite: str, packages: Iterable[str], rootfs: Path) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}"]
    command += [suite, str(rootfs), mirror()]
    if not (_SCRIPTS / suite).exists():
        # This debootstrap is older than the suite. Every suite since sid is made alike.
        command.append(str(_SCRIPTS / "sid"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    log = rootfs / "debootstrap/debootstrap.log"
    said = f"{done.stdout}\n{done.stderr}"
    if log.exists():
        said += log.read_text(errors="replace")
    if "no space left" in said.lower():
        raise StorageTrouble(f"/var/tmp is full: debootstrap could not make Debian {suite}")
    last = next((line for line in reversed(done.stdout.splitlines()) if line.startswith("E:")), "")
    raise ImageMissing(f"debootstrap could not make Debian {suite}: {last[2:].strip() or said}")


def _tar_of(folder: Path) -> Iterator[bytes]:
    command = ["tar", "--numeric-owner", "-C", str(folder), "-c", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
        assert tar.stdout is not None
        while chunk := tar.stdout.read(1 << 20):
            yield chunk


def _assemble(
    client: APIClient, reference: str, base: str, source: Source, python: PythonVersion
) -> None:
    """Build the image on its base."""
    labels = {
        LABEL: _recipe(source),
        f"{LABEL}.source": str(source),
        f"{LABEL}.python": str(python),
        f"{LABEL}.full": source.full,
    }
    with tempfile.TemporaryFile(dir="/var/tmp") as context:
        interpreter = source if isinstance(source, Interpreter) else None
        _write_context(context, _dockerfile(base, python, interpreter), interpreter)
        context.seek(0)
        log = client.build(
            fileobj=context,
            custom_context=True,
            tag=reference,
            labels=labels,
            network_mode="none",
            rm=True,
            forcerm=True,
            decode=True,
        )
        _follow(log, reference)


def _dockerfile(base: str, python: PythonVersion, interpreter: Interpreter | None) -> str:
    """Compile the standard library, because a probe's root is read-only."""
    name = f"python{python}"
    if interpreter:
        steps = [
            "COPY python/ /usr/local/",
            f"RUN ldconfig && ln -sf {name} /usr/local/bin/python3"
            f" && ln -sf {name} /usr/local/bin/python"
            f" && python3 -m compileall -q -j 0 /usr/local/lib/{name}",
        ]
    else:
        steps = [
            f"RUN ln -s /usr/bin/{name} /usr/local/bin/python3"
            f" && ln -s /usr/bin/{name} /usr/local/bin/python && python3 --version"
        ]
    lines = [
        f"FROM {base}",
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8",
        *steps,
        'CMD ["python3"]',
    ]
    return "\n".join(lines)


def _follow(log: Iterable[dict[str, Any]], reference: str) -> None:
    said: list[str] = []
    for entry in log:
        said.append(str(entry.get("stream", "")))
        if "error" in entry:
            tail = "".join(said)[-2000:]
            if "no space left" in f"{entry['error']}{tail}".lower():
                raise StorageTrouble("the container engine's disk is full")
            raise ImageMissing(f"{reference} could not be built: {entry['error']}\n{tail}")


def _write_context(context: Any, dockerfile: str, interpreter: Interpreter | None) -> None:
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile.encode())
        tar.addfile(entry, io.BytesIO(dockerfile.encode()))
        if interpreter is None:
            return
        prefix = interpreter.prefix
        name = "python" + ".".join(interpreter.full.split(".")[:2])
        parts = [prefix / "bin" / name, prefix / "lib" / name, prefix / "include" / name]
        for path in [*parts, *sorted((prefix / "lib").glob("libpython3*.so*"))]:
            if path.exists():
                _add(tar, path, prefix)


def _add(tar: tarfile.TarFile, path: Path, prefix: Path) -> None:
    """Add a file or folder with its content, owned by root and readable by everyone."""
    if path.name in _LEFT_OUT or path.suffix == ".a" or path.name.startswith("_tkinter."):
        return
    entry = tar.gettarinfo(path, str(PurePosixPath("python") / path.relative_to(prefix)))
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    if entry.isdir():
        tar.addfile(entry)
        for child in sorted(path.iterdir()):
            _add(tar, child, prefix)
    elif entry.isreg() and _names_its_place(path):
        content = path.read_bytes().replace(bytes(prefix), b"/usr/local")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    elif entry.isreg():
        with path.open("rb") as file:
            tar.addfile(entry, file)
    elif entry.issym():
        tar.addfile(entry)


def _names_its_place(path: Path) -> bool:
    """Whether a text file of the interpreter contains its installation folder."""
    return path.name.startswith("_sysconfigdata") or path.name in {"Makefile", "python-config.py"}


def _check(client: APIClient, reference: str, source: Source) -> None:
    """Run it like a probe, unprivileged and without network. Untag it if it fails."""
    host = client.create_host_config(network_mode="none", read_only=True, cap_drop=["ALL"])
    container = client.create_container(
        reference,
        ["python3", "-I", "-W", "ignore", "-c", _CHECK],
        user="65532:65532",
        host_config=host,
    )["Id"]
    try:
        client.start(container)
        code = client.wait(container)["StatusCode"]
        said = client.logs(container).decode(errors="replace").strip()
    finally:
        client.remove_container(container, force=True)
    if code == 0 and said == source.full:
        return
    try:
        client.remove_image(reference)
    except APIError:
        client.remove_image(reference, force=True)
    raise ImageMissing(f"{reference} was built but does not work: {said[-1000:]}")
