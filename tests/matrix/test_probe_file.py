"""The contents of a ``probe.yaml``, and every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from grids import cell
from matrix_files import MATRIX, PROBE, Load, edited, mistakes

from interlock.model import Measure


def test_a_probe_is_what_its_folder_says(loaded: Load) -> None:
    probe = loaded().probes["restart"]
    assert (probe.knobs, probe.environment) == ({"starts": 500}, {"RATE": "0"})
    assert probe.measures == (
        Measure(name="per-s", title="a second", says="starts a second", fact="rate"),
    )
    assert [(r.fact, r.path, r.contains, r.pprof) for r in probe.live] == [
        ("profiled-lock", None, None, ()),
        (None, "/api/*", "hello", ()),
        (None, "/p/*", None, ("lock-acquire",)),
    ]
    assert (probe.least_exposures, probe.exposure_unit) == (250, "worker starts")
    assert (probe.most_exposures, probe.exposure_knob) == (250, None)
    assert (probe.expected_s, probe.alone) == (3.0, False)
    assert probe.configs == ("stock", "warnings")


def test_a_probe_says_how_far_its_exposures_may_be_raised_and_what_it_costs(loaded: Load) -> None:
    text = edited(
        PROBE,
        "least: 250 => least: 250, most: 1000, knob: starts ;; needs: => "
        "expected_s: 12\nalone: true\nneeds:",
    )
    probe = loaded(probe=text).probes["restart"]
    assert (probe.most_exposures, probe.exposure_knob) == (1000, "starts")
    assert (probe.expected_s, probe.alone) == (12.0, True)


def test_a_proof_is_not_asked_for_where_its_library_is_left_out(loaded: Load) -> None:
    probe = loaded().probes["restart"]
    assert [rule.name for rule in probe.asked_of(cell()).live] == ["profiled", "sent", "samples"]
    assert [rule.name for rule in probe.asked_of(cell(right="-")).live] == ["sent", "samples"]


LEFT = ["left"]


@pytest.mark.parametrize(
    ("edit", "unproven"),
    [
        (', "needs": [left] => ', LEFT),
        ('"needs": [right],  => ', ["right"]),
        (', "needs": [left] =>  ;; "needs": [right],  => ', ["left", "right"]),
        # Without the other library nobody asks for this proof.
        (
            '"needs": [left] => "needs": [left, right] ;; needs: [left, right] => needs: [left]',
            LEFT,
        ),
    ],
)
def test_a_probe_has_a_proof_for_each_library(loaded: Load, edit: str, unproven: list[str]) -> None:
    assert mistakes(loaded, probe=edit) == [
        f"probes/restart/probe.yaml:5: live: has no proof that {axis} worked, so a pass would say "
        f'nothing about it; add a proof with "needs: [{axis}]"'
        for axis in unproven
    ]


@pytest.mark.parametrize(
    "edit",
    [
        '"needs": [left] => "needs": [left, right]',  # the probe can't do without the other
        "fact: profiled-lock => fact: profiled-lock, when: {locks: true}",
    ],
)
def test_a_proof_may_need_what_the_probe_needs_anyway(loaded: Load, edit: str) -> None:
    assert loaded(probe=edited(PROBE, edit)).probes["restart"].live


def test_a_probe_that_is_only_a_control_needs_no_proof_for_a_library(loaded: Load) -> None:
    matrix = edited(MATRIX, "restart: {} => restart: {only_as_control: true}")
    assert loaded(matrix, edited(PROBE, ', "needs": [left] => ')).probes["restart"].live


@pytest.mark.parametrize(
    "proof",
    [
        "fact: profiled-lock => fact: profiled-lock, when: {locks: true}",
        'request: {path: "/p/* => when: {locks: true}, request: {path: "/p/*',
    ],
)
def test_a_proof_may_be_about_settings(loaded: Load, proof: str) -> None:
    rules = loaded(probe=edited(PROBE, proof)).probes["restart"].live
    assert [rule.when for rule in rules if rule.when] == [{"locks": True}]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            "knobs:\n  starts: {value: 500, why: enough} => knobs: {starts: {value: 500}}",
            "probes/restart/probe.yaml:9: knobs.starts.why: is missing",
        ),
        (
            'RATE: {value: "0" => RATE: {value: 0',
            "probes/restart/probe.yaml:12: environment.RATE.value: must be text, and is a number",
        ),
        (
            "knobs:\n  starts: {value: 500, why: enough} => knobs: 3",
            "probes/restart/probe.yaml:9: knobs: must be a mapping, and is a number",
        ),
        (
            "fact: profiled-lock => fakt: profiled-lock",
            'probes/restart/probe.yaml:6: live[0].fakt: unknown key "fakt"; did you mean "fact"?',
        ),
        (
            ", fact: profiled-lock => ",
            'probes/restart/probe.yaml:6: live[0]: needs one source: either "fact" or "request"',
        ),
        (
            ", fact: rate} => }",
            "probes/restart/probe.yaml:17: measures.per-s: needs one source: "
            'either "fact" or "path"',
        ),
        (
            ", fact: rate} => , item: s, path: /x}",
            'probes/restart/probe.yaml:17: measures.per-s: an "item" needs a "fact"',
        ),
        (
            "least: 250 => least: 250, most: 1000",
            'probes/restart/probe.yaml:15: exposures: names "most" and the "knob" that raises '
            "exposures together, or neither",
        ),
        (
            "least: 250 => least: 250, most: 200, knob: starts",
            "probes/restart/probe.yaml:15: exposures: most is 200, which is below the least, 250",
        ),
        (
            "least: 250 => least: 250, most: 500, knob: start",
            'probes/restart/probe.yaml:15: exposures.knob: "start" is not a knob of this probe; '
            'did you mean "starts"?',
        ),
        (
            "value: 500 => value: many, one_of: [many];;"
            "least: 250 => least: 250, most: 500, knob: starts",
            'probes/restart/probe.yaml:15: exposures.knob: "starts" is many, which is not a number '
            "that can be raised",
        ),
        (
            ", contains: hello => ",
            "probes/restart/probe.yaml:7: live[1].request: needs one test of the body: "
            'either "contains" or "pprof"',
        ),
        (
            "contains: hello => or_contains: [hello], pprof: [x]",
            'probes/restart/probe.yaml:7: live[1].request: "or_contains" needs "contains"',
        ),
        (
            "fact: profiled-lock => fact: profiled-lock, or_fact: lock-events",
            'probes/restart/probe.yaml:6: live[0]: "or_fact" needs "request"',
        ),
        (
            "flask>=2 => flask >< 2",
            'probes/restart/probe.yaml:14: requirements[0]: "flask >< 2" is not a requirement '
            'such as "flask>=2"',
        ),
        (
            "needs: [left, right] => needs: [left, rigth]",
            'probes/restart/probe.yaml:13: needs[1]: "rigth" is not an axis of the matrix; '
            'did you mean "right"?',
        ),
        (
            "deadline_s: 30 => deadline_s: 1",
            "probes/restart/probe.yaml:16: limits: deadline_s is 1, which is below startup_s, 20",
        ),
        (
            "name: restart => name: start",
            'probes/restart/probe.yaml:1: name: "start" is in the folder "restart"; '
            "give it that name",
        ),
    ],
)
def test_mistakes_of_a_probe_are_named_with_its_file(
    loaded: Load, edit: str, expected: str
) -> None:
    assert mistakes(loaded, probe=edit) == [expected]


def test_a_folder_without_its_description_is_named(loaded: Load, folder: Path) -> None:
    (folder / "probes" / "mine").mkdir()
    assert mistakes(loaded, "  restart: {} =>   restart: {}\n  mine: {}") == [
        "matrix.yaml:19: probes.mine: probes/mine/probe.yaml is missing"
    ]
