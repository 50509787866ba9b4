"""A range of releases: what the newest gets, what hangs within it, and which part is safe."""

from __future__ import annotations

import pytest
from gate import checked, listed, project
from grids import cell, grid, verdict

from interlock.check.result import Exit, Finding, Result, State
from interlock.model import Verdict

RIGHT = "1.0 1.1 1.2 1.3 2.0 2.1 2.2 3.0"
RELEASES = listed(left="1.0", right=RIGHT)


def row(text: str, python: str = "3.10") -> list[Verdict]:
    """``1.0 pass; 1.1 hang``: what each release of right does with left 1.0, in all settings."""
    found = []
    for clause in text.split("; "):
        version, outcome = clause.split()
        for probe in ("restart", "serve"):
            for config in ("stock", "warnings"):
                told = outcome if probe == "restart" else "pass"
                found.append(verdict(cell("1.0", version, python, config, probe), told))
    return found


ALL = "; ".join(f"{version} pass" for version in RIGHT.split())
HANGS = ALL.replace("1.1 pass", "1.1 hang").replace("1.2 pass", "1.2 hang")


def of(asked: str, verdicts: list[Verdict], **more: object) -> Result:
    files = project(f"app.txt: left-lib==1.0, {asked}")
    return checked(verdicts, files, **{"releases": RELEASES, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "known", "code", "safe"),
    [
        # all of it passes
        ("right-lib>=2,<3", ALL, Exit.CLEAR, "right-lib>=2,<3"),
        ("right-lib", ALL, Exit.CLEAR, "right-lib>=1.0,<=3.0"),
        # a hang within it, below what is installed today
        ("right-lib", HANGS, Exit.FOUND, "right-lib>=1.3,<=3.0"),
        ("right-lib<3", HANGS, Exit.FOUND, "right-lib>=1.3,<3"),
        ("right-lib~=1.0", HANGS, Exit.FOUND, "right-lib==1.3"),
        ("right-lib>=1.3", HANGS, Exit.CLEAR, "right-lib>=1.3,<=3.0"),
        ("right-lib==2.*", HANGS, Exit.CLEAR, "right-lib>=2.0,==2.*"),
        ("right-lib>=1,!=2.1", HANGS, Exit.FOUND, "right-lib>=1.3,<=3.0,!=2.1"),
        # a hang at its newest
        ("right-lib<1.3", HANGS, Exit.FOUND, "right-lib==1.0"),
        (
            "right-lib>=2",
            ALL.replace("3.0 pass", "3.0 hang"),
            Exit.FOUND,
            "right-lib>=2,<3.0",
        ),
        # a hang outside of it
        ("right-lib>=2", HANGS, Exit.CLEAR, "right-lib>=2,<=3.0"),
        # some of it is not known
        (
            "right-lib>=2",
            ALL.replace("; 2.1 pass", ""),
            Exit.NOT_KNOWN,
            "right-lib>=2.2,<=3.0",
        ),
        ("right-lib>=2", ALL.replace("; 3.0 pass", ""), Exit.NOT_KNOWN, "right-lib>=2,<3.0"),
        # nothing is listed in it
        ("right-lib>=9", ALL, Exit.NOT_KNOWN, None),
        # nothing of it passes
        ("right-lib>=3", ALL.replace("3.0 pass", "3.0 hang"), Exit.FOUND, ""),
    ],
)
def test_a_range_is_answered_by_its_parts(
    asked: str, known: str, code: Exit, safe: str | None
) -> None:
    result = of(asked, row(known))
    assert result.code is code
    assert [line for part in result.safe for line in part.lines] == ([safe] if safe else [])
    assert (safe is None) == (result.safe == ())


def windows(result: Result) -> list[Finding]:
    return [one for one in result.findings if one.is_window]


def test_the_newest_is_answered_and_then_the_windows() -> None:
    result = of("right-lib", row(HANGS))
    (window,) = windows(result)
    assert window.says == (
        "right-lib 1.1 to 1.2 hang with left-lib 1.0 on Python 3.10, with every choice of "
        "settings that was tested (2 tested)."
    )
    newest = next(one for one in result.findings if not one.is_window)
    assert newest.says.startswith("No hang was found: left-lib 1.0 with right-lib 3.0 on Python")


def test_windows_that_are_apart_are_named_apart() -> None:
    known = ALL.replace("1.1 pass", "1.1 hang").replace("2.1 pass", "2.1 hang")
    (window,) = windows(of("right-lib", row(known)))
    assert window.says.startswith("right-lib 1.1 and 2.1 hang with left-lib 1.0 on Python 3.10")


def test_a_hang_in_some_settings_names_them() -> None:
    verdicts = [
        one for one in row(ALL) if one.cell.key != cell("1.0", "1.1", config="warnings").key
    ]
    verdicts += grid("1.1\n1.0 hang", config="warnings")
    result = of("right-lib", verdicts)
    assert result.code is Exit.FOUND
    assert "where warnings are events (1 tested)" in windows(result)[0].says


