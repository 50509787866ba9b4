"""Reading a file starts fast: it imports only what its format needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASKED = """
import sys
from pathlib import Path
from interlock.check import read_project
read_project([Path(sys.argv[1])], {"ddtrace": "ddtrace"})
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
HEAVY = {"yaml", "pydantic", "pandas", "docker", "httpx", "email", "asyncio"}


@pytest.mark.parametrize(
    ("name", "text", "needed"),
    [
        ("requirements.txt", "ddtrace\n", set()),
        ("uv.lock", "version = 1\n", set()),
        ("poetry.lock", "package = []\n", set()),
        ("pyproject.toml", "", set()),
        ("Pipfile.lock", "{}", set()),
        ("Dockerfile", "FROM x\nRUN pip install ddtrace\n", set()),
        ("setup.py", "import setuptools\n", set()),
        ("environment.yml", "dependencies:\n- ddtrace\n", {"yaml"}),
    ],
)
def test_a_format_imports_what_it_needs(
    name: str, text: str, needed: set[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    command = [sys.executable, "-c", ASKED, str(tmp_path / name)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) & HEAVY == needed
