from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from interlock.isolation import images
from interlock.isolation.sandbox.interpreters import Interpreter
from interlock.isolation.suites import Packaged
from interlock.model import EngineUnavailable, ImageMissing, PythonVersion, StorageTrouble

# What an interpreter's folder holds, cut down to one file of each kind.
PREFIX: Mapping[str, str] = {
    "bin/python3.10": "an executable",
    "bin/pip": "#!{prefix}/bin/python3.10",
    "lib/libpython3.10.so.1.0": "a library",
    "lib/libother.so": "not ours",
    "lib/python3.10/json/__init__.py": "code",
    "lib/python3.10/json/__pycache__/__init__.cpython-310.pyc": "names the old place",
    "lib/python3.10/_sysconfigdata__linux.py": "build_time_vars = {{'prefix': '{prefix}'}}",
    "lib/python3.10/config-3.10/libpython3.10.a": "static",
    "lib/python3.10/config-3.10/Makefile": "prefix={prefix}",
    "lib/python3.10/lib-dynload/_tkinter.cpython-310.so": "needs a display",
    "lib/python3.10/site-packages/somebody.pth": "import somebody",
    "lib/python3.10/test/test_json.py": "tests",
    "include/python3.10/Python.h": "a header",
}


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    prefix = tmp_path / "versions" / "3.10.13"
    for name, text in PREFIX.items():
        file = prefix / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(prefix=prefix))
        file.chmod(0o600)
    (prefix / "bin/python3.10").chmod(0o700)
    (prefix / "lib/libpython3.10.so").symlink_to("libpython3.10.so.1.0")
    return Interpreter(
        executable=prefix / "bin/python3.10", prefix=prefix, full="3.10.13", machine="x86_64"
    )


@pytest.fixture
def context(interpreter: Interpreter) -> tarfile.TarFile:
    written = io.BytesIO()
    images._write_context(written, "FROM base", interpreter)
    written.seek(0)
    return tarfile.open(fileobj=written)


def text(context: tarfile.TarFile, name: str) -> str:
    file = context.extractfile(name)
    assert file is not None
    return file.read().decode()


def test_an_image_gets_the_interpreter_and_nothing_else_of_its_folder(
    context: tarfile.TarFile,
) -> None:
    assert [entry.name for entry in context if not entry.isdir()] == [
        "Dockerfile",
        "python/bin/python3.10",
        "python/lib/python3.10/_sysconfigdata__linux.py",
        "python/lib/python3.10/config-3.10/Makefile",
        "python/lib/python3.10/json/__init__.py",
        "python/include/python3.10/Python.h",
        "python/lib/libpython3.10.so",
        "python/lib/libpython3.10.so.1.0",
    ]


def test_everything_in_it_is_roots_and_everyone_can_read_it(context: tarfile.TarFile) -> None:
    for entry in context:
        assert (entry.uid, entry.gid) == (0, 0)
        if entry.name != "Dockerfile" and not entry.issym():
            assert entry.mode & 0o444 == 0o444, entry.name
    assert context.getmember("python/bin/python3.10").mode & 0o111 == 0o111


def test_its_build_settings_name_the_new_place(
    context: tarfile.TarFile, interpreter: Interpreter
) -> None:
    for name in ("_sysconfigdata__linux.py", "config-3.10/Makefile"):
        said = text(context, f"python/lib/python3.10/{name}")
        assert "/usr/local" in said and str(interpreter.prefix) not in said


def test_an_interpreter_that_was_built_again_makes_another_image(interpreter: Interpreter) -> None:
    before = images._recipe(interpreter)
    assert images._recipe(interpreter) == before
    interpreter.executable.write_text("another executable")
    assert images._recipe(interpreter) != before


def debian(suite: str, full: str) -> Packaged:
    return Packaged(python=PythonVersion(3, 10), suite=suite, full=full)


def labels(source: Interpreter | Packaged) -> Mapping[str, str]:
    return {images.LABEL: images._recipe(source), f"{images.LABEL}.full": source.full}


def test_the_newest_patch_release_is_taken_wherever_it_is(interpreter: Interpreter) -> None:
    same, older, newer = (
        debian(suite, f"3.10.{n}") for suite, n in (("a", 13), ("b", 9), ("c", 20))
    )
    assert images.newest_first([older, same, interpreter, newer]) == [
        newer,
        interpreter,  # of equal ones the machine's own
        same,
        older,
    ]


def test_an_image_is_made_again_for_a_newer_patch_release_alone(interpreter: Interpreter) -> None:
    older, newer = debian("a", "3.10.9"), debian("a", "3.10.20")
    assert images.is_current(labels(interpreter), interpreter)
    assert images.is_current(labels(interpreter), older)
    assert not images.is_current(labels(interpreter), newer)
    assert not images.is_current(labels(debian("b", "3.10.20")), newer)
    # One that was made before its patch release was written down.
    assert not images.is_current({images.LABEL: "other"}, older)


def test_a_build_that_fails_says_what_the_engine_said() -> None:
    log = [{"stream": "Step 3/4 : RUN ldconfig\n"}, {"error": "exit code 1"}]
    with pytest.raises(ImageMissing, match="could not be built: exit code 1"):
        images._follow(log, "python:3.10-slim")


def test_a_build_on_a_full_disk_is_storage_trouble() -> None:
    with pytest.raises(StorageTrouble):
        images._follow([{"error": "write /x: no space left on device"}], "python:3.10-slim")


def test_the_template_names_the_image() -> None:
    python = PythonVersion(3, 10)
    assert images.reference_for(python, "python:{python}-slim") == "python:3.10-slim"


def test_building_without_an_engine_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(EngineUnavailable, match=r"nothing\.sock"):
        images.build([PythonVersion(3, 10)], "python:{python}-slim")
