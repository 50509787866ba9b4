"""The page of a signature."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

SELF = "BackgroundWorker._lock → BackgroundWorker._lock"


def page_of(complete: Any, signature: str) -> Path:
    pages = (complete.generated / "hangs").iterdir()
    return next(p for p in pages if f"# `{signature}`" in p.read_text(encoding="utf-8"))


def test_signature_page_has_drawing_evidence_report_and_command(complete: Any) -> None:
    page = page_of(complete, SELF)
    text = page.read_text(encoding="utf-8")

    assert '<svg class="il-cycle"' in text
    assert "which it holds itself since <code>with self._lock</code>" in text
    assert 'href="https://github.com/getsentry/sentry-python/issues/3753"' in text
    assert "a call is never made" in text
    assert "--sentry 2.5.1 --ddtrace 2.14.2 --python 3.10" in text
    assert "profiling on, and warnings in the log become Sentry events" in text


def test_signature_page_tells_affected_releases_as_windows(complete: Any) -> None:
    page = page_of(complete, SELF)
    rows = re.findall(r"<tr>(<td>.*?)</tr>", page.read_text(encoding="utf-8"))
    lines = [tuple(re.findall(r"<td>(.*?)</td>", row)) for row in rows]

    # stock: ddtrace 2.14.2 alone hangs, on every Python that it installs on.
    assert ("2.5.1 to 2.70.1", "2.14.2", "3.8 to 3.13") in lines
    # warning-events: on 3.13 the older releases do not install.
    assert ("2.5.1 to 2.20.0", "2.14.2 to 2.21.12", "3.13") in lines


def test_a_release_that_hangs_in_another_way_is_not_affected(complete: Any) -> None:
    from interlock.publish.context import PageContext
    from interlock.publish.hangs import affected
    from interlock.record.results import read_results

    results = read_results(complete.results, complete.matrix.axes)
    whole = PageContext(matrix=complete.matrix, results=results)
    (file,) = [f for f in results.signatures if f["signature"] == str(SELF)]
    track = ("worker_restart", "warning-events")
    axes = ("sentry", "ddtrace", "python")
    only = [c for c in file["cells"] if (c["probe"], c["config"]) == track][:1]
    names = (*axes, "probe", "config")
    (row,) = affected(whole, [whole.findings.by_cell[tuple(c[n] for n in names)] for c in only])
    assert row == tuple(only[0][axis] for axis in axes)


def test_orphaned_lock_is_drawn_with_a_holder_who_is_gone(complete: Any) -> None:
    text = page_of(complete, "Handler.lock → a thread that the fork left behind").read_text("utf-8")

    assert 'class="il-gone"' in text
    assert "held at the fork by a thread that the fork left behind" in text
    assert "Seen with one library alone or a workaround: 21 cells" in text
