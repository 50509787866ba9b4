"""Measurements of trials: read from facts, kept, published, and shown on the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grids import AXES, cell, matrix, verdict
from languages import PROBE, trials
from ours import PROBES

from interlock.evidence import judge, measuring
from interlock.matrix.matrix_file import load
from interlock.model import Measure, Measured, UsageError, Verdict
from interlock.publish import measures
from interlock.publish.context import PageContext
from interlock.record.ledger import Ledger
from interlock.record.measures import MEASURES
from interlock.record.results import Results, read_results, write_results

EXIT = Measure(name="exit-s", title="exit, s", says="Seconds to the `end`.", fact="out", item="s")
TIMES = Measure(name="times", title="latency, times", says="In times without.", fact="ratio")
MEASURING = replace(PROBE, measures=(EXIT, TIMES))


def measured(*facts: Mapping[str, Any]) -> tuple[Measured, ...]:
    """By the judge, of as many trials, each of which said these one after the other."""
    told = [
        replace(
            trial,
            events=(
                *trial.events[:1],
                *({"event": "fact", "at": 1, "name": n, "value": v} for n, v in each.items()),
                *trial.events[1:],
            ),
        )
        for trial, each in zip(trials(f"pass*{len(facts)}"), facts, strict=True)
    ]
    return judge.decide(told, MEASURING).measured


def of(name: str, *values: float) -> Measured:
    low, *_, high = sorted([*values, *values])
    middle = sorted(values)[len(values) // 2]
    return Measured(name=name, trials=len(values), median=middle, least=low, most=high)


def test_the_trials_of_a_cell_are_read_together_in_the_order_of_the_probe() -> None:
    facts = [{"ratio": 4, "out": {"s": 1.5, "n": 9}}, {"ratio": 2.5}, {"ratio": 3.12345}]

    assert measured(*facts) == (of("exit-s", 1.5), of("times", 4, 2.5, 3.123))


@pytest.mark.parametrize("value", [None, True, "4.0", [4.0], {"s": 4.0}, float("nan")])
def test_what_is_no_number_was_not_measured(value: object) -> None:
    assert measured({"ratio": value}, {"ratio": 2.0}) == (of("times", 2.0),)


def test_nothing_is_measured_where_no_trial_said_anything() -> None:
    assert measured({}, {"out": {}}, {"out": 3.0}) == ()


def test_of_what_a_trial_says_repeatedly_the_last_counts() -> None:
    (trial,) = trials("pass")
    facts = tuple({"event": "fact", "at": 1, "name": "ratio", "value": n} for n in (1.0, 2.0))
    told = replace(trial, events=(*trial.events[:1], *facts, *trial.events[1:]))

    assert judge.decide([told], MEASURING).measured == (of("times", 2.0),)


@pytest.mark.parametrize(
    ("arrived", "count"),
    [
        ((), 0.0),
        (("/api/1/envelope/?x=/no", "/p/v1/input", "/api/1/store/"), 2.0),
        (("/no/api/1",), 0.0),
    ],
)
def test_requests_are_counted_by_their_path(arrived: tuple[str, ...], count: float) -> None:
    (trial,) = trials("pass")
    requests = tuple(
        {"event": "intake", "at": 1, "method": "POST", "path": path, "headers": {}, "length": 1}
        for path in arrived
    )
    before = tuple(event for event in trial.events if event["event"] != "intake")
    told = replace(trial, events=(*before, *requests))
    sent = Measure(name="sent", title="sent", says="Events.", path="/api/*")

    assert measuring.measured([told], replace(PROBE, measures=(sent,))) == (of("sent", count),)
    never = replace(trial, events=requests)
    assert measuring.measured([never], replace(PROBE, measures=(sent,))) == ()


def some() -> list[Verdict]:
    """Two trials that measured something, and one that did not."""
    return [
        verdict(cell("2.0"), measured=(of("exit-s", 2.125, 1.5, 9.0), of("times", 1200.0))),
        verdict(cell("1.0")),
        verdict(cell("1.0", python="3.9"), "hang", measured=(of("times", 0.5),)),
    ]


def test_the_ledger_keeps_them(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        for each in some():
            ledger.keep_verdict(each)
        kept = {v.cell.key: v.measured for v in ledger.verdicts()}

    assert kept == {v.cell.key: v.measured for v in some()}


def test_they_are_published_as_a_tidy_table_and_read_again(tmp_path: Path) -> None:
    write_results(some(), {}, tmp_path, AXES)

    text = (tmp_path / MEASURES).read_text()
    assert text.splitlines() == [
        "left,right,python,probe,config,measure,trials,median,least,most",
        "1.0,1.0,3.9,restart,stock,times,1,0.5,0.5,0.5",
        "2.0,1.0,3.10,restart,stock,exit-s,3,2.125,1.5,9.0",
        "2.0,1.0,3.10,restart,stock,times,1,1200.0,1200.0,1200.0",
    ]
    again = read_results(tmp_path, AXES).verdicts
    assert {v.cell.key: v.measured for v in again} == {v.cell.key: v.measured for v in some()}
    write_results(again, {}, tmp_path, AXES)
    assert (tmp_path / MEASURES).read_text() == text


def test_a_folder_without_them_is_read_all_the_same(tmp_path: Path) -> None:
    write_results(some(), {}, tmp_path, AXES)
    (tmp_path / MEASURES).unlink()

    assert not any(v.measured for v in read_results(tmp_path, AXES).verdicts)


@pytest.mark.parametrize(
    ("was", "is_now"), [("2.125", "fast"), ("measure", "what"), ("left", "up"), (",3,", ",,")]
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, was: str, is_now: str) -> None:
    write_results(some(), {}, tmp_path, AXES)
    file = tmp_path / MEASURES
    file.write_text(file.read_text().replace(was, is_now))

    with pytest.raises(UsageError, match=MEASURES):
        read_results(tmp_path, AXES)


def test_a_verdict_tells_what_its_trials_measured() -> None:
    told = [measures.line(MEASURING, each) for each in some()]

    assert told == [
        "Measured: exit, s: 2.1 (1.5 to 9 in 3 trials); latency, times: 1,200.",
        "",
        "Measured: latency, times: 0.5.",
    ]


def test_a_measure_that_the_probe_no_longer_has_is_left_out() -> None:
    assert measures.line(replace(MEASURING, measures=(TIMES,)), some()[0]) == (
        "Measured: latency, times: 1,200."
    )


def rows_of(*verdicts: Verdict) -> list[list[list[str]]]:
    """The tables on the probe's page, cell by cell."""
    results = Results(verdicts=list(verdicts), signatures=[], yanked={}, controls=[])
    context = PageContext(matrix=matrix(), results=results)
    return [
        [[row.what, str(row.combinations), *row.spreads] for row in table.rows]
        for table in measures.tables(context, replace(MEASURING, name="restart"))
    ]


