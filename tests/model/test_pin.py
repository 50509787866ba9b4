"""A pin is looked up by a hash that stays in its process."""

from __future__ import annotations

import pickle

from packaging.version import Version

from interlock.model import Pin


def test_pin_is_sent_to_another_process_without_its_hash() -> None:
    pin = Pin(axis="sentry", package="sentry-sdk", version=Version("2.5.1"))
    assert {pin: "found"}[pin] == "found"

    sent = pickle.loads(pickle.dumps(pin))

    assert sent == pin
    assert hash(sent) == hash(pin)
    assert vars(pickle.loads(pickle.dumps(pin))).keys() == {"axis", "package", "version"}
