"""A wait in C code that takes no lock: whether it may end by itself, as a sleep does.

Only functions of the standard library are known. What any other does is not known, and so it is no
proof that a thread waits for ever.
"""

from __future__ import annotations

import _socket
import ast
import types

from .expressions import evaluate, text_of
from .lockref import Unresolved, class_attribute, class_module, class_name, is_a
from .made import calls_made
from .timeouts import argument

_PYTHON = (types.FunctionType, types.MethodType)
"""Their calls have frames of their own, or are done."""

_ENDLESS = {
    "posix": ("read", "wait", "wait3", "wait4", "waitid", "waitpid", "write"),
    "_signal": ("pause", "sigwait", "sigwaitinfo"),
    "fcntl": ("flock", "lockf"),
    "builtins": ("input", "open"),
    "_io": ("open",),
}
"""By module: functions that wait for something else, however long that takes."""
_LIMITED = {"time": ("sleep",), "_signal": ("sigtimedwait",)}
"""By module: functions that end by themselves."""
_MAY_END = {
    ("select", "select"): (3, None),
    ("select.poll", "poll"): (0, None),
    ("select.epoll", "poll"): (0, "timeout"),
    ("_queue.SimpleQueue", "get"): (1, "timeout"),
}
"""By module or class: the position and the name of the argument that limits the wait."""
_SOCKET = "_socket.socket"
"""It has a time limit of its own for every call."""


def wait_in_c(frame, sources):
    """What the frame's call waits for, in the form of ``waits``; None if it is at no such call."""
    limits = [(call, _limit(call, frame)) for call in calls_made(frame, sources)]
    for kind, wanted in (("call", True), ("unresolved", None), ("call", False)):
        for call, limit in limits:
            if limit is not _NO_WAIT and limit is wanted:
                return {
                    "kind": kind,
                    "lock": None,
                    "thread": None,
                    "frame": 0,
                    "expression": text_of(call.func),
                    "bounded": wanted is True,
                    "gives_back": False,
                }
    return None


_NO_WAIT = object()


def _limit(call, frame):
    """Whether a call ends by itself; None if that is not known, ``_NO_WAIT`` if it is no wait."""
    try:
        of, name, receiver = _called(call.func, frame)
    except Unresolved:
        return None
    if name in _LIMITED.get(of, ()):
        return True
    if name in _ENDLESS.get(of, ()):
        return False
    if of == _SOCKET:
        return _socket.socket.gettimeout(receiver) is not None
    if (of, name) in _MAY_END:
        return _is_limited(call, frame, *_MAY_END[of, name])
    # Such as ``len``, a method of a list, or a class of Python code.
    return _NO_WAIT if of in ("", "builtins") else None


def _called(node, frame):
    """The module or class of a C function, its name, and whose method it is.

    The module is empty for Python code. Raises ``Unresolved`` for what can't be told.
    """
    try:
        function, receiver = evaluate(node, frame)[0], None
    except Unresolved:
        if not isinstance(node, ast.Attribute):
            raise
        receiver, _ = evaluate(node.value, frame)
        function = class_attribute(type(receiver), node.attr)
    kind = type(function)
    if kind in _PYTHON or issubclass(kind, type):
        return "", "", None
    if kind is types.MethodDescriptorType:
        return _name_of(function.__objclass__), function.__name__, receiver
    if kind is not types.BuiltinFunctionType:
        raise Unresolved("it is no function of C code")
    bound = function.__self__
    if bound is None or type(bound) is types.ModuleType:
        return function.__module__ or "?", function.__name__, None
    return _name_of(bound if is_a(bound, type) else type(bound)), function.__name__, bound


def _name_of(cls):
    module = class_module(cls)
    return module if module == "builtins" else f"{module}.{class_name(cls)}"


def _is_limited(call, frame, position, name):
    """Whether an argument limits the wait: neither left out, nor None, nor negative."""
    if any(isinstance(node, ast.Starred) for node in call.args):
        return True
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in named:
        return True
    given = call.args[position] if position < len(call.args) else named.get(name)
    if given is None:
        return False
    try:
        value = argument(given, frame, (bool, int, float, type(None)))
    except Unresolved:
        return True
    return value is not None and value >= 0
