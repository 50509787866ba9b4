"""The project's probes: each is described without a mistake, and settings agree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from interlock.matrix import probes
from interlock.model import Probe

FOLDER = Path(__file__).parents[2] / "probes"
AXES = ("sentry", "ddtrace")
NAMES = probes.available(FOLDER)


def loaded(name: str) -> Probe:
    probe = probes.load(FOLDER, name, ["stock"], AXES)
    assert isinstance(probe, Probe), probe.mistakes
    return probe


@pytest.fixture
def settings() -> Iterator[ModuleType]:
    """What the apps import, as they find it."""
    sys.path.insert(0, str(FOLDER))
    try:
        from libraries import settings
    finally:
        sys.path.remove(str(FOLDER))
    yield settings


class Told:
    """A trial as `Settings` needs it: what was chosen, and what was said of it."""

    def __init__(self, **settings: object) -> None:
        self.settings = settings
        self.facts: dict[str, object] = {}
        self.mistake = ""

    def fact(self, name: str, value: object) -> None:
        self.facts[name] = value

    def misuse(self, message: str) -> None:
        self.mistake = message


@pytest.mark.parametrize("name", NAMES)
def test_every_probe_is_described_without_a_mistake(name: str) -> None:
    probe = loaded(name)
    assert probe.live
    assert probe.least_exposures <= probe.most_exposures


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_is_about_settings_that_are_known(name: str, settings: ModuleType) -> None:
    known = vars(settings.Settings())
    for rule in loaded(name).live:
        assert set(rule.when) <= set(known), rule.name


def test_what_is_not_chosen_is_as_the_libraries_have_it(settings: ModuleType) -> None:
    told = Told(lock_profiling=False)
    found = settings.Settings.of(told)
    assert (found.lock_profiling, found.profiling, found.sentry_event_level) == (False, True, None)
    assert told.facts["settings"] == vars(found)


@pytest.mark.parametrize(
    ("chosen", "mistake"),
    [
        ({"profilng": True}, "no setting profilng is known"),
        ({"profiling": "no"}, "profiling is 'no', which is not a bool"),
        ({"sentry_event_level": 30}, "sentry_event_level is 30, which is not a str | None"),
        ({"ignore_loggers": "ddtrace"}, "ignore_loggers is 'ddtrace', which is not a tuple"),
        (
            {"sentry_logs": False},
            "sentry_logs is False, but this probe needs True: "
            "judge it in a configuration that sets it",
        ),
        # A probe does not switch on by itself what it needs.
        (
            {},
            "sentry_logs is False, but this probe needs True: "
            "judge it in a configuration that sets it",
        ),
        (
            {"a": 1, "profiling": 0},
            "no setting a is known; profiling is 0, which is not a bool",
        ),
    ],
)
def test_settings_that_make_no_sense_are_a_mistake_of_ours(
    settings: ModuleType, chosen: dict[str, object], mistake: str
) -> None:
    told = Told(**chosen)
    assert settings.Settings.of(told, sentry_logs=True) is None
    assert told.mistake == f"settings: {mistake}"
    assert not told.facts


def test_a_probe_may_know_a_setting_of_its_own(settings: ModuleType) -> None:
    told = Told(deadlock="none")
    assert settings.Settings.of(told, beside=("deadlock",)) == settings.Settings()


@pytest.mark.parametrize("amplified", [True, False])
def test_threads_are_switched_often_only_where_the_race_is_amplified(
    settings: ModuleType, amplified: bool
) -> None:
    before = sys.getswitchinterval()
    with settings.Settings(amplified=amplified).switching_every(before / 10):
        assert sys.getswitchinterval() == pytest.approx(before / 10 if amplified else before)
    assert sys.getswitchinterval() == pytest.approx(before)
