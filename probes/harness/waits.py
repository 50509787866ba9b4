"""What a thread waits for: a lock, the end of another thread, or to be woken."""

from __future__ import annotations

import ast
import importlib
import sys
import types

from .expressions import evaluate, lock_of, lockish, module_of, qualname, text_of
from .lockref import Unresolved, attribute, unwrap
from .sources import ACQUIRES, LEAVING, WITH
from .statements import entered, enters_with
from .timeouts import acquire_arguments, gives_up, may_have_changed, takes_timeout

_ModuleLock = importlib._bootstrap._ModuleLock


def find_wait(frames, looked, sources, threads, doubted):
    """Note what the innermost frame waits for, if it waits."""
    frame = frames[0]
    if is_join(frame):
        _waits_for_thread(frame, looked, threads)
        return
    if is_import(frame):
        _waits_for_import(frame, looked)
        return
    found = _awaited(frame, looked, sources, doubted)
    if found is None:
        if not sources.has(frame) and enters_with(frame, sources):
            looked.waits = _wait("unresolved", None, None, 0, "with …", gives_back=True)
        return
    raw, name, expression, call = found
    if raw is None:
        looked.waits = _wait("unresolved", None, None, 0, expression)
        return
    if is_condition_wait(frame) and expression == "waiter":
        _waits_for_condition(frames, raw, looked, sources)
        return
    other = _ends_with(raw, frame, threads)
    if other is not None:
        looked.waits = _wait("join", None, other, 0, expression)
        return
    looked.note(raw, name)
    kind = "rlock" if raw.type == "_thread.RLock" else "lock"
    bounded = call is not None and _is_bounded(call, frame, looked, expression)
    gives_back = _gives_back(call, frame, sources)
    looked.waits = _wait(kind, raw.id, None, 0, expression, bounded, gives_back)
    _find_who_asked(frames, raw, looked, sources)


def _awaited(frame, looked, sources, doubted):
    """The lock that a frame is taking, its name, its expression, and the call, if any.

    The lock is None where the expression could not be followed. None if no lock is taken.
    """
    unresolved = None
    for node, entering in entered(frame, None, sources, looked, 0):
        try:
            lock = lock_of(node, frame)
        except Unresolved as why:
            if lockish(text_of(node)) or not isinstance(entering, WITH):
                looked.doubt(0, text_of(node), why)
                unresolved = unresolved or (None, None, text_of(node), None)
            continue
        if lock is not None and (lock[0].locked is not False or lock[0].id in doubted):
            looked.enters = isinstance(entering, WITH)
            call = entering if isinstance(entering, ast.Call) else None
            return lock[0], lock[1], text_of(node), call
    return unresolved


def _ends_with(raw, frame, threads):
    """The thread whose end releases this lock, if a frame waits for that."""
    if module_of(frame) != "threading" or frame.f_code.co_name not in ("_shutdown", "join"):
        return None
    for ident, thread in list(threads.items()):
        try:
            tstate = unwrap(attribute(thread, "_tstate_lock"))
        except Unresolved:
            continue
        if tstate is not None and tstate.id == raw.id:
            return ident
    return None


def _is_bounded(call, frame, looked, expression):
    """Whether a call that takes a lock has a timeout, or one that cannot be read."""
    if not takes_timeout(call, frame):
        return False
    try:
        if not gives_up(*acquire_arguments(call, frame)):
            return may_have_changed(call, frame)
        return True
    except Unresolved as why:
        looked.doubt(0, expression, f"for how long is not known: {why}")
        return True


def _gives_back(call, frame, sources):
    """Whether the function also releases what it takes: by ``with``, or by a call of ``release``.

    A lock that is only taken may be a signal, for which an idle thread waits.
    """
    if call is None or not takes_timeout(call, frame):
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    taken = ast.dump(call.func.value)
    return any(
        isinstance(other.func, ast.Attribute)
        and other.func.attr in LEAVING
        and ast.dump(other.func.value) == taken
        for other in sources.parts(frame)[1]
    )


