"""What reached the intake, decoded, and which proofs of life it holds.

This runs outside of the container. Bodies come as the libraries sent them: gzip, lz4 or zstd, whole
or part by part in a multipart form. Third-party code wrote them, so no size that a body claims is
trusted.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import lz4.frame  # type: ignore[import-untyped]  # it ships no types
import multipart  # type: ignore[import-untyped]  # it ships no types
import zstandard
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from interlock.evidence.events import Event, Fact, IntakeRequest
from interlock.model import Proof, ProofRule, listing, plural, printable

LIMIT_BYTES = 32 * 2**20
"""What one body may decode to in all; a profile of a trial is some 20 kB."""
NESTING = 3
"""How often a decoded body is decoded again. A gzip in a gzip in a gzip is an attack."""
PARTS = 32
MOST_REASONS = 5
"""Different reasons that are told where no request proves something."""
LONGEST_FACT = 300
"""Characters of a fact that are shown."""

SETTINGS = "settings"
"""The fact that states what the app ran with: each setting by its name."""


class Undecodable(ValueError):
    """A body that is not what it claims, or is too large; caught in this module."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One decoded part of a body. A body that is no form is one part without a name."""

    name: str
    content: bytes


def prove(rules: Sequence[ProofRule], events: Iterable[Event]) -> tuple[Proof, ...]:
    """Each proof of life that a probe asks for, and what the trial shows of it.

    A proof about a setting is left out where the app says that it ran with another one. The app
    states its settings as a fact of the trial, so it can be judged again when ``matrix.yaml`` has
    changed. Where the app names no setting, every proof is asked for.
    """
    happened = tuple(events)
    requests = [event for event in happened if isinstance(event, IntakeRequest)]
    facts = {event.name: event.value for event in happened if isinstance(event, Fact)}
    return tuple(
        _fact(rule, rule.fact, facts) if rule.fact is not None else _either(rule, requests, facts)
        for rule in rules
        if _asked(rule, facts.get(SETTINGS))
    )


def unproven(rules: Sequence[ProofRule], events: Iterable[Event]) -> tuple[str, ...]:
    """The axes with proofs of which the app's settings rule out all."""
    facts = {event.name: event.value for event in events if isinstance(event, Fact)}
    asked = {axis for rule in rules if _asked(rule, facts.get(SETTINGS)) for axis in rule.needs}
    known = dict.fromkeys(axis for rule in rules for axis in rule.needs)
    return tuple(axis for axis in known if axis not in asked)


