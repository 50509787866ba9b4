"""The made-up data set, published and built once for all tests and workers."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from browsing import CHROMIUM, QUIET
from made_up import CONFIGS, DDTRACE, PYTHON, SENTRY, all_verdicts, cell, shown, verdict
from made_up_evidence import control, example
from packaging.version import Version

from interlock.matrix import definition, matrix_file
from interlock.model import Outcome, Phase, PythonVersion, Reason, Verdict
from interlock.publish import site
from interlock.record.releases import ListedRelease, ListedReleases
from interlock.record.results import write_results, write_verdicts

T = TypeVar("T")
Once = Callable[[str, Callable[[Path], T]], T]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Published:
    """A data set, and the folders that were made from it."""

    matrix: definition.Matrix
    verdicts: Sequence[Verdict]
    results: Path
    site: Path
    generated: Path
    public: Path

    @property
    def shown(self) -> dict[tuple[str, ...], tuple[Outcome, bool] | None]:
        """What the matrix must show for every combination, tested or not."""
        names = itertools.product(SENTRY, DDTRACE, PYTHON, CONFIGS)
        return {of: shown(*of) for of in names} if self.verdicts else {}

    def text(self, name: str) -> str:
        """A generated file."""
        return (self.generated / name).read_text(encoding="utf-8")


P314 = PythonVersion(3, 14)
RELEASES = ListedReleases(
    pythons=(*map(PythonVersion.parse, PYTHON), P314),
    by_axis={
        "sentry": [ListedRelease(version=Version(v)) for v in (*SENTRY, "2.8.0")],
        "ddtrace": [
            ListedRelease(version=Version(v), refused={P314: Reason.NO_WHEEL})
            for v in (*DDTRACE, "2.14.9")
        ],
    },
)
"""The releases of the data set, and one more of each library."""


def published(
    verdicts: Sequence[Verdict],
    folder: Path,
    controls: Sequence[dict[str, object]] = (),
    releases: ListedReleases = RELEASES,
) -> Published:
    """Everything from ``results/`` to the built site."""
    described = matrix_file.load(HERE / "matrix.yaml", HERE / "probes")
    seen = {signature for verdict in verdicts for signature, _ in verdict.signatures}
    examples = {signature: example(signature) for signature in seen}
    write_results(verdicts, examples, folder / "results", described.axes, releases=releases)
    # Some are inferred. Only the published form of the table has these.
    write_verdicts(verdicts, described.axes, folder / "results" / "verdicts.csv")
    if controls:
        said = json.dumps({"schema_version": 1, "controls": controls})
        (folder / "results" / "controls.json").write_text(said, encoding="utf-8")
    shutil.copytree(ROOT / "site", folder / "site", ignore=shutil.ignore_patterns("generated"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    start_page = site.build(folder, folder / "results", described)
    return Published(
        matrix=described,
        verdicts=verdicts,
        results=folder / "results",
        site=folder / "site",
        generated=folder / "site" / "generated",
        public=start_page.parent,
    )


@pytest.fixture(scope="session")
def publish() -> Callable[..., Published]:
    """``published``, for a module with a data set of its own."""
    return published


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; skips the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists() and not shutil.which("chromium"):
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def complete(once: Once[Published]) -> Published:
    """The whole data set, published once."""
    controls = [control(differs=False)]
    return once("complete", lambda folder: published(all_verdicts(), folder, controls))


@pytest.fixture(scope="session")
def doubtful(once: Once[Published]) -> Published:
    """One cell, in a campaign whose known hang did not hang."""
    doubted = (Outcome.UNPROVEN, Phase.SERVING, Reason.CONTROL_DIFFERS)
    of = verdict(cell("2.5.1", "3.2.1", "3.10", "warning-events"), doubted)
    return once("doubtful", lambda folder: published([of], folder, [control(differs=True)]))


@pytest.fixture(scope="session")
def nothing(once: Once[Published]) -> Published:
    """Before the first campaign."""
    return once("nothing", lambda folder: published([], folder))
