"""Whole files, as people have them."""

from __future__ import annotations

from pathlib import Path

from interlock.check.project import read_project

PAIR = {"sentry-sdk": "sentry", "ddtrace": "ddtrace"}


def test_the_pair_may_stand_in_two_files(tmp_path: Path) -> None:
    main, deploy = tmp_path / "main.txt", tmp_path / "deploy.txt"
    main.write_text("sentry_sdk==2.19.2\n")
    deploy.write_text("\nddtrace==2.18.1\n")
    project = read_project([main, deploy], PAIR)
    found = [(one.package, str(one.version), one.file, one.line) for one in project.mentions]
    assert found == [("sentry-sdk", "2.19.2", main, 1), ("ddtrace", "2.18.1", deploy, 2)]
