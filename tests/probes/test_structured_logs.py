"""Which releases of sentry-sdk batch structured logs of log records, and how.

Each tree has the files of the real release that differ. The real ones, 2.22.0 to 2.35.0, got 150
log records each: 2.25.0 sends them one by one without a thread, and 2.25.1 is the first with a
`LogBatcher` and its flusher.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from fake_sentry import imported
from ours import probe_of_ours

from interlock.evidence.events import IntakeRequest
from interlock.evidence.intake import prove

PLAIN = {"consts.py": "DEFAULT_OPTIONS = {}\n"}
BATCHER = {"_log_batcher.py": "class LogBatcher:\n    pass\n"}
OPTION = {"consts.py": "DEFAULT_OPTIONS = {'enable_logs': False}\n"}


@pytest.mark.parametrize(
    ("release", "files", "expected"),
    [
        ("2.24.1", PLAIN, None),
        ("2.25.0", {**PLAIN, "logger.py": "def warning(*args):\n    pass\n"}, None),
        ("2.25.1", {**PLAIN, **BATCHER}, {"_experiments": {"enable_logs": True}}),
        ("2.28.0", {**PLAIN, **BATCHER}, {"_experiments": {"enable_logs": True}}),
        ("2.35.0", {**OPTION, **BATCHER}, {"enable_logs": True}),
        ("2.75.0", {**OPTION, "_batcher.py": "class Batcher:\n    pass\n"}, {"enable_logs": True}),
    ],
)
def test_a_release_is_asked_as_it_wants_to_be(
    starting: ModuleType,
    tmp_path: Path,
    release: str,
    files: Mapping[str, str],
    expected: Mapping[str, object] | None,
) -> None:
    with imported(tmp_path, files) as fake:
        assert starting.logs_option(fake.sdk) == expected


class Told:
    """A trial as `sentry.start` needs it."""

    def __init__(self) -> None:
        self.versions = {"sentry": "2.25.0"}
        self.intake = "http://127.0.0.1:1"
        self.lacks: list[tuple[str, str]] = []

    def fact(self, name: str, value: object) -> None:
        pass

    def missing(self, feature: str, detail: str) -> None:
        self.lacks.append((feature, detail))


def test_a_release_without_a_batcher_lacks_what_is_probed(
    starting: ModuleType, tmp_path: Path
) -> None:
    told = Told()
    with imported(tmp_path, PLAIN) as fake:
        assert starting.start(told, starting.Settings(sentry_logs=True)) is None
        assert fake.inits == []
    assert [feature for feature, _ in told.lacks] == ["structured logs"]


RECORD = "interlock proof of life: sentry_logs"
OPEN_TELEMETRY = f'{{"severityNumber":13,"body":{{"stringValue":"{RECORD}"}},"timeUnixNano":1}}'
OWN_FORM = f'{{"level":"warn","body":"{RECORD}","attributes":{{}}}}'
BREADCRUMB = f'{{"breadcrumbs":{{"values":[{{"message":"{RECORD}"}}]}}}}'


@pytest.mark.parametrize(
    ("release", "sent", "ok"),
    [
        # As the real releases sent it.
        ("2.25.1", OPEN_TELEMETRY, True),
        ("2.28.0", OWN_FORM, True),
        # A breadcrumb of an event has the same text.
        ("2.28.0", BREADCRUMB, False),
    ],
)
def test_a_structured_log_is_told_from_a_breadcrumb(release: str, sent: str, ok: bool) -> None:
    (rule,) = [rule for rule in probe_of_ours("sentry_logs").live if rule.name == "sentry-log"]

    arrived = IntakeRequest(
        event="intake",
        method="POST",
        path="/api/1/envelope/",
        headers={},
        length=len(sent),
        body=base64.b64encode(sent.encode()).decode(),
    )
    (proof,) = prove([rule], [arrived])

    assert proof.ok is ok, release
