"""``releases.json``: what the index lists and decides, read and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from grids import AXES, cell, verdict
from packaging.version import Version

from interlock.index.vulnerabilities import joined
from interlock.model import PythonVersion, Reason, UsageError
from interlock.record import schema
from interlock.record.releases import ListedRelease, ListedReleases, read_releases
from interlock.record.results import check_destination, read_results, write_results

ROOT = Path(__file__).parents[2]
P38, P314 = PythonVersion(3, 8), PythonVersion(3, 14)
UPLOADED = datetime(2024, 10, 2, 22, 2, 51, tzinfo=timezone.utc)
SAME = joined([["CVE-1", "GHSA-1"]])

PLAIN = ListedRelease(version=Version("1.0"), uploaded_at=UPLOADED, vulnerabilities=())
YANKED = ListedRelease(version=Version("2.9"), yanked=True, yanked_because='not "the" commit')
SILENT = ListedRelease(version=Version("2.10"), yanked=True)
REFUSED = ListedRelease(
    version=Version("2.10.1rc1"),
    refused={P38: Reason.REQUIRES_PYTHON, P314: Reason.NO_WHEEL},
    vulnerabilities=SAME,
)
LISTED = ListedReleases(
    pythons=(P38, P314),
    by_axis={"left": [PLAIN, YANKED, SILENT, REFUSED], "right": [PLAIN]},
)
ROW = verdict(cell("2.9", "3.1"))


def written(folder: Path, listed: ListedReleases = LISTED) -> Path:
    write_results([ROW], {}, folder, AXES, releases=listed)
    return folder / "releases.json"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    written(tmp_path)
    assert read_releases(tmp_path) == LISTED
    assert read_results(tmp_path, AXES).releases == LISTED


def test_a_release_is_one_line_in_version_order(tmp_path: Path) -> None:
    lines = written(tmp_path).read_text().splitlines()
    assert [line.strip() for line in lines if "uploaded_at" in line] == [
        '"1.0": {"uploaded_at": "2024-10-02T22:02:51+00:00", "vulnerabilities": []},',
        '"2.9": {"uploaded_at": null, "yanked": "not \\"the\\" commit", "vulnerabilities": null},',
        '"2.10": {"uploaded_at": null, "yanked": "", "vulnerabilities": null},',
        '"2.10.1rc1": {"uploaded_at": null, "no_wheel": ["3.14"], "requires_python": ["3.8"], '
        '"vulnerabilities": ["CVE-1"]}',
        '"1.0": {"uploaded_at": "2024-10-02T22:02:51+00:00", "vulnerabilities": []}',
    ]


def test_a_name_of_a_vulnerability_is_kept_with_its_other_names(tmp_path: Path) -> None:
    content = json.loads(written(tmp_path).read_text())
    assert content["vulnerabilities"] == {"CVE-1": ["GHSA-1"]}


def test_a_release_is_found_by_its_version() -> None:
    assert LISTED.of("left", Version("2.9")) is YANKED
    assert LISTED.of("left", Version("2.9.1")) is None
    assert LISTED.of("other", Version("2.9")) is None
    assert not ListedReleases().of("left", Version("2.9"))


def test_the_yanked_releases_are_read_from_it(tmp_path: Path) -> None:
    written(tmp_path)
    found = read_results(tmp_path, AXES).yanked
    assert found == {"left": {Version("2.9"), Version("2.10")}, "right": frozenset()}


def test_it_takes_the_place_of_the_older_file(tmp_path: Path) -> None:
    withdrawn = {"left": [Version("2.9")]}
    write_results([ROW], {}, tmp_path, AXES, withdrawn)
    assert read_results(tmp_path, AXES).yanked == {"left": {Version("2.9")}, "right": set()}
    written(tmp_path)
    assert not (tmp_path / "yanked.json").exists()


def test_without_an_index_the_folder_keeps_what_it_has(tmp_path: Path) -> None:
    before = written(tmp_path).read_bytes()
    write_results([ROW], {}, tmp_path, AXES)
    assert (tmp_path / "releases.json").read_bytes() == before
    assert not (tmp_path / "yanked.json").exists()


def test_the_same_releases_are_the_same_file(tmp_path: Path) -> None:
    other = ListedReleases(pythons=LISTED.pythons, by_axis=dict(reversed(LISTED.by_axis.items())))
    assert written(tmp_path / "a").read_bytes() == written(tmp_path / "b", other).read_bytes()


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c.pop("pythons"), "pythons: is missing"),
        (lambda c: c.update(schema_version=2), "schema_version: 2: input should be 1"),
        (lambda c: c["pythons"].append("3"), "pythons[2]: "),
        (lambda c: c["releases"]["left"].update({"x": {}}), '"x" is not a version'),
        (lambda c: c["releases"]["left"].update({"3.0": {}}), "uploaded_at: is missing"),
        (lambda c: c["releases"]["left"]["1.0"].update(uploaded_at="now"), "is not a time"),
        (lambda c: c["releases"]["left"]["1.0"].update(no_wheel=["3"]), "no_wheel[0]"),
        (lambda c: c["releases"]["left"]["1.0"].update(vulnerabilities=[1]), "must be text"),
        (lambda c: c["releases"]["left"]["1.0"].update(yanked=True), "yanked: must be text"),
        (lambda c: c.update(releases=[]), "releases: must be a mapping"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, change: Change, expected: str) -> None:
    path = written(tmp_path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    for read in (read_results, check_destination):
        with pytest.raises(UsageError, match=r"releases\.json") as raised:
            read(tmp_path, AXES)
        assert expected in str(raised.value)


def test_files_are_what_their_schema_says(tmp_path: Path) -> None:
    described = json.loads((Path(schema.__file__).parent / "releases.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(described)
    for path in (written(tmp_path), ROOT / "results" / "releases.json"):
        jsonschema.validate(json.loads(path.read_text()), described)


def test_the_published_file_lists_every_release_of_its_verdicts() -> None:
    published = read_releases(ROOT / "results")
    text = (ROOT / "results" / "verdicts.csv").read_text().splitlines()
    axes = text[0].split(",")[:2]
    for line in text[1:]:
        for axis, version in zip(axes, line.split(",")[:2], strict=True):
            assert version == "-" or published.of(axis, Version(version)), (axis, version)
