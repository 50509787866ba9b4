"""What is wrong with a wheel: no installer takes it, or it is too large to unpack here.

An installer's error does not tell a wheel that is wrong from our own trouble: a file that is
missing may be missing on our disk. So the wheel itself is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from configparser import ConfigParser, Error as ConfigError
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

UNPACKED_BYTES = 8 << 30
"""Of all wheels of an environment. Wheels that claim more are not unpacked."""
MEMBERS = 1_000_000
"""Of all wheels of an environment. Their files take up the disk, even if they are empty."""
DEPTH = 100
"""How deep a wheel may nest folders. pip stops at a thousand, and real wheels at twenty."""

DIRECTORY_BYTES = 128 << 20
"""Of the list of members in one wheel. It is read as a whole, and takes ten times the memory."""

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_END_BYTES = (1 << 16) + 200
"""Where an archive's last records are: they end in a comment of up to 64 KiB."""
_READ_BYTES = 4 << 20
"""What is read of one member, which may unpack to gigabytes."""
_NAME_BYTES = 255
"""No file system takes a longer name."""
_DECIDING: Mapping[str, Callable[[str], object]] = {
    "Name": canonicalize_name,
    "Version": Version,
    "Requires-Python": SpecifierSet,
    "Requires-Dist": Requirement,
}
"""The fields of metadata by which an installer decides, and how each is read."""
_SCHEMES = ("data", "headers", "platlib", "purelib", "scripts")


def too_large(wheels: Sequence[Path]) -> str | None:
    """Why these wheels are not unpacked; None where nothing speaks against it.

    Raises ``BadZipFile``.
    """
    size = count = depth = 0
    for wheel in wheels:
        if directory_bytes(wheel) > DIRECTORY_BYTES:
            return f"{wheel.name} holds more files than are unpacked"
        with ZipFile(wheel) as archive:
            for member in archive.infolist():
                size += member.file_size
                count += 1
                depth = max(depth, member.filename.count("/"))
    if size > UNPACKED_BYTES:
        most = UNPACKED_BYTES >> 30
        return f"the wheels hold {size >> 30} GiB, and at most {most} GiB are unpacked"
    if count > MEMBERS:
        return f"the wheels hold {count} files, and at most {MEMBERS} are unpacked"
    if depth > DEPTH:
        return f"the wheels nest folders {depth} deep, and at most {DEPTH} are unpacked"
    return None


def directory_bytes(wheel: Path) -> int:
    """What an archive states of the size of its list of members. 0 if it is none."""
    with wheel.open("rb") as file:
        file.seek(max(0, wheel.stat().st_size - _END_BYTES))
        tail = file.read()
    end, end_64 = tail.rfind(_END), tail.rfind(_END_64)
    stated = tail[end + 12 : end + 16] if end >= 0 else b""
    if stated == b"\xff" * 4 and end_64 >= 0:
        stated = tail[end_64 + 40 : end_64 + 48]
    return int.from_bytes(stated, "little")


def _opened(wheel: Path) -> ZipFile:
    """The archive. Raises ``BadZipFile``, also for one whose list of members is too long."""
    if directory_bytes(wheel) > DIRECTORY_BYTES:
        raise BadZipFile("it holds too many files")
    return ZipFile(wheel)


def release_of(wheel: str) -> tuple[str, Version] | None:
    """The package and the version in the file name of a wheel; None for any other file."""
    try:
        return parse_wheel_filename(wheel)[:2]
    except InvalidWheelFilename:
        return None


def is_named(wheel: str, said: str) -> bool:
    """Whether an installer's words name the release of a wheel: ``left==1.0``."""
    release = release_of(wheel)
    named = release and re.escape("==".join(map(str, release)))
    return bool(named and re.search(rf"(?<![\w.-]){named}(?![\w.+!])", said))


def metadata_of(wheel: Path) -> bytes | None:
    """The METADATA of a wheel; None if it has none that can be read."""
    try:
        with _opened(wheel) as archive:
            own = [n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)]
            if len(own) != 1 or archive.getinfo(own[0]).file_size > _READ_BYTES:
                return None
            return archive.read(own[0])
    except (BadZipFile, RuntimeError, ValueError, OSError):
        return None


def statements(metadata: bytes) -> Collection[tuple[str, object]]:
    """What metadata say that decides what is installed, in any order and form."""
    told = Parser().parsestr(metadata.decode("utf-8", "replace"), headersonly=True)
    found: set[tuple[str, object]] = set()
    for header, read in _DECIDING.items():
        for stated in map(str, told.get_all(header, [])):
            try:
                found.add((header, read(stated.strip())))
            except ValueError:
                found.add((header, stated.strip()))
    return found


