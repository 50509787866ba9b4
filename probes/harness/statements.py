"""Whether a frame is entering or leaving a lock at its current line."""

from __future__ import annotations

import ast
import sys
import types

from .expressions import evaluate, qualname
from .lockref import Unresolved, class_attribute, is_a
from .made import calls_made
from .sources import ACQUIRES, LEAVING, WITH

_ENTERS = ("SETUP_WITH", "BEFORE_WITH", "SETUP_ASYNC_WITH", "BEFORE_ASYNC_WITH")
"""The instructions that enter an item of a ``with``, up to 3.13."""
_SILENT = ("CACHE", "EXTENDED_ARG", "PUSH_NULL", "NOP")


def entered(frame, callee, sources, looked, index):
    """What the frame may be entering: the expression, and its statement or call."""
    try:
        blocks, _ = sources.parts(frame)
    except Unresolved as why:
        if index == 0 and callee is None and frame.f_code.co_name in ACQUIRES:
            looked.doubt(0, qualname(frame), why)
        return
    line = frame.f_lineno
    for call in sources.calls_at(frame) if callee is not None else calls_made(frame, sources):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ACQUIRES:
            try:
                bound, _ = evaluate(call.func, frame)
            except Unresolved:
                bound = None
            if call.args and _is_of_type(call.func, frame):
                yield call.args[0], _of_first(call)
            elif type(bound) is types.BuiltinMethodType or callee is not None or bound is None:
                yield call.func.value, call
        elif isinstance(call.func, ast.Name):
            bound = frame.f_locals.get(call.func.id)
            if type(bound) is types.BuiltinMethodType and bound.__name__ in ACQUIRES:
                yield call.func, call
            elif is_unbound_acquire(bound) and call.args:
                yield call.args[0], _of_first(call)
    for child in blocks:
        if not isinstance(child, WITH) or not at_header(child, line):
            continue
        if callee is not None and callee.f_code.co_name in LEAVING:
            continue
        which = entering_item(frame, child, sources)
        if which == -1:
            continue
        for item in child.items if which is None else child.items[which : which + 1]:
            yield item.context_expr, child


def is_unbound_acquire(value) -> bool:
    """Whether it is a lock type's own method, as ``ExitStack.enter_context`` calls it."""
    return type(value) is types.MethodDescriptorType and value.__name__ in ACQUIRES


def _is_of_type(func, frame) -> bool:
    """Whether a method is read from a lock's type, as ``ExitStack`` does up to 3.10."""
    try:
        of, _ = evaluate(func.value, frame)
    except Unresolved:
        return False
    return is_a(of, type) and is_unbound_acquire(class_attribute(of, func.attr))


def _of_first(call):
    """The call of an unbound method as a call of the bound one: without the lock itself."""
    return ast.Call(func=call.func, args=call.args[1:], keywords=call.keywords)


def at_header(node, line):
    last = node.items[-1]
    end = (last.optional_vars or last.context_expr).end_lineno
    return node.lineno <= line <= end


def entering_item(frame, node, sources):
    """Which item of a ``with`` its frame is entering; -1 for none, None for unknown.

    The line alone does not tell entering from leaving; the instruction does.
    """
    entries = []
    before = None
    for step in sources.instructions(frame.f_code):
        line = step.positions.lineno if sys.version_info >= (3, 11) else step.starts_line
        if line is not None:
            current = line
        if _enters(step, before) and at_header(node, current):
            entries.append(step.offset)
        if step.opname not in _SILENT:
            before = step.opname
    if not entries:
        return None
    # A ``with`` inside a ``finally`` is compiled more than once: its items come round again.
    return entries.index(frame.f_lasti) % len(node.items) if frame.f_lasti in entries else -1


def enters_with(frame, sources):
    """Whether the current instruction enters an item of a ``with``, whatever its source is."""
    before = None
    for step in sources.instructions(frame.f_code):
        if step.offset == frame.f_lasti:
            return _enters(step, before)
        if step.opname not in _SILENT:
            before = step.opname
    return False


def _enters(step, before):
    if step.opname == "CALL" and before == "LOAD_SPECIAL":
        return step.arg == 0  # 3.14 looks __enter__ up and calls it.
    return step.opname in _ENTERS


def leaves_with(frame, sources):
    """Whether the current instruction calls a context manager's ``__exit__``."""
    steps = sources.instructions(frame.f_code)
    for number, step in enumerate(steps):
        if step.offset == frame.f_lasti:
            if step.opname in ("WITH_CLEANUP_START", "WITH_EXCEPT_START"):
                return True
            loads = [s for s in steps[max(0, number - 8) : number] if s.opname != "CACHE"][-3:]
            nones = [s for s in loads if s.opname in ("LOAD_CONST", "DUP_TOP", "COPY")]
            return len(nones) == 3 and step.opname.startswith("CALL")
    return False
