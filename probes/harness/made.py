"""Which call a frame is making: its line may have others, which were made or never will be."""

from __future__ import annotations

import ast
import dis
import sys

_ARGUMENTS = {
    "CALL_METHOD": lambda arg: arg,
    "CALL_FUNCTION": lambda arg: arg,
    "CALL_FUNCTION_KW": lambda arg: arg + 1,
    "CALL_FUNCTION_EX": lambda arg: 1 + (arg & 1),
}
"""Up to 3.10: how many values a call takes from the stack, but for what is called."""
_LOADS = ("LOAD_METHOD", "LOAD_ATTR", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF")
_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])


def calls_made(frame, sources):
    """The calls that a frame may be making; more than one where they cannot be told apart."""
    calls = sources.calls_at(frame)
    if not calls:
        return calls
    steps = sources.instructions(frame.f_code)
    at = next((n for n, step in enumerate(steps) if step.offset == frame.f_lasti), None)
    if at is None or not steps[at].opname.startswith(("CALL", "PRECALL")):
        return calls if at is None else []
    if sys.version_info >= (3, 11):
        end = _end(steps[at].positions)
        return [c for c in calls if (c.lineno, c.end_lineno, c.end_col_offset) == end] or calls
    name = _called(steps, at)
    return [call for call in calls if name in (None, _name(call.func))]


def _end(position):
    line, end_line, _, end_column = position
    return line, end_line, end_column


def _called(steps, at):
    """The name of what an instruction calls; None if it cannot be told.

    What is called was put on the stack before its arguments. A jump among those has two ways to
    come there, and is not followed.
    """
    left = _ARGUMENTS[steps[at].opname](steps[at].arg)
    if left and steps[at].is_jump_target:
        return None
    at -= 1
    while left > 0 and at >= 0:
        step = steps[at]
        if step.is_jump_target or step.opcode in _JUMPS:
            return None
        left -= dis.stack_effect(step.opcode, step.arg)
        at -= 1
    return steps[at].argval if at >= 0 and steps[at].opname in _LOADS else None


def _name(func):
    """The name of what a call calls, as an instruction has it; None for what has no name."""
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else None
