"""Files in the shapes that real projects use, with what is right in each."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from interlock.check.found import Mention
from interlock.check.project import read_project

FOLDER = Path(__file__).parent.parent / "data" / "lockfiles"
PAIR = {"sentry-sdk": "sentry", "ddtrace": "ddtrace"}
REMARKED = {("24-tilde-only.txt", "2.21.3"): "~=2.21.3"}
"""Where the remark is right and the cell is short: ``~= lets 2.21.12 in``."""

with (FOLDER / "manifest.csv").open(newline="", encoding="utf-8") as opened:
    ROWS = list(csv.DictReader(opened))

IN_WORDS = {
    "^1.14.0": ">=1.14.0,<2",
    "^3.8": ">=3.8,<4",
    "^3.9.2": ">=3.9.2,<4",
    "3.12": "==3.12.*",
    "@ URL, 4.1.0.dev0": "4.1.0.dev0",
    "4.1.0.dev0 (three times)": "4.1.0.dev0",
    "(in the lock)": "",
}
"""What some cells of the manifest mean in specifiers."""

SAID = """
02-split-hashed-older/deploy.txt      ddtrace     8   direct      locked
02-split-hashed-older/main.txt        sentry-sdk  10  direct      locked
03-inline-comments.txt                ddtrace     6   direct      asked
03-inline-comments.txt                sentry-sdk  10  direct      asked
05-hashed-with-extras.txt             ddtrace     12  direct      locked
05-hashed-with-extras.txt             sentry-sdk  34  direct      locked
07-transitive/requirements.in         sentry-sdk  5   direct      asked
07-transitive/requirements.txt        ddtrace     4   transitive  locked
07-transitive/requirements.txt        sentry-sdk  8   direct      locked
09-poetry-2.0/poetry.lock             ddtrace     4   unknown     locked
09-poetry-2.0/poetry.lock             sentry-sdk  23  unknown     locked
11-poetry-1.1/poetry.lock             ddtrace     2   direct      locked
11-poetry-1.1/poetry.lock             sentry-sdk  18  direct      locked
11-poetry-1.1/pyproject.toml          ddtrace     9   direct      asked
11-poetry-1.1/pyproject.toml          sentry-sdk  10  direct      asked
12-optional-extra/pyproject.toml      sentry-sdk  7   direct      asked
12-optional-extra/pyproject.toml      ddtrace     12  direct      asked    datadog
12-optional-extra/uv.lock             ddtrace     32  direct      locked   datadog
12-optional-extra/uv.lock             sentry-sdk  45  direct      locked
12-optional-extra/requirements.txt    sentry-sdk  3   direct      asked
13-direct-urls/pyproject.toml         sentry-sdk  6   direct      asked
13-direct-urls/pyproject.toml         ddtrace     11  direct      asked    server
13-direct-urls/pyproject.toml         ddtrace     12  direct      asked    server
13-direct-urls/pyproject.toml         ddtrace     13  direct      asked    server
13-direct-urls/pyproject.toml         ddtrace     16  direct      asked    desktop
13-direct-urls/pyproject.toml         ddtrace     17  direct      asked    desktop
13-direct-urls/pyproject.toml         ddtrace     18  direct      asked    desktop
13-direct-urls/uv.lock                ddtrace     6   direct      locked   desktop, server
13-direct-urls/uv.lock                ddtrace     17  direct      locked   desktop, server
13-direct-urls/uv.lock                ddtrace     28  direct      locked   desktop, server
13-direct-urls/uv.lock                sentry-sdk  39  direct      locked
16-url-without-name.txt               ddtrace     11  direct      locked
16-url-without-name.txt               sentry-sdk  15  direct      locked
18-docker-over-lock/Dockerfile        ddtrace     5   direct      asked
20-sections.txt                       ddtrace     6   direct      asked
20-sections.txt                       sentry-sdk  13  direct      asked
22-dev-group/pyproject.toml           ddtrace     11  direct      asked    dev
22-dev-group/pyproject.toml           sentry-sdk  14  direct      asked    integrations
22-dev-group/poetry.lock              ddtrace     4   direct      locked   dev
22-dev-group/poetry.lock              sentry-sdk  23  direct      locked   integrations
24-tilde-only.txt                     ddtrace     2   direct      asked
81-pdm.lock                           ddtrace     12  unknown     locked
81-pdm.lock                           sentry-sdk  25  unknown     locked
83-setup.py                           ddtrace     8   direct      asked
83-setup.py                           sentry-sdk  10  direct      asked
85-crlf.txt                           ddtrace     2   direct      asked
85-crlf.txt                           sentry-sdk  3   direct      asked
"""
"""The line of each mention, what brings it in, and the group that it is in."""


def asked(mention: Mention) -> str:
    return str(mention.version or mention.specifier)


def wanted(row: dict[str, str], column: str) -> set[str]:
    cell = REMARKED.get((row["file"], row[column]), row[column])
    text = IN_WORDS.get(cell, cell)
    return {str(SpecifierSet(text)) if text[:1] in "<>=~!" else text} - {""}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["file"]))
def test_each_file_says_what_the_manifest_says(row: dict[str, str]) -> None:
    project = read_project([FOLDER / row["file"]], PAIR)
    (file,) = project.files
    assert {asked(one) for one in project.of("sentry-sdk")} == wanted(row, "sentry pin")
    assert {asked(one) for one in project.of("ddtrace")} == wanted(row, "ddtrace pin")
    if not row["file"].endswith(".in"):  # its Python stands in the compiled file beside it
        assert {str(file.python or "")} - {""} == wanted(row, "python")
    assert [one for one in project.unread if not one.is_elsewhere] == []


@pytest.mark.parametrize("name", [row["file"] for row in ROWS])
def test_each_mention_has_its_line_and_its_reason(name: str) -> None:
    reason = {True: "direct", False: "transitive", None: "unknown"}
    found = [
        [
            one.package,
            str(one.line),
            reason[one.is_direct],
            "locked" if one.is_locked else "asked",
            *([one.group] if one.group else []),
        ]
        for one in read_project([FOLDER / name], PAIR).mentions
    ]
    said = [line.split(maxsplit=5)[1:] for line in SAID.strip().splitlines() if f"{name} " in line]
    assert found == said


def test_a_package_of_another_is_told_with_the_other() -> None:
    project = read_project([FOLDER / "07-transitive" / "requirements.txt"], PAIR)
    assert [one.needed_by for one in project.of("ddtrace")] == [("django-log-formatter-asim",)]


def test_the_direct_urls_are_told() -> None:
    project = read_project([FOLDER / "13-direct-urls" / "uv.lock"], PAIR)
    sources = {one.source.rpartition("/")[2] for one in project.of("ddtrace")}
    assert len(sources) == len({one.marker for one in project.of("ddtrace")}) == 3
    assert all(name.startswith("ddtrace-4.1.0.dev0-cp312") for name in sources)


def test_a_lock_that_an_image_installs_is_pointed_to() -> None:
    project = read_project([FOLDER / "18-docker-over-lock" / "Dockerfile"], PAIR)
    (unread,) = project.unread
    assert (unread.text, unread.line, unread.is_elsewhere) == ("uv.lock", 4, True)


def test_a_folder_is_read_by_its_locks() -> None:
    project = read_project([FOLDER / "12-optional-extra"], PAIR)
    assert [file.path.name for file in project.files] == [
        "uv.lock",
        "requirements.txt",
        "pyproject.toml",
    ]
