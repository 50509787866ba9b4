"""The answer to a question as data."""

from __future__ import annotations

import pytest
from asked import ENDS, FORKING, HANG, NEXT, A, data, findings, forked, worked_around
from grids import LEVEL, NOON, cell, grid, matrix, verdict
from packaging.version import Version

from interlock.findings import Findings
from interlock.model import Verdict


def test_the_data_have_all_that_is_known_of_the_worst_situation() -> None:
    hung = [verdict(cell(config="warnings"), "hang", signatures=((A, 1),)), verdict(cell())]
    said = data(findings(hung), chosen="every")
    assert said["question"] == {
        "versions": {"left": "1.0", "right": "1.0"},
        "python": "3.10",
        "patch": None,
        "situation": {"level": {"value": "ERROR", "stated": False}},
    }
    assert (said["situation"], said["outcome"]) == ({"level": "WARNING"}, "hang")
    assert said["basis"] == "tested"
    assert said["signatures"] == [{"locks": ["A"], "stuck": [], "text": "A → A"}]
    assert (said["trials"], said["exposures"]) == (1, 100)
    assert said["tested_at"] == NOON.isoformat()
    assert said["python_full"] == ["3.10.1"]
    assert said["whose"][0]["whose"] == "open"
    assert [part["outcome"] for part in said["situations"]] == ["pass", "hang"]


def test_the_data_say_what_was_stated() -> None:
    said = data(findings(HANG, choices={**LEVEL, **FORKING}), chosen="warnings", patch="3.10.4")
    assert said["question"]["patch"] == "3.10.4"
    assert said["question"]["situation"] == {
        "level": {"value": "WARNING", "stated": True},
        "forking": {"value": "no", "stated": False},
    }
    assert len(said["situations"]) == 1


def test_the_data_have_what_helps_a_kind_of_application() -> None:
    assert data(forked(), chosen="forking")["advice"] == ["Start it in the child."]
    (note,) = data(forked(), chosen="every")["notes"]
    assert (note["choice"], note["hangs"]) == ("forking", 1)


def test_the_data_name_the_releases_to_move_to_or_the_reason_for_none() -> None:
    said = data(findings([*HANG, *NEXT]))
    ends = [{name: move[name] for name in ENDS} for move in said["moves"]]
    assert ends == [
        {"axis": "right", "nearest": "2.0", "newest": "2.0", "reason": None},
        {
            "axis": "left",
            "nearest": None,
            "newest": None,
            "reason": "no left-lib release that was tested helps",
        },
    ]


def test_the_data_say_what_a_move_rests_on_and_what_is_smallest() -> None:
    said = data(findings([*HANG, *NEXT]))
    right, left = ({k: v for k, v in move.items() if k not in ENDS} for move in said["moves"])
    assert right == {
        "evidence": [
            {
                "version": "2.0",
                "basis": "tested",
                "trials": 1,
                "exposures": 100,
                "tested_at": NOON.isoformat(),
            }
        ],
        "scopes": [{"scope": "any", "nearest": "2.0", "tested": 1, "untested": 0}],
        "not_recommended": [],
        "other_settings": [],
        "every_python": {
            "nearest": "2.0",
            "newest": "2.0",
            "pythons": ["3.10"],
            "newest_pythons": ["3.10"],
        },
        "untested": None,
    }
    assert left["scopes"] == [
        {"scope": "major", "nearest": None, "tested": 1, "untested": 0},
        {"scope": "any", "nearest": None, "tested": 1, "untested": 0},
    ]
    assert said["smallest"] == {"scope": "any", "targets": [{"axis": "right", "version": "2.0"}]}


def test_the_data_say_why_a_release_is_not_recommended() -> None:
    of = Findings(
        matrix=matrix(),
        verdicts=[*HANG, *NEXT, verdict(cell("1.0", "2.1"))],
        withdrawn={"right": frozenset({Version("2.0")})},
    )
    (barred,) = data(of)["moves"][0]["not_recommended"]
    assert barred == {
        "version": "2.0",
        "because": [
            {
                "bar": "yanked",
                "certain": True,
                "says": None,
                "until": None,
                "vulnerabilities": [],
            }
        ],
    }


def test_the_data_have_the_workarounds_with_their_costs() -> None:
    (way,) = data(worked_around())["workarounds"]
    assert (way["name"], way["costs"], way["probe"]) == ("quiet", "Nobody hears.", "restart")
    assert way["paste"] == "QUIET=1"
    assert (way["caution"], way["elsewhere"], way["not_run_by"]) == (None, None, [])
    (way,) = data(worked_around("serve", elsewhere="hang"))["workarounds"]
    assert way["elsewhere"] == {"hangs": 1, "tried": 2}
    assert way["not_run_by"] == ["serve"]


def test_the_cause_of_a_failure_is_a_field() -> None:
    failed = verdict(cell(), "fail", cause="SIGSEGV", failed=1)
    assert data(findings([failed]))["cause"] == "SIGSEGV"
    assert data(findings(HANG))["cause"] is None


@pytest.mark.parametrize(
    ("verdicts", "moves"), [([], []), (grid("0.9 1.1\n1.0 pass pass"), [("right", "1.1")])]
)
def test_what_was_not_tested_is_unknown_in_the_data(
    verdicts: list[Verdict], moves: list[tuple[str, str]]
) -> None:
    said = data(findings(verdicts), chosen="every")
    assert (said["outcome"], said["basis"], said["trials"]) == ("unknown", "unknown", 0)
    assert said["workarounds"] == said["signatures"] == []
    assert [(move["axis"], move["nearest"]) for move in said["moves"]] == moves