@pytest.mark.parametrize(
    ("right", "asked", "code"),
    [
        # a yanked release is not installed by a range, and a pre-release only if it names one
        ("1.0 1.1! 1.3", "right-lib", Exit.CLEAR),
        ("1.0 1.1 1.3", "right-lib", Exit.FOUND),
        ("1.0 1.1rc1 1.3", "right-lib", Exit.CLEAR),
        ("1.0 1.1rc1 1.3", "right-lib>=1.0rc1", Exit.NOT_KNOWN),
    ],
)
def test_what_pip_would_not_install_does_not_count(right: str, asked: str, code: Exit) -> None:
    known = row("1.0 pass; 1.1 hang; 1.3 pass")
    assert of(asked, known, releases=listed(left="1.0", right=right)).code is code


def test_each_python_gets_the_newest_that_installs_there() -> None:
    releases = listed("3.10 3.11", {"3.0": "3.10"}, left="1.0", right=RIGHT)
    known = [*row(ALL), *row(ALL.replace("3.0 pass", "3.0 hang"), python="3.11")]
    result = of("right-lib>=2.2", known, releases=releases, pythons="")
    newest = [one.says for one in result.findings if not one.is_window]
    assert [says.partition(" with right-lib ")[2].partition(",")[0] for says in newest] == [
        "3.0 on Python 3.11",
        "2.2 on Python 3.10",
    ]


def test_the_safe_part_names_the_pythons_that_have_it() -> None:
    releases = listed("3.10 3.11", {"3.0": "3.10"}, left="1.0", right=RIGHT)
    known = [*row(ALL), *row(ALL, python="3.11")]
    (part,) = of("right-lib>=2.2", known, releases=releases, pythons="").safe
    assert "3.0 passes with left-lib 1.0 on Python 3.11" in part.says
    assert part.lines == ("right-lib==3.0",)


def test_two_ranges_find_an_older_pair_that_hangs() -> None:
    releases = listed(left="1.0 1.1", right="1.0 2.0")
    verdicts = [
        verdict(cell(left, right, config=config, probe=probe), outcome)
        for left, right, outcome in (
            ("1.0", "1.0", "hang"),
            ("1.0", "2.0", "pass"),
            ("1.1", "1.0", "pass"),
            ("1.1", "2.0", "pass"),
        )
        for config in ("stock", "warnings")
        for probe in ("restart", "serve")
    ]
    files = project("app.txt: left-lib>=1, right-lib>=1")
    result = checked(verdicts, files, releases=releases)
    assert result.code is Exit.FOUND
    (older,) = windows(result)
    assert older.state is State.HANG
    assert older.says == (
        "left-lib 1.0 with right-lib 1.0, an older pair in these ranges, hangs on Python 3.10."
    )
    assert ("left-lib>=1,<=1.1", "right-lib==2.0") in [part.lines for part in result.safe]


def test_an_inferred_release_is_no_end_of_the_safe_part() -> None:
    """2.1 lies between two tested releases of its line; 2.2 was not tested."""
    releases = listed(left="1.0", right="2.0.0 2.0.1 2.0.2 2.0.3")
    result = of("right-lib>=2", row("2.0.0 pass; 2.0.2 pass"), releases=releases)
    assert result.code is Exit.NOT_KNOWN
    assert result.safe[0].lines == ("right-lib>=2,<2.0.3",)


def test_ranges_in_several_files_have_to_be_met_together() -> None:
    files = project("a.txt: left-lib==1.0, right-lib>=1.3", "b.txt: right-lib<3")
    assert checked(row(HANGS), files, releases=RELEASES).code is Exit.CLEAR


def test_without_a_list_of_releases_the_tested_ones_count() -> None:
    files = project("app.txt: left-lib==1.0, right-lib>=2")
    assert checked(row("1.0 hang; 2.0 pass; 3.0 pass"), files).code is Exit.CLEAR
    assert checked(row("1.0 hang; 2.0 hang; 3.0 pass"), files).code is Exit.FOUND


def test_a_range_beside_a_fork_is_not_known() -> None:
    files = project("app.txt: left-lib==1.0 @ git+https://example.com/fork.git, right-lib>=1")
    result = checked(row(ALL), files, releases=RELEASES)
    assert result.code is Exit.NOT_KNOWN
    assert {one.state for one in result.findings} == {State.UNKNOWN}
    assert result.safe == ()


def test_where_nothing_of_a_range_installs_it_is_not_known() -> None:
    releases = listed("3.10", {"3.0": "3.10"}, left="1.0", right=RIGHT)
    result = of("right-lib>=3", row(ALL), releases=releases)
    assert result.code is Exit.NOT_KNOWN
    assert [one.says for one in result.findings] == [
        "right-lib >=3 does not install on Python 3.10."
    ]
