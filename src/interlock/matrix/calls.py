"""Check how the files of a probe use their trial, before anything runs.

A call that the harness does not know would be found in a container, after an installation. It would
look like a fault of the packages under test. What can't be read off the source is not checked here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.matrix.imports import Source
from interlock.matrix.mistakes import nearest

TRIAL = "trial"
"""The name of the parameter, in every function of a probe. In ``run`` it may have another name."""
_PHASES = "PHASES"
_FIRST_PHASE = "import"
_KINDS: Mapping[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Lambda: "function",
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What a trial has, by the harness's own files."""

    methods: Mapping[str, _Function]
    attributes: frozenset[str]
    phases: tuple[str, ...]
    """Those that an app may enter."""

    @classmethod
    def of(cls, harness: Mapping[tuple[str, ...], Source]) -> Interface | None:
        """None if the harness's files are not as they should be."""
        trial, messages = harness.get((TRIAL,)), harness.get(("messages",))
        body = trial.tree.body if trial else []
        classes = [n for n in body if isinstance(n, ast.ClassDef) and n.name == "Trial"]
        if not classes or messages is None:
            return None
        methods = {node.name: node for node in classes[0].body if isinstance(node, _Function)}
        named = {
            node.attr
            for node in ast.walk(classes[0])
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        return cls(methods=methods, attributes=frozenset(named), phases=_phases(messages.tree))

    def mistakes(self, source: Source) -> Iterator[str]:
        """Every use of a trial in this file that the harness does not know."""
        for function, name in _functions(source.tree):
            for node in ast.walk(function):
                for text in self._mistakes_at(node, name):
                    yield f"{source.name}:{getattr(node, 'lineno', 1)}: {text}"

    def _mistakes_at(self, node: ast.AST, name: str) -> Iterator[str]:
        if isinstance(node, ast.Attribute) and _is_name(node.value, name):
            known = {*self.methods, *self.attributes}
            if isinstance(node.ctx, ast.Load) and node.attr not in known:
                public = [one for one in known if not one.startswith("_")]
                yield f'a trial has no "{node.attr}"{nearest(node.attr, public)}'
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = self.methods.get(node.func.attr)
            if method and _is_name(node.func.value, name):
                yield from self._in_call(node, method)

    def _in_call(self, call: ast.Call, method: _Function) -> Iterator[str]:
        parameters = method.args.args[1:]
        names = [parameter.arg for parameter in parameters]
        given = dict(zip(names, call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords if word.arg in names}
        if text := _misfit(call, names, len(method.args.defaults)):
            yield f"trial.{method.name}({', '.join(names)}) {text}"
            return
        for parameter in parameters:
            value = given.get(parameter.arg)
            kind = _kind(value)
            if kind and not _takes(parameter.annotation, kind):
                wanted = ast.unparse(parameter.annotation) if parameter.annotation else ""
                yield (
                    f"trial.{method.name}: {parameter.arg} is of type {kind}, and must be {wanted}"
                )
            elif method.name == "phase" and (text := self._no_phase(value)):
                yield text

    def _no_phase(self, value: ast.expr | None) -> str:
        if not isinstance(value, ast.Constant) or value.value in self.phases:
            return ""
        return f"{value.value!r} is not a phase to enter: {', '.join(self.phases)}"


def _phases(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(_is_name(to, _PHASES) for to in node.targets):
            return tuple(one for one in ast.literal_eval(node.value) if one != _FIRST_PHASE)
    return ()


def _functions(tree: ast.Module) -> Iterator[tuple[_Function, str]]:
    """The outermost functions that get a trial, and its name in each."""
    pending: list[ast.AST] = [tree]
    while pending:
        for node in ast.iter_child_nodes(pending.pop()):
            name = _name_in(node, is_run=node in tree.body) if isinstance(node, _Function) else ""
            if name and isinstance(node, _Function):
                yield node, name
            else:
                pending.append(node)


def _name_in(function: _Function, *, is_run: bool) -> str:
    """The name of the trial in a function. Empty if it has none, or gives the name a new value."""
    parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    name = TRIAL if TRIAL in parameters else ""
    if is_run and function.name == "run" and parameters:
        name = parameters[0]
    stored = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    is_new = any(node.id == name and isinstance(node.ctx, ast.Store) for node in stored)
    return "" if is_new else name


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _misfit(call: ast.Call, names: Sequence[str], defaults: int) -> str:
    """How the arguments do not fit the parameters. Empty if they do, or if nobody can say."""
    words = [word.arg for word in call.keywords]
    if None in words or any(isinstance(value, ast.Starred) for value in call.args):
        return ""
    if len(call.args) > len(names):
        return "gets too many arguments"
    for word in words:
        if word not in names:
            return f"has no argument {word}{nearest(word or '', names)}"
        if word in names[: len(call.args)]:
            return f"gets {word} twice"
    given = {*names[: len(call.args)], *words}
    missing = [name for name in names[: len(names) - defaults] if name not in given]
    return f"lacks {' and '.join(missing)}" if missing else ""


def _kind(value: ast.expr | None) -> str:
    """The type of a value, if the source says it."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, (ast.USub, ast.UAdd)):
        value = value.operand
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    return "" if value is None else _KINDS.get(type(value), "")


def _takes(annotation: ast.expr | None, kind: str) -> bool:
    """Whether an argument with this annotation may have this type. An int is a float as well."""
    if annotation is None:
        return True
    wanted = {one.strip() for one in ast.unparse(annotation).split("|")}
    wanted |= {"int"} if "float" in wanted else set()
    wanted |= {"NoneType"} if "None" in wanted else set()
    return bool({"object", kind} & wanted)
