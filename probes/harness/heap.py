"""Where in the process a lock is kept: by what names, in what objects, by what bound methods.

The garbage collector is asked, and objects are read as they are stored: no code of the app runs.
"""

from __future__ import annotations

import _weakref
import gc
import sys
import types
from typing import NamedTuple

from .lockref import (
    LOCK,
    Raw,
    Unresolved,
    attribute,
    class_attribute,
    class_module,
    class_name,
    fields,
    has,
    is_a,
)
from .sources import LEAVING


class Aliases(list):
    """A list of ours, which is told from those of the app by its type."""


MOST_ALIASES = 12
"""Wrappers and conditions of one lock that are followed."""
_METHODS = (types.BuiltinMethodType, types.MethodType)
_PASSING = (types.FrameType, types.FunctionType, Raw, Aliases)
"""What may refer to a lock or a namespace, and is read by other means."""
_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__


class Kept:
    """How the program can get at one lock."""

    def __init__(self, lock) -> None:
        self.aliases = Aliases([lock])
        """The lock, then what wraps it or is a condition of it."""
        self.attributes: dict = {}
        """By the name of an attribute: the classes of the objects that have it."""
        self.private: set = set()
        """Those of its names that only its wrappers and conditions use."""
        self.variables: dict = {}
        """By the name of a global variable: the namespaces that have it."""
        self.cells: list = []
        self.wrapping: frozenset = frozenset()
        """The classes of its wrappers and conditions, and their bases, as ``written_as``."""
        self.exits = 0
        """How many ``with`` statements keep its ``__exit__`` for their end."""
        self.elsewhere: list = []
        """Where else it is kept, or its ``release``, in words."""

    def alias(self, obj) -> None:
        known = any(obj is alias for alias in self.aliases)
        if not known and len(self.aliases) < MOST_ALIASES:
            self.aliases.append(obj)

    def has(self, obj) -> bool:
        return any(obj is alias for alias in self.aliases)


class Function(NamedTuple):
    """A function of the heap, without the objects that it keeps alive."""

    f_code: types.CodeType
    f_globals: dict
    module: str | None
    qualname: str
    cells: tuple


def is_lock_like(obj) -> bool:
    if is_a(obj, (types.ModuleType, type)):
        return False
    return is_a(obj, LOCK) or (has(obj, "acquire") and has(obj, "release"))


def referrers(obj, untracked) -> list:
    """What refers to an object; the collector itself does not know the ``untracked``."""
    unseen = [keeper for keeper in untracked if any(it is obj for it in gc.get_referents(keeper))]
    return Aliases([*gc.get_referrers(obj), *unseen])


def untracked_containers() -> list:
    """The dictionaries and tuples with a lock in them that the collector passes over.

    Up to 3.9 it takes no notice of a lock, and so of nothing that holds only such objects.
    """
    found = Aliases()
    if sys.version_info >= (3, 10):
        return found
    # One step is enough, but for a tuple in a tuple: what holds a tracked object is tracked.
    referred = gc.get_referents(*gc.get_objects())
    kinds = [obj for obj in referred if type(obj) is dict or type(obj) is tuple]
    untracked = list({id(obj): obj for obj in kinds if not gc.is_tracked(obj)}.values())
    if LOCK in set(map(type, gc.get_referents(*untracked))):
        found.extend(filter(_has_lock, untracked))
    return found


def _has_lock(container) -> bool:
    return any(type(obj) is LOCK for obj in gc.get_referents(container))


def find(lock, variables_of_frames, untracked) -> Kept:
    """Follow a lock upwards. ``variables_of_frames`` are the ids of frames' own dictionaries."""
    kept = Kept(lock)
    done = 0
    while done < len(kept.aliases):
        alias = kept.aliases[done]
        done += 1
        if _weakref.getweakrefcount(alias) and is_a(alias, LOCK):
            kept.elsewhere.append("there is a weak reference to it")
        namespaces: list = []
        methods: list = []
        frames = Aliases()
        # The list of all is not kept: it would count as a keeper of the bound methods.
        for keeper in referrers(alias, untracked):
            if type(keeper) is types.FrameType:
                frames.append(keeper)
            if type(keeper) in _PASSING:
                continue
            if type(keeper) in _METHODS and keeper.__self__ is alias:
                methods.append(keeper)
            elif is_a(keeper, dict):
                if id(keeper) not in variables_of_frames:
                    namespaces.append(keeper)
            elif type(keeper) is types.CellType:
                kept.cells.append(keeper)
            else:
                _kept_by(keeper, alias, kept)
        if _is_suspended(frames):
            kept.elsewhere.append("it is kept in a generator")
        _named_in(namespaces, alias, kept)
        _bound(methods, variables_of_frames, kept)
    kept.private = {
        name
        for name, classes in kept.attributes.items()
        if all(any(cls is type(alias) for alias in kept.aliases) for cls in classes)
    }
    kept.wrapping = written_as(map(type, kept.aliases[1:]))
    return kept


def _is_suspended(frames) -> bool:
    """Whether one of them is the frame of a generator that does not run now.

    From 3.11 the generator itself refers to its variables, and is found like other objects.
    """
    if sys.version_info >= (3, 11):
        return False
    owners = gc.get_referrers(*frames) if frames else []
    return any(
        type(owner) is kind and not getattr(owner, running)
        for owner in owners
        for kind, running in _GENERATORS
    )


