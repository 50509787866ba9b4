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


WRONG = {
    "a phase that does not exist": (
        'trial.phase("lunch time".split()[0])',
        "'lunch' is not one of",
    ),
    "a phase that begins again": ('trial.phase(("startup", 1)[0])', "phase startup begins again"),
    "a count that is no number": ("trial.expose(str(3))", "'3' is not an integer"),
    "a count below zero": ("trial.expose(1 - 2)", "-1 is not an integer"),
    "a fact without a name": ("trial.fact(None or 7, 1)", "7 is not a text"),
    "a feature without a name": ("trial.missing(None, 'no')", "None is not a text"),
    "a detail that is no text": ("trial.degraded(str)", "is not a text"),
    "a look without a reason": ("trial.look(None)", "None is not a text"),
    "a look before nothing": ("trial.look_around(3)", "3 is not a text"),
    "a child that is none": ("trial.child_ended(0, 0)", "0 is not an integer"),
    "one that the app catches": (
        "\n    try: trial.phase(str(1))\n    except Exception: pass",
        "'1' is not one of",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_of_the_trial_is_ours_at_any_time(start_app, name: str) -> None:
    call, expected = WRONG[name]
    source = (
        f"def run(trial):\n    trial.phase('startup')\n    trial.phase('serving')\n    {call}\n"
    )
    supervisor = start_app(source)
    stdout, stderr = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 64, stdout
    assert stderr.startswith("app.py:")
    assert expected in stderr


@pytest.mark.parametrize(
    "forged",
    [
        'trial._say({"wrong": "no", "file": __file__, "line": 2})',
        'trial._say({"wrong": "no", "file": "/etc/passwd", "line": 1})',
        'trial._say({"wrong": "no", "file": json.__file__, "line": 300})',
    ],
)
def test_a_wrong_call_that_the_probe_does_not_have_is_a_breach(run_app, forged: str) -> None:
    told = run_app(f"import json\nimport time\ndef run(trial):\n    {forged}\n    time.sleep(9)\n")
    assert "does not find" in told.one("breach")["detail"]


def test_a_library_that_calls_the_trial_wrongly_has_broken_the_protocol(run_app, tmp_path) -> None:
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "library.py").write_text("def harm(trial): trial.phase('lunch')\n")
    told = run_app(
        f"import sys\nsys.path.append({str(folder)!r})\n"
        "def run(trial):\n    import library; library.harm(trial)\n"
    )
    assert "'lunch' is not one of" in told.one("breach")["detail"]
