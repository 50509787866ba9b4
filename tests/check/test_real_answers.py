"""Files in the shapes of real projects, checked against the published results."""

from __future__ import annotations

import csv
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from ours import PROBES

from interlock.check.deciding import Request, decide
from interlock.check.found import Project
from interlock.check.project import read_project
from interlock.check.result import Exit, Result
from interlock.findings import Findings
from interlock.matrix import matrix_file
from interlock.record.kept import Kept
from interlock.record.published import read_published

ROOT = PROBES.parent
FOLDER = ROOT / "tests" / "data" / "lockfiles"
PAIR = {"sentry-sdk": "sentry", "ddtrace": "ddtrace"}


@pytest.fixture(scope="module")
def findings() -> Findings:
    matrix = matrix_file.load(ROOT / "matrix.yaml", PROBES, None, digests=False)
    now = datetime.now(timezone.utc)
    published = read_published(ROOT / "results", matrix, Kept(folder=None), now)
    return Findings(
        matrix=matrix,
        verdicts=published.verdicts,
        withdrawn=published.yanked,
        audited=published.audited,
        releases=published.releases,
        now=now,
    )


def read(*files: str) -> Project:
    return read_project([FOLDER / file for file in files], PAIR)


def checked(findings: Findings, *files: str) -> Result:
    return decide(read(*files), findings, Request(today=date(2026, 11, 28)))


@pytest.mark.parametrize(
    ("files", "pair"),
    [
        (
            ["02-split-hashed-older/main.txt", "02-split-hashed-older/deploy.txt"],
            "2.19.2 2.18.1 on 3.12",
        ),
        (["03-inline-comments.txt"], "2.21.0 2.19.0 on any"),
        (["05-hashed-with-extras.txt"], "1.39.1 2.3.2 on 3.12"),
        (["07-transitive/requirements.txt"], "2.29.1 3.2.1 on 3.12"),
        (
            ["07-transitive/requirements.in", "07-transitive/requirements.txt"],
            "2.29.1 3.2.1 on any",
        ),
        (["09-poetry-2.0/poetry.lock"], "2.8.0 3.7.0 on any"),
        (["11-poetry-1.1/poetry.lock"], "1.0.0 0.47.0 on any"),
        (["11-poetry-1.1/pyproject.toml", "11-poetry-1.1/poetry.lock"], "1.0.0 0.47.0 on any"),
        (["12-optional-extra/uv.lock"], "2.66.0 4.12.2 on any"),
        (["12-optional-extra/pyproject.toml", "12-optional-extra/uv.lock"], "2.66.0 4.12.2 on any"),
        (
            ["12-optional-extra/requirements.txt", "12-optional-extra/uv.lock"],
            "2.66.0 4.12.2 on any",
        ),
        (["16-url-without-name.txt"], "0.19.4 0.44.0 on any"),
        (["20-sections.txt"], "2.18.0 2.10.4 on any"),
        (["22-dev-group/poetry.lock"], "1.32.0 2.1.2 on any"),
        (["22-dev-group/pyproject.toml", "22-dev-group/poetry.lock"], "1.32.0 2.1.2 on any"),
        (["81-pdm.lock"], "2.40.0 2.21.12 on any"),
        (["85-crlf.txt"], "2.14.0 2.14.4 on any"),
    ],
)
def test_a_pinned_pair_is_the_one_that_is_answered(
    findings: Findings, files: list[str], pair: str
) -> None:
    result = checked(findings, *files)
    sentry, ddtrace, _, python = pair.split()
    assert {
        tuple(str(version) for versions in one.releases.values() for version in versions)
        for one in result.findings
    } == {(sentry, ddtrace)}
    assert python in ("any", *map(str, result.pythons))
    assert python == "any" or len(result.pythons) == 1
    assert result.code in (Exit.CLEAR, Exit.FOUND, Exit.NOT_KNOWN)


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        (["11-poetry-1.1/pyproject.toml"], "sentry-sdk >=0.17.8; ddtrace >=0.41.2"),
        (["12-optional-extra/pyproject.toml"], "sentry-sdk <3,>=2.66.0; ddtrace >=4.12.2"),
        (["22-dev-group/pyproject.toml"], "sentry-sdk <2,>=1.14.0; ddtrace <3.0.0,>=1.6.4"),
        (["83-setup.py"], "sentry-sdk >=1.45; ddtrace ~=2.3"),
        (
            ["02-split-hashed-older/main.txt", "18-docker-over-lock/Dockerfile"],
            "sentry-sdk 2.19.2; ddtrace ~=3.0",
        ),
    ],
)
def test_a_range_is_the_one_that_is_answered(
    findings: Findings, files: list[str], asked: str
) -> None:
    result = checked(findings, *files)
    assert {"; ".join(map(str, one.chosen)) for one in result.findings} == {asked}
    assert result.code is not Exit.MISTAKE
    assert result.safe


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        ("02-split-hashed-older/deploy.txt", "sentry-sdk"),
        ("02-split-hashed-older/main.txt", "ddtrace"),
        ("07-transitive/requirements.in", "ddtrace"),
        ("12-optional-extra/requirements.txt", "ddtrace"),
        ("18-docker-over-lock/Dockerfile", "sentry-sdk"),
        ("24-tilde-only.txt", "sentry-sdk"),
    ],
)
def test_half_a_pair_is_never_a_pass(findings: Findings, file: str, missing: str) -> None:
    result = checked(findings, file)
    assert result.code is Exit.NOT_KNOWN
    assert f"The other, {missing}, is not in these files" in result.problems[0].says


@pytest.mark.parametrize("file", ["13-direct-urls/uv.lock", "13-direct-urls/pyproject.toml"])
def test_a_fork_is_not_known(findings: Findings, file: str) -> None:
    result = checked(findings, file)
    assert result.code is Exit.NOT_KNOWN
    assert any("comes from https://" in detail for o in result.findings for detail in o.details)


def test_the_cases_cover_every_file() -> None:
    with (FOLDER / "manifest.csv").open(newline="", encoding="utf-8") as opened:
        files = [row["file"] for row in csv.DictReader(opened)]
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(files) == 23
    assert [file for file in files if f'"{file}"' not in text] == []


def test_what_is_over_a_lock_is_said(findings: Findings) -> None:
    both = ["12-optional-extra/uv.lock", "18-docker-over-lock/Dockerfile"]
    result = checked(findings, *both)
    remarks = [one for library in result.libraries for one in library.remarks]
    assert any("Dockerfile:5 installs ddtrace beside the lock" in one for one in remarks)
    chosen = {str(one.chosen[1]) for one in result.findings}
    assert chosen == {"ddtrace 4.12.2", "ddtrace ~=3.0"}, "nobody knows which one stays"


def test_the_hang_that_all_of_this_is_about_is_found(findings: Findings, tmp_path: Path) -> None:
    (tmp_path / "app.txt").write_text("Sentry.SDK==2.5.1\nDDtrace==2.14.2\n", encoding="utf-8")
    project = read_project([tmp_path / "app.txt"], PAIR)
    result = decide(project, findings, Request(today=date(2026, 11, 28)))
    assert result.code is Exit.FOUND
    assert result.advice and result.workarounds
