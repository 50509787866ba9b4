"""From a thread's frames to what it waits for and what it is inside of.

A frame's function is parsed once; the statement that its current line belongs to says whether it is
entering ``with X``, calling ``X.acquire()``, or is in the body of one of them. ``X`` is then
evaluated in that very frame, so that two locks are the same only if they are one object.
"""

from __future__ import annotations

import ast
import builtins
import dis
import sys
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

ENTERING = frozenset(["__enter__", "__aenter__", "acquire", "_acquire", "acquire_lock"])
LEAVING = frozenset(["__exit__", "__aexit__", "release", "_release", "release_lock"])
_ACQUIRES = ENTERING | {"_acquire_restore"}
_LOCKISH = ("lock", "cond", "mutex", "sem")
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_WITH = (ast.With, ast.AsyncWith)
_TRY = (ast.Try, ast.TryStar) if sys.version_info >= (3, 11) else (ast.Try,)


class Sources:
    """The parsed function of each code object; files are read once, functions parsed once."""

    def __init__(self):
        self._lines = {}
        self._nodes = {}
        self._parts = {}
        self._plain = {}
        self._instructions = {}

    def is_plain(self, frame):
        """Whether the frame, where it stands now, neither enters nor is inside of a lock.

        A matter of the code alone, so it is found out once for each place that a frame stands at.
        """
        key = frame.f_code, frame.f_lineno
        if key not in self._plain:
            self._plain[key] = self._is_plain(frame, frame.f_lineno)
        return self._plain[key]

    def _is_plain(self, frame, line):
        try:
            blocks, calls = self.parts(frame)
        except Unresolved:
            return True
        names = (call.func.attr for call in calls if isinstance(call.func, ast.Attribute))
        if any(name in _ACQUIRES for name in names):
            return False
        return not any(block.lineno <= line <= block.end_lineno for block in blocks)

    def parts(self, frame):
        """What a function has that may concern a lock: its ``with`` and ``try``, and its calls."""
        code = frame.f_code
        if code not in self._parts:
            nodes = list(own(self.node(frame)))
            blocks = [
                node
                for node in nodes
                if isinstance(node, _WITH) or (isinstance(node, _TRY) and node.finalbody)
            ]
            self._parts[code] = blocks, [node for node in nodes if isinstance(node, ast.Call)]
        return self._parts[code]

    def instructions(self, code):
        """As ``dis`` has them: taken apart once."""
        if code not in self._instructions:
            self._instructions[code] = list(dis.get_instructions(code))
        return self._instructions[code]

    def node(self, frame):
        """The syntax of what the frame runs; ``Unresolved`` where there is no source."""
        code = frame.f_code
        if code not in self._nodes:
            try:
                self._nodes[code] = self._parse(code, self._read(frame))
            except (OSError, SyntaxError, UnicodeDecodeError, ValueError) as error:
                self._nodes[code] = Unresolved(f"no source: {type(error).__name__}")
        node = self._nodes[code]
        if isinstance(node, Unresolved):
            raise node
        return node

    def _read(self, frame):
        path = frame.f_code.co_filename
        if path.startswith("<frozen "):
            # The standard library's frozen modules have their source beside the others.
            path = frame.f_globals.get("__file__") or path
        if path not in self._lines:
            with open(path, "rb") as file:
                self._lines[path] = file.read().decode("utf-8").splitlines(True)
        return self._lines[path]

    @staticmethod
    def _parse(code, lines):
        if code.co_name == "<module>":
            return ast.parse("".join(lines))
        if code.co_name.startswith("<"):
            raise ValueError(code.co_name)
        # Only the function is parsed, not its file: with every core busy that is seconds.
        first = code.co_firstlineno - 1
        indent = _indent(lines[first])
        prefix = "if 1:\n" if indent else ""
        for end in range(first + 1, len(lines) + 1):
            text = lines[end].strip() if end < len(lines) else "end"
            if not text or text.startswith("#"):
                continue
            if end < len(lines) and _indent(lines[end]) > indent:
                continue
            try:
                tree = ast.parse(prefix + "".join(lines[first:end]))
            except SyntaxError:
                continue  # A string or bracket that goes on at the margin, or only a decorator.
            ast.increment_lineno(tree, first - (1 if prefix else 0))
            for node in ast.walk(tree):
                if isinstance(node, _NESTED[:3]) and node.name == code.co_name:
                    return node
            raise ValueError(code.co_name)
        raise ValueError(code.co_name)