def decode(body: bytes, headers: Mapping[str, str], limit: int = LIMIT_BYTES) -> tuple[Part, ...]:
    """The parts of a request's body, fully decompressed.

    Raises ``Undecodable`` for a broken body, and for more than ``limit`` bytes once decoded.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    encoding = lower.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "lz4", "zstd"):
        raise Undecodable(f"the encoding {encoding} is not one that is read here")
    content = _expand(body, limit)
    kind, options = multipart.parse_options_header(lower.get("content-type", ""))
    if kind.lower() != "multipart/form-data":
        return (Part(name="", content=content),)
    parts = []
    for name, raw in _form(content, options.get("boundary", ""), limit):
        expanded = _expand(raw, limit)
        limit -= len(expanded)
        parts.append(Part(name=name, content=expanded))
    return tuple(parts)


def profile_totals(content: bytes) -> Mapping[str, int]:
    """By sample type (``lock-acquire``), the sum of a pprof profile's values.

    Raises ``Undecodable`` for what is no profile, an empty one included.
    """
    profile: Any = _profile_class()()
    try:
        profile.ParseFromString(content)
        names = [printable(profile.string_table[k.type][:100]) for k in profile.sample_type]
    except (message.DecodeError, IndexError) as error:
        raise Undecodable(f"not a pprof profile: {error}") from None
    if not names:
        raise Undecodable("not a pprof profile: it has no sample types")
    totals = dict.fromkeys(names, 0)
    for sample in profile.sample:
        for name, value in zip(names, sample.value, strict=False):
            totals[name] += value
    return totals


def _asked(rule: ProofRule, settings: Any) -> bool:
    stated = settings if isinstance(settings, Mapping) else {}
    return all(stated.get(name, value) == value for name, value in rule.when.items())


def _fact(rule: ProofRule, fact: str, facts: Mapping[str, Any]) -> Proof:
    if fact not in facts:
        return Proof(name=rule.name, ok=False, detail=f"the app never said {fact}")
    value = facts[fact]
    shown = json.dumps(value)[:LONGEST_FACT]
    return Proof(name=rule.name, ok=bool(value), detail=f"{fact} is {shown}")


def _either(rule: ProofRule, requests: Iterable[IntakeRequest], facts: Mapping[str, Any]) -> Proof:
    """What the requests prove; where they prove nothing, what the fact does that would do too."""
    proof = _request(rule, requests)
    if proof.ok or rule.or_fact is None:
        return proof
    told = _fact(rule, rule.or_fact, facts)
    return replace(told, detail=f"{told.detail}; {proof.detail}")


def _request(rule: ProofRule, requests: Iterable[IntakeRequest]) -> Proof:
    """The first request that proves it, or why none of those that arrived does."""
    path = rule.path or "*"
    reasons = []
    for request in requests:
        if not fnmatchcase(request.path.partition("?")[0], path):
            continue
        ok, detail = _evaluate(rule, request)
        if ok:
            return Proof(name=rule.name, ok=True, detail=detail)
        reasons.append(detail)
    if not reasons:
        return Proof(name=rule.name, ok=False, detail=f"no request to {path} arrived")
    different = list(dict.fromkeys(reasons))
    if more := different[MOST_REASONS:]:
        different[MOST_REASONS:] = [f"and {plural(len(more), 'other reason')}"]
    detail = f"{len(reasons)} to {path}, none proves it: " + "; ".join(different)
    return Proof(name=rule.name, ok=False, detail=detail)


def _evaluate(rule: ProofRule, request: IntakeRequest) -> tuple[bool, str]:
    if request.body is None:
        return False, f"a body of {request.length} bytes was over the limit and not kept"
    try:
        body = base64.b64decode(request.body, validate=True)
        parts = decode(body, request.headers)
    except ValueError as error:  # Undecodable, or no base64
        return False, f"a body that cannot be read: {error}"
    if rule.pprof:
        return _profiles(rule.pprof, parts)
    if rule.contains is not None:
        texts = (rule.contains, *rule.or_contains)
        for text in texts:
            if any(text.encode() in part.content for part in parts):
                return True, f"has {text!r}"
        return False, f"lacks {' and '.join(map(repr, texts))}"
    return True, f"{request.method} {request.path} arrived"


def _profiles(wanted: Sequence[str], parts: Iterable[Part]) -> tuple[bool, str]:
    seen: dict[str, int] = {}
    for part in parts:
        try:
            totals = profile_totals(part.content)
        except Undecodable:
            continue  # the form's other parts: a description, where the code comes from
        for name, value in totals.items():
            seen[name] = seen.get(name, 0) + value
    if not seen:
        return False, "no profile in it"
    for name in wanted:
        if seen.get(name, 0) > 0:
            return True, f"a profile with {name} {seen[name]}"
    empty = [name for name in wanted if name in seen]
    missing = [name for name in wanted if name not in seen]
    told = [f"in which {listing(empty)} {'are' if empty[1:] else 'is'} 0"] if empty else []
    if missing:
        told.append(f"without {' or '.join(missing)}, of {', '.join(sorted(seen)[:20])}")
    return False, f"a profile {' and '.join(told)}"


def _form(content: bytes, boundary: str, limit: int) -> Iterator[tuple[str, bytes]]:
    if not boundary:
        raise Undecodable("a multipart form without a boundary")
    try:
        parser = multipart.MultipartParser(
            io.BytesIO(content),
            boundary,
            part_limit=PARTS,
            spool_limit=limit,
            memory_limit=limit,
            disk_limit=0,
        )
        for part in parser:
            yield part.name or "", part.raw
    except multipart.MultipartError as error:
        raise Undecodable(f"not a multipart form: {printable(str(error)[:200])}") from None


def _expand(data: bytes, limit: int) -> bytes:
    """Decompressed until it no longer looks compressed; at most ``limit`` bytes."""
    for _ in range(NESTING):
        reader = next((read for magic, read in _READERS if data.startswith(magic)), None)
        if reader is None:
            break
        try:
            data = reader(data, limit + 1)
        except (zlib.error, EOFError, RuntimeError, zstandard.ZstdError) as error:
            raise Undecodable(f"broken compression: {error}") from None
        if len(data) > limit:
            break
    if len(data) > limit:
        raise Undecodable(f"more than {limit} bytes once decoded")
    return data


def _gzip(data: bytes, at_most: int) -> bytes:
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    return _whole(reader.decompress(data, at_most), at_most, reader.eof)


def _lz4(data: bytes, at_most: int) -> bytes:
    reader = lz4.frame.LZ4FrameDecompressor()
    return _whole(reader.decompress(data, at_most), at_most, reader.eof)


def _zstd(data: bytes, at_most: int) -> bytes:
    # Frames above an 8 MiB window need not be read: RFC 8878, section 3.1.1.1.2.
    reader = zstandard.ZstdDecompressor(max_window_size=8 * 2**20).stream_reader(data)
    return reader.read(at_most)


def _whole(content: bytes, at_most: int, ended: bool) -> bytes:
    if not ended and len(content) < at_most:
        raise EOFError("it ends before its end")
    return content


_READERS: tuple[tuple[bytes, Callable[[bytes, int], bytes]], ...] = (
    (b"\x1f\x8b", _gzip),  # RFC 1952, section 2.3.1
    (b"\x04\x22\x4d\x18", _lz4),  # https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
    (b"\x28\xb5\x2f\xfd", _zstd),  # RFC 8878, section 3.1.1
)


@cache
def _profile_class() -> type[message.Message]:
    """What is needed of https://github.com/google/pprof/blob/main/proto/profile.proto."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="interlock/profile.proto", package="interlock.pprof", syntax="proto3"
    )

    def add(owner: str, fields: Mapping[str, tuple[int, Any, bool, str | None]]) -> None:
        described = file.message_type.add(name=owner)
        for name, (number, kind, repeated, of) in fields.items():
            described.field.add(
                name=name,
                number=number,
                type=kind,
                label=field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL,
                type_name=of and f".interlock.pprof.{of}",
            )

    add("ValueType", {"type": (1, field.TYPE_INT64, False, None)})
    add("Sample", {"value": (2, field.TYPE_INT64, True, None)})
    add(
        "Profile",
        {
            "sample_type": (1, field.TYPE_MESSAGE, True, "ValueType"),
            "sample": (2, field.TYPE_MESSAGE, True, "Sample"),
            "string_table": (6, field.TYPE_STRING, True, None),
        },
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("interlock.pprof.Profile"))
