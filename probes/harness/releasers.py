"""What else could release a plain lock than the thread that reads as holding it.

A plain lock knows no owner, and any thread may release it. Who will do so cannot be known. So all
code that may release the lock is looked for, and what is found is stated, with its place.
"""

from __future__ import annotations

import _signal
import ast
import gc
import sys
import types
from itertools import chain, islice

from .expressions import ITEM, module_of, qualname
from .heap import (
    Function,
    find,
    functions,
    is_method_of_another,
    untracked_containers,
    variables_of,
    written_as,
)
from .lockref import Unresolved
from .releasing import is_of_first, rebinds_at, release_at
from .sources import ENTERING, LEAVING

MOST = 8
"""Releasers of one lock that are reported."""
UNDISTURBED_S = 0.5
"""The switch interval meanwhile: what is found must not change under the search."""
_RELEASES = frozenset(["release", "_release", "release_lock"])
_OWN = frozenset(name.strip("_") for name in ENTERING | LEAVING)
"""The methods by which a wrapper does what it is told to, without their underscores."""
KEEPS_EXIT = sys.version_info < (3, 14)
"""Whether a ``with`` keeps the bound ``__exit__`` of what it entered. From 3.14 it keeps parts."""

_get_interval, _set_interval = sys.getswitchinterval, sys.setswitchinterval
REFLECTING = frozenset(
    ["getattr", "vars", "globals", "locals", "eval", "exec", "attrgetter", "__dict__"]
)
"""What finds an object by its name in a text."""
_NAMESPACES = frozenset(["vars", "__dict__", "globals", "locals", "f_locals", "f_globals"])
_EVERYTHING = frozenset(
    ["dir", "getmembers", "getmembers_static", "get_objects", "get_referents", "get_referrers"]
)
"""What finds objects without their names."""
LONGEST_TEXT = 60
"""Characters of a text that may name a lock. What is longer is a message or a docstring."""


class Suspects:
    """What the program can do to the given locks: read at one moment."""

    def __init__(self, locks, frames_of) -> None:
        """``locks`` are the ``Raw`` ones, by id; ``frames_of`` the frames of each thread."""
        self._frames_of = frames_of
        interval = _get_interval()
        _set_interval(UNDISTURBED_S)
        frozen = gc.get_freeze_count()
        if frozen:
            gc.unfreeze()  # What is frozen is hidden from every search of the heap.
        try:
            shown = variables_of(frame for frames in frames_of.values() for frame in frames)
            untracked = untracked_containers()
            self.kept = {ident: find(raw.lock, shown, untracked) for ident, raw in locks.items()}
            del untracked
            self._functions = functions()
        finally:
            if frozen:
                gc.freeze()
            _set_interval(interval)

    def releasers(self, lock, sources) -> list:
        """As the protocol has them: a thread that may do it, a signal, or neither for any."""
        kept = self.kept[lock]
        whats = chain(kept.elsewhere, self._by_functions(kept, sources))
        found = [releaser(what) for what in islice(whats, MOST)]
        if found:
            found.extend(releaser(found[0]["what"], signal=name) for name in handled()[:1])
        found.extend(self._by_frames(kept, sources))
        return found[: 2 * MOST]

    def _by_functions(self, kept, sources):
        owners = written_as(cls for of in kept.attributes.values() for cls in of)
        lines: dict = {}
        for function in self._functions:
            if self._is_own(function, kept):
                continue
            if not _is_of_harness(function) and _reads_by_name(function.f_code, kept):
                yield place(function.f_code, function.f_code.co_firstlineno)
                continue
            if not _mentions(function, kept) and not _is_method_of(function, kept):
                continue
            leaves = not LEAVING.isdisjoint(names_in(function.f_code))
            if not leaves and is_method_of_another(function, owners):
                continue
            # A closure or a decorator's wrapper is there once for each that was made of it.
            variables = frozenset(_globals(function, kept) | _free(function, kept))
            same = function.f_code, function.module, function.qualname, variables
            if same not in lines:
                lines[same] = _line(function, sources, kept, leaves)
            if lines[same] is not None:
                yield place(function.f_code, lines[same])

    def _by_frames(self, kept, sources):
        for ident, frames in self._frames_of.items():
            for frame in frames:
                local = {n for n, value in list(frame.f_locals.items()) if kept.has(value)}
                function = _function_of(frame)
                if _reads_by_name(frame.f_code, kept):
                    yield releaser(place(frame.f_code, frame.f_lineno), thread=ident)
                    continue
                if self._is_own(function, kept) or not (local or _mentions(function, kept)):
                    continue
                leaves = not LEAVING.isdisjoint(names_in(frame.f_code))
                line = _line(function, sources, kept, leaves, local, frame.f_lineno)
                if line is not None:
                    yield releaser(place(frame.f_code, line), thread=ident)

    @staticmethod
    def _is_own(function, kept) -> bool:
        """Whether it is a method of a wrapper of the lock, which does what it is told to."""
        name = function.f_code.co_name
        # Another private method, such as one that a timer calls, may release it at any time.
        return name.strip("_") in _OWN and _is_method_of(function, kept)

    def rebinds(self, lock, expression, sources):
        """Where the last name of an expression may get another lock meanwhile; None if nowhere."""
        if ITEM in expression:
            return "another item may be in its place"
        base, _, name = expression.rpartition(".")
        kept = self.kept[lock]
        owners = written_as(kept.attributes.get(name, []))
        for function in self._functions:
            if name in names_in(function.f_code):
                try:
                    node = sources.node(function)
                except Unresolved:
                    continue
                of_self = not is_method_of_another(function, owners)
                line = rebinds_at(node, name, bool(base), of_self)
                if line is not None:
                    return place(function.f_code, line)
        return None


