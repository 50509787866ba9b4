"""A source that is not that of the code which runs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest

PROGRAM = "\n" * 50 + "def wait():\n    return sys._getframe()\n"


def in_file(path: Path, later: str) -> FrameType:
    """A frame of ``PROGRAM``, whose file was then written anew."""
    namespace: dict[str, object] = {"sys": sys}
    exec(compile(PROGRAM, str(path), "exec"), namespace)
    path.write_text(later)
    return namespace["wait"]()  # type: ignore[operator, no-any-return]


@pytest.mark.usefixtures("watcher")
@pytest.mark.parametrize(
    ("later", "has_source"),
    [
        (PROGRAM, True),
        ("", False),
        ("x = 1\n", False),
        ("\n" * 50, False),
        ("\n" * 50 + "def other():\n    pass\n", False),
        ("\n" * 50 + "def wait(:\n", False),
    ],
    ids=["the same", "empty", "shorter", "shorter by a line", "another function", "no Python"],
)
def test_a_file_that_was_written_anew_is_no_source(
    tmp_path: Path, later: str, has_source: bool
) -> None:
    from harness.sources import Sources

    assert Sources().has(in_file(tmp_path / "app.py", later)) is has_source
