"""Exceptions: what is let through, until when, and what is wrong with their file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from gate import PINNED, checked, project
from grids import cell, grid, matrix, verdict

from interlock.check.exceptions import Exempt, read_exceptions
from interlock.check.result import Exit
from interlock.model import UsageError

WHOLE = """
[[exceptions]]
left-lib = "1.0"
right-lib = ">=1,<2"
reason = "Nothing starts there."
until = 2026-12-31
"""


def read(tmp_path: Path, text: str, name: str = "exceptions.toml") -> list[Exempt]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_exceptions(tmp_path / name, matrix())


def hanging(*configs: str) -> list:  # type: ignore[type-arg]
    return [
        verdict(cell(config=config, probe=probe), "hang" if config in configs else "pass")
        for config in ("stock", "warnings")
        for probe in ("restart", "serve")
    ]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("", Exit.CLEAR),
        ('python = "3.10"', Exit.CLEAR),
        ('python = ">=3.10,<3.12"', Exit.CLEAR),
        ('python = "3.11"', Exit.FOUND),
        ('situation = {level = "WARNING"}', Exit.CLEAR),
        ('situation = {level = "ERROR"}', Exit.FOUND),
    ],
)
def test_an_exception_lets_through_what_it_names(tmp_path: Path, more: str, code: Exit) -> None:
    exempts = tuple(read(tmp_path, WHOLE + more))
    result = checked(hanging("warnings"), PINNED, exempts=exempts)
    assert result.code is code
    assert len(result.excepted) == (1 if code is Exit.CLEAR else 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"1.0"', '"1.1"'),
        ('">=1,<2"', '">=2"'),
    ],
)
def test_an_exception_of_another_pair_says_that_it_matches_nothing(
    tmp_path: Path, before: str, after: str
) -> None:
    exempts = tuple(read(tmp_path, WHOLE.replace(before, after)))
    result = checked(hanging("stock"), PINNED, exempts=exempts)
    assert result.code is Exit.FOUND
    assert any("matches no finding" in note for note in result.notes)


@pytest.mark.parametrize(
    ("until", "code"), [("2026-03-01", Exit.FOUND), ("2026-03-02", Exit.CLEAR)]
)
def test_an_exception_ends_after_its_last_day(tmp_path: Path, until: str, code: Exit) -> None:
    exempts = tuple(read(tmp_path, WHOLE.replace("2026-12-31", until)))
    result = checked(hanging("stock", "warnings"), PINNED, exempts=exempts)
    assert result.code is code
    told = any("ended on 2026-03-01" in note for note in result.notes)
    assert told is (code is Exit.FOUND)


def test_one_finding_that_is_let_through_does_not_hide_another(tmp_path: Path) -> None:
    exempts = tuple(read(tmp_path, WHOLE + 'situation = {level = "WARNING"}'))
    verdicts = [
        *(verdict(cell(config=c, probe=p)) for c in ("stock", "warnings") for p in ("serve",)),
        *grid("1.0\n1.0 fail"),
        *grid("1.0\n1.0 hang", config="warnings"),
    ]
    result = checked(verdicts, PINNED, exempts=exempts)
    assert result.code is Exit.FOUND
    assert [str(one.state) for one in result.excepted] == ["hang"]


def test_a_window_of_a_range_is_let_through_only_as_a_whole(tmp_path: Path) -> None:
    verdicts = [
        verdict(cell("1.0", right, config=config, probe=probe), outcome)
        for right, outcome in (("1.0", "hang"), ("1.5", "hang"), ("2.0", "hang"), ("3.0", "pass"))
        for config in ("stock", "warnings")
        for probe in ("restart", "serve")
    ]
    files = project("app.txt: left-lib==1.0, right-lib")
    result = checked(verdicts, files, exempts=tuple(read(tmp_path, WHOLE)))
    assert result.code is Exit.FOUND
    assert [one.says.split(" hang")[0] for one in result.excepted] == ["right-lib 1.0 to 1.5"]
    told = [one.says.split(" hang")[0] for one in result.findings if one.is_window]
    assert told == ["right-lib 2.0"]


def test_a_window_that_is_let_through_in_some_settings_is_listed_and_no_safe_part(
    tmp_path: Path,
) -> None:
    verdicts = [
        verdict(
            cell("1.0", right, config=config, probe=probe),
            "hang" if (right, config) == ("1.0", "warnings") else "pass",
        )
        for right in ("1.0", "1.5", "2.0")
        for config in ("stock", "warnings")
        for probe in ("restart", "serve")
    ]
    files = project("app.txt: left-lib==1.0, right-lib")
    result = checked(verdicts, files, exempts=tuple(read(tmp_path, WHOLE)))
    assert result.code is Exit.CLEAR
    assert [one.says.split(" hang")[0] for one in result.excepted] == ["right-lib 1.0"]
    assert result.safe[0].lines == ("right-lib>=1.5,<=2.0",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("any.toml", WHOLE),
        ("pyproject.toml", WHOLE.replace("[[exceptions]]", "[[tool.interlock.exceptions]]")),
        ("spelled.toml", WHOLE.replace("left-lib", "Left_Lib").replace("right-lib", "right")),
        ("text.toml", WHOLE.replace("2026-12-31", '"2026-12-31"')),
    ],
)
def test_an_exception_is_read_from_each_form(tmp_path: Path, name: str, text: str) -> None:
    (one,) = read(tmp_path, text, name)
    assert (one.until, one.line) == (date(2026, 12, 31), 2)
    assert {axis: str(within) for axis, within in one.versions.items()} == {
        "left": "==1.0",
        "right": "<2,>=1",
    }


def test_a_pyproject_without_exceptions_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 'app'\n[tool]\ninterlock = 3\n", encoding="utf-8")
    assert read_exceptions(path, matrix(), is_required=False) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = [", "is not valid TOML"),
        ("", "has no [[exceptions]]"),
        ("exceptions = 3", "has to be a list of tables"),
        (WHOLE.replace("reason", "because"), ':5: exception: "because" is unknown'),
        (WHOLE.replace('"Nothing starts there."', '""'), ':5: exception: "reason" is missing'),
        (WHOLE.replace("2026-12-31", '"soon"'), ':6: exception: "until" has to be a day'),
        (WHOLE.replace("until = 2026-12-31", ""), ':2: exception: "until" has to be a day'),
        (WHOLE.replace('"1.0"', '"new"'), ':3: exception: "new" is neither a release'),
        (WHOLE.replace('"1.0"', "1.0"), ':3: exception: "left-lib" is missing'),
        (WHOLE + 'situation = "level"', ":7: exception: has to be a table"),
        (WHOLE + 'situation = {levl = "ERROR"}', ':7: exception: "levl" is no choice'),
        (WHOLE + 'situation = {level = "loud"}', ':7: exception: "loud" is no value of level'),
        (WHOLE + 'python = "new"', ':7: exception: "new" is neither'),
        (WHOLE + WHOLE.replace('"1.0"', '"new"'), ":9: exception: "),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    assert says in str(error.value)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (2**20 + 1)])
def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e.toml").write_bytes(content)
    with pytest.raises(UsageError):
        read_exceptions(tmp_path / "e.toml", matrix())


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_exceptions(tmp_path / "none.toml", matrix())
