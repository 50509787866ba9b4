"""What ARCHITECTURE.md says exists, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlock.model import REASONS, Outcome, Reason

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## The map")[2].partition("\n## ")[0]
MAP = re.findall(r"^\| `([^`]+)` \|", SECTION, re.MULTILINE)


def test_everything_on_the_map_exists() -> None:
    places = [place for place in MAP if "/" in place or "." in place]
    assert len(places) > 30
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_module_is_on_the_map() -> None:
    source = ROOT / "src" / "interlock"
    modules = {
        f"src/interlock/{path.name}" for path in source.glob("*.py") if path.name != "__init__.py"
    }
    packages = {f"src/interlock/{path.parent.name}/" for path in source.glob("*/__init__.py")}
    assert (modules | packages) - set(MAP) == set()


@pytest.mark.parametrize("outcome", [o for o in Outcome if REASONS[o]])
def test_every_reason_stands_beside_its_outcome(outcome: Outcome) -> None:
    row = re.search(rf"^\| `{outcome}` \| (.*) \|$", TEXT, re.MULTILINE)
    assert row is not None
    assert {Reason(word) for word in re.findall(r"`([^`]+)`", row[1])} == REASONS[outcome]


def test_every_command_is_named() -> None:
    source = (ROOT / "src/interlock/cli.py").read_text(encoding="utf-8")
    commands = set(re.findall(r"^        \"(\w+)\": \w+,$", source, re.MULTILINE))
    line = re.search(r"^Commands of `interlock`: (.*)\.$", TEXT, re.MULTILINE)
    assert line is not None
    assert set(re.findall(r"`(\w+)`", line[1])) == commands
