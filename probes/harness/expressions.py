"""The object behind a name or an attribute chain of a frame, and its name."""

from __future__ import annotations

import ast
import builtins
import types

from .lockref import (
    Unresolved,
    attribute,
    class_module,
    class_name,
    defining_class,
    fields,
    follow,
    has,
    is_a,
    unwrap,
)

_LOCKISH = ("lock", "cond", "mutex", "sem")
_BOUND = (classmethod, staticmethod)
ITEM = "[…]"
"""How an item of a list, a tuple or a dictionary is shown."""
MOST_ITEMS = 10_000
"""The longest container that is searched for an item."""


def text_of(node):
    """An attribute chain as it was written; ``…`` for what is no such chain."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{text_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{text_of(node.func)}(…)"
    if isinstance(node, ast.Subscript):
        return f"{text_of(node.value)}{ITEM}"
    return "…"


def lockish(text):
    lowered = text.lower()
    return any(word in lowered for word in _LOCKISH)


def evaluate(node, frame):
    """The object behind a name or an attribute chain, and the name to show for it."""
    if isinstance(node, ast.Name):
        if node.id in frame.f_locals:
            return frame.f_locals[node.id], f"{qualname(frame)}.{node.id}"
        if node.id in frame.f_globals:
            return frame.f_globals[node.id], f"{module_of(frame)}.{node.id}"
        if node.id in vars(builtins):
            return vars(builtins)[node.id], node.id
        raise Unresolved(f"no {node.id} in the frame")
    if isinstance(node, ast.Attribute):
        base, _ = evaluate(node.value, frame)
        base, value = follow(base, node.attr)
        if is_a(base, types.ModuleType):
            return value, f"{base.__name__}.{node.attr}"
        cls = base if is_a(base, type) else type(base)
        defining = defining_class(cls, node.attr)
        # A condition's own attribute says less than what the condition is an attribute of.
        inner = "threading." if class_module(defining) == "threading" else ""
        return value, f"{inner}{class_name(defining)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return _item(node, frame)
    raise Unresolved("it is computed")


def _item(node, frame):
    """The item of a list, a tuple or a dictionary; another type may run code of its own."""
    of, name = evaluate(node.value, frame)
    key = _key(node.slice, frame)
    if type(key) in (int, str) and type(of) in (list, tuple, dict) and len(of) <= MOST_ITEMS:
        # A dictionary is not asked: another key of it may have its equality in Python.
        items = dict.items(of) if type(of) is dict else [*enumerate(of), *enumerate(of, -len(of))]
        for known, value in list(items):
            if type(known) is type(key) and known == key:
                return value, name + ITEM
    raise Unresolved("it is an item that cannot be read")


def _key(node, frame):
    if type(node).__name__ == "Index":  # Up to 3.8.
        node = node.value
    try:
        return ast.literal_eval(node)
    except ValueError:
        return evaluate(node, frame)[0]


def lock_of(node, frame):
    """The raw lock behind an expression and its name; None for what is no lock.

    An object with ``acquire`` and ``release`` of its own, such as a logging handler, stands for its
    attribute ``lock``.
    """
    value, name = evaluate(node, frame)
    raw = unwrap(value)
    if raw is not None:
        return raw, _made_of(raw, value, node, frame) or name
    if is_a(value, (type, types.ModuleType)) or not has(value, "release"):
        return None
    try:
        raw = unwrap(attribute(value, "lock"))
    except Unresolved:
        return None
    if raw is None:
        return None
    return raw, "{}.lock".format(class_name(defining_class(type(value), "lock")))


def _made_of(raw, value, node, frame):
    """The name of the lock that a condition was made of, if its owner has that too.

    ``queue.Queue`` has two conditions of one lock: whichever is waited for, it is ``Queue.mutex``.
    """
    if not isinstance(node, ast.Attribute) or not _is_condition(value):
        return None
    owner, _ = evaluate(node.value, frame)
    for name, other in fields(owner).items():
        made_of = unwrap(other) if not _is_condition(other) else None
        if made_of is not None and made_of.id == raw.id:
            return f"{class_name(defining_class(type(owner), name))}.{name}"
    return None


def _is_condition(obj):
    """Whether it is a condition, in whatever wrapper."""
    try:
        follow(obj, "_waiters")
    except Unresolved:
        return False
    return True


def module_of(frame):
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else "?"


def qualname(frame):
    """``Class.method`` where it can be told; Python has it only from 3.11."""
    code = frame.f_code
    known = getattr(code, "co_qualname", None)
    if known is not None:
        return known.rsplit("<locals>.", 1)[-1]
    if code.co_argcount:
        first = frame.f_locals.get(code.co_varnames[0])
        cls = first if is_a(first, type) else type(first)
        for klass in type.__dict__["__mro__"].__get__(cls):
            member = type.__dict__["__dict__"].__get__(klass).get(code.co_name)
            member = getattr(member, "__func__", member) if type(member) in _BOUND else member
            if is_a(member, types.FunctionType) and member.__code__ is code:
                return f"{class_name(klass)}.{code.co_name}"
    return code.co_name
