"""The parsed source of the app's functions, and what in it may concern a lock."""

from __future__ import annotations

import ast
import dis
import errno
import sys

from .lockref import Unresolved

ENTERING = frozenset(["__enter__", "__aenter__", "acquire", "_acquire", "acquire_lock"])
LEAVING = frozenset(["__exit__", "__aexit__", "release", "_release", "release_lock"])
ACQUIRES = ENTERING | {"_acquire_restore"}
WITH = (ast.With, ast.AsyncWith)
_TRY = (ast.Try, ast.TryStar) if sys.version_info >= (3, 11) else (ast.Try,)
_open = open  # As it is before the app is imported, which may patch it.
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


_USED_UP = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Sources:
    """The parsed function of each code object; each is read and parsed once."""

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
        if any(name in ACQUIRES for name in names):
            return False
        return not any(block.lineno <= line <= block.end_lineno for block in blocks)

    def parts(self, frame):
        """The ``with`` and ``try`` statements of a function, and its calls."""
        code = frame.f_code
        if code not in self._parts:
            nodes = list(own(self.node(frame)))
            blocks = [
                node
                for node in nodes
                if isinstance(node, WITH) or (isinstance(node, _TRY) and node.finalbody)
            ]
            self._parts[code] = blocks, [node for node in nodes if isinstance(node, ast.Call)]
        return self._parts[code]

    def calls_at(self, frame):
        """The calls on the frame's current line, the shortest first; none without source."""
        line = frame.f_lineno
        try:
            _, calls = self.parts(frame)
        except Unresolved:
            return []
        calls = [call for call in calls if call.lineno <= line <= call.end_lineno]
        return sorted(calls, key=lambda call: (call.end_lineno - call.lineno, call.col_offset))

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
                if getattr(error, "errno", None) in _USED_UP:
                    raise  # Nothing can be read now, so nothing is known of any thread.
                self._nodes[code] = f"no source: {type(error).__name__}"
        node = self._nodes[code]
        if isinstance(node, str):
            # A new one each time: its traceback keeps frames of the app, and all their variables.
            raise Unresolved(node)
        return node

    def has(self, frame):
        """Whether there is a source of what the frame runs."""
        try:
            self.node(frame)
        except Unresolved:
            return False
        return True

    def _read(self, frame):
        path = frame.f_code.co_filename
        if path == "<string>":
            return _of_command_line(frame.f_code)
        if path.startswith("<frozen "):
            # The standard library's frozen modules have their source beside the others.
            path = frame.f_globals.get("__file__") or path
        if path not in self._lines:
            with _open(path, "rb") as file:
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
        if first >= len(lines):
            raise ValueError(code.co_name)  # The file has changed since it was read.
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


def _of_command_line(code):
    """The program behind ``-c``, if the code is a part of it; ``exec`` has the same file name."""
    with _open("/proc/self/cmdline", "rb") as file:
        arguments = file.read().decode("utf-8").split("\0")
    if "-c" not in arguments[:-1]:
        raise OSError("there is no program on the command line")
    text = arguments[arguments.index("-c") + 1]
    parts = [compile(text, "<string>", "exec", dont_inherit=True)]
    for part in parts:  # It grows meanwhile.
        if part == code:
            return text.splitlines(True)
        parts.extend(constant for constant in part.co_consts if type(constant) is type(code))
    raise OSError("the code is not of the command line")


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
