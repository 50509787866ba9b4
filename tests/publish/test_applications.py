"""A probe for one kind of application does not count for others.

Its hangs are shown as rates.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from grids import LEVEL, cell, forking, matrix, rows, verdict
from packaging.version import Version

from interlock.findings.findings import Findings
from interlock.findings.pools import Pool
from interlock.matrix.definition import Matrix, ProbeUse
from interlock.model import PythonVersion, Target, Verdict
from interlock.publish import answer, applications, safety, settings
from interlock.publish.context import PageContext
from interlock.record.results import Results

FORKING = forking(description="With `fork`.", instead="Start it in the `child`.")

FORKS = (
    "pair by serve: hang A 6/60; pair on 3.11 by serve: hang A 6/60; "
    "pair 2.0 by serve: hang A 1/50; "
    "left by serve: hang A 1/200; left on 3.11 by serve: hang A 1/200; "
    "left 2.0 by serve: pass 400; right by serve: pass 300; right on 3.11 by serve: pass 300"
)
"""The pair hangs 10 to 20 times as often as left alone; right alone never hangs."""
PASSES = "pair: pass 500; pair on 3.11: pass 500; pair 2.0: pass 500"


@pytest.fixture
def known() -> Matrix:
    return matrix(
        uses={"serve": ProbeUse(choices={"forking": "yes"})}, choices={**LEVEL, **FORKING}
    )


def context(known: Matrix, text: str) -> PageContext:
    verdicts = rows(text)
    return PageContext(
        matrix=known,
        results=Results(verdicts=verdicts, signatures=[], yanked={}, controls=[]),
    )


def safe(verdicts: list[Verdict], known: Matrix, application: str | None) -> object:
    findings = Findings(matrix=known, verdicts=verdicts)
    (right, _) = findings.by_application[application].recommendations
    return right.by_python[PythonVersion.parse("3.10")]


def test_what_only_some_applications_run_into_keeps_no_release_from_the_others(
    known: Matrix,
) -> None:
    verdicts = rows(f"{PASSES}; pair in warnings: pass 500; {FORKS}")

    assert safe(verdicts, known, None) == Target(axis="right", version=Version("1.0"))
    assert not isinstance(safe(verdicts, known, "forking"), Target)


def test_what_every_application_runs_into_counts_for_each_kind(known: Matrix) -> None:
    verdicts = rows("pair: hang A 1/30; pair by serve: pass 500; left: pass 500; right: pass 500")

    assert not isinstance(safe(verdicts, known, None), Target)
    assert not isinstance(safe(verdicts, known, "forking"), Target)


def test_where_no_probe_of_its_own_was_run_a_kind_is_untested(known: Matrix) -> None:
    about = context(known, f"{PASSES}; pair 3.0: pass 500; {FORKS}")
    (_, forking) = about.by_application

    assert {str(v.cell.pins[0].version) for v in about.about.pairs} == {"1.0", "2.0", "3.0"}
    assert {str(v.cell.pins[0].version) for v in forking.about.pairs} == {"1.0", "2.0"}
    (_, left) = forking.about.recommendations
    assert [str(standing.version) for standing in left.standings] == ["1.0", "2.0"]


def test_only_the_configurations_of_its_own_probes_are_a_kinds_choices(known: Matrix) -> None:
    about = context(known, f"{PASSES}; pair in warnings: pass 500; {FORKS}")

    (_, forking) = about.by_application
    assert (about.configs, forking.configs) == (("stock", "warnings"), ("stock",))


def test_without_a_verdict_of_its_own_a_kind_is_no_choice(known: Matrix) -> None:
    about = context(known, PASSES)

    assert about.by_application == (about,)
    assert list(applications.sections(about)) == []
    assert "the process forks" not in str(safety.lead(about))


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        # Clopper and Pearson's bounds; the upper one is 1 - 0.025 ** (1 / n) for none
        (Pool(hangs=27, exposures=517, trials=50), "5.2 % (3.5 % to 7.5 %)"),
        (Pool(hangs=0, exposures=100, trials=5), "3.6 % at most"),
        (Pool(hangs=2, exposures=1, trials=2), "–"),
    ],
)
def test_a_rate_is_told_with_its_interval(pool: Pool, expected: str) -> None:
    assert applications.rate(pool) == expected


def test_the_start_page_says_what_hangs_there_by_itself_and_what_is_likelier(
    known: Matrix, tmp_path: Path
) -> None:
    answer.publish(context(known, f"{PASSES}; {FORKS}"), tmp_path)

    first, page = (
        " ".join(re.sub(r"<[^>]+>", " ", (tmp_path / name).read_text()).split())
        for name in ("answer.md", "releases.md")
    )
    assert "Not where the process forks:" in first
    words = page
    assert "left-lib 1.0 hangs there without any right-lib: 2 of 400 starts." in words
    assert "Certainly more than twice as likely with right-lib 1.0.x:" in words
    assert "Every left-lib" not in words
    assert "## Where the process forks { #forking }" in words


def test_trouble_of_one_library_is_told_release_by_release_with_its_pythons(known: Matrix) -> None:
    """Of two releases and two Pythons not every combination has it."""
    said = safety.beside(
        context(
            known,
            "pair: fail inactive; left: fail inactive; right: pass 500; "
            "pair on 3.11: pass 500; left on 3.11: pass 500; right on 3.11: pass 500; "
            "pair 2.0: pass 500; left 2.0: pass 500; "
            "pair 2.0 on 3.11: fail inactive; left 2.0 on 3.11: fail inactive",
        )
    )
    assert [own.where for own in said] == ["1.0 on Python 3.10, and 2.0 on Python 3.11"]


def test_where_nothing_hangs_nothing_warns(known: Matrix) -> None:
    about = context(known, f"{PASSES}; pair by serve: pass 300; left by serve: pass 300")

    assert "the process forks" not in str(safety.lead(about))
    assert [section.look for section in applications.sections(about)] == [""]


def test_no_release_line_of_a_rare_hang_is_shown_as_a_hang_or_a_pass(known: Matrix) -> None:
    """1.0.x hung. 2.0.x did not, in enough exposures; 3.0.x in too few."""
    served = [
        replace(verdict(cell("1.0", right, probe="serve"), outcome), hangs=h, exposures=e)
        for right, outcome, h, e in (
            ("1.0", "hang", 20, 1000),
            ("2.0", "pass", 0, 1000),
            ("3.0", "pass", 0, 10),
        )
    ]
    results = Results(
        verdicts=[*rows("pair: pass 500"), *served], signatures=[], yanked={}, controls=[]
    )
    (section,) = applications.sections(PageContext(matrix=known, results=results))
    (table,) = section.tables
    assert section.look == "il-rare"
    assert [(line.mark.symbol if line.mark else "", line.name) for line in table.lines] == [
        ("", "no right-lib"),
        ("◐", "1.0.x"),
        ("○", "2.0.x"),
        ("◐", "3.0.x"),
        ("", "any right-lib"),
    ]
    assert {line.mark.look for line in table.lines if line.mark} == {"il-rare"}


def test_the_configurations_page_says_which_kinds_there_are(known: Matrix, tmp_path: Path) -> None:
    settings.publish(context(known, PASSES), tmp_path)

    page = (tmp_path / "configurations.md").read_text()
    assert "<code>yes</code>: the process forks" in page
    assert "<code>no</code> (default): nothing forks" in page
    assert "Read the forking." in page
    assert "<code>fork</code>" in page
    assert page.count("generated/probes/serve.html") == 1
    assert "generated/probes/restart.html" not in page
