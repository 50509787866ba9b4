"""Whether a function may release a lock that it has not taken itself, by its source.

``with X`` and ``X.acquire()`` before ``X.release()`` are in balance: whoever runs them takes the
lock first. What is left is a release on its own, and code that hands the lock on.
"""

from __future__ import annotations

import ast
import math

from .sources import ENTERING, LEAVING, WITH, own

_CREATES = frozenset(["__init__", "__new__", "__post_init__", "__set_name__"])
"""Functions that run before anybody else can have the object."""
_ASKS = frozenset(["isinstance", "type", "id", "repr", "str", "hasattr", "print"])
"""Functions that do nothing to what they are given."""
_TESTS = (ast.If, ast.IfExp, ast.While, ast.Assert)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FOR_EVER = frozenset(ast.dump(ast.parse(text, mode="eval").body) for text in ("True", "1", "-1"))
"""Arguments of ``acquire`` with which it waits until it has the lock."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def release_at(function, concerns, private, since=None):
    """The line at which a function may release the lock, or hand it on; None if it does not.

    ``concerns(node)`` says whether an expression may be the lock. ``private`` names are those
    of its wrappers: whoever reads them from elsewhere seldom means a lock. ``since`` is the line
    where a frame stands: what it took above that line it will release.
    """

    def is_shared(node):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
        return concerns(node) and name not in private

    local = _local_names(function, is_shared)

    def is_lock(node):
        return concerns(node) or (isinstance(node, ast.Name) and node.id in local)

    def is_given(node):
        return is_shared(node) or (isinstance(node, ast.Name) and node.id in local)

    for part in ast.walk(function):
        if part is function or isinstance(part, _FUNCTIONS):
            nodes = list(own(part))
            line = _unbalanced(nodes, is_lock, since if part is function else None)
            # Of a creator that runs now, somebody may have the object of another already.
            creates = getattr(part, "name", None) in _CREATES
            if line is None and (not creates or (since is not None and part is function)):
                line = _handed_on(nodes, is_given, since if creates else 0)
            if line is not None:
                return line
    return None


def _unbalanced(nodes, is_lock, since):
    """The line of a release that no ``acquire`` of the same function comes before."""
    attributes = (node for node in nodes if isinstance(node, ast.Attribute))
    of_lock = [node for node in attributes if any(map(is_lock, _values(node.value)))]
    acquires = [node for node in of_lock if node.attr in ENTERING]
    taken_in = _taken_in(nodes, acquires)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in of_lock:
        if node.attr not in LEAVING:
            continue
        line = node.lineno
        taken = id(node) in called and any(first <= line <= last for first, last in taken_in)
        held = since is not None and since <= line and any(a.lineno < since for a in acquires)
        if held or not taken:
            return line
    return None


def _taken_in(nodes, acquires):
    """The first and the last lines between which an ``acquire`` has taken its lock.

    One that may give up has taken it only where its result says so.
    """
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    unsure = [calls[id(a)] for a in acquires if id(a) in calls and _may_give_up(calls[id(a)])]
    funcs = {id(call.func) for call in unsure}
    sure = [(a.lineno, math.inf) for a in acquires if id(a) not in funcs]
    results = {
        target.id
        for node in nodes
        if _names(node) and any(node.value is call for call in unsure)
        for target in node.targets
    }
    for node in nodes:
        if isinstance(node, ast.If) and _asks_for(node.test, unsure, results):
            negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
            if not negated:
                sure.append((node.body[0].lineno, node.body[-1].end_lineno))
            elif isinstance(node.body[-1], _LEAVES):
                sure.append((node.end_lineno + 1, math.inf))
    return sure


def _may_give_up(call):
    """Whether a call of ``acquire`` may return without the lock, by its arguments."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(ast.dump(value) not in _FOR_EVER for value in given)


def _asks_for(test, calls, results):
    """Whether a test has one of the calls, or the name of a result."""
    return any(
        any(node is call for call in calls) or (isinstance(node, ast.Name) and node.id in results)
        for node in ast.walk(test)
    )


def _handed_on(nodes, is_lock, since):
    """The line where the lock goes to other code, which may release it; none before ``since``."""
    safe = {id(value) for node in nodes for used in _used(node) for value in _values(used)}
    for node in nodes:
        read = isinstance(getattr(node, "ctx", None), ast.Load)
        if read and node.lineno >= since and id(node) not in safe and is_lock(node):
            return node.lineno
    return None


def _used(node):
    """The expressions in a node that are used where they stand, and not handed on."""
    if isinstance(node, WITH):
        return [item.context_expr for item in node.items]
    if isinstance(node, (ast.Attribute, ast.Expr)) or _names(node):
        return [node.value]
    if isinstance(node, (ast.Compare, ast.UnaryOp)) or _only_asks(node):
        return ast.iter_child_nodes(node)
    if isinstance(node, ast.comprehension):
        return node.ifs
    return [node.test] if isinstance(node, _TESTS) else []


def _values(node):
    """What may be an expression's value: itself, or a part of ``a or b`` and the like."""
    if isinstance(node, ast.BoolOp):
        return [value for part in node.values for value in _values(part)]
    if isinstance(node, ast.IfExp):
        return [*_values(node.body), *_values(node.orelse)]
    return [node]


def _names(node):
    """Whether it gives variables a value, and nothing else."""
    return isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets)


def _only_asks(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ASKS


def rebinds_at(function, name, is_attribute, of_self):
    """The line at which a function gives an attribute or an outer variable a new value, or None.

    Of a function of another class, ``of_self`` is false: what it sets on itself is another's.
    """
    if getattr(function, "name", None) in _CREATES:
        return None
    for node in ast.walk(function):
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            if is_attribute and isinstance(node, ast.Attribute) and node.attr == name:
                if of_self or not is_of_first(node, function):
                    return node.lineno
            elif isinstance(node, ast.Name) and node.id == name and _is_global(function, name):
                return node.lineno
    return None


def is_of_first(node, function):
    """Whether it is an attribute of the function's first argument: ``self``, most often."""
    arguments = function.args if isinstance(function, _FUNCTIONS) else None
    first = [*getattr(arguments, "posonlyargs", ()), *getattr(arguments, "args", ())][:1]
    of = node.value
    return bool(first) and isinstance(of, ast.Name) and of.id == first[0].arg


def _is_global(function, name):
    outer = (ast.Global, ast.Nonlocal)
    return any(name in node.names for node in ast.walk(function) if isinstance(node, outer))


def _local_names(function, concerns):
    """The variables that the function gives the lock to, also by way of others."""
    given = [node for node in own(function) if _names(node)]
    local: set = set()

    def is_lock(node):
        return concerns(node) or (isinstance(node, ast.Name) and node.id in local)

    known = -1
    while known < len(local):
        known = len(local)
        for node in given:
            if any(map(is_lock, _values(node.value))):
                local.update(target.id for target in node.targets)
    return local


def rebound_in(block, expression):
    """Whether the body of a ``with`` or ``try`` gives a part of the expression a new value."""
    names, attributes, has_items = set(), set(), False
    for node in ast.walk(expression):
        has_items = has_items or isinstance(node, ast.Subscript)
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
    for statement in block.body:
        for node in ast.walk(statement):
            if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
                if isinstance(node, ast.Name) and node.id in names:
                    return True
                if isinstance(node, ast.Attribute) and node.attr in attributes:
                    return True
                if isinstance(node, ast.Subscript) and has_items:
                    return True
    return False
