"""Everything that ARCHITECTURE.md names exists, and the other way round."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from interlock.console.options import COMMANDS
from interlock.model import REASONS, Outcome, Reason

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "src" / "interlock"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## The map")[2].partition("\n## ")[0]
MAP = re.findall(r"^\| `([^`]+)` \|", SECTION, re.MULTILINE)


def test_everything_on_the_map_exists() -> None:
    places = [place for place in MAP if "/" in place or "." in place]
    assert len(places) > 15
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("room", sorted(ROOMS.glob("*/__init__.py")), ids=lambda p: p.parent.name)
def test_a_room_is_on_the_map_with_all_its_modules_and_no_other(room: Path) -> None:
    folder = room.parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    row = re.search(rf"^\| `src/interlock/{folder.name}/` \| (.*) \|$", SECTION, re.MULTILINE)
    assert row is not None
    named = set(re.findall(r"`([a-z_]+/?)`", row[1].rpartition(". ")[2]))
    assert named == modules | packages


def test_every_file_that_the_walk_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", text)
    assert len(named) > 20
    assert [name for name in named if not any((at / name).exists() for at in (ROOT, ROOMS))] == []


def test_every_module_is_in_a_room() -> None:
    assert sorted(path.name for path in ROOMS.glob("*.py")) == ["__init__.py", "__main__.py"]


def test_rooms_use_each_other_by_what_their_front_door_hands_out() -> None:
    inside = re.compile(r"interlock\.(\w+)\.")
    past_the_door = [
        f"{path.relative_to(ROOMS)}:{node.lineno}"
        for path in ROOMS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (found := inside.match(f"{node.module}."))
        and found[1] != path.relative_to(ROOMS).parts[0]
        and node.module != f"interlock.{found[1]}"
    ]
    assert past_the_door == []


@pytest.mark.parametrize("door", sorted(ROOMS.glob("*/__init__.pyi")), ids=lambda p: p.parent.name)
def test_a_front_door_hands_out_only_what_somebody_uses(door: Path) -> None:
    tree = ast.parse(door.read_text(encoding="utf-8"))
    handed = {a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names}
    used = {
        alias.name
        for folder in (ROOMS, ROOT / "benchmarks")
        for path in folder.rglob("*.py")
        if path.relative_to(folder).parts[0] != door.parent.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == f"interlock.{door.parent.name}"
        for alias in node.names
    }
    assert handed - used == set()


@pytest.mark.parametrize("outcome", [o for o in Outcome if REASONS[o]])
def test_every_reason_stands_beside_its_outcome(outcome: Outcome) -> None:
    row = re.search(rf"^\| `{outcome}` \| (.*) \|$", TEXT, re.MULTILINE)
    assert row is not None
    assert {Reason(word) for word in re.findall(r"`([^`]+)`", row[1])} == REASONS[outcome]


def test_every_command_is_named() -> None:
    line = re.search(r"^Commands of `interlock`: (.*)\.$", TEXT, re.MULTILINE)
    assert line is not None
    assert re.findall(r"`(\w+)`", line[1]) == list(COMMANDS)


def imported(folder: Path) -> set[str]:
    """The top-level modules that the Python files below a folder import."""
    nodes = [
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module or ""
        for node in nodes
        if isinstance(node, ast.ImportFrom) and not node.level  # not its own neighbours
    ]
    return {name.partition(".")[0] for name in names}


def test_a_file_and_a_function_fit_in_the_head() -> None:
    sources = [p for room in ("src", "probes", "benchmarks") for p in (ROOT / room).rglob("*.py")]
    too_long = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources
        for text in [path.read_text(encoding="utf-8")]
        for name, lines, most in [
            ("the file", text.count("\n"), 400),
            *(
                (node.name, (node.end_lineno or 0) - node.lineno + 1, 40)
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            ),
        ]
        if lines > most
    ]
    assert too_long == []


def test_probes_do_not_import_interlock() -> None:
    assert "interlock" not in imported(ROOT / "probes")


def test_the_harness_imports_the_standard_library_alone() -> None:
    folder = ROOT / "probes" / "harness"
    own = {"harness", *(path.stem for path in folder.glob("*.py"))}
    assert imported(folder) - sys.stdlib_module_names - own == set()


def test_no_library_is_named_in_the_source() -> None:
    named = re.compile(r"sentry|ddtrace|datadog", re.IGNORECASE)
    sources = (ROOT / "src").rglob("*.py")
    statements = [
        (path.name, node.value)
        for path in sources
        for node in ast.walk(_without_docstrings(ast.parse(path.read_text(encoding="utf-8"))))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [(name, text) for name, text in statements if named.search(text)] == []


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Text that stands by itself, such as documentation, is not code."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                line
                for line in body
                if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            ]
    return tree
