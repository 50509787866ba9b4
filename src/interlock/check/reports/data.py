"""The result as JSON. ``check.schema.json`` describes it, and a test checks that it does."""

from __future__ import annotations

import json
from typing import Any

from interlock.check.exceptions import Exempt
from interlock.check.found import Mention
from interlock.check.result import Exit, Finding, Library, Result
from interlock.model import printable

SCHEMA_VERSION = 1


def as_json(result: Result) -> str:
    return json.dumps(as_data(result), indent=2)


def as_data(result: Result) -> dict[str, Any]:
    """The result in plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "exit_code": int(result.code),
        "decides": _NAMES[result.decides],
        "report_only": result.report_only,
        "files": list(result.files),
        "pythons": [str(python) for python in result.pythons],
        "why_pythons": result.why_pythons,
        "libraries": [_library(one) for one in result.libraries],
        "findings": [_finding(one) for one in result.findings],
        "excepted": [_finding(one) for one in result.excepted],
        "notes": list(result.notes),
        "problems": [
            {
                "exit_code": int(one.code),
                "says": one.says,
                "file": str(one.file) if one.file else None,
                "line": one.line,
            }
            for one in result.problems
        ],
        "moves": [{"says": one.says, "lines": list(one.pins)} for one in result.advice],
        "safe": [{"says": one.says, "lines": list(one.lines)} for one in result.safe],
        "workarounds": [
            {"name": o.name, "title": o.title, "costs": o.costs, "paste": o.paste or None}
            for o in result.workarounds
        ],
        "ask": result.ask or None,
        "data_of": result.data_of.isoformat() if result.data_of else None,
    }


_NAMES = {
    Exit.CLEAR: "clear",
    Exit.FOUND: "found",
    Exit.MISTAKE: "bad-input",
    Exit.TROUBLE: "trouble",
    Exit.NOT_KNOWN: "not-known",
}


def _library(one: Library) -> dict[str, Any]:
    return {
        "axis": one.axis.name,
        "package": one.axis.package,
        "mentions": [_mention(mention) for mention in one.mentions],
        "remarks": list(one.remarks),
    }


def _mention(one: Mention) -> dict[str, Any]:
    return {
        "file": str(one.file),
        "line": one.line,
        "version": str(one.version) if one.version else None,
        "specifier": None if one.specifier is None else str(one.specifier),
        "from_index": not one.source,
        "marker": one.marker or None,
        "group": one.group or None,
        "needed_by": list(one.needed_by),
        "direct": one.is_direct,
        "constraint": one.is_constraint,
        "locked": one.is_locked,
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "state": str(one.state),
        "exit_code": int(one.state.code),
        "basis": str(one.basis),
        "says": one.says,
        "asked": [str(chosen) for chosen in one.chosen],
        "versions": {axis: [str(v) for v in some] for axis, some in one.releases.items()},
        "pythons": [str(python) for python in one.pythons],
        "situations": [dict(situation.chosen) for situation in one.situations],
        "window": one.is_window,
        "details": list(one.details),
        "tested_at": one.tested_at.isoformat() if one.tested_at else None,
        "repeat": [
            cell.reproduce
            for cell in dict.fromkeys(v.cell for part in one.parts for v in part.verdicts)
        ],
        "exception": _exempt(one.exempt),
    }


def _exempt(one: Exempt | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "reason": printable(one.reason),
        "until": one.until.isoformat(),
        "file": str(one.file),
        "line": one.line,
    }