def _indent(line):
    return len(line) - len(line.lstrip(" \t"))


def own(node):
    """Every node of a function, without those of functions defined in it."""
    stack = list(ast.iter_child_nodes(node))
    while stack:
        child = stack.pop()
        yield child
        if not isinstance(child, _NESTED):
            stack.extend(ast.iter_child_nodes(child))


def text_of(node):
    """An attribute chain as it was written; ``…`` for what is no such chain."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{text_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{text_of(node.func)}(…)"
    return "…"


def evaluate(node, frame):
    """The object that a name or an attribute chain stands for in a frame, and what to call it."""
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
    raise Unresolved("it is computed")


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
    """The name of the lock that a condition was made of, where the same object has that too.

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
    """Whether it can be notified, whatever it is wrapped in."""
    try:
        follow(obj, "_waiters")
    except Unresolved:
        return False
    return True


class Looked:
    """What one thread's frames say: a wait or None, holds, what could not be resolved."""

    def __init__(self):
        self.waits = None
        self.enters = False
        """Whether what it waits for is that of a ``with`` statement."""
        self.holds = []
        self.leaving = []
        """Of a doubted lock: it is about to be released, or has just been."""
        self.unresolved = []
        self.locks = {}

    def note(self, raw, name, frame_index=None, expression=None, how=None):
        known, names = self.locks.setdefault(raw.id, (raw, []))
        if known.type == "_thread.lock":
            # Python's own RLock is first seen as the plain lock inside of it.
            self.locks[raw.id] = (raw, names)
        if name not in names:
            names.append(name)
        if how is not None and all(hold["lock"] != raw.id for hold in self.holds):
            self.holds.append(
                {"lock": raw.id, "frame": frame_index, "expression": expression, "how": how}
            )

    def doubt(self, frame_index, expression, why):
        self.unresolved.append({"frame": frame_index, "expression": expression, "why": str(why)})


def look(frames, ident, sources, threads, doubted=()):
    """Read one thread's frames, innermost first. ``threads`` is ``threading._active``.

    A lock that is free is entered, not waited for, unless its id is among the ``doubted``.
    """
    looked = Looked()
    _find_wait(frames, looked, sources, threads, doubted)
    released = set()
    waited = looked.waits["lock"] if looked.waits else None
    for index, frame in enumerate(frames):
        if is_condition_wait(frame):
            raw = unwrap(frame.f_locals["self"])
            if raw is not None:
                released.add(raw.id)
        _find_holds(frames, index, ident, looked, sources, released, waited)
        if doubted:
            _find_leaving(frame, index, ident, looked, sources, released)
    return looked


def is_condition_wait(frame):
    return (
        frame.f_code.co_name == "wait"
        and module_of(frame) == "threading"
        and "waiter" in frame.f_locals
        and "self" in frame.f_locals
    )


