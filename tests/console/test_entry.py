"""How a command starts: when it needs a checkout and the extras, and when not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from ours import INTERLOCK, PROBES

from interlock.campaign.planning import Rerun
from interlock.console import entry, sources
from interlock.console.options import COMMANDS, RERUN

ROOT = PROBES.parent
OF_THE_EXTRAS = "docker google httpx jinja2 lz4 mkdocs multipart pandas pyarrow rich tenacity uv"
Typed = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Typed]:
    """Type a command in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path / "home"))

    def type_it(*arguments: str) -> tuple[int, str, str]:
        try:
            code = entry.main(arguments)
        except SystemExit as left:  # argparse's own way
            code = int(left.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    yield type_it


def installed_with(monkeypatch: pytest.MonkeyPatch, *requirements: str) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: list(requirements))


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_lists_every_command_without_a_checkout(typed: Typed, arguments: list[str]) -> None:
    code, output, _ = typed(*arguments)
    listed = [line.split()[0] for line in output.splitlines() if line.startswith("    ")]
    assert code == 0
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_needs_no_checkout(typed: Typed, command: str) -> None:
    code, output, _ = typed(command, "--help")
    assert code == 0
    assert f"usage: interlock {command}" in output


def test_help_of_a_command_names_the_axes_of_the_shipped_matrix(typed: Typed) -> None:
    for command in ("ask", "matrix"):
        assert "--sentry VERSION" in typed(command, "--help")[1]


def test_the_help_lists_what_a_run_may_run_again() -> None:
    assert [rerun.value for rerun in Rerun] == list(RERUN)


def test_nothing_typed_is_a_mistake(typed: Typed) -> None:
    code, _, errors = typed()
    assert code == 2
    assert "COMMAND" in errors


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"ask", "check"}))
def test_a_command_without_its_checkout_says_that_it_needs_one(typed: Typed, command: str) -> None:
    code, _, errors = typed(command)
    assert code == 2
    assert "needs a checkout" in errors
    assert len(errors.splitlines()) == 1


def test_a_command_whose_extra_is_missing_says_how_to_install_it(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_with(
        monkeypatch, "packaging", "nobodys-engine; extra == 'run'", "nobodys-pages; extra == 'site'"
    )
    code, _, errors = typed("matrix")
    assert code == 2
    assert errors == (
        "`interlock matrix` needs nobodys-engine, which is not installed: "
        "pip install 'interlock[run]' (in a checkout '.[run]')\n"
    )


@pytest.mark.parametrize("command", ["site", "serve", "matrix"])
def test_what_builds_the_site_needs_its_extra_before_anything_runs(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    installed_with(monkeypatch, "packaging; extra == 'run'", "nobodys-pages; extra == 'site'")
    monkeypatch.chdir(ROOT)
    code, _, errors = typed(command)
    assert code == 2
    assert errors.strip().endswith(
        "pip install 'interlock[run,site]' (in a checkout '.[run,site]')"
    )


def test_a_checkout_is_read_where_there_is_one_and_the_package_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.to_read(None).matrix == ROOT / "matrix.yaml"
    (tmp_path / "matrix.yaml").write_text("")
    assert sources.to_read(None).results == tmp_path / "results"
    assert sources.to_read(Path("other.yaml")).matrix == tmp_path / "other.yaml"


def test_the_data_of_the_package_comes_before_the_sources_it_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib/interlock"
    (package / "data").mkdir(parents=True)
    (package / "data/matrix.yaml").write_text("")
    monkeypatch.setattr("interlock.__file__", str(package / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    assert sources.to_read(None).matrix == package / "data/matrix.yaml"


def test_the_wheel_ships_every_description_of_a_probe() -> None:
    shipped = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    described = [f"probes/{path.parent.name}/probe.yaml" for path in PROBES.glob("*/probe.yaml")]
    assert described
    assert [p for p in described if f'"{p}" = "interlock/data/{p}"' not in shipped] == []


ASK = "ask --sentry 2.10.0 --ddtrace 2.14.2 --python 3.11"


@pytest.mark.parametrize("arguments", ["--help", "ask --help", "matrix --help", ASK])
def test_nothing_of_the_extras_is_imported_for_an_answer(arguments: str) -> None:
    *python, main = INTERLOCK
    names = OF_THE_EXTRAS.split()
    said = f"import atexit, sys; atexit.register(lambda: print(*sys.modules.keys() & {names}))"
    done = subprocess.run(
        [*python, f"{said}; {main}", *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == ""


def test_the_second_question_imports_nothing_that_checks_files(tmp_path: Path) -> None:
    *python, main = INTERLOCK
    checking = ["pydantic", "yaml", "interlock.record.rows"]
    said = f"import atexit, sys; atexit.register(lambda: print(*sys.modules.keys() & {checking}))"
    last = [
        subprocess.run(
            [*python, f"{said}; {main}", *ASK.split()],
            cwd=ROOT,
            env={**os.environ, "INTERLOCK_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert sorted(last[0][-1].split()) == sorted(checking)
    assert last[1][-1] == ""
    assert last[0][:-1] == last[1][:-1]


def test_a_mistake_is_told_with_its_text_escaped(typed: Typed) -> None:
    code, _, errors = typed("--matrix", "\x1b[31m\u202e\udcff.yaml", "ask")
    assert code == 2
    assert r"\x1b[31m\u202e\udcff.yaml" in errors
    assert "\x1b" not in errors
