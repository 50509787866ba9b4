"""Check that the files of the probes can run, before anything runs.

Without this check, a missing or broken file would be found in a container, after an installation.
It would look like a fault of the package under test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from interlock.matrix.behaviour import HARNESS, LIBRARIES
from interlock.matrix.plain_files import Unreadable, read_bytes
from interlock.model import PythonVersion

APP = "app.py"
RUN = "run"

STARTED_BY_PATH = (
    *("supervisor.py", "launch.py", "bootstrap.py", "intake.py", "trial.py"),
    "inject/sitecustomize.py",
)
"""The files of the harness that no import names. Their imports lead to the rest."""


@dataclass(frozen=True, kw_only=True)
class _Source:
    """One Python file."""

    name: str
    tree: ast.Module


def mistakes(folder: Path, names: Iterable[str], oldest: PythonVersion) -> list[str]:
    """Everything that keeps these probes from running on ``oldest`` and newer Pythons."""
    found: list[str] = []
    for file in STARTED_BY_PATH:
        if not (folder / HARNESS / file).is_file():
            found.append(f"{folder.name}/{HARNESS}/{file}: {_MISSING}")
    for name in (HARNESS, LIBRARIES):
        found += _imports_of(folder, _sources(folder, name, oldest, found))
    for name in names:
        sources = _sources(folder, name, oldest, found)
        found += _imports_of(folder, sources)
        found += _app(folder, name, sources)
    return list(dict.fromkeys(found))


_MISSING = "there is no such file; restore it from the checkout of Interlock"


def _sources(
    folder: Path, name: str, oldest: PythonVersion, found: list[str]
) -> tuple[_Source, ...]:
    """The files of one folder. Adds those that do not compile to ``found``."""
    sources = []
    for path in sorted((folder / name).rglob("*.py")):
        shown = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        try:
            text = read_bytes(path)
            tree = ast.parse(text, shown, feature_version=(oldest.major, oldest.minor))
            compile(text, shown, "exec", dont_inherit=True)
        except (OSError, Unreadable) as problem:
            found.append(f"{shown}: {problem}")
        except SyntaxError as problem:
            found.append(f"{shown}:{problem.lineno or 1}: is not Python {oldest}: {problem.msg}")
        except (ValueError, RecursionError, MemoryError) as problem:
            found.append(f"{shown}: is not Python {oldest}: {problem or 'it is nested too deeply'}")
        else:
            sources.append(_Source(name=shown, tree=tree))
    return tuple(sources)


def _imports_of(folder: Path, sources: Iterable[_Source]) -> Iterator[str]:
    """Imports of harness and library modules that do not exist."""
    for source in sources:
        for line, module in _imported(source):
            shared, *inside = module.split(".")
            if shared in (HARNESS, LIBRARIES) and not _is_there(folder / shared, inside):
                yield f"{source.name}:{line}: imports {module}, which is not in {folder.name}/"


def _is_there(package: Path, inside: list[str]) -> bool:
    if not inside:
        return (package / "__init__.py").is_file()
    return package.joinpath(*inside).with_suffix(".py").is_file() or inside[0] in _names(package)


def _names(package: Path) -> set[str]:
    """The names that the package's own file binds. An import may use one of them."""
    try:
        tree = ast.parse(read_bytes(package / "__init__.py"))
    except (OSError, SyntaxError, ValueError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }


def _imported(source: _Source) -> Iterator[tuple[int, str]]:
    package = source.name.split("/")[1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                whole = node.module
                yield node.lineno, whole
            else:
                whole = ".".join(filter(None, (package, node.module)))
            if whole in (HARNESS, LIBRARIES):
                yield from ((node.lineno, f"{whole}.{alias.name}") for alias in node.names)
            elif node.level:
                yield node.lineno, whole


def _app(folder: Path, name: str, sources: Iterable[_Source]) -> Iterator[str]:
    shown = f"{folder.name}/{name}/{APP}"
    if not (folder / name / APP).is_file():
        yield f"{shown}: there is no such file; a probe is its function {RUN}(trial)"
        return
    for source in sources:
        if source.name == shown and not any(map(_binds_run, source.tree.body)):
            yield f"{shown}: has no function {RUN}(trial), which is what the harness calls"


def _binds_run(node: ast.stmt) -> bool:
    """Whether a statement defines something that can be called as ``run(trial)``."""
    if isinstance(node, ast.FunctionDef) and node.name == RUN:
        given = node.args
        plain = [*given.posonlyargs, *given.args]
        required = len(plain) - len(given.defaults)
        takes_one = bool(plain) or given.vararg is not None
        return takes_one and required <= 1 and None not in given.kw_defaults
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((alias.asname or alias.name) == RUN for alias in node.names)
    if isinstance(node, ast.Assign):
        return any(isinstance(to, ast.Name) and to.id == RUN for to in node.targets)
    return False