_GENERATORS = (
    (types.GeneratorType, "gi_running"),
    (types.CoroutineType, "cr_running"),
    (types.AsyncGeneratorType, "ag_running"),
)


def _kept_by(keeper, alias, kept) -> None:
    """An object that has it as an attribute, or in some other way."""
    names = _attributes_of(keeper, alias)
    for name in names:
        kept.attributes.setdefault(name, []).append(type(keeper))
    if is_lock_like(keeper):
        kept.alias(keeper)
    elif not names:
        kept.elsewhere.append(f"it is kept in a {class_name(type(keeper))}")


def _attributes_of(keeper, value) -> list:
    names = [name for name, stored in list(fields(keeper).items()) if stored is value]
    for klass in _mro(type(keeper)):
        for name, member in list(_namespace(klass).items()):
            if type(member) is types.MemberDescriptorType:
                try:
                    stored = member.__get__(keeper, type(keeper))
                except Exception:
                    continue  # A slot that is not set.
                if stored is value:
                    names.append(name)
    return names


def _named_in(namespaces, alias, kept) -> None:
    """Dictionaries: those of modules, classes and instances give names, others none."""
    for namespace in namespaces:
        names = [name for name, value in list(dict.items(namespace)) if value is alias]
        if _is_module(namespace):
            for name in names:
                kept.variables.setdefault(name, []).append(namespace)
                kept.attributes.setdefault(name, []).append(types.ModuleType)
            continue
        owners = [
            owner
            for owner in gc.get_referrers(namespace)
            if owner is not namespaces and type(owner) not in _PASSING
        ]
        if not owners:
            continue  # A frame's variables, as they were shown once.
        owner = next((o for o in owners if _is_namespace_of(o, namespace)), None)
        if owner is None:
            kept.elsewhere.append("it is kept in a dictionary")
            continue
        for name in names:
            # A class's attribute is also there for the methods of its metaclass.
            of = [owner, type(owner)] if is_a(owner, type) else [type(owner)]
            kept.attributes.setdefault(name, []).extend(of)
        if is_lock_like(owner):
            kept.alias(owner)


def _is_module(namespace) -> bool:
    name = dict.get(namespace, "__name__")
    module = sys.modules.get(name) if type(name) is str else None
    return is_a(module, types.ModuleType) and (
        types.ModuleType.__dict__["__dict__"].__get__(module) is namespace
    )


def _is_namespace_of(owner, namespace) -> bool:
    if is_a(owner, type):
        return any(referred is namespace for referred in gc.get_referents(owner))
    return fields(owner) is namespace


def _bound(methods, variables_of_frames, kept) -> None:
    """Its bound methods: one of a ``with`` statement is kept by nothing but the frame."""
    for method in methods:
        name = _name(method)
        if name not in LEAVING:  # Such as ``acquire``.
            continue
        keepers = [
            keeper
            for keeper in gc.get_referrers(method)
            if keeper is not methods
            and type(keeper) is not types.FrameType
            and id(keeper) not in variables_of_frames
        ]
        if name == "__exit__" and not keepers:
            kept.exits += 1
        elif not keepers or not all(_is_of_lock_like(keeper, kept) for keeper in keepers):
            kept.elsewhere.append(f"its `{name}` is kept by something")


def _name(method):
    """The name of a bound method, as its class has it; None if that cannot be read."""
    if type(method) is types.BuiltinMethodType:
        return method.__name__
    function = method.__func__
    if class_attribute(type(method.__self__), "__exit__") is function:
        return "__exit__"  # It may have been defined under another name.
    if type(function) is types.FunctionType:
        return function.__code__.co_name
    try:
        return attribute(function, "__name__")
    except Unresolved:
        return None


def _is_of_lock_like(keeper, kept) -> bool:
    """Whether a condition keeps the lock's method, which it then stands for."""
    owners = [keeper]
    if type(keeper) is dict:
        owners = [o for o in gc.get_referrers(keeper) if _is_namespace_of(o, keeper)]
    for owner in owners:
        if is_lock_like(owner):
            kept.alias(owner)
            return True
    return False


def functions() -> list:
    """Every function that the program has now."""
    return [
        Function(
            f.__code__,
            f.__globals__,
            f.__module__ if type(f.__module__) is str else None,
            f.__qualname__,
            f.__closure__ or (),
        )
        for f in gc.get_objects()
        if type(f) is types.FunctionType
    ]


def written_as(classes) -> frozenset:
    """The modules and names of classes and of all their bases, as their methods have them."""
    bases = {id(base): base for cls in classes for base in _mro(cls)}  # A class may have a hash.
    names = ((class_module(base), class_name(base)) for base in bases.values())
    return frozenset(pair for pair in names if type(pair[0]) is str)


def is_method_of_another(function: Function, written: frozenset) -> bool:
    """Whether it is a method of a class that is none of those: see ``written_as``."""
    of, _, _ = function.qualname.rpartition(".")
    if not of or of.endswith("<locals>"):
        return False
    if function.module is None:
        return False  # It cannot be told.
    return (function.module, of.rsplit("<locals>.", 1)[-1]) not in written


def variables_of(frames) -> set:
    """The ids of the dictionaries that show frames' variables, up to 3.12."""
    return {id(frame.f_locals) for frame in frames if type(frame.f_locals) is dict}
