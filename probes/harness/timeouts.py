"""Whether a call of ``acquire`` may end without the lock."""

from __future__ import annotations

import ast
import types

from .expressions import evaluate, text_of
from .lockref import Unresolved, is_a

_KEPT = (ast.Attribute, ast.Subscript)

FOR_EVER_S = 24 * 3600
"""A timeout from which on no trial could see its end, such as ``threading.TIMEOUT_MAX``."""


def gives_up(blocking=True, timeout=-1):
    """Whether ``lock.acquire`` with these arguments may return without the lock.

    https://docs.python.org/3/library/threading.html#threading.Lock.acquire: -1 waits for ever.
    """
    return not blocking or 0 <= timeout < FOR_EVER_S


def takes_timeout(call, frame):
    """Whether ``acquire`` is called: the others that take a lock wait for ever."""
    if isinstance(call.func, ast.Attribute):
        name = call.func.attr
    else:
        name = frame.f_locals[call.func.id].__name__
    return name in ("acquire", "_acquire", "acquire_lock")


def may_have_changed(call, frame):
    """Whether an argument is kept in an object, where it may have got another value since."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    kept = [node for value in given for node in ast.walk(value) if isinstance(node, _KEPT)]
    return any(not is_a(evaluate(node.value, frame)[0], types.ModuleType) for node in kept)


def acquire_arguments(call, frame):
    """``blocking`` and ``timeout`` of a call of ``acquire``, as far as they are given."""
    given = []
    for node in call.args:
        if isinstance(node, ast.Starred):
            given.extend(argument(node.value, frame, (tuple, list)))
        else:
            given.append(argument(node, frame))
    named = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            named.update(argument(keyword.value, frame, (dict,)))
        else:
            named[keyword.arg] = argument(keyword.value, frame)
    values = dict(zip(("blocking", "timeout"), given), **named)
    return values.get("blocking", True), values.get("timeout", -1)


def argument(node, frame, types=(bool, int, float)):
    """The value of an argument, where it is written down or a name stands for it."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value, _ = evaluate(node, frame)
    if type(value) not in types:
        raise Unresolved(f"{text_of(node)} is a {type(value).__name__}")
    return value
