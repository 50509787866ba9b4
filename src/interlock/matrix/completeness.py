"""Check that the files of the probes can run, before anything runs.

Without this check, a missing or broken file would be found in a container, after an installation.
It would look like a fault of the package under test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement

from interlock.matrix.behaviour import HARNESS, LIBRARIES
from interlock.matrix.calls import Interface
from interlock.matrix.imports import Modules, Source
from interlock.matrix.plain_files import Unreadable, read_bytes
from interlock.model import Probe, PythonVersion

APP = "app.py"
RUN = "run"

STARTED_BY_PATH = (
    *("supervisor.py", "launch.py", "bootstrap.py", "intake.py", "trial.py"),
    "inject/sitecustomize.py",
)
"""The files of the harness that no import names. Their imports lead to the rest."""


def mistakes(
    folder: Path, probes: Iterable[Probe], packages: Iterable[str], oldest: PythonVersion
) -> list[str]:
    """Everything that keeps these probes from running on ``oldest`` and newer Pythons.

    ``packages`` are those of the axes.
    """
    found: list[str] = []
    for file in STARTED_BY_PATH:
        if not (folder / HARNESS / file).is_file():
            found.append(f"{folder.name}/{HARNESS}/{file}: {_MISSING}")
    probes = list(probes)
    shared = {name: _sources(folder, name, oldest, found) for name in (HARNESS, LIBRARIES)}
    everywhere = {importable(package) for package in packages}
    required = {probe.name: everywhere.union(_installed(probe)) for probe in probes}
    for name, sources in shared.items():
        known = everywhere.union(*required.values()) if name == LIBRARIES else ()
        modules = Modules(
            probes=folder.name,
            own={},
            shared=shared,
            installed=known,
            knobs=None,
            oldest=oldest,
        )
        found += [text for source in sources.values() for text in modules.mistakes(source)]
    for probe in probes:
        sources = _sources(folder, probe.name, oldest, found)
        modules = Modules(
            probes=folder.name,
            own=sources,
            shared=shared,
            installed=required[probe.name],
            knobs=probe.knobs,
            oldest=oldest,
        )
        found += [text for source in sources.values() for text in modules.mistakes(source)]
        found += _app(folder, probe.name, sources.values())
        found += _calls(sources.values(), shared[HARNESS])
    return list(dict.fromkeys(found))


def _installed(probe: Probe) -> set[str]:
    """The names by which the probe imports what it requires."""
    return {*probe.modules, *(importable(Requirement(each).name) for each in probe.requirements)}


def importable(package: str) -> str:
    """The usual name of a package's module."""
    return package.replace("-", "_").replace(".", "_").lower()


_MISSING = "there is no such file; restore it from the checkout of Interlock"


def _sources(
    folder: Path, name: str, oldest: PythonVersion, found: list[str]
) -> dict[tuple[str, ...], Source]:
    """The files of one folder. Adds those that do not compile to ``found``."""
    sources = {}
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
            inside = path.relative_to(folder / name).with_suffix("").parts
            sources[inside] = Source(name=shown, folder=name, inside=inside, tree=tree)
    return sources


def _app(folder: Path, name: str, sources: Iterable[Source]) -> Iterator[str]:
    shown = f"{folder.name}/{name}/{APP}"
    if not (folder / name / APP).is_file():
        yield f"{shown}: there is no such file; a probe is its function {RUN}(trial)"
        return
    for source in sources:
        if source.name != shown:
            continue
        found = [node for node in source.tree.body if _binds_run(node)]
        if not found:
            yield f"{shown}: has no function {RUN}(trial), which is what the harness calls"
        elif isinstance(found[-1], ast.AsyncFunctionDef):
            yield f"{shown}:{found[-1].lineno}: {RUN} is async; the harness calls it as a function"
        elif isinstance(found[-1], ast.FunctionDef) and not _takes_a_trial(found[-1]):
            yield f"{shown}:{found[-1].lineno}: {RUN} must take one argument, the trial"


def _calls(sources: Iterable[Source], harness: Mapping[tuple[str, ...], Source]) -> Iterator[str]:
    if interface := Interface.of(harness):
        for source in sources:
            yield from interface.mistakes(source)


def _takes_a_trial(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    required = len(plain) - len(given.defaults)
    takes_one = bool(plain) or given.vararg is not None
    return takes_one and required <= 1 and None not in given.kw_defaults


def _binds_run(node: ast.stmt) -> bool:
    """Whether a statement defines something with the name of ``run(trial)``."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name == RUN
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((alias.asname or alias.name) == RUN for alias in node.names)
    if isinstance(node, ast.Assign):
        return any(isinstance(to, ast.Name) and to.id == RUN for to in node.targets)
    return False