def _find_wait(frames, looked, sources, threads, doubted):
    frame = frames[0]
    if _is_join(frame):
        _waits_for_thread(frame, looked, threads)
        return
    found, call = None, None
    for node, entering, _ in _entered(frame, None, sources, looked, 0):
        try:
            lock = lock_of(node, frame)
        except Unresolved as why:
            if _lockish(text_of(node)) or not isinstance(entering, _WITH):
                looked.doubt(0, text_of(node), why)
                found = found or (None, None, text_of(node))
            continue
        if lock is not None and (lock[0].locked is not False or lock[0].id in doubted):
            found = (lock[0], lock[1], text_of(node))
            looked.enters = isinstance(entering, _WITH)
            call = entering if isinstance(entering, ast.Call) else None
            break
    if found is None:
        return
    raw, name, expression = found
    if raw is None:
        looked.waits = _wait("unresolved", None, None, 0, expression)
        return
    if is_condition_wait(frame) and expression == "waiter":
        _waits_for_condition(frames, raw, looked, sources)
        return
    if module_of(frame) == "threading" and frame.f_code.co_name in ("_shutdown", "join"):
        for other, thread in list(threads.items()):
            try:
                tstate = unwrap(attribute(thread, "_tstate_lock"))
            except Unresolved:
                continue
            if tstate is not None and tstate.id == raw.id:
                looked.waits = _wait("join", None, other, 0, expression)
                return
    looked.note(raw, name)
    kind = "rlock" if raw.type == "_thread.RLock" else "lock"
    bounded = False
    if call is not None and _takes_timeout(call, frame):
        try:
            bounded = _gives_up(*_acquire_arguments(call, frame))
        except Unresolved as why:
            bounded = True
            looked.doubt(0, expression, f"for how long is not known: {why}")
    looked.waits = _wait(kind, raw.id, None, 0, expression, bounded)
    # Outwards through the wrappers to who asked for the lock, and by which name.
    for index in range(1, len(frames)):
        callee = frames[index - 1].f_code.co_name
        if callee not in _ACQUIRES and not _calls_acquire(frames[index - 1], raw):
            return
        for node, entering, _ in _entered(frames[index], frames[index - 1], sources, looked, index):
            try:
                lock = lock_of(node, frames[index])
            except Unresolved:
                continue
            if lock is not None and lock[0].id == raw.id:
                looked.note(lock[0], lock[1])
                kind = "rlock" if lock[0].type == "_thread.RLock" else looked.waits["kind"]
                looked.waits.update(kind=kind, frame=index, expression=text_of(node))
                looked.enters = isinstance(entering, _WITH)


def _calls_acquire(frame, raw):
    """Whether a wrapper, whatever its name, was handed the lock's own method to call."""
    for value in list(frame.f_locals.values()):
        if type(value) is types.BuiltinMethodType and value.__name__ in _ACQUIRES:
            behind = unwrap(value)
            if behind is not None and behind.id == raw.id:
                return True
    return False


def _wait(kind, lock, thread, frame, expression, bounded=False):
    return {
        "kind": kind,
        "lock": lock,
        "thread": thread,
        "frame": frame,
        "expression": expression,
        "bounded": bounded,
    }


def _gives_up(blocking=True, timeout=-1):
    """Whether a call of ``lock.acquire`` with these arguments returns without the lock at last.

    https://docs.python.org/3/library/threading.html#threading.Lock.acquire: -1 waits for ever.
    """
    return not blocking or timeout >= 0


def _takes_timeout(call, frame):
    """Whether what is called is ``acquire``: the others that take a lock wait for ever."""
    if isinstance(call.func, ast.Attribute):
        name = call.func.attr
    else:
        name = frame.f_locals[call.func.id].__name__
    return name in ("acquire", "_acquire", "acquire_lock")


def _acquire_arguments(call, frame):
    """``blocking`` and ``timeout`` of a call of ``acquire``, as far as they are given."""
    given = []
    for node in call.args:
        if isinstance(node, ast.Starred):
            given.extend(_argument(node.value, frame, (tuple, list)))
        else:
            given.append(_argument(node, frame))
    named = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            named.update(_argument(keyword.value, frame, (dict,)))
        else:
            named[keyword.arg] = _argument(keyword.value, frame)
    values = dict(zip(("blocking", "timeout"), given), **named)
    return values.get("blocking", True), values.get("timeout", -1)


