"""A probe that is about one kind of application says nothing to others, and is told by rates."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from grids import cell, matrix, rows
from packaging.version import Version

from interlock.findings.baselines import Pool
from interlock.findings.findings import Findings
from interlock.matrix.definition import Application, Matrix, ProbeUse, WayOut
from interlock.model import PythonVersion, Target, Verdict
from interlock.publish import answer, applications, safety, settings
from interlock.publish.edition import Edition
from interlock.publish.summary import summaries
from interlock.record.results import Results

FORKING = Application(
    name="forking",
    title="the process forks",
    description="With `fork`.",
    instead="Start it in the `child`.",
)

FORKS = (
    "pair by serve: hang A 6/60; pair on 3.11 by serve: hang A 6/60; "
    "pair 2.0 by serve: hang A 1/50; "
    "left by serve: hang A 1/200; left on 3.11 by serve: hang A 1/200; "
    "left 2.0 by serve: pass 400; right by serve: pass 300; right on 3.11 by serve: pass 300"
)
"""The pair hangs ten to twenty times as often as left alone, and right alone never."""
PASSES = "pair: pass 500; pair on 3.11: pass 500; pair 2.0: pass 500"


@pytest.fixture
def known() -> Matrix:
    return matrix(
        uses={"serve": ProbeUse(application="forking")}, applications={"forking": FORKING}
    )


def edition(known: Matrix, text: str) -> Edition:
    verdicts = rows(text)
    return Edition(
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
    verdicts = rows(f"{PASSES}; {FORKS}")

    assert safe(verdicts, known, None) == Target(axis="right", version=Version("1.0"))
    assert not isinstance(safe(verdicts, known, "forking"), Target)


def test_what_every_application_runs_into_counts_for_each_kind(known: Matrix) -> None:
    verdicts = rows("pair: hang A 1/30; pair by serve: pass 500; left: pass 500; right: pass 500")

    assert not isinstance(safe(verdicts, known, None), Target)
    assert not isinstance(safe(verdicts, known, "forking"), Target)


def test_a_kind_of_application_is_a_choice_of_its_own(known: Matrix) -> None:
    found = answer.answers(edition(known, f"{PASSES}; {FORKS}"))

    options = {o["value"]: o for o in found["fields"][-1]["options"]}
    assert options["forking:stock"] == {
        "value": "forking:stock",
        "label": "as it is; the process forks",
        "run": "--config stock --probe serve",
    }
    assert options["stock"]["run"] == "--config stock"
    texts = found["text"]
    everybody = found["answers"]["1.0|1.0|3.10|stock"]
    forking = found["answers"]["1.0|1.0|3.10|forking:stock"]
    assert texts[everybody["says"]] == "It did not hang."
    assert texts[forking["says"]].startswith("It hangs")
    assert [texts[n] for n in everybody["mind"]] == [
        "Mind that the same releases hang where the process forks."
    ]
    assert [texts[n] for n in forking["mind"]] == [
        "A hang is rare there: the rates by release, further down, say more than one cell.",
        "Start it in the child.",
    ]
    # That one cell of a rare hang passes is luck, and no reason to move there.
    assert forking["moves"] == forking["until"] == []


def test_what_every_application_runs_into_keeps_its_advice_for_a_kind(known: Matrix) -> None:
    text = "pair: hang B 1/20; pair 2.0: pass 500; left: pass 500; right: pass 500"
    told = answer.answers(
        edition(known, f"{text}; pair by serve: pass 20; pair 2.0 by serve: pass 20")
    )
    texts, forking = told["text"], told["answers"]["1.0|1.0|3.10|forking:stock"]
    assert texts[forking["says"]].startswith("It hangs")
    assert forking["moves"]
    assert not any("rates by release" in texts[n] for n in forking["mind"])


def test_of_equals_the_probe_that_is_about_it_speaks_for_a_kind_of_application(
    known: Matrix,
) -> None:
    text = "pair: pass 500; pair by serve: pass 20; pair 2.0 by serve: hang A 1/30"
    plain, forking = edition(known, text).by_application
    here = ("1.0", "1.0", "3.10", "forking:stock")
    assert summaries(forking)[here].worst.cell.probe == "serve"
    assert summaries(plain)["1.0", "1.0", "3.10", "stock"].worst.cell.probe == "restart"


def test_where_no_probe_of_its_own_was_run_a_kind_is_untested(known: Matrix) -> None:
    about = edition(known, f"{PASSES}; pair 3.0: pass 500; {FORKS}")
    (_, forking) = about.by_application

    assert {str(v.cell.pins[0].version) for v in about.pairs} == {"1.0", "2.0", "3.0"}
    assert {str(v.cell.pins[0].version) for v in forking.pairs} == {"1.0", "2.0"}
    (_, left) = forking.answers
    assert [str(standing.version) for standing in left.standings] == ["1.0", "2.0"]


def test_only_the_configurations_of_its_own_probes_are_a_kinds_choices(known: Matrix) -> None:
    about = edition(known, f"{PASSES}; pair in warnings: pass 500; {FORKS}")

    (_, forking) = about.by_application
    assert (about.configs, forking.configs) == (("stock", "warnings"), ("stock",))


def test_without_a_verdict_of_its_own_a_kind_is_no_choice(known: Matrix) -> None:
    about = edition(known, PASSES)

    assert about.by_application == (about,)
    assert list(applications.sections(about)) == []
    assert "the process forks" not in str(safety.lead(about))


def test_rates_are_counted_over_what_both_sides_were_run_on(known: Matrix) -> None:
    (_, forking) = edition(known, f"{PASSES}; {FORKS}").by_application

    found = applications.track(forking, "serve", "stock")

    assert found.without == Pool(hangs=2, exposures=800, trials=3)
    assert found.alone == Pool(hangs=0, exposures=600, trials=2)
    (row,) = found.rows
    assert (row.version, row.pool.hangs, row.pool.exposures) == (Version("1.0"), 13, 170)
    assert row.ratio is not None
    # Mantel and Haenszel's: 6/60 against 1/200 twice, and 1/50 against 0/400
    expected = (2 * 6 * 200 / 260 + 1 * 400 / 450) / (2 * 1 * 60 / 260)
    assert row.ratio.times == pytest.approx(expected)
    assert row.ratio.certain
    # Of a single release all together say the same.
    assert (found.every.version, found.every.pool) == (None, row.pool)
    assert found.every.ratio == row.ratio


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        # Clopper and Pearson's bounds, and 1 - 0.05 ** (1 / n) for none
        (Pool(hangs=27, exposures=517, trials=50), "5.2 % (3.5–7.5 %)"),
        (Pool(hangs=0, exposures=100, trials=5), "below 3 %"),
        (Pool(hangs=2, exposures=1, trials=2), "–"),
    ],
)
def test_a_rate_is_told_with_its_interval(pool: Pool, expected: str) -> None:
    assert applications.rate(pool) == expected


def test_the_start_page_says_what_hangs_there_by_itself_and_what_is_likelier(
    known: Matrix, tmp_path: Path
) -> None:
    answer.publish(edition(known, f"{PASSES}; {FORKS}"), tmp_path)

    page = re.sub(r"<[^>]+>", " ", (tmp_path / "answer.md").read_text())
    words = " ".join(page.split())
    assert "Not where the process forks:" in words
    assert "left-lib 1.0 hangs there without any right-lib: 2 of 400 starts." in words
    assert "Certainly more than twice as likely with right-lib 1.0:" in words
    assert "Every left-lib" not in words
    assert "## Where the process forks { #forking }" in words
    script = (tmp_path / "answers.js").read_text()
    assert json.loads(script.partition("=")[2].rstrip().rstrip(";"))["answers"]


def test_where_nothing_hangs_nothing_warns(known: Matrix) -> None:
    about = edition(known, f"{PASSES}; pair by serve: pass 300; left by serve: pass 300")

    assert "the process forks" not in str(safety.lead(about))
    assert "il-hang" not in "".join(map(str, applications.sections(about)))


def test_a_cell_of_a_kind_is_shown_beside_that_of_every_application(known: Matrix) -> None:
    about = edition(known, f"{PASSES}; {FORKS}")
    (_, forking) = about.by_application

    key = ("1.0", "1.0", "3.10")
    assert summaries(about)[(*key, "stock")].worst.cell == cell()
    both = summaries(forking)[(*key, "forking:stock")]
    assert {v.cell.probe for v in both.verdicts} == {"restart", "serve"}


def test_the_configurations_page_says_which_kinds_there_are(known: Matrix, tmp_path: Path) -> None:
    settings.publish(edition(known, PASSES), tmp_path)

    page = (tmp_path / "configurations.md").read_text()
    assert "Where the process forks <code>forking</code>" in page
    assert "<code>fork</code>" in page
    assert page.count("generated/probes/serve.html") == 1
    assert "generated/probes/restart.html" not in page


def test_ways_out_are_told_by_their_rates_too(known: Matrix) -> None:
    calm = WayOut(name="calm", title="calm down", description="", costs="Nothing.", settings={})
    use = ProbeUse(application="forking", ways_out={"stock": ("calm",)})
    known = replace(known, uses={**known.uses, "serve": use}, ways_out={"calm": calm})
    tried = "pair+calm by serve: hang A 1/40; pair+calm 2.0 by serve: pass 60"
    (_, forking) = edition(known, f"{PASSES}; {FORKS}; {tried}").by_application

    found = applications.track(forking, "serve", "stock")

    assert found.ways == (("calm down", Pool(hangs=1, exposures=100, trials=2)),)