def _find_who_asked(frames, raw, looked, sources):
    """Find, outside of the wrappers, the frame that asked for the lock."""
    for index in range(1, len(frames)):
        frame, callee = frames[index], frames[index - 1]
        if callee.f_code.co_name not in ACQUIRES and not _calls_acquire(callee, raw):
            return
        for node, entering in entered(frame, callee, sources, looked, index):
            try:
                lock = lock_of(node, frame)
            except Unresolved:
                continue
            if lock is not None and lock[0].id == raw.id:
                looked.note(lock[0], lock[1])
                kind = "rlock" if lock[0].type == "_thread.RLock" else looked.waits["kind"]
                looked.waits.update(kind=kind, frame=index, expression=text_of(node))
                looked.enters = isinstance(entering, WITH)
                call = entering if isinstance(entering, ast.Call) else None
                looked.waits["gives_back"] = _gives_back(call, frame, sources)


def _calls_acquire(frame, raw):
    """Whether a frame has the lock's own method in a variable: it is a wrapper."""
    for value in list(frame.f_locals.values()):
        if type(value) is types.BuiltinMethodType and value.__name__ in ACQUIRES:
            behind = unwrap(value)
            if behind is not None and behind.id == raw.id:
                return True
    return False


def _wait(kind, lock, thread, frame, expression, bounded=False, gives_back=False):
    return {
        "kind": kind,
        "lock": lock,
        "thread": thread,
        "frame": frame,
        "expression": expression,
        "bounded": bounded,
        "gives_back": gives_back,
    }


def is_condition_wait(frame):
    return (
        frame.f_code.co_name == "wait"
        and module_of(frame) == "threading"
        and "waiter" in frame.f_locals
        and "self" in frame.f_locals
    )


def _waits_for_condition(frames, raw, looked, sources):
    """Note that a frame waits for a condition or an event, which nobody holds."""
    kind, index, expression, names = "condition", 0, "waiter", []
    bounded = frames[0].f_locals.get("timeout") is not None
    for outer in (1, 2):
        if outer >= len(frames):
            break
        frame = frames[outer]
        asked = _waited_on(frame, sources)
        if asked is not None:
            index, expression = outer, asked[0]
            names.append(asked[1])
        is_event = frame.f_code.co_name == "wait" and qualname(frame) == "Event.wait"
        if is_event and module_of(frame) == "threading":
            kind = "event"
            continue
        break
    looked.note(raw, names[-1] if names else "Condition.waiter")
    looked.waits = _wait(kind, raw.id, None, index, expression, bounded)


def _waited_on(frame, sources):
    """The condition or event whose ``wait`` is called: its expression and its name."""
    for call in sources.calls_at(frame):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("wait", "wait_for"):
            try:
                _, name = evaluate(call.func.value, frame)
            except Unresolved:
                continue
            return text_of(call.func.value), name
    return None


def is_import(frame):
    """Whether a frame takes the lock of a module that another thread imports."""
    is_acquire = frame.f_code.co_name == "acquire" and "self" in frame.f_locals
    return is_acquire and type(frame.f_locals["self"]) is _ModuleLock


def _waits_for_import(frame, looked):
    """Note a wait for a module's lock: it names its owner, and only that one releases it."""
    module_lock = frame.f_locals["self"]
    raw = unwrap(_stored(module_lock, "wakeup"))
    owner = _stored(module_lock, "owner")
    if raw is None or type(owner) is not int:
        return
    raw.type, raw.locked, raw.owner = "_thread.RLock", True, owner
    looked.note(raw, f"import of {_stored(module_lock, 'name')}")
    looked.waits = _wait("rlock", raw.id, None, 0, "import", gives_back=True)


def is_join(frame):
    name = frame.f_code.co_name
    if module_of(frame) != "threading":
        return False
    if name == "_wait_for_tstate_lock":
        return True
    if sys.version_info >= (3, 13):
        return name in ("join", "_shutdown")
    return False


def _waits_for_thread(frame, looked, threads):
    joined = frame.f_locals.get("self")
    if frame.f_code.co_name == "_shutdown":
        for ident, thread in sorted(threads.items()):
            if ident != _main_ident(threads) and not _stored(thread, "_daemonic"):
                looked.waits = _wait("join", None, ident, 0, "threading._shutdown()")
                return
        looked.waits = _wait("join", None, None, 0, "threading._shutdown()")
        return
    timeout = frame.f_locals.get("timeout")
    bounded = timeout is not None and gives_up(frame.f_locals.get("block", True), timeout)
    looked.waits = _wait("join", None, _stored(joined, "_ident"), 0, "self.join()", bounded)


def _main_ident(threads):
    for ident, thread in list(threads.items()):
        if type(thread).__name__ == "_MainThread":
            return ident
    return None


def _stored(obj, name):
    try:
        return attribute(obj, name)
    except Unresolved:
        return None
