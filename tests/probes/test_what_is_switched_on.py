"""A probe switches on nothing of a library that its configuration does not name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from types import ModuleType

import pytest
from fake_sentry import FakeSentry
from ours import PROBES

from interlock.matrix import Matrix, behaviour, matrix_file, probes
from interlock.record import read_results

NAMES = probes.available(PROBES)

AMPLIFIES = {"DD_PROFILING_CAPTURE_PCT", "DD_TRACE_LOGGING_RATE"}
"""These make a race likelier. A configuration without amplification drops them."""
FROM_SETTINGS = {"DD_PROFILING_ENABLED", "DD_PROFILING_LOCK_ENABLED"}
WHERE_TO_SEND = {"DD_TRACE_AGENT_URL"}
LEAVES_WORK_OUT = {"DD_PROFILING_ENABLE_CODE_PROVENANCE", "DD_INSTRUMENTATION_TELEMETRY_ENABLED"}
"""These are switched off, for workers that live for a moment only."""


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return matrix_file.load(PROBES.parent / "matrix.yaml", PROBES)


def sources(name: str) -> Iterator[tuple[str, ast.Module]]:
    """The Python files of a probe, and those that it shares with others."""
    for folder in (name, behaviour.LIBRARIES):
        for path in sorted((PROBES / folder).rglob("*.py")):
            yield f"{folder}/{path.name}", ast.parse(path.read_text(encoding="utf-8"))


def calls(name: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: its place, and its name as written (``sentry_sdk.init``)."""
    for at, tree in sources(name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield at, ast.unparse(node.func), node


def needed(name: str) -> dict[str, object]:
    """The settings that the probe asks its configuration for."""
    return {
        keyword.arg: ast.literal_eval(keyword.value)
        for _, called, call in calls(name)
        if called == "Settings.of"
        for keyword in call.keywords
        if keyword.arg and keyword.arg != "beside"
    }


def test_two_probes_need_a_setting() -> None:
    assert {name: needed(name) for name in NAMES if needed(name)} == {
        "sentry_logs": {"sentry_logs": True},
        "two_profilers": {"sentry_profiling": True},
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_configuration_of_a_probe_sets_what_it_needs(name: str, matrix: Matrix) -> None:
    for config in matrix.judged_in(name):
        chosen = matrix.configurations[config].settings
        assert {key: chosen.get(key) for key in needed(name)} == needed(name), config


def test_every_published_verdict_is_shown_where_its_probe_can_be_judged(matrix: Matrix) -> None:
    """With default settings, no reader is shown a hang that needs structured logs."""
    asked = {name: needed(name) for name in NAMES}
    published = read_results(PROBES.parent / "results", matrix.axes, matrix.renamed)
    switched_on = set()
    for verdict in published.verdicts:
        cell = verdict.cell
        chosen = matrix.configurations[cell.config].settings
        for key, value in asked[cell.probe].items():
            assert chosen.get(key) == value, cell
            switched_on.add((cell.probe, key))

    assert switched_on == {("sentry_logs", "sentry_logs"), ("two_profilers", "sentry_profiling")}


@pytest.mark.parametrize("name", NAMES)
def test_sentry_is_initialised_at_one_place(name: str) -> None:
    """A probe passes no option to Sentry that its configuration does not name."""
    places = [at for at, called, _ in calls(name) if called.endswith("sdk.init")]

    assert places == ["libraries/sentry.py"]


@pytest.mark.parametrize("name", NAMES)
def test_ddtrace_is_imported_at_one_place(name: str) -> None:
    imported = [
        (at, ast.unparse(node))
        for at, tree in sources(name)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom)) and "ddtrace" in ast.unparse(node)
    ]

    assert imported == [
        ("libraries/profiler.py", "import ddtrace"),
        ("libraries/profiler.py", "import ddtrace.profiling.auto"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_of_a_library_amplifies_or_comes_from_the_settings(
    name: str, matrix: Matrix
) -> None:
    written = {
        node.value
        for _, tree in sources(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"_?(DD|SENTRY)_\w+", node.value)
    }

    assert written <= AMPLIFIES | FROM_SETTINGS | WHERE_TO_SEND | LEAVES_WORK_OUT
    assert set(matrix.probes[name].environment) <= AMPLIFIES


@pytest.mark.parametrize(
    ("chosen", "handed"),
    [
        ({}, {}),
        ({"profiling": False, "lock_profiling": False, "amplified": False}, {}),
        ({"sentry_event_level": "WARNING"}, {"integrations": [{"event_level": "WARNING"}]}),
        (
            {"sentry_logging_integration": False},
            {"integrations": [{"level": None, "event_level": None, "sentry_logs_level": None}]},
        ),
        ({"sentry_logs": True}, {"enable_logs": True}),
        (
            {"sentry_profiling": True},
            {
                "traces_sample_rate": 1.0,
                "profile_session_sample_rate": 1.0,
                "profile_lifecycle": "trace",
            },
        ),
    ],
)
def test_what_is_handed_to_sentry_comes_from_the_settings(
    starting: ModuleType,
    fake_sentry: FakeSentry,
    chosen: dict[str, object],
    handed: dict[str, object],
) -> None:
    settings = starting.Settings(**chosen)

    starting.initialise(fake_sentry.sdk, settings, "http://127.0.0.1:1")

    assert fake_sentry.inits == [{"dsn": "http://public@127.0.0.1:1/1", **handed}]


def test_an_option_that_no_configuration_sets_is_refused(
    starting: ModuleType, fake_sentry: FakeSentry
) -> None:
    settings = starting.Settings()
    spared = {"auto_enabling_integrations": False, "release": "interlock"}
    starting.initialise(fake_sentry.sdk, settings, "http://127.0.0.1:1", **spared)

    with pytest.raises(ValueError, match="no configuration sets enable_logs"):
        starting.initialise(fake_sentry.sdk, settings, "http://127.0.0.1:1", enable_logs=True)

    assert fake_sentry.inits == [{"dsn": "http://public@127.0.0.1:1/1", **spared}]
