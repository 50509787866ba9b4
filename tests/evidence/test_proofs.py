"""What counts as a proof of life, and the message if there is none."""

from __future__ import annotations

import base64

import pytest

from interlock.evidence.events import Event, Fact, IntakeRequest
from interlock.evidence.intake import profile_totals, prove
from interlock.model import Proof, ProofRule


def request(body: bytes) -> IntakeRequest:
    return IntakeRequest(
        event="intake",
        method="POST",
        path="/in",
        headers={},
        length=len(body),
        body=base64.b64encode(body).decode(),
    )


def only(rule: ProofRule, *events: Event) -> Proof:
    (proof,) = prove([rule], events)
    return proof


@pytest.mark.parametrize(
    ("body", "ok", "detail"),
    [
        (b"it is here", True, "has 'here'"),
        (b"il est ici", True, "has 'ici'"),
        (b"odd", False, "1 to /in, none proves it: lacks 'here' and 'ici'"),
    ],
)
def test_a_text_may_be_written_in_several_ways(body: bytes, ok: bool, detail: str) -> None:
    rule = ProofRule(name="x", says="", path="/in", contains="here", or_contains=("ici",))
    proof = only(rule, request(body))
    assert (proof.ok, proof.detail) == (ok, detail)


@pytest.mark.parametrize(
    ("wanted", "detail"),
    [
        ("lock-acquire", "a profile in which lock-acquire is 0"),
        ("lock-acquire lock-release", "a profile in which lock-acquire and lock-release are 0"),
        (
            "lock-acquire wall-time",
            "a profile in which lock-acquire is 0 and without wall-time, "
            "of lock-acquire, lock-release",
        ),
        (
            "cpu-time wall-time",
            "a profile without cpu-time or wall-time, of lock-acquire, lock-release",
        ),
    ],
)
def test_a_sample_type_at_zero_is_told_from_one_that_is_not_there(wanted: str, detail: str) -> None:
    """A profile as ddtrace 1.15.2 exports it: types of lock samples, but no samples."""
    types = b"\x0a\x02\x08\x01" + b"\x0a\x02\x08\x02"
    profile = types + b"\x32\x00" + b"\x32\x0clock-acquire" + b"\x32\x0clock-release"
    assert profile_totals(profile) == {"lock-acquire": 0, "lock-release": 0}
    rule = ProofRule(name="x", says="", path="/in", pprof=tuple(wanted.split()))
    assert only(rule, request(profile)).detail == f"1 to /in, none proves it: {detail}"


@pytest.mark.parametrize(
    ("said", "body", "ok", "detail"),
    [
        (7, b"odd", True, "locks is 7; 1 to /in, none proves it: lacks 'here'"),
        (0, b"odd", False, "locks is 0; 1 to /in, none proves it: lacks 'here'"),
        (None, b"odd", False, "the app never said locks; 1 to /in, none proves it: lacks 'here'"),
        (0, b"is here", True, "has 'here'"),
        (7, None, True, "locks is 7; no request to /in arrived"),
    ],
)
def test_a_fact_may_prove_what_no_request_does(
    said: int | None, body: bytes | None, ok: bool, detail: str
) -> None:
    rule = ProofRule(name="x", says="", path="/in", contains="here", or_fact="locks")
    facts = [] if said is None else [Fact(event="fact", name="locks", value=said)]
    proof = only(rule, *facts, *([] if body is None else [request(body)]))
    assert (proof.ok, proof.detail) == (ok, detail)
