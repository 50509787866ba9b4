"""If the site can't be written, the reader gets one line."""

from __future__ import annotations

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


def test_what_is_prepared_is_every_template(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = templates.ENVIRONMENT.overlay()
    monkeypatch.setattr(templates, "ENVIRONMENT", fresh)
    site.prepare()
    assert fresh.cache is not None
    assert {name for _, name in fresh.cache} == set(fresh.list_templates())
