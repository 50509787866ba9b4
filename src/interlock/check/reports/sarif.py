"""The result as SARIF 2.1.0, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from interlock.check.reports.places import Place, as_uri, places
from interlock.check.result import Exit, Finding, Problem, Result, State
from interlock.model import printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"

_RULES: Sequence[tuple[str, str, str, str, str]] = (
    (
        "hang",
        "KnownHang",
        "These releases hang together in tests.",
        "A deadlock of these releases was proven in tests, or is inferred from tested releases "
        "around them. Move to a release that passes, or use a workaround until then.",
        "error",
    ),
    (
        "fail",
        "KnownFailure",
        "These releases fail together in tests.",
        "The application fails with these releases in tests: it crashes, raises, or one library "
        "does not work. Move to a release that passes.",
        "error",
    ),
    (
        "unknown",
        "NotKnown",
        "It is not known whether these releases hang together.",
        "They were not tested, or the tests proved nothing. That is no sign of safety. Move to "
        "tested releases, or test these.",
        "warning",
    ),
    (
        "input",
        "NotChecked",
        "Something could not be read or checked.",
        "What could not be read proves nothing. Correct the file, or name the file that has it.",
        "warning",
    ),
)


def as_sarif(result: Result) -> str:
    return json.dumps(as_log(result), indent=2)


def as_log(result: Result) -> dict[str, Any]:
    """A log with one run."""
    failed = result.decides in (Exit.MISTAKE, Exit.TROUBLE)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "interlock", "rules": [*map(_rule, _RULES)]}},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not failed,
                        "exitCode": int(result.code),
                        "toolExecutionNotifications": [
                            {"level": "note", "message": {"text": _text(note)}}
                            for note in result.notes
                        ],
                    }
                ],
                "results": [*_results(result)],
            }
        ],
    }


def _rule(one: tuple[str, str, str, str, str]) -> dict[str, Any]:
    of, name, short, full, level = one
    return {
        "id": of,
        "name": name,
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "help": {"text": full},
        "defaultConfiguration": {"level": level},
    }


def _results(result: Result) -> Iterator[dict[str, Any]]:
    helps = [f"Move to {' and '.join(one.pins)}." for one in result.advice[:2]]
    helps += [f"Use {' and '.join(one.lines)}." for one in result.safe if one.lines]
    helps += [f"Workaround: {one.paste or one.title}." for one in result.workarounds[:2]]
    for one in (*result.findings, *result.excepted):
        if one.state is not State.PASS:
            yield _finding(one, helps)
    yield from (_problem(one) for one in result.problems if one.code)


def _finding(one: Finding, helps: Sequence[str]) -> dict[str, Any]:
    level = "error" if one.state.is_trouble else "warning"
    found = _result(_rule_of(one.state), level, "\n".join([one.says, *one.details, *helps]))
    there = places(one)
    found["locations"] = [*map(_location, there[:1])]
    related = [{"id": at, **_location(place)} for at, place in enumerate(there[1:], 1)]
    if related:
        found["relatedLocations"] = related
    if one.exempt:
        found["suppressions"] = [
            {
                "kind": "external",
                "justification": _text(f"{one.exempt.reason} ({one.exempt.until})"),
            }
        ]
    return found


def _problem(one: Problem) -> dict[str, Any]:
    level = "error" if one.code in (Exit.MISTAKE, Exit.TROUBLE) else "warning"
    found = _result("input", level, one.says)
    found["locations"] = [_location((one.file, one.line))] if one.file else []
    return found


def _result(rule: str, level: str, text: str) -> dict[str, Any]:
    number = [of for of, *_ in _RULES].index(rule)
    return {
        "ruleId": rule,
        "ruleIndex": number,
        "level": level,
        "message": {"text": _text(text)},
    }


def _rule_of(state: State) -> str:
    if state in (State.HANG, State.CAN_HANG):
        return "hang"
    return "fail" if state is State.FAIL else "unknown"


def _location(place: Place) -> dict[str, Any]:
    file, line = place
    uri = as_uri(file)
    artifact = {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": ROOT}
    region = {"region": {"startLine": line}} if line else {}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


def _text(text: str) -> str:
    return printable(text, lines=True)