def built_wrongly(wheel: Path, version: str | None) -> str | None:
    """What is wrong with a wheel that a build made; None if it is the one that was asked for."""
    try:
        with _opened(wheel):
            its_own = parse_wheel_filename(wheel.name)[1]
    except (InvalidWheelFilename, BadZipFile) as error:
        return f"{wheel.name}, which can't be read as a wheel: {error}"
    if version is not None and its_own != Version(version):
        return f"{wheel.name}, which is not version {version}"
    return None


def defect(wheel: Path) -> str | None:
    """Which wheel no installer takes, and why; None if one may take it.

    These are the faults that pip and uv both refuse. An archive with a wrong checksum may have been
    damaged on its way, so that is none of them.
    """
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
        if too_large([wheel]):
            return None
        with _opened(wheel) as archive:
            if archive.testzip() is not None:
                return None
            why = next(_defects(archive, name, version), None)
    # An archive that is encrypted, compressed in an unknown way, or has names in no encoding.
    except (InvalidWheelFilename, BadZipFile, RuntimeError, ValueError, OSError):
        return None
    return why and f"{wheel.name} is no wheel that an installer takes: {why}"


def _defects(archive: ZipFile, name: str, version: Version) -> Iterator[str]:
    names = archive.namelist()
    infos = {top for top, slash, _ in (n.partition("/") for n in names) if slash}
    infos = {top for top in infos if top.endswith(".dist-info")}
    if len(infos) != 1:
        yield f"it has {len(infos)} folders that end in .dist-info"
        return
    (info,) = infos
    missing = [file for file in ("METADATA", "WHEEL", "RECORD") if f"{info}/{file}" not in names]
    yield from (f"it has no {file}" for file in missing)
    if missing:
        return
    yield from _of_format(_headers(archive, f"{info}/WHEEL"))
    yield from _of_metadata(_headers(archive, f"{info}/METADATA"), name, version)
    yield from _of_names(names, info.removesuffix(".dist-info") + ".data")
    if f"{info}/entry_points.txt" in names:
        yield from _of_scripts(_text(archive, f"{info}/entry_points.txt"))


def _of_format(told: Message) -> Iterator[str]:
    """PEP 427: an installer refuses a greater major version than it knows."""
    version = str(told.get("Wheel-Version", "")).strip()
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})*", version):
        yield "its WHEEL has no Wheel-Version"
    elif int(version.partition(".")[0]) > 1:
        yield f"its Wheel-Version is {version}"


def _of_metadata(told: Message, name: str, version: Version) -> Iterator[str]:
    stated = str(told.get("Name", "")).strip()
    if canonicalize_name(stated) != name:
        yield f"its METADATA is of the package {stated[:100]!r}"
    try:
        is_its_own = Version(str(told.get("Version", ""))) == version
    except InvalidVersion:
        is_its_own = False
    if not is_its_own:
        yield f"its METADATA is of the version {str(told.get('Version'))[:100]!r}"
    for requirement in told.get_all("Requires-Dist", []):
        try:
            Requirement(str(requirement))
        except InvalidRequirement:
            yield f"its requirement {str(requirement)[:100]!r} can't be read"


def _of_names(names: Sequence[str], data: str) -> Iterator[str]:
    files = {name for name in names if not name.endswith("/")}
    for name in names:
        parts = name.split("/")
        if any(len(part.encode(errors="replace")) > _NAME_BYTES for part in parts):
            yield f"the name of its file {name[:100]!r} is too long"
        if any("/".join(parts[:number]) in files for number in range(1, len(parts))):
            yield f"a file and a folder of it have one name, above {name[:100]!r}"
        if parts[0] == data and len(parts) > 2 and parts[1] not in _SCHEMES:
            yield f"it has data of the unknown kind {parts[1][:100]!r}"


def _of_scripts(text: str) -> Iterator[str]:
    read = ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[method-assign,assignment]
    try:
        read.read_string(text)
    except ConfigError:
        return  # pip takes it.
    for section in {"console_scripts", "gui_scripts"} & {*read.sections()}:
        for script, function in read.items(section):
            if "/" in script:
                yield f"its script {script[:100]!r} leads out of its folder"
            if ":" not in function:
                yield f"its script {script[:100]!r} names no function"


def _headers(archive: ZipFile, member: str) -> Message:
    return Parser().parsestr(_text(archive, member), headersonly=True)


def _text(archive: ZipFile, member: str) -> str:
    with archive.open(member) as file:
        return file.read(_READ_BYTES).decode("utf-8", "replace")
