"""One question, and what is known of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import grids
import pytest
from grids import LEVEL, NOON, cell, grid, matrix, rows, verdict
from packaging.version import Version

from interlock.findings import attribution
from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import (
    Answer,
    AnswerBasis,
    ConfigurationAnswer,
    Question,
    answer,
)
from interlock.matrix.definition import ProbeUse, Workaround
from interlock.model import (
    NoTarget,
    Outcome,
    PythonVersion,
    Reason,
    Signature,
    UsageError,
    Verdict,
)


def asked(
    verdicts: list[Verdict],
    left: str = "1.0",
    right: str = "1.0",
    config: str | None = "stock",
    application: str | None = None,
    **changes: object,
) -> Answer:
    return answer(
        Question(
            versions={"left": Version(left), "right": Version(right)},
            python=PythonVersion(3, 10),
            config=config,
            application=application,
        ),
        Findings(matrix=matrix(**changes), verdicts=verdicts),
    )


def one(verdicts: list[Verdict], **of: object) -> ConfigurationAnswer:
    (found,) = asked(verdicts, **of).by_config  # type: ignore[arg-type]
    return found


def says(found: ConfigurationAnswer) -> str:
    return f"{found.outcome or 'nothing'}, {found.basis}"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("1.0\n1.0 hang", "hang, tested"),
        ("1.0\n1.0 fail", "fail, tested"),
        ("1.0\n1.0 pass", "pass, tested"),
        ("1.0\n1.0 unproven", "unproven, tested"),
        # the releases around it are not it
        ("0.9 1.1\n1.0 pass pass", "nothing, unknown"),
        ("1.0\n1.1 hang", "nothing, unknown"),
    ],
)
def test_the_outcome_is_what_was_run_on_these_very_releases(verdicts: str, expected: str) -> None:
    assert says(one(grid(verdicts))) == expected


def test_what_the_index_decides_was_not_tested() -> None:
    lacks = verdict(cell(), "unsupported", reason=Reason.NO_WHEEL)
    assert says(one([lacks])) == "unsupported, index"


def test_the_worst_probe_speaks_and_a_feature_that_is_not_there_never_does() -> None:
    verdicts = [
        verdict(cell()),
        verdict(cell(probe="serve"), "hang"),
        verdict(cell(probe="logs"), "unsupported", reason=Reason.NO_FEATURE),
    ]
    found = one(verdicts)
    assert says(found) == "hang, tested"
    assert [v.cell.probe for v in found.verdicts] == ["serve", "restart", "logs"]
    assert says(one(verdicts[::2])) == "pass, tested"


def test_it_is_unknown_whether_it_passes_until_every_probe_that_was_meant_was_run() -> None:
    """Elsewhere ``serve`` was run too."""
    elsewhere = verdict(cell("2.0", probe="serve"))
    passing = one([verdict(cell()), elsewhere])
    hanging = one([verdict(cell(), "hang"), elsewhere])

    assert (says(passing), says(hanging)) == ("nothing, unknown", "hang, tested")
    assert [c.probe for c in passing.missing] == [c.probe for c in hanging.missing] == ["serve"]


def test_an_answer_says_whose_it_is_how_it_hangs_and_how_sure_that_is() -> None:
    verdicts = rows("pair: hang A,B 2/40; left: hang A 1/30; right: pass 500")
    older = verdict(cell(probe="serve"), trials=3, tested_at=NOON - timedelta(days=2))
    found = one([*verdicts, older])

    assert [t.attribution.whose for t in found.troubles] == ["left"]
    assert found.signatures == (Signature(locks=("A",)), Signature(locks=("B",)))
    assert (found.trials, found.exposures) == (2 + 3, 40 + 100)
    assert found.tested_at == NOON - timedelta(days=2)


def targets(moves: tuple[Move, ...]) -> list[str]:
    return [
        m.nearest.reason
        if isinstance(m.nearest, NoTarget)
        else f"{m.axis} {m.nearest.version} {getattr(m.newest, 'version', None)}"
        for m in moves
    ]


def test_it_says_where_to_move_in_the_configuration_and_in_every_one() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 hang pass pass"),
        *grid("1.0 2.0 3.0\n1.0 pass hang pass", config="warnings"),
    ]
    found = asked(verdicts, config=None)

    no_left = "no newer left-lib release was tested"
    assert targets(found.by_config[0].moves) == ["right 2.0 3.0", no_left]
    assert targets(found.moves) == ["right 3.0 3.0", no_left]
    assert asked(verdicts, right="3.0").moves == ()


def test_only_a_workaround_that_passed_on_these_very_cells_is_offered() -> None:
    ways = {
        n: Workaround(name=n, title=n, description="", costs=f"{n}.") for n in ("quiet", "calm")
    }
    known = {
        "uses": {"restart": ProbeUse(workarounds={"stock": tuple(ways)})},
        "workarounds": ways,
    }
    verdicts = [
        *grid("1.0 2.0\n1.0 hang hang"),
        *grid("1.0 2.0\n1.0 pass pass", config="stock+quiet"),
        *grid("1.0 2.0\n1.0 hang pass", config="stock+calm"),
    ]
    found = one(verdicts, **known)
    assert [(o.way.name, o.way.costs) for o in found.workarounds] == [("quiet", "quiet.")]
    assert len(one(verdicts, right="2.0", **known).workarounds) == 2


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1.0", "1.5", ["left: 1.0 to 1.0 with others", "right: 1.0 to 2.0"]),
        ("1.5", "1.0", ["left: 1.0 to 2.0", "right: 1.0 to 1.0 with others"]),
        ("0.5", "3.0", ["left: none to 1.0", "right: 3.0 to 3.0 with others"]),
        ("3.0", "2.0", ["left: 2.0 to none", "right: 2.0 to 2.0 with others"]),
        ("1.5", "1.5", ["left: 1.0 to 2.0 with others", "right: 1.0 to 2.0 with others"]),
    ],
)
def test_what_was_not_tested_names_the_nearest_that_were(
    left: str, right: str, expected: list[str]
) -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 pass hang pass\n2.0 pass pass pass"),
        verdict(cell("1.5", "1.4", python="3.11")),
        verdict(cell("1.4", "1.5", config="warnings")),
    ]
    found = one(verdicts, left=left, right=right)

    assert says(found) == "nothing, unknown"
    assert [
        f"{n.axis}: {n.below or 'none'} to {n.above or 'none'}"
        + " with others" * (not n.with_the_others)
        for n in found.neighbours
    ] == expected
    assert found.moves == found.verdicts == found.troubles == ()


def test_every_configuration_is_answered_in_the_order_of_the_matrix_the_worst_named() -> None:
    verdicts = [
        *grid("1.0 2.0\n1.0 hang pass", config="warnings"),
        *grid("1.0 2.0\n1.0 pass pass"),
        verdict(cell(config="calm"), "hang"),
    ]
    found = asked(verdicts, config=None)

    assert [part.config for part in found.by_config] == ["stock", "warnings"]
    assert found.worst is found.by_config[1]
    unknown = asked(verdicts[:-2], config=None)
    assert unknown.worst and unknown.worst.outcome is Outcome.HANG
    missing = asked([*verdicts, *grid("1.0\n2.0 pass")], left="2.0", config=None)
    assert missing.worst and missing.worst.basis is AnswerBasis.UNKNOWN


def test_a_kind_of_application_passes_where_a_probe_about_it_was_run() -> None:
    forking = {
        "uses": {"serve": ProbeUse(choices={"forking": "yes"})},
        "choices": {**LEVEL, **grids.forking()},
    }
    everybody = [verdict(cell()), verdict(cell(config="warnings"))]
    forked = [*everybody, verdict(cell(probe="serve"))]

    assert says(one(forked, **forking)) == "pass, tested"
    assert says(one(forked, application="forking", **forking)) == "pass, tested"
    assert says(one(everybody, application="forking", **forking)) == "nothing, unknown"
    # what hangs in every application hangs there as well, whatever was run for it
    hung = [verdict(cell()), verdict(cell(config="warnings"), Outcome.HANG)]
    said = asked(hung, config=None, application="forking", **forking)
    assert [(c.config, str(c.outcome)) for c in said.by_config] == [
        ("stock", "None"),
        ("warnings", "hang"),
    ]
    # ``serve`` was meant in ``warnings`` too
    elsewhere = one(forked, application="forking", config="warnings", **forking)
    assert says(elsewhere) == "nothing, unknown"


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({"config": "gone"}, '"gone" is no configuration: there is stock, warnings and calm'),
        ({"application": "gone"}, '"gone" is no kind of application: there is none'),
    ],
)
def test_what_is_not_there_is_named(of: dict[str, str], expected: str) -> None:
    with pytest.raises(UsageError) as problem:
        asked([], **of)  # type: ignore[arg-type]
    assert str(problem.value) == expected


def test_every_axis_needs_a_version() -> None:
    question = Question(versions={"left": Version("1.0")}, python=PythonVersion(3, 10))
    with pytest.raises(UsageError, match="right"):
        answer(question, Findings(matrix=matrix(), verdicts=[]))


def test_a_question_works_out_no_trouble_far_from_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []
    attributed = attribution._attribution

    def noted(of: Verdict, *rest: Any) -> attribution.Attribution:
        worked_out.append(str(of.cell.pins[0].version) + " × " + str(of.cell.pins[1].version))
        return attributed(of, *rest)

    monkeypatch.setattr(attribution, "_attribution", noted)
    found = one(grid("1.0 2.0\n1.0 hang hang\n2.0 hang hang"))

    assert targets(found.moves)
    # its own, and what moving one library would lead to
    assert sorted(worked_out) == ["1.0 × 1.0", "1.0 × 2.0", "2.0 × 1.0"]


def test_a_question_needs_neither_tables_nor_an_engine() -> None:
    program = (
        "import sys; from interlock.findings import Findings, Question, answer; "
        "print({'pandas', 'docker', 'rich', 'mkdocs'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.returncode, said.stdout.strip()) == (0, "set()"), said.stderr
