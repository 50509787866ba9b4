"""What a file of a probe imports and names, and whether it is there.

Only a name that the probe's folder, the shared folders, Python or a package of the matrix can
answer is right. A file that is missing would be found in a container, after an installation, and
would look like a fault of the package under test.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from interlock.matrix.mistakes import nearest
from interlock.model import PythonVersion

NEW_IN = {
    "graphlib": PythonVersion(3, 9),
    "zoneinfo": PythonVersion(3, 9),
    "tomllib": PythonVersion(3, 11),
    "annotationlib": PythonVersion(3, 14),
    "compression": PythonVersion(3, 14),
}
"""Modules of Python that its oldest tested release may lack."""

_FILE = re.compile(r"\w[\w.-]*\.py")
_GUARDS = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file."""

    name: str
    """As messages name it: ``probes/shutdown/app.py``."""
    folder: str
    """The probe, or ``harness`` or ``libraries``."""
    inside: tuple[str, ...]
    """Its place in that folder, without ``.py``: ``("inject", "sitecustomize")``."""
    tree: ast.Module


@dataclass(frozen=True, kw_only=True)
class Modules:
    """The modules that the files of one folder can import."""

    probes: str
    """The name of the folder that holds all of them, for messages."""
    own: Mapping[tuple[str, ...], Source]
    """Those of the folder itself, by their dotted name."""
    shared: Mapping[str, Mapping[tuple[str, ...], Source]]
    """Those of the shared folders, by folder."""
    installed: Collection[str]
    """The packages of the matrix, and what the probe requires beside them."""
    knobs: Collection[str] | None
    """The probe's knobs. None for the shared folders."""
    oldest: PythonVersion

    def mistakes(self, source: Source) -> Iterator[str]:
        """Everything in this file that is not there."""
        guarded = _guarded(source.tree)
        for node in ast.walk(source.tree):
            if node not in guarded:
                for text in self._mistakes_at(source, node):
                    yield f"{source.name}:{getattr(node, 'lineno', 1)}: {text}"

    def _mistakes_at(self, source: Source, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            found = (self._missing(source, alias.name.split("."), ()) for alias in node.names)
            yield from filter(None, found)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            if missing := self._missing(source, _module(source, node), names):
                yield missing
        elif self.knobs is not None:
            knob, file = _knob(node), _file(node)
            if knob and knob not in self.knobs:
                yield f'"{knob}" is not a knob of probe.yaml{nearest(knob, self.knobs)}'
            if file and not any(f"{place[-1]}.py" == file for place in self.own):
                yield f"names {file}, which is not in {self.probes}/{source.folder}/"

    def _missing(self, source: Source, module: list[str], names: tuple[str, ...]) -> str:
        """What is wrong with an import of these names from this module."""
        first, *rest = module
        if first in self.shared:
            if ("__init__",) not in self.shared[first]:
                return f"imports {first}, but {self.probes}/{first}/__init__.py is missing"
            return self._missing_in(self.shared[first], first, rest, names, (first,))
        if any(place[0] == first for place in self.own):
            return self._missing_in(self.own, source.folder, module, names, ())
        if first in sys.stdlib_module_names or first in NEW_IN:
            since = NEW_IN.get(first, self.oldest)
            new = f"imports {first}, which is new in Python {since}; the oldest is {self.oldest}"
            return new if since > self.oldest else ""
        if first in self.installed:
            return ""
        return (
            f"imports {first}, which is neither in {self.probes}/{source.folder}/ nor in Python, "
            "and is no package of the matrix; add the file, or, for a module of a package, list "
            'its name under "modules" in probe.yaml'
        )

    def _missing_in(
        self,
        there: Mapping[tuple[str, ...], Source],
        folder: str,
        module: list[str],
        names: tuple[str, ...],
        package: tuple[str, ...],
    ) -> str:
        """The same for modules of ours."""
        found = there.get(tuple(module)) or there.get((*module, "__init__"))
        whole = ".".join((*package, *module))
        if found is None and not any(place[: len(module)] == tuple(module) for place in there):
            return f"imports {whole}, which is not in {self.probes}/{folder}/"
        bound = _bound(found.tree) if found else frozenset()
        for name in names:
            inside = (*module, name)
            if "*" in bound or name in (*bound, "*"):
                continue
            if not any(place[: len(inside)] == inside for place in there):
                return f"imports {whole}.{name}, which is not in {self.probes}/"
        return ""


def _module(source: Source, node: ast.ImportFrom) -> list[str]:
    """The module that an import is from, in full."""
    named = node.module.split(".") if node.module else []
    if not node.level:
        return named
    within = (source.folder, *source.inside)
    return [*within[: max(len(within) - node.level, 0)], *named]


def _bound(tree: ast.Module) -> frozenset[str]:
    """The names that a module has. "*" if nobody can say."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add("*" if node.name == "__getattr__" else node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return frozenset(names)


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """The imports that the file expects to fail."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and any(map(_catches, node.handlers))
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in _GUARDS for node in ast.walk(handler.type))


def _knob(node: ast.AST) -> str | None:
    """``name`` of ``….knobs["name"]``."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        return _text(node.slice) if node.value.attr == "knobs" else None
    return None


def _file(node: ast.AST) -> str | None:
    """A text that is nothing but the name of a Python file."""
    text = _text(node)
    return text if text and _FILE.fullmatch(text) else None


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
