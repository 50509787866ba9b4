"""If the site can't be written, the reader gets one line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from matrices import MATRIX

from interlock.model import StorageTrouble
from interlock.publish import site, templates


def test_a_file_in_the_place_of_the_generated_pages_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: none")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "generated").write_text("")
    with pytest.raises(StorageTrouble, match=r"can't be written: .*generated"):
        site.build(tmp_path, tmp_path / "results", MATRIX)


def test_two_builds_in_one_checkout_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: none")
    inside, most = threading.Semaphore(1), []

    def build(*_: object) -> Path:
        most.append(inside.acquire(blocking=False))
        threading.Event().wait(0.2)  # the other one would come in meanwhile
        inside.release()
        return tmp_path

    monkeypatch.setattr(site, "_build", build)
    with ThreadPoolExecutor(2) as threads:
        builds = [
            threads.submit(site.build, tmp_path, tmp_path / "results", MATRIX) for _ in range(2)
        ]
        assert [one.result(timeout=60) for one in builds] == [tmp_path] * 2
    assert most == [True, True]


def test_what_is_prepared_is_every_template(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = templates.ENVIRONMENT.overlay()
    monkeypatch.setattr(templates, "ENVIRONMENT", fresh)
    site.prepare()
    assert fresh.cache is not None
    assert {name for _, name in fresh.cache} == set(fresh.list_templates())
