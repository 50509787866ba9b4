"""A round of the search, in cells and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from grids import AXES, cell, verdict
from packaging.version import Version

from interlock.campaign.along import Rules, Sought
from interlock.campaign.survey import Survey
from interlock.findings.inference import AnswerBasis
from interlock.findings.space import ReleaseAxis
from interlock.model import Cell, PythonVersion, Verdict

ROWS = ReleaseAxis.of("left", map(Version, ["1.0.0", "1.1.0", "2.0.0"]))
COLUMNS = ReleaseAxis.of(
    "right", map(Version, ["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0", "1.1.1"])
)
FIRST, SECOND = PythonVersion(3, 10), PythonVersion(3, 12)
DAY = date(2026, 3, 1)
SURVEY = Survey(
    axes=AXES,
    rows=ROWS,
    columns=COLUMNS,
    pythons=(FIRST, SECOND),
    probe="restart",
    config="stock",
    named=[Version("1.1.0")],
    installs=lambda python, row, column: python == FIRST or column > Version("1.0.0"),
    trials_per_cell=3,
    rules=Rules(confirm_trials=10),
)


def names(cells: Mapping[Cell, Sought]) -> dict[str, str]:
    return {" ".join(one.key[:3]): str(why) for one, why in cells.items()}


def known(*verdicts: Verdict) -> dict[tuple[str, ...], Verdict]:
    return {one.cell.key: one for one in verdicts}


def played() -> tuple[dict[tuple[str, ...], Verdict], list[dict[str, str]]]:
    """The whole search where all columns from 1.0.2 on hang."""
    verdicts: dict[tuple[str, ...], Verdict] = {}
    rounds = []
    while cells := (found := SURVEY.following(verdicts)).cells:
        rounds.append(names(cells))
        for one in cells:
            column = one.version("right")
            assert column is not None
            outcome = "hang" if column >= Version("1.0.2") else "pass"
            verdicts[one.key] = verdict(one, outcome, trials=found.trials.get(one, 3))
    return verdicts, rounds


def test_the_first_round_asks_for_the_line_ends_of_the_named_rows_on_the_first_python() -> None:
    found = SURVEY.following({})
    assert names(found.cells) == {
        "1.1.0 1.0.0 3.10": "end of a release line",
        "1.1.0 1.0.4 3.10": "end of a release line",
        "1.1.0 1.1.0 3.10": "end of a release line",
        "1.1.0 1.1.1 3.10": "end of a release line",
    }
    assert found.trials == {}


def test_only_verdicts_of_its_own_probe_configuration_and_pairs_count() -> None:
    others = known(
        verdict(cell("1.1.0", "1.0.0", config="warnings")),
        verdict(cell("1.1.0", "1.0.0", probe="serve")),
        verdict(cell("1.1.0", "1.0.0", python="3.14")),
        verdict(cell("1.1.0", "-")),
        verdict(cell("1.1.0", "9.0.0")),
    )
    assert SURVEY.following(others) == SURVEY.following({})
    own = known(verdict(cell("1.1.0", "1.0.0")))
    assert "1.1.0 1.0.0 3.10" not in names(SURVEY.following(own).cells)


def test_an_edge_is_confirmed_with_that_many_times_the_trials_of_a_cell() -> None:
    row = [verdict(cell("1.1.0", column), trials=3) for column in ("1.0.0", "1.0.1")]
    row += [
        verdict(cell("1.1.0", column), "hang", trials=3)
        for column in ("1.0.2", "1.0.4", "1.1.0", "1.1.1")
    ]
    found = SURVEY.following(known(*row))
    assert {" ".join(one.key[:2]): number for one, number in found.trials.items()} == {
        "1.1.0 1.0.1": 30,
        "1.1.0 1.0.2": 30,
    }
    assert set(found.cells.values()) == {Sought.CONFIRM}


def test_the_second_python_begins_when_the_first_is_done_and_never_with_what_cannot_install() -> (
    None
):
    _, rounds = played()
    pythons = [{name.split()[2] for name in one} for one in rounds]
    first_of_second = pythons.index({"3.12"})
    assert all(one == {"3.10"} for one in pythons[:first_of_second])
    assert all(one == {"3.12"} for one in pythons[first_of_second:])
    assert not any(name.split()[1:] == ["1.0.0", "3.12"] for one in rounds for name in one)
    assert "edge that another Python or release predicts" in {*rounds[first_of_second].values()}


def test_what_is_known_can_be_asked_of_each_python() -> None:
    verdicts, _ = played()
    maps = SURVEY.maps(verdicts)
    known_pair = maps[SECOND].of(Version("2.0.0"), Version("1.1.0"))
    assert known_pair.basis in (AnswerBasis.TESTED, AnswerBasis.INFERRED)
    assert known_pair.observation is not None
    assert str(known_pair.observation.outcome) == "hang"
    assert maps[SECOND].of(Version("2.0.0"), Version("1.0.0")).basis is AnswerBasis.INDEX


def test_an_audit_is_run() -> None:
    verdicts, _ = played()
    (drawn,) = SURVEY.draw(verdicts, 1, 1, DAY)
    assert SURVEY.draw(verdicts, 1, 1, DAY) == [drawn]
    assert (drawn.seed, drawn.day, drawn.seen) == (1, DAY, None)
    audit = replace(SURVEY, audited=[drawn])
    assert audit.following(verdicts).cells == {drawn.cell: Sought.AUDIT}
    as_inferred = known(verdict(drawn.cell, str(drawn.inferred)))
    assert audit.following({**verdicts, **as_inferred}).cells == {}


def test_an_audit_never_draws_a_cell_again() -> None:
    verdicts, _ = played()
    first = SURVEY.draw(verdicts, 2, 1, DAY)
    others = replace(SURVEY, audited=first).draw(verdicts, 2, 1, DAY)
    assert {row.cell for row in first}.isdisjoint(row.cell for row in others)
    assert len(others) == 2


def test_the_search_goes_round_a_cell_that_was_left_open() -> None:
    (first, *others) = SURVEY.following({}).cells
    verdicts = known(*(verdict(one, trials=3) for one in others))
    assert SURVEY.following(verdicts).cells == {first: Sought.LINE_END}

    found = names(SURVEY.following(verdicts, left_open=[first]).cells)

    assert first.key[:3] == ("1.1.0", "1.0.0", "3.10")
    assert found == {"1.1.0 1.0.1 3.10": "end of a release line"}
