"""From an object to the raw lock behind it, without running any of the app's code.

Names and attribute chains are followed through instance dictionaries, slots and the class's MRO.
Nothing is called: no method, no property, no ``__getattr__``. The app stands still, and a look must
not wait for a lock of the app, nor change what it sees.
"""

from __future__ import annotations

import _thread
import dis
import re
import types

LOCK = type(_thread.allocate_lock())
RLOCK = _thread.RLock

_MISSING = object()
_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_ASSIGNED: dict = {}
"""A code object's assigned attributes: taken apart once."""
_OWNER = re.compile(r"owner=(-?\d+)")


class Unresolved(Exception):
    """What could not be followed, and why."""


class Raw:
    """One of ``_thread``'s own locks, as far as it can be asked."""

    __slots__ = ("id", "lock", "locked", "owner", "type")

    def __init__(self, lock, kind, locked, owner):
        self.id = id(lock)
        self.lock = lock
        self.type = kind
        self.locked = locked
        self.owner = owner

    def is_free(self):
        """Whether it can be taken; call it only where there is no other thread."""
        kind = LOCK if issubclass(type(self.lock), LOCK) else RLOCK
        taken = kind.acquire(self.lock, False)
        if taken:
            kind.release(self.lock)
        return taken

    def has_changed_hands(self):
        """Whether it has been released, or got another owner, since the frames were read.

        A re-entrant lock that was being taken at a fork names no owner, and never will.
        """
        if issubclass(type(self.lock), LOCK):
            return not LOCK.locked(self.lock)
        now = unwrap(self.lock)
        return (self.locked and not now.locked) or now.owner != self.owner


def is_a(obj, kind):
    """``isinstance`` by the real type: ``__class__`` may be a property that runs code."""
    return issubclass(type(obj), kind)


def class_attribute(cls, name):
    """What ``cls`` or one of its bases has under this name, unbound."""
    for klass in _mro(cls):
        namespace = _namespace(klass)
        if name in namespace:
            return namespace[name]
    return _MISSING


def attribute(obj, name):
    """``obj.name`` as stored; raise ``Unresolved`` where reading it would run code."""
    if is_a(obj, types.ModuleType):
        namespace = types.ModuleType.__dict__["__dict__"].__get__(obj)
        if name in namespace:
            return namespace[name]
        raise Unresolved(f"the module has no {name}")
    if is_a(obj, type):
        found = class_attribute(obj, name)
        if found is not _MISSING:
            if class_attribute(type(found), "__get__") is _MISSING:
                return found
            raise Unresolved(f"{name} is computed")
    found = class_attribute(type(obj), name)
    if type(found) in (types.MemberDescriptorType, types.GetSetDescriptorType):
        # A slot, or a field of a compiled class.
        try:
            return found.__get__(obj, type(obj))
        except Exception as error:
            raise Unresolved(f"{name} is not set") from error
    if found is not _MISSING and class_attribute(type(found), "__get__") is not _MISSING:
        stored = fields(obj)
        if name in stored and class_attribute(type(found), "__set__") is _MISSING:
            return stored[name]
        raise Unresolved(f"{name} is computed")
    try:
        # Nothing of the class answers to the name, so that this reads the instance and no more.
        return object.__getattribute__(obj, name)
    except AttributeError:
        raise Unresolved(f"there is no {name}") from None


def fields(obj):
    descriptor = class_attribute(type(obj), "__dict__")
    if type(descriptor) in (types.MemberDescriptorType, types.GetSetDescriptorType):
        try:
            stored = descriptor.__get__(obj, type(obj))
        except Exception:
            return {}
        if type(stored) is dict:
            return stored
    return {}


def has(obj, name):
    """Whether the object has the name, without ``__getattr__``."""
    return class_attribute(type(obj), name) is not _MISSING or name in fields(obj)


def unwrap(obj):
    """The ``Raw`` lock behind wrappers, conditions and bound methods, or None.

    ``__wrapped__``, ``_lock`` and ``_block`` are followed. The last two are followed only on what
    can itself be acquired and released: an object that merely has a lock is no lock.
    """
    for _ in range(12):
        raw = _raw(obj)
        if raw is not None:
            return raw
        if type(obj) in (types.BuiltinMethodType, types.MethodType):
            obj = obj.__self__
            continue
        if is_a(obj, (types.ModuleType, type)):
            return None
        name, step = _inner(obj)
        if name == "_block" and has(obj, "_owner"):
            return _python_rlock(obj, step)
        if step is None:
            return None
        obj = step
    return None


def _raw(obj):
    """The ``Raw`` of one of ``_thread``'s own locks; None for anything else."""
    kind = type(obj)
    if issubclass(kind, LOCK):
        return Raw(obj, "_thread.lock", LOCK.locked(obj), None)
    if issubclass(kind, RLOCK):
        text = RLOCK.__repr__(obj)
        owner = _OWNER.search(text)
        ident = int(owner.group(1)) if owner else 0
        return Raw(obj, "_thread.RLock", text.startswith("<locked"), ident or None)
    return None


def _inner(obj):
    """What a wrapper wraps: the attribute's name and its value; else None twice."""
    lock_like = has(obj, "acquire") and has(obj, "release")
    for name in ("__wrapped__", "_lock", "_block") if lock_like else ("__wrapped__",):
        try:
            return name, attribute(obj, name)
        except Unresolved:
            continue
    return None, None


def _python_rlock(obj, block):
    """The ``Raw`` of ``threading._RLock``: its block is held while it has an owner."""
    raw = unwrap(block)
    if raw is not None:
        raw.type = "_thread.RLock"
        try:
            raw.owner = attribute(obj, "_owner")
        except Unresolved:
            raw.owner = None
    return raw


def follow(obj, name):
    """``attribute``, of what is wrapped where the wrapper has no such name."""
    for _ in range(6):
        try:
            return obj, attribute(obj, name)
        except Unresolved:
            if class_attribute(type(obj), "__wrapped__") is _MISSING and "__wrapped__" not in (
                fields(obj)
            ):
                raise
            obj = attribute(obj, "__wrapped__")
    raise Unresolved("too many wrappers")


def defining_class(cls, name):
    """The base-most class that defines or assigns an attribute.

    ``Handler`` for ``handler.lock``.
    Instances of derived classes then share one name for what is one attribute.
    """
    for klass in reversed(_mro(cls)):
        namespace = _namespace(klass)
        slots = namespace.get("__slots__", ())
        if name in namespace or name in ((slots,) if is_a(slots, str) else slots):
            return klass
        for value in list(namespace.values()):
            if is_a(value, types.FunctionType) and _assigns(value.__code__, name):
                return klass
    return cls


def _assigns(code, name):
    if name not in code.co_names:
        return False
    if code not in _ASSIGNED:
        _ASSIGNED[code] = frozenset(
            step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"
        )
    return name in _ASSIGNED[code]


def class_name(cls):
    return type.__dict__["__qualname__"].__get__(cls).rsplit("<locals>.", 1)[-1]


def class_module(cls):
    return type.__dict__["__module__"].__get__(cls)
