"""What holds for every page, also before the first campaign and in doubt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def test_before_the_first_campaign_the_site_says_so(nothing: Any) -> None:
    index = (nothing.public / "index.html").read_text(encoding="utf-8")

    assert "Nothing has been tested yet" in index
    assert "✓" not in index


def test_generating_again_leaves_nothing_old_behind(complete: Any, tmp_path: Path) -> None:
    from interlock.publish.publishers import generate

    stale = tmp_path / "generated" / "hangs" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.touch()

    generate(complete.results, tmp_path, complete.matrix)

    assert not stale.exists()


def test_pages_name_no_other_host_for_scripts_styles_or_pictures(complete: Any) -> None:
    loads = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//')

    for page in complete.public.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page


def test_banner_stands_on_every_page_where_a_control_differed(doubtful: Any) -> None:
    pages = [p for p in doubtful.public.rglob("*.html") if p.name != "404.html"]

    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert 'role="alert" data-controls="1" data-cells="1"' in text, page
        assert "for worker_restart" in text, page


def test_banner_stands_nowhere_where_all_answered_as_known(complete: Any) -> None:
    for page in complete.public.rglob("*.html"):
        assert "il-alarm" not in page.read_text(encoding="utf-8")


def test_controls_are_listed_with_what_was_expected_and_what_came(
    complete: Any, doubtful: Any
) -> None:
    known, differs = (of.text("controls.md") for of in (complete, doubtful))

    assert "1 of 1 as known" in known and "3 hang" in known and "0.2 to 1.9" in known
    assert "1 of 1 differ" in differs and "3 pass" in differs


def test_banner_speaks_of_the_last_campaign_of_each_control(complete: Any) -> None:
    from interlock.publish import controls

    old = {"cell": {"python": "3.10"}, "last_at": "2025-03-08T00:00:00+00:00", "differs": True}
    new = {"cell": {"python": "3.10"}, "last_at": "2025-03-09T00:00:00+00:00", "differs": False}

    assert controls.newest([new, old]) == [new]
