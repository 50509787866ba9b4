"""The requirements in the comments of a Python script (PEP 723). It is not run.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
from pathlib import Path

from interlock.check.formats.document import strings, toml_of
from interlock.check.formats.lines import toml_lines
from interlock.check.formats.reading import Place, Reading, requires_python
from interlock.check.formats.requirements import read_line

_START = re.compile(r"^# /// script\n", re.MULTILINE)
_BLOCK = re.compile(r"# /// script\n((?:#(?: .*)?\n)+?)# ///$", re.MULTILINE)


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    reading = Reading(file=file, sought=sought)
    start = _START.search(text)
    found = _BLOCK.match(text, start.start()) if start else None
    if not found:
        reading.unsure("# /// script", None, "the block has no end; close it with `# ///`")
        return reading
    before = text.count("\n", 0, found.start(1))
    content = "\n" * before + re.sub(r"(?m)^# ?", "", found[1])
    document, lines = toml_of(file, content), toml_lines(content)
    reading.python = requires_python(document.get("requires-python"))
    for index, one in enumerate(strings(document.get("dependencies"))):
        read_line(reading, one, Place(line=lines.get(("dependencies", index)), is_direct=True))
    return reading