def _is_method_of(function, kept) -> bool:
    """Whether it is a method of something that stands for the lock."""
    is_method = "." in function.qualname and function.f_code.co_argcount > 0
    return is_method and bool(kept.wrapping) and not is_method_of_another(function, kept.wrapping)


def _is_of_harness(function) -> bool:
    return str(function.module).startswith("harness.")


def releaser(what, thread=None, signal=None) -> dict:
    return {"thread": thread, "signal": signal, "what": what}


def place(code, line) -> str:
    return f"{code.co_name}, {code.co_filename}:{line}"


def _function_of(frame) -> Function:
    return Function(frame.f_code, frame.f_globals, module_of(frame), qualname(frame), ())


def names_in(code) -> frozenset:
    """Every name that a function uses, and those defined in it."""
    if code not in _NAMES:
        names = {*code.co_names, *code.co_freevars, *code.co_cellvars}
        for constant in code.co_consts:
            if type(constant) is types.CodeType:
                names |= names_in(constant)
        _NAMES[code] = frozenset(names)
    return _NAMES[code]


_NAMES: dict = {}
"""By code object: taken apart once."""


def _words_in(code) -> frozenset:
    """Every name within the short texts of a function, such as ``"box.lock.release"``."""
    if code not in _WORDS:
        words: set = set()
        for constant in code.co_consts:
            if type(constant) is types.CodeType:
                words |= _words_in(constant)
            elif type(constant) is str and len(constant) <= LONGEST_TEXT:
                marks = (c if c.isalnum() or c == "_" else " " for c in constant)
                words.update("".join(marks).split())
        _WORDS[code] = frozenset(words)
    return _WORDS[code]


_WORDS: dict = {}


def _reads_by_name(code, kept) -> bool:
    """Whether a function may get the lock by its name in a text, or any object, and release it."""
    names = names_in(code)
    if _reads_all(names):
        return True
    if names.isdisjoint(REFLECTING):
        return False
    words = _words_in(code)
    if words.isdisjoint(kept.attributes) and words.isdisjoint(kept.variables):
        return False
    return not (LEAVING.isdisjoint(names) and LEAVING.isdisjoint(words))


def _reads_all(names) -> bool:
    """Whether a function may get everything of a namespace or of the heap, and release it."""
    if names.isdisjoint(_RELEASES):
        return False
    enumerates = "values" in names or "items" in names
    return not names.isdisjoint(_EVERYTHING) or (enumerates and not names.isdisjoint(_NAMESPACES))


def _mentions(function, kept) -> bool:
    names = names_in(function.f_code)
    if not names.isdisjoint(kept.attributes):
        return True
    if not names.isdisjoint(kept.variables) and _globals(function, kept) & names:
        return True
    return bool(_free(function, kept))


def _globals(function, kept) -> set:
    """The names of the lock among the function's global variables."""
    return {
        name
        for name, namespaces in kept.variables.items()
        if any(function.f_globals is namespace for namespace in namespaces)
    }


def _free(function, kept) -> set:
    """The names of the lock among the variables that the function has from an outer one."""
    if not kept.cells:
        return set()
    cells = zip(function.f_code.co_freevars, function.cells)
    return {name for name, cell in cells if any(cell is other for other in kept.cells)}


def _line(function, sources, kept, leaves, local=(), since=None):
    """Where a function may release the lock; its first line where there is no source."""
    try:
        node = sources.node(function)
    except Unresolved:
        return function.f_code.co_firstlineno if leaves else None
    names = {*_globals(function, kept), *_free(function, kept), *local}
    private = set(kept.private)
    if _is_method_of(function, kept):
        itself = function.f_code.co_varnames[0]
        names.add(itself)
        private.add(itself)

    def concerns(part) -> bool:
        if isinstance(part, ast.Name):
            return part.id in names
        if not isinstance(part, ast.Attribute) or part.attr not in kept.attributes:
            return False
        others = is_method_of_another(function, written_as(kept.attributes[part.attr]))
        return not (others and is_of_first(part, node))

    return release_at(node, concerns, private, since)


def handled() -> list:
    """The signals for which the app has a handler of its own in Python."""
    return [signal_name(n) for n in range(1, _signal.NSIG) if is_handled(n)]


def is_handled(number) -> bool:
    try:
        handler = _signal.getsignal(number)
    except ValueError:
        return False
    known = (types.BuiltinFunctionType, int, type(None))
    return not issubclass(type(handler), known)


def signal_name(number) -> str:
    return f"signal {int(number)}"
