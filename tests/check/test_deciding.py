"""What a project comes to: its findings and its exit code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gate import PINNED, checked, listed, project, unread
from grids import cell, grid, matrix, verdict
from questions import FORKING

from interlock.check.found import DependencyFile, joined
from interlock.check.result import Exit, State
from interlock.model import PythonVersion, Reason, Verdict


def both(
    outcome: str, left: str = "1.0", right: str = "1.0", python: str = "3.10"
) -> list[Verdict]:
    """The same in both settings, by the only probe that runs."""
    return [
        verdict(cell(left, right, python, config, "restart"), outcome)
        for config in ("stock", "warnings")
    ] + [
        verdict(cell(left, right, python, config, "serve"), "pass")
        for config in ("stock", "warnings")
    ]


@pytest.mark.parametrize(
    ("outcome", "code", "state"),
    [
        ("pass", Exit.CLEAR, State.PASS),
        ("hang", Exit.FOUND, State.HANG),
        ("fail", Exit.FOUND, State.FAIL),
        ("unproven", Exit.NOT_KNOWN, State.UNPROVEN),
    ],
)
def test_a_pinned_pair_gets_what_is_known_of_it(outcome: str, code: Exit, state: State) -> None:
    result = checked(both(outcome), PINNED)
    assert (result.code, result.findings[0].state) == (code, state)
    assert "left-lib 1.0 with right-lib 1.0 on Python 3.10" in result.findings[0].says


def test_a_pair_that_does_not_install_is_not_known() -> None:
    """Python 3.9 is asked for, and the release has no wheel for it."""
    result = checked(both("pass"), PINNED, releases=PYTHONS, pythons="3.9")
    assert result.code is Exit.NOT_KNOWN
    assert [one.state for one in result.findings] == [State.UNSUPPORTED]
    assert any("has no wheel for CPython 3.9" in detail for detail in result.findings[0].details)


def test_a_pair_that_nobody_tested_is_not_known_and_has_its_neighbours() -> None:
    result = checked(both("pass", left="1.5"), PINNED)
    assert result.code is Exit.NOT_KNOWN
    (finding,) = result.findings
    assert finding.state is State.UNKNOWN
    assert any("the nearest tested left-lib" in detail for detail in finding.details)


def test_any_choice_of_settings_that_hangs_decides_and_is_named() -> None:
    verdicts = [*grid("1.0\n1.0 pass"), *grid("1.0\n1.0 hang", config="warnings")]
    verdicts += grid("1.0\n1.0 pass", probe="serve")
    result = checked(verdicts, PINNED)
    assert result.code is Exit.FOUND
    assert [one.says for one in result.findings] == [
        "It hangs: left-lib 1.0 with right-lib 1.0 on Python 3.10, where warnings are events.",
        "No hang was found: left-lib 1.0 with right-lib 1.0 on Python 3.10, with the default "
        "settings.",
    ]


@pytest.mark.parametrize(("level", "code"), [("ERROR", Exit.CLEAR), ("WARNING", Exit.FOUND)])
def test_a_stated_situation_decides_alone(level: str, code: Exit) -> None:
    verdicts = [*grid("1.0\n1.0 pass"), *grid("1.0\n1.0 hang", config="warnings")]
    verdicts += grid("1.0\n1.0 pass", probe="serve")
    assert checked(verdicts, PINNED, chosen={"level": level}).code is code


def forked(outcome: str) -> list[Verdict]:
    """Of an application that forks, and of the same without."""
    return [
        *(verdict(cell(probe="serve", config=c), outcome) for c in ("stock", "warnings")),
        *(verdict(cell(config=c)) for c in ("stock", "warnings")),
    ]


def test_a_kind_of_application_is_a_note_until_it_is_stated() -> None:
    quiet = checked(forked("hang"), PINNED, changes=FORKING)
    assert quiet.code is Exit.CLEAR
    assert any("Where the process forks" in note and "--situation" in note for note in quiet.notes)
    stated = checked(forked("hang"), PINNED, changes=FORKING, chosen={"forking": "yes"})
    assert stated.code is Exit.FOUND


def test_a_rare_hang_is_never_green() -> None:
    """It passes here, but its release line has hung."""
    verdicts = [*forked("pass"), verdict(cell("1.0.1", probe="serve"), "hang")]
    result = checked(verdicts, PINNED, changes=FORKING, chosen={"forking": "yes"})
    assert result.code is not Exit.CLEAR
    assert State.PASS not in {one.state for one in result.findings}


# Which files decide -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "code", "says"),
    [
        (["app.txt: flask==1"], Exit.MISTAKE, "Neither left-lib nor right-lib is in app.txt"),
        ([], Exit.MISTAKE, "Neither left-lib nor right-lib is in the files"),
        (["app.txt: left-lib==1.0"], Exit.NOT_KNOWN, "The other, right-lib, is not in these"),
        (["app.txt: right-lib==1.0"], Exit.NOT_KNOWN, "The other, left-lib, is not in these"),
    ],
)
def test_a_library_that_is_missing_is_never_a_pass(files: list[str], code: Exit, says: str) -> None:
    result = checked(both("pass"), project(*files))
    assert result.code is code
    assert says in result.problems[0].says


TWO = [*both("pass"), *both("hang", right="2.0")]


@pytest.mark.parametrize(
    ("files", "code", "remark"),
    [
        # the pair may be split over files
        (["a.txt: left-lib==1.0", "b.txt: right-lib==2.0"], Exit.FOUND, ""),
        # a lock decides over a range
        (
            ["pyproject.toml: left-lib==1.0, right-lib>=1", "uv.lock: right-lib==1.0"],
            Exit.CLEAR,
            "uv.lock locks right-lib, so it decides over the range in pyproject.toml:2.",
        ),
        (
            ["pyproject.toml: left-lib==1.0, right-lib<2", "uv.lock: right-lib==2.0"],
            Exit.FOUND,
            "uv.lock locks right-lib, so it decides over the range in pyproject.toml:2. But 2.0 is "
            "not in that range: the lock is out of date.",
        ),
        # a command may run before the lock, or in another stage: both are checked
        (
            ["uv.lock: left-lib==1.0, right-lib==1.0", "Dockerfile: right-lib==2.0"],
            Exit.FOUND,
            "Dockerfile:1 installs right-lib beside the lock uv.lock. Both are checked, because "
            "the files do not say which release stays.",
        ),
        (["uv.lock: left-lib==1.0, right-lib==2.0", "Dockerfile: right-lib==1.0"], Exit.FOUND, ""),
        (["uv.lock: left-lib==1.0, right-lib==1.0", "Dockerfile: right-lib==1.0"], Exit.CLEAR, ""),
        # a constraint against the pin: pip refuses, and nobody knows which is to be changed
        (
            ["a.txt: left-lib==1.0, right-lib==1.0", "constraints.txt: right-lib==2.0"],
            Exit.FOUND,
            "right-lib is named with different releases: 1.0 (a.txt:2) and 2.0 "
            "(constraints.txt:1). Each is checked.",
        ),
        # two pins: the worst decides
        (
            ["a.txt: left-lib==1.0, right-lib==1.0", "b.txt: right-lib==2.0"],
            Exit.FOUND,
            "right-lib is named with different releases: 1.0 (a.txt:2) and 2.0 (b.txt:1). Each is "
            "checked.",
        ),
        # a constraint limits what others ask for
        (["a.txt: left-lib==1.0, right-lib", "constraints.txt: right-lib==2.0"], Exit.FOUND, ""),
        (["a.txt: left-lib==1.0, right-lib", "constraints.txt: right-lib==1.0"], Exit.CLEAR, ""),
        (
            ["a.txt: left-lib==1.0", "constraints.txt: right-lib==2.0"],
            Exit.FOUND,
            "Only a constraint names right-lib: it is installed if something else requires it.",
        ),
        # what is only transitive or optional counts
        (
            ["a.txt: left-lib==1.0, right-lib==2.0 transitive"],
            Exit.FOUND,
            "right-lib is there only as a dependency of somebody, so it may never be started.",
        ),
        (
            ["a.txt: left-lib==1.0, right-lib==2.0 group apm"],
            Exit.FOUND,
            "right-lib is optional (apm): some installations have it, and some do not.",
        ),
        # markers
        (["a.txt: left-lib==1.0, right-lib==2.0 if python_version < '3.9'"], Exit.NOT_KNOWN, ""),
        (["a.txt: left-lib==1.0, right-lib==2.0 if python_version > '3.9'"], Exit.FOUND, ""),
        (
            ["a.txt: left-lib==1.0, right-lib==1.0 if sys_platform == 'win32'"],
            Exit.NOT_KNOWN,
            "right-lib is installed only where \"sys_platform == 'win32'\", and not on Linux.",
        ),
        (
            [
                "a.txt: left-lib==1.0, right-lib==1.0 if python_version >= '3.10', "
                "right-lib==2.0 if python_version < '3.10'"
            ],
            Exit.CLEAR,
            "",
        ),
        (["a.txt: left-lib==1.0, right-lib==2.0 if nonsense"], Exit.FOUND, ""),
        (["a.txt: left-lib==1.0, right-lib==2.0 if extra == 'apm'"], Exit.FOUND, ""),
        (
            ["a.txt: left-lib==1.0, right-lib==2.0 group apm if extra == 'apm'"],
            Exit.FOUND,
            "",
        ),
        (
            ["a.txt: left-lib==1.0, right-lib==2.0 if extra == 'apm' and python_version < '3.9'"],
            Exit.NOT_KNOWN,
            "",
        ),
    ],
)
def test_which_file_decides(files: list[str], code: Exit, remark: str) -> None:
    result = checked(TWO, project(*files))
    assert result.code is code
    remarks = [one for library in result.libraries for one in library.remarks]
    assert not remark or remark in remarks


@pytest.mark.parametrize(
    "asked",
    [
        "right-lib @ https://example.com/right_lib-1.0.whl",
        "right-lib==1.0 @ https://example.com/right_lib-1.0.whl",
        "right-lib==1.0 @ git+https://example.com/fork.git",
        "right-lib @ ../right-lib",
        "right-lib==1.0.dev3",
        "right-lib==1.0+ours",
        "right-lib==9.9",
    ],
)
def test_what_is_no_tested_release_is_not_known(asked: str) -> None:
    releases = listed(left="1.0", right="1.0")
    result = checked(both("pass"), project(f"a.txt: left-lib==1.0, {asked}"), releases=releases)
    assert result.code is Exit.NOT_KNOWN
    assert [one.state for one in result.findings] == [State.UNKNOWN]


def test_a_wheel_of_the_index_is_its_release() -> None:
    asked = "right-lib==1.0 @ https://files.pythonhosted.org/packages/right_lib-1.0.whl"
    assert checked(both("pass"), project(f"a.txt: left-lib==1.0, {asked}")).code is Exit.CLEAR


def test_a_password_in_a_url_is_not_shown() -> None:
    asked = "right-lib @ git+https://me:secret@example.com/fork.git"
    result = checked(both("pass"), project(f"a.txt: left-lib==1.0, {asked}"))
    assert "secret" not in result.findings[0].says
    assert "example.com/fork.git" in result.findings[0].says


# What can't be read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (unread(), Exit.NOT_KNOWN),
        (unread(elsewhere=True), Exit.CLEAR),
        (DependencyFile(path=PINNED.files[0].path, format="requirements file"), Exit.NOT_KNOWN),
        (DependencyFile(path=PINNED.files[0].path, format="pyproject.toml"), Exit.CLEAR),
    ],
)
def test_what_could_not_be_read_is_never_a_pass(more: DependencyFile, code: Exit) -> None:
    assert checked(both("pass"), joined([*PINNED.files, more])).code is code
    assert checked(both("hang"), joined([*PINNED.files, more])).code is Exit.FOUND


@pytest.mark.parametrize("others", [["app.txt: left-lib==1.0"], []])
def test_a_library_in_a_line_that_could_not_be_read_is_not_missing(others: list[str]) -> None:
    files = joined([*project(*others).files, unread("right-lib => 1", package="right-lib")])
    result = checked(both("pass"), files)
    assert result.code is Exit.NOT_KNOWN
    told = [one.says for one in result.problems]
    assert "right-lib => 1: it has no version" in told
    assert not any("right-lib, is not in these files" in says for says in told)


def test_a_file_that_can_not_be_read_is_the_only_mistake_that_is_told() -> None:
    result = checked(both("pass"), project(), mistakes=("app.txt: there is no such file",))
    assert [one.says for one in result.problems] == ["app.txt: there is no such file"]


def test_a_mistake_comes_before_a_known_hang_which_is_told_all_the_same() -> None:
    result = checked(both("hang"), PINNED, mistakes=("b.txt: can't be read",))
    assert result.code is Exit.MISTAKE
    assert result.findings[0].state is State.HANG


@pytest.mark.parametrize(
    ("outcome", "mistakes", "code"),
    [
        ("hang", (), Exit.CLEAR),
        ("unproven", (), Exit.CLEAR),
        ("hang", ("b.txt: can't be read",), Exit.MISTAKE),
    ],
)
def test_a_report_only_lets_through_what_is_found_and_not_what_is_wrong(
    outcome: str, mistakes: tuple[str, ...], code: Exit
) -> None:
    result = checked(both(outcome), PINNED, mistakes=mistakes, report_only=True)
    assert result.code is code
    assert result.decides is not Exit.CLEAR


# Pythons ------------------------------------------------------------------------------------------

PYTHONS = listed("3.9 3.10 3.11", {"1.0": "3.9"}, left="1.0", right="1.0")
SOME = [*both("pass"), *both("hang", python="3.11")]


@pytest.mark.parametrize(
    ("python", "asked", "told", "code"),
    [
        (None, "", "3.10 3.11", Exit.FOUND),
        (None, "3.10", "3.10", Exit.CLEAR),
        (None, "3.9", "3.9", Exit.NOT_KNOWN),
        (">=3.9,<3.11", "", "3.10", Exit.CLEAR),
        ("==3.11.*", "", "3.11", Exit.FOUND),
        ("==3.9.*", "", "3.9", Exit.NOT_KNOWN),
        ("<3.8", "", "", Exit.NOT_KNOWN),
        ("==3.11.*", "3.10", "3.10", Exit.CLEAR),
    ],
)
def test_the_pythons_are_those_asked_for_else_named_else_all(
    python: str | None, asked: str, told: str, code: Exit
) -> None:
    files = project("app.txt: left-lib==1.0, right-lib==1.0", python=python)
    result = checked(SOME, files, releases=PYTHONS, pythons=asked)
    assert [str(one) for one in result.pythons] == told.split()
    assert result.code is code


def test_files_that_name_different_pythons_are_checked_on_each() -> None:
    one = project("a.txt: left-lib==1.0", python="==3.10.*")
    other = project("b.txt: right-lib==1.0", python="==3.11.*")
    result = checked(SOME, joined([*one.files, *other.files]), releases=PYTHONS, pythons="")
    assert result.pythons == (PythonVersion(3, 10), PythonVersion(3, 11))


def test_pythons_that_are_alike_share_a_finding() -> None:
    verdicts = [*both("hang"), *both("hang", python="3.11")]
    result = checked(verdicts, PINNED, releases=PYTHONS, pythons="")
    assert [one.says.partition(" on ")[2] for one in result.findings] == [
        "Python 3.10 and 3.11, with every choice of settings that was tested."
    ]


# What to do ---------------------------------------------------------------------------------------


def test_what_hangs_has_a_pin_to_paste_and_the_command_that_says_more() -> None:
    result = checked([*both("hang"), *both("pass", right="2.0")], PINNED)
    assert ("right-lib==2.0",) in [one.pins for one in result.advice]
    assert result.ask == "interlock ask --left 1.0 --right 1.0 --python 3.10"


def test_the_command_names_what_was_stated() -> None:
    result = checked(both("hang"), PINNED, chosen={"level": "ERROR"})
    assert result.ask.endswith("--with level=ERROR")


def test_what_passes_is_not_told_to_move() -> None:
    assert checked(both("pass"), PINNED).advice == ()


def test_a_missing_feature_does_not_decide() -> None:
    lacking = verdict(
        cell(probe="serve", config="warnings"), "unsupported", reason=Reason.NO_FEATURE
    )
    known = matrix().probes
    probes = {
        "restart": replace(known["restart"], configs=("stock",)),
        "serve": replace(known["serve"], configs=("warnings",)),
    }
    result = checked([*grid("1.0\n1.0 pass"), lacking], PINNED, changes={"probes": probes})
    assert result.code is Exit.CLEAR
    assert {one.state for one in result.findings} == {State.PASS}
