"""An error before the first import of a library is ours; after it, it is the app's outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

OURS = {
    "a name that is unknown": ("def run(trial): nothing", "app.py:1: NameError: name 'nothing'"),
    "the same at its top": ("nothing\ndef run(trial): pass", "app.py:1: NameError: name 'nothing'"),
    "a knob that is missing": (
        "def run(trial):\n trial.knobs['many']",
        "app.py:2: KeyError: 'many'",
    ),
    "a knob of another type": (
        "def run(trial):\n range(trial.knobs['times'] / 2)",
        "app.py:2: TypeError: ",
    ),
    "no app": ("", "app.py:1: "),
    "no function": ("ran = 1", "app.py:1: "),
    "no argument": ("def run(): pass", "app.py:1: "),
    "no Python": ("def run(:", "app.py:1: SyntaxError: "),
    "no such name in our file": (
        "from libraries.settings import Nothing\ndef run(trial): pass",
        "app.py:1: ImportError: cannot import name 'Nothing'",
    ),
    "inside a file that is shared": (
        "from libraries.settings import Settings\ndef run(trial): Settings.of(None)",
        "probes/libraries/settings.py:",
    ),
    "in Python itself": (
        "import json\ndef run(trial): json.loads('{')",
        "app.py:2: JSONDecodeError: ",
    ),
}


@pytest.mark.parametrize("name", OURS)
def test_an_error_before_a_library_is_imported_is_ours(start_app, name: str) -> None:
    source, expected = OURS[name]
    supervisor = start_app(source)
    stdout, stderr = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 64, stdout
    assert stderr.startswith(expected)
    assert '"event":"error"' not in stdout.replace(" ", "")


THE_APPS = {
    "after a library is imported": ("x = 1", "import library\n nothing", "NameError"),
    "inside the library": ("def f(): return 1 / 0", "import library; library.f()", "ZeroDiv"),
    "a library that fails at its import": ("1 / 0", "import library", "ZeroDivisionError"),
    "a library that is no Python": ("def f(:", "import library", "SyntaxError"),
    "a library with NULs": ("\0", "import library", ("SyntaxError", "ValueError")),
    "a library that lacks a name": ("", "from library import name", "ImportError"),
    "a library that is missing": ("", "import other_library", "ModuleNotFoundError"),
    "a library that asks to leave": ("raise KeyboardInterrupt", "import library", "Keyboard"),
    "in a later phase": ("", "trial.phase('startup'); nothing", "NameError"),
}


@pytest.mark.parametrize("name", THE_APPS)
def test_what_a_library_may_have_a_part_in_is_the_apps_error(
    run_app, tmp_path: Path, name: str
) -> None:
    library, body, expected = THE_APPS[name]
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "library.py").write_text(library)
    told = run_app(f"import sys\nsys.path.append({str(folder)!r})\ndef run(trial):\n {body}\n")
    assert told.one("error")["type"].startswith(expected)