def _argument(node, frame, types=(bool, int, float)):
    """The value of an argument, where it is written down or a name stands for it."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value, _ = evaluate(node, frame)
    if type(value) not in types:
        raise Unresolved(f"{text_of(node)} is a {type(value).__name__}")
    return value


def _is_join(frame):
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
    bounded = timeout is not None and _gives_up(frame.f_locals.get("block", True), timeout)
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


def _waits_for_condition(frames, raw, looked, sources):
    """Where nobody holds what is awaited: a condition to be notified, an event to be set."""
    kind, index, expression, names = "condition", 0, "waiter", []
    bounded = frames[0].f_locals.get("timeout") is not None
    for outer in (1, 2):
        if outer >= len(frames):
            break
        frame = frames[outer]
        for call in _calls_at(frame, sources):
            if not (
                isinstance(call.func, ast.Attribute) and call.func.attr in ("wait", "wait_for")
            ):
                continue
            try:
                _, name = evaluate(call.func.value, frame)
            except Unresolved:
                continue
            index, expression = outer, text_of(call.func.value)
            names.append(name)
            break
        is_event = frame.f_code.co_name == "wait" and qualname(frame) == "Event.wait"
        if is_event and module_of(frame) == "threading":
            kind = "event"
            continue
        break
    looked.note(raw, names[-1] if names else "Condition.waiter")
    looked.waits = _wait(kind, raw.id, None, index, expression, bounded)


def _calls_at(frame, sources):
    line = frame.f_lineno
    try:
        _, calls = sources.parts(frame)
    except Unresolved:
        return []
    calls = [call for call in calls if call.lineno <= line <= call.end_lineno]
    return sorted(calls, key=lambda call: (call.end_lineno - call.lineno, call.col_offset))


def _entered(frame, callee, sources, looked, index):
    """What the frame may be entering at its current line: (expression, node, item number)."""
    try:
        blocks, _ = sources.parts(frame)
    except Unresolved as why:
        if index == 0 and callee is None and frame.f_code.co_name in _ACQUIRES:
            looked.doubt(0, qualname(frame), why)
        return
    line = frame.f_lineno
    for call in _calls_at(frame, sources):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ACQUIRES:
            try:
                bound, _ = evaluate(call.func, frame)
            except Unresolved:
                bound = None
            if type(bound) is types.BuiltinMethodType or callee is not None or bound is None:
                yield call.func.value, call, 0
        elif isinstance(call.func, ast.Name):
            bound = frame.f_locals.get(call.func.id)
            if type(bound) is types.BuiltinMethodType and bound.__name__ in _ACQUIRES:
                yield call.func, call, 0
    for child in blocks:
        if not isinstance(child, _WITH) or not _at_header(child, line):
            continue
        if callee is not None and callee.f_code.co_name in LEAVING:
            continue
        which = entering_item(frame, child, sources)
        if which == -1:
            continue
        items = list(enumerate(child.items))
        for number, item in items if which is None else items[which : which + 1]:
            yield item.context_expr, child, number


def _at_header(node, line):
    last = node.items[-1]
    end = (last.optional_vars or last.context_expr).end_lineno
    return node.lineno <= line <= end


def entering_item(frame, node, sources):
    """Which item of a ``with`` its frame is just entering; -1 for none, None for unknown.

    The line alone does not tell entering from leaving; the instruction does.
    """
    entries = []
    before = None
    for step in sources.instructions(frame.f_code):
        line = step.positions.lineno if sys.version_info >= (3, 11) else step.starts_line
        if line is not None:
            current = line
        if step.opname in ("SETUP_WITH", "BEFORE_WITH", "SETUP_ASYNC_WITH", "BEFORE_ASYNC_WITH"):
            enters = True
        elif step.opname == "CALL" and before == "LOAD_SPECIAL":
            enters = step.arg == 0  # 3.14 looks __enter__ up and calls it.
        else:
            enters = False
        if enters and _at_header(node, current):
            entries.append(step.offset)
        if step.opname not in ("CACHE", "EXTENDED_ARG", "PUSH_NULL", "NOP"):
            before = step.opname
    if not entries:
        return None
    # A ``with`` inside a ``finally`` is compiled more than once: its items come round again.
    return entries.index(frame.f_lasti) % len(node.items) if frame.f_lasti in entries else -1


def _find_holds(frames, index, ident, looked, sources, released, waited):
    frame = frames[index]
    callee = frames[index - 1] if index else None
    if sources.is_plain(frame):
        return
    blocks, _ = sources.parts(frame)
    line = frame.f_lineno
    leaving = callee is not None and callee.f_code.co_name in LEAVING
    leaves = _self_lock(callee) if leaving else None
    entering_here = set()
    if index <= (looked.waits["frame"] if looked.waits else -1):
        entering_here.add(waited)
    insides = []
    for child in blocks:
        if isinstance(child, _WITH):
            inside = _inside_with(frame, child, line, sources)
            if leaving and not inside and _at_header(child, line):
                inside = _not_yet_left(child, frame, leaves)
            insides.extend((expr, child, "with") for expr in inside)
        else:
            insides.extend((expr, child, "finally") for expr in _inside_try(child, line))
            insides.extend((expr, child, "finally") for expr in _acquired_by(child, line, frame))
    insides.sort(key=lambda inside: inside[1].lineno)
    for position, (expression, _, how) in enumerate(insides):
        text = text_of(expression)
        try:
            lock = lock_of(expression, frame)
        except Unresolved as why:
            if _lockish(text):
                looked.doubt(index, text, why)
            continue
        if lock is None:
            continue
        raw, name = lock
        innermost = position == len(insides) - 1
        if leaving and (leaves == raw.id or (leaves is None and innermost)):
            continue
        if raw.id in released or raw.locked is False:
            continue
        if how == "finally" and raw.id in entering_here:
            continue  # ``acquire`` inside of the ``try`` whose ``finally`` releases.
        if raw.type == "_thread.RLock" and raw.owner is not None and raw.owner != ident:
            continue
        looked.note(raw, name, index, text, how)


def _find_leaving(frame, index, ident, looked, sources, released):
    """What the frame's blocks take and release, and it does not read as being inside of.

    A lock is held until it has been released, also by a frame that is already about to do so.
    """
    if sources.is_plain(frame):
        return
    line = frame.f_lineno
    for block in sources.parts(frame)[0]:
        if not block.lineno <= line <= block.end_lineno:
            continue
        if isinstance(block, _WITH):
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
    header = _at_header(node, line)
    if body and not header:
        return [item.context_expr for item in node.items]
    if not header:
        return []
    which = entering_item(frame, node, sources)
    if which is None or which == -1:
        # On a header that is being left nothing more is held; a body on the very same line is.
        if body and not _leaves_with(frame, sources):
            return [item.context_expr for item in node.items]
        return []
    return [item.context_expr for item in node.items[:which]]


def _leaves_with(frame, sources):
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


def _not_yet_left(node, frame, leaves):
    """Of a ``with`` that is being left, the items before the one whose lock is being released."""
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
    """In a wrapper's ``finally`` behind the call of a lock's own ``acquire``: it is held by now."""
    if not node.finalbody[0].lineno <= line <= node.finalbody[-1].end_lineno:
        return []
    found = []
    for statement in node.body:
        for call in ast.walk(statement):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                bound = frame.f_locals.get(call.func.id)
                if type(bound) is types.BuiltinMethodType and bound.__name__ in _ACQUIRES:
                    found.append(call.func)
    return found


def _lockish(text):
    lowered = text.lower()
    return any(word in lowered for word in _LOCKISH)


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


_BOUND = (classmethod, staticmethod)
