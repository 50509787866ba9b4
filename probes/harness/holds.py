"""The locks that a thread's frames have taken and not yet released."""

from __future__ import annotations

import ast
import types

from .expressions import lock_of, lockish, text_of
from .lockref import Unresolved, unwrap
from .releasing import rebound_in
from .sources import ACQUIRES, LEAVING, WITH
from .statements import at_header, entering_item, leaves_with


def find_holds(frames, index, ident, looked, sources, released, waited):
    """Note what one frame is inside of; its thread waits for the lock ``waited``."""
    frame = frames[index]
    callee = frames[index - 1] if index else None
    if sources.is_plain(frame):
        return
    leaving = callee is not None and callee.f_code.co_name in LEAVING
    leaves = _self_lock(callee) if leaving else None
    enters = index <= (looked.waits["frame"] if looked.waits else -1)
    insides = _insides(frame, sources, leaving, leaves)
    for position, (expression, how, block) in enumerate(insides):
        text = text_of(expression)
        try:
            lock = lock_of(expression, frame)
        except Unresolved as why:
            if lockish(text):
                looked.doubt(index, text, why)
            continue
        if lock is None:
            continue
        raw, name = lock
        innermost = position == len(insides) - 1
        if leaving and (leaves == raw.id or (leaves is None and innermost)):
            continue
        if how == "finally" and enters and raw.id == waited:
            continue  # ``acquire`` inside of the ``try`` whose ``finally`` releases.
        if raw.id not in released and _may_be_held(raw, ident):
            if raw.type != "_thread.RLock" and rebound_in(block, expression):
                looked.doubt(index, text, "it is given a new value inside of this block")
                continue
            looked.note(raw, name, index, text, how)


def _insides(frame, sources, leaving, leaves):
    """The expressions of the locks around the current line, outermost first; how, and where."""
    blocks, _ = sources.parts(frame)
    line = frame.f_lineno
    insides = []
    for block in blocks:
        if isinstance(block, WITH):
            inside = _inside_with(frame, block, line, sources)
            if leaving and not inside and at_header(block, line):
                inside = _not_yet_left(block, frame, leaves)
            insides.extend((expression, "with", block) for expression in inside)
        else:
            inside = [*_inside_try(block, line), *_acquired_by(block, line, frame)]
            insides.extend((expression, "finally", block) for expression in inside)
    return sorted(insides, key=lambda inside: inside[2].lineno)


def _may_be_held(raw, ident):
    """Whether the lock itself allows that this thread holds it."""
    if raw.locked is False:
        return False
    return raw.type != "_thread.RLock" or raw.owner is None or raw.owner == ident


def find_leaving(frame, index, ident, looked, sources, released):
    """Note the locks of the frame's blocks that it may be just releasing.

    A lock is held until it has been released, also by a frame that is already about to do so.
    """
    if sources.is_plain(frame):
        return
    line = frame.f_lineno
    for block in sources.parts(frame)[0]:
        if not block.lineno <= line <= block.end_lineno:
            continue
        if isinstance(block, WITH):
            expressions = [item.context_expr for item in block.items]
        else:
            expressions = _released_by(block)
        for expression in expressions:
            try:
                lock = lock_of(expression, frame)
            except Unresolved:
                continue
            if lock is None or lock[0].id in released:
                continue
            raw, name = lock
            known = any(hold["lock"] == raw.id for hold in looked.holds)
            others = raw.type == "_thread.RLock" and raw.owner not in (None, ident)
            if not known and not others:
                looked.note(raw, name)
                looked.leaving.append(
                    {"lock": raw.id, "frame": index, "expression": text_of(expression)}
                )


def _self_lock(frame):
    """The lock whose own ``release`` or ``__exit__`` a frame is."""
    if frame.f_code.co_argcount:
        raw = unwrap(frame.f_locals.get(frame.f_code.co_varnames[0]))
        return raw.id if raw is not None else None
    return None


def _inside_with(frame, node, line, sources):
    body = node.body[0].lineno <= line <= node.body[-1].end_lineno
    header = at_header(node, line)
    if body and not header:
        return [item.context_expr for item in node.items]
    if not header:
        return []
    which = entering_item(frame, node, sources)
    if which is None or which == -1:
        # On a header that is being left nothing more is held; a body on the very same line is.
        if body and not leaves_with(frame, sources):
            return [item.context_expr for item in node.items]
        return []
    return [item.context_expr for item in node.items[:which]]


def _not_yet_left(node, frame, leaves):
    """The items of a ``with`` that is being left, if they are not released yet."""
    before = []
    for item in node.items:
        try:
            lock = lock_of(item.context_expr, frame)
        except Unresolved:
            lock = None
        if lock is not None and lock[0].id == leaves:
            return before
        before.append(item.context_expr)
    return []


def _inside_try(node, line):
    if not node.body[0].lineno <= line or line >= node.finalbody[0].lineno:
        return []
    return _released_by(node)


def _released_by(node):
    """What the ``finally`` of a ``try`` releases."""
    return [
        call.func.value
        for statement in node.finalbody
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in ("release", "release_lock")
    ]


def _acquired_by(node, line, frame):
    """What a wrapper's ``try`` has acquired, where its ``finally`` runs."""
    if not node.finalbody[0].lineno <= line <= node.finalbody[-1].end_lineno:
        return []
    found = []
    for statement in node.body:
        for call in ast.walk(statement):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                bound = frame.f_locals.get(call.func.id)
                if type(bound) is types.BuiltinMethodType and bound.__name__ in ACQUIRES:
                    found.append(call.func)
    return found