def test_a_probe_tells_by_release_of_the_library_that_one_moves_first() -> None:
    def timed(left: str, right: str, times: float, config: str = "stock") -> Verdict:
        return verdict(cell(left, right, config=config), measured=(of("times", times),))

    assert rows_of(
        timed("1.0", "10.0", 3.0),
        timed("1.0", "9.0", 1.0),
        timed("2.0", "9.0", 2.0),
        timed("3.0", "9.0", 20.0),
        timed("1.0", "-", 0.9),
        timed("-", "9.0", 1.1),
        timed("1.0", "9.0", 7.0, config="gone"),
    ) == [
        [
            ["no left-lib", "1", "–", "1.1"],
            ["no right-lib", "1", "–", "0.9"],
            ["9.0", "3", "–", "2 (1–20)"],
            ["10.0", "1", "–", "3"],
        ],
        [["9.0", "1", "–", "7"]],
    ]


def test_a_probe_that_measured_nothing_has_no_such_section() -> None:
    assert rows_of(verdict(cell())) == []


def test_what_shutdown_publishes_is_what_its_app_tells() -> None:
    told = (PROBES / "shutdown" / "app.py").read_text(encoding="utf-8")
    published = load(PROBES.parent / "matrix.yaml", PROBES).probes["shutdown"].measures
    assert published
    for measure in published:
        assert f'trial.fact("{measure.fact}"' in told
