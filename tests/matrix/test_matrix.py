"""``matrix.yaml`` and ``probe.yaml``: what they say, and every mistake in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from grids import LEFT, RIGHT, cell, published
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.matrix import probes
from interlock.matrix.choices import Latest
from interlock.matrix.definition import Matrix, Rounds, SandboxLimits, check_published
from interlock.matrix.matrix_file import load
from interlock.model import Axis, MatrixError, Measure, Outcome, PythonVersion

ROOT = Path(__file__).parents[2]

MATRIX = """\
axes:
  left: {package: left-lib}
  right: {package: Right_Lib}
  python: {interpreter: cpython}
default_set: core
sets:
  core:
    left: ["1.0", latest]
    right: ["1.0", "latest:==2.*"]
    python: ["3.8", "3.10"]
  smoke:
    pinned: true
    left: ["1.0"]
    right: ["1.0", "-"]
    python: ["3.10"]
    configs: [stock]
probes:
  restart: {}
configurations:
  stock:
    title: as they come
    settings: {profiling: true, level: 1}
    environment: {A: "1"}
  warnings:
    base: stock
    title: with warnings
    settings: {level: 2}
controls:
  - {left: "1.0", right: "1.0", python: "3.10", probe: restart, config: stock, expect: hang}
image: python:{python}-slim
limits:
  install: {memory: 2 GiB, pids: 512, output: 4 MiB, wall: 10 minutes}
  probe: {memory: 512 MiB, pids: 256, output: 32 MiB, wall_factor: 2}
trials: {per_cell: 1, when_unproven: 3, on_trouble: 2}
freshness: {verdicts: 7 days, resolutions: 36 hours}
policy: {prefer: [right, left]}
"""

PROBE = """\
name: restart
title: restarted
stresses: restarts
cannot_see: the rest
live:
  - {name: profiled, says: its locks are profiled, fact: profiled-lock}
  - {name: sent, says: an event arrived, request: {path: "/api/*", contains: hello}}
  - {name: samples, says: a profile arrived, request: {path: "/p/*", pprof: [lock-acquire]}}
knobs:
  starts: {value: 500, why: enough}
environment:
  RATE: {value: "0", why: no limit}
needs: [left, right]
requirements: ["flask>=2"]
exposures: {least: 250, unit: worker starts}
limits: {startup_s: 20, stall_s: 0.5, deadline_s: 30, grace_s: 0.5}
measures: {per-s: {title: a second, says: starts a second, fact: rate}}
"""

Load = Callable[..., Matrix]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "probes" / "restart").mkdir(parents=True)
    (tmp_path / "probes" / "harness").mkdir()
    (tmp_path / "probes" / "harness" / "supervisor.py").write_text("supervise()\n")
    (tmp_path / "probes" / "restart" / "app.py").write_text("run()\n")
    return tmp_path


@pytest.fixture
def loaded(folder: Path) -> Load:
    def load_it(matrix: str = MATRIX, probe: str = PROBE) -> Matrix:
        (folder / "matrix.yaml").write_text(matrix, encoding="utf-8")
        (folder / "probes" / "restart" / "probe.yaml").write_text(probe, encoding="utf-8")
        return load(folder / "matrix.yaml", folder / "probes")

    return load_it


def edited(text: str, edit: str) -> str:
    """``"old => new"``; several edits are separated by ``;;``."""
    for step in filter(None, edit.split(";;")):
        old, _, new = step.partition("=>")
        assert text.count(old.strip()) >= 1, old
        text = text.replace(old.strip(), new.strip().replace("\\n", "\n"), 1)
    return text


def mistakes(load_it: Load, matrix: str = "", probe: str = "") -> list[str]:
    with pytest.raises(MatrixError) as caught:
        load_it(edited(MATRIX, matrix), edited(PROBE, probe))
    assert caught.value.exit_code == 2
    return list(caught.value.mistakes)


# --- what it says --------------------------------------------------------------------------------


def test_axes_are_packages_in_the_order_of_the_file(loaded: Load) -> None:
    assert loaded().axes == (
        Axis(name="left", package="left-lib"),
        Axis(name="right", package="right-lib"),
    )


def test_a_set_lists_versions_latest_and_what_is_left_out(loaded: Load) -> None:
    core, smoke = loaded().sets["core"], loaded().sets["smoke"]
    assert core.versions["right"] == (Version("1.0"), Latest(within=SpecifierSet("==2.*")))
    assert smoke.versions["right"] == (Version("1.0"), None)
    assert core.pythons == (PythonVersion(3, 8), PythonVersion(3, 10))
    assert (core.configs, smoke.configs) == (("stock", "warnings"), ("stock",))


def test_a_configuration_has_what_its_base_sets_and_its_own_wins(loaded: Load) -> None:
    found = loaded().configurations["warnings"]
    assert found.settings == {"profiling": True, "level": 2}
    assert found.environment == {"A": "1"}


def test_limits_and_times_have_units(loaded: Load) -> None:
    found = loaded()
    assert found.limits.install == SandboxLimits(
        memory_bytes=2 * 2**30, pids=512, output_bytes=4 * 2**20
    )
    assert found.limits.install_wall_s == 600
    assert (found.fresh_for, found.resolve_fresh_for) == (
        timedelta(days=7),
        timedelta(hours=36),
    )


def test_the_outer_guard_stands_behind_the_probes_own_limits(loaded: Load) -> None:
    found = loaded()
    assert found.limits.wall_s(found.probes["restart"]) == 2 * (20 + 0.5 + 30 + 0.5)


def test_a_control_is_a_cell_with_a_known_answer(loaded: Load) -> None:
    (control,) = loaded().controls
    assert (control.cell, control.expect) == (cell(), Outcome.HANG)


def test_a_control_of_several_pythons_is_one_control_a_python(loaded: Load) -> None:
    listed = edited(MATRIX, 'python: "3.10", probe => python: ["3.8", "3.10"], probe')
    assert [control.cell for control in loaded(listed).controls] == [cell(python="3.8"), cell()]


def test_a_control_may_leave_libraries_out(loaded: Load) -> None:
    listed = edited(MATRIX, '{left: "1.0", right: "1.0", python => {left: "-", right: "-", python')
    (control,) = loaded(listed).controls
    assert control.cell == cell("-", "-")


COMPOSED = """\
restart: {} => restart:
    configs: [stock, warnings]
    ways_out: {warnings: [quiet, as-stock]}
    only: {left: [latest], python: ["3.10"]}
;; title: with warnings => title: with warnings
    only: {right: ["1.0"]}
;; controls: => ways_out:
  quiet: {title: quiet, costs: what it would say, settings: {level: 9}, environment: {A: null}}
  as-stock: {title: as they come, costs: warnings, same_as: stock}
controls:"""


def test_a_way_out_is_a_configuration_on_top_of_the_one_it_is_named_for(loaded: Load) -> None:
    found = loaded(edited(MATRIX, COMPOSED))
    way = found.configurations["warnings+quiet"]
    assert (way.settings, way.environment) == ({"profiling": True, "level": 9}, {"A": None})
    assert (way.base, way.way_out, way.costs) == ("warnings", "quiet", "what it would say")
    assert way.is_composed and not way.at_release
    assert found.use("restart").ways_out == {"warnings": ("quiet", "as-stock")}


def test_a_way_out_that_is_a_configuration_of_its_own_makes_no_other(loaded: Load) -> None:
    found = loaded(edited(MATRIX, COMPOSED))
    assert "warnings+as-stock" not in found.configurations
    assert found.ways_out["as-stock"].on("warnings") == "stock"
    assert found.ways_out["quiet"].on("warnings") == "warnings+quiet"


def test_every_configuration_can_be_run_as_of_the_releases_day(loaded: Load) -> None:
    found = loaded()
    then = found.configurations["warnings@release"]
    assert (then.base, then.at_release, then.is_composed) == ("warnings", True, True)
    assert then.digest == found.configurations["warnings"].digest


def test_a_probe_is_judged_in_its_configurations_and_in_what_is_composed_of_them(
    loaded: Load,
) -> None:
    text = edited(MATRIX, COMPOSED)
    assert loaded(text).judged_in("restart") == (
        *("stock", "stock@release"),
        *("warnings", "warnings+quiet", "warnings@release"),
    )
    one = edited(text, "configs: [stock, warnings] => configs: [warnings]")
    assert loaded(one).judged_in("restart") == ("warnings", "warnings+quiet", "warnings@release")


def test_a_set_has_the_configurations_of_the_file_and_none_that_is_composed(loaded: Load) -> None:
    assert loaded(edited(MATRIX, COMPOSED)).sets["core"].configs == ("stock", "warnings")


def test_a_probe_or_a_configuration_is_narrowed_to_what_it_lists(loaded: Load) -> None:
    found = loaded(edited(MATRIX, COMPOSED))
    of_probe = found.use("restart").only
    assert (of_probe.versions, of_probe.pythons) == (
        {"left": (Latest(),)},
        (PythonVersion(3, 10),),
    )
    assert found.only["warnings"].versions == {"right": (Version("1.0"),)}
    assert loaded().only == {}


def test_a_probe_that_is_only_a_control_is_in_no_set(loaded: Load, folder: Path) -> None:
    shutil.copytree(folder / "probes" / "restart", folder / "probes" / "other")
    (folder / "probes" / "other" / "probe.yaml").write_text(edited(PROBE, "restart => other"))
    more = edited(MATRIX, "restart: {} => restart: {}\n  other: {only_as_control: true}")
    assert loaded(more).sets["core"].probes == ("restart",)
    assert [*loaded(more).probes] == ["restart", "other"]
    in_a_set = edited(more, "configs: [stock] => probes: [restart, other]")
    assert mistakes(loaded, f"{MATRIX} => {in_a_set}") == [
        'matrix.yaml:16: sets.smoke.probes[1]: "other" is only a control; a set can\'t have it'
    ]


def test_a_probe_may_be_about_one_kind_of_application(loaded: Load) -> None:
    forking = "{forking: {title: it forks, description: by itself}}"
    named = edited(MATRIX, "restart: {} => restart: {application: forking}")
    found = loaded(f"{named}\napplications: {forking}\n")
    assert found.use("restart").application == "forking"
    assert found.applications["forking"].title == "it forks"
    assert found.concerns("forking", "restart") and not found.concerns(None, "restart")
    assert loaded().concerns("forking", "restart") and loaded().concerns(None, "restart")
    assert mistakes(loaded, f"{MATRIX} => {named}") == [
        'matrix.yaml:18: probes.restart.application: "forking" is no application of this file'
    ]


def test_a_control_that_takes_long_or_is_not_seen_every_time_says_so(loaded: Load) -> None:
    (usual,) = loaded().controls
    (rare,) = loaded(
        edited(MATRIX, "expect: hang => expect: hang, rounds: ends, tries: 3, scale_by_load: false")
    ).controls
    assert (usual.rounds, usual.tries, usual.scale_by_load) == (Rounds.EVERY, 1, True)
    assert (rare.rounds, rare.tries, rare.scale_by_load) == (Rounds.ENDS, 3, False)


def test_a_hundred_cells_stand_between_controls_unless_the_file_says_otherwise(
    loaded: Load,
) -> None:
    assert loaded().controls_every == 100
    assert loaded(edited(MATRIX, "image: => controls_every: 20\nimage:")).controls_every == 20


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
    text = edited(PROBE, "fact: profiled-lock => fact: profiled-lock, needs: [right]")
    probe = loaded(probe=text).probes["restart"]
    assert [rule.name for rule in probe.asked_of(cell()).live] == ["profiled", "sent", "samples"]
    assert [rule.name for rule in probe.asked_of(cell(right="-")).live] == ["sent", "samples"]


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


def test_an_image_given_instead_replaces_the_template(loaded: Load, folder: Path) -> None:
    loaded()
    found = load(folder / "matrix.yaml", folder / "probes", image="registry/py:{python}")
    assert found.image == "registry/py:{python}"
    with pytest.raises(MatrixError, match="does not say where the Python goes"):
        load(folder / "matrix.yaml", folder / "probes", image="registry/py")


def test_the_projects_own_files_are_right() -> None:
    found = load(ROOT / "matrix.yaml", ROOT / "probes")
    assert found.sets["smoke"].pinned and found.default_set == "core"


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            'right: ["1.0", "latest:==2.*"] => right: ["1.0", "2.14.x"]',
            'matrix.yaml:9: sets.core.right[1]: "2.14.x" is not a version; '
            'did you mean the specifier "==2.14.*"?',
        ),
        (
            '"latest:==2.*" => ">=2"',
            'matrix.yaml:9: sets.core.right[1]: ">=2" is a specifier, not a version; '
            'did you mean "latest:>=2"?',
        ),
        (
            '"latest:==2.*" => "latest:two"',
            'matrix.yaml:9: sets.core.right[1]: "latest:two": "two" is not a specifier; '
            'write "latest:==4.*"',
        ),
        (
            '"latest:==2.*" => newest',
            'matrix.yaml:9: sets.core.right[1]: "newest" is not a version such as "2.14.2", '
            'nor "latest"',
        ),
        # YAML's numbers
        (
            '["3.8", "3.10"] => ["3.8", 3.10]',
            "matrix.yaml:10: sets.core.python[1]: 3.10 is a number, which YAML reads as 3.1; "
            'write "3.10" in quotes',
        ),
        (
            'left: ["1.0", latest] => left: [2.5, latest]',
            'matrix.yaml:8: sets.core.left[0]: 2.5 is a number; write "2.5" in quotes',
        ),
        (
            'left: ["1.0", latest] => left: [2, latest]',
            'matrix.yaml:8: sets.core.left[0]: 2 is a number; write "2" in quotes',
        ),
        (
            '["3.8", "3.10"] => ["3.8", "3.10.1"]',
            'matrix.yaml:10: sets.core.python[1]: "3.10.1" is not a Python such as "3.10"',
        ),
        # keys and names
        (
            "default_set: => defualt_set:",
            'matrix.yaml:5: defualt_set: unknown key "defualt_set"; did you mean "default_set"?',
        ),
        (
            "    pinned: true => pined: true",
            'matrix.yaml:12: sets.smoke.pined: unknown key "pined"; did you mean "pinned"?',
        ),
        (
            "base: stock => base: stok",
            'matrix.yaml:25: configurations.warnings.base: "stok" is no configuration of this '
            'file; did you mean "stock"?',
        ),
        (
            "configs: [stock] => configs: [stock, warning]",
            'matrix.yaml:16: sets.smoke.configs[1]: "warning" is no configuration of this file; '
            'did you mean "warnings"?',
        ),
        (
            "default_set: core => default_set: corr",
            'matrix.yaml:5: default_set: "corr" is no set of this file; did you mean "core"?',
        ),
        (
            "[right, left] => [rihgt, left]",
            'matrix.yaml:36: policy.prefer[0]: "rihgt" is no axis of this file; '
            'did you mean "right"?',
        ),
        # a set
        ('["3.8", "3.10"] => []', "matrix.yaml:10: sets.core.python: is empty; name at least one"),
        (
            '["1.0", latest] => ["1.0", "1.0.0"]',
            'matrix.yaml:8: sets.core.left: lists "1.0.0" twice',
        ),
        (
            '    left: ["1.0"] => left: [latest]',
            'matrix.yaml:13: sets.smoke.left[0]: "latest" in a pinned set; write the version',
        ),
        ('    right: ["1.0", "-"]\n =>', "matrix.yaml:11: sets.smoke.right: is missing"),
        # the rest
        (
            "4 MiB => 4 megs",
            'matrix.yaml:32: limits.install.output: "4 megs" is not a size such as "512 MiB"',
        ),
        (
            "7 days => a week",
            'matrix.yaml:35: freshness.verdicts: "a week" is not a time such as "7 days" '
            'or "90 seconds"',
        ),
        (
            "per_cell: 1 => per_cell: 0",
            "matrix.yaml:34: trials.per_cell: 0: input should be greater than 0",
        ),
        (
            "per_cell: 1 => per_cell: often",
            "matrix.yaml:34: trials.per_cell: must be a whole number, and is text",
        ),
        (
            "python:{python}-slim => python:slim",
            'matrix.yaml:30: image: "python:slim" does not say where the Python goes; '
            'write "python:{python}-slim"',
        ),
        (
            "package: left-lib => package: left/lib",
            'matrix.yaml:2: axes.left.package: "left/lib" is not the name of a package',
        ),
        (
            'left: "1.0", right => left: latest, right',
            'matrix.yaml:29: controls[0].left: "latest" is not one version for good; '
            "a control needs one",
        ),
        # ways out, and what is narrowed
        (
            f"{COMPOSED};; [quiet, as-stock] => [quite]",
            'matrix.yaml:20: probes.restart.ways_out.warnings[0]: "quite" is no way out of this '
            'file; did you mean "quiet"?',
        ),
        (
            f"{COMPOSED};; configs: [stock, warnings] => configs: [stock]",
            "matrix.yaml:20: probes.restart.ways_out.warnings: the probe is not judged in "
            '"warnings"',
        ),
        (
            f"{COMPOSED};; same_as: stock => same_as: warnings",
            'matrix.yaml:20: probes.restart.ways_out.warnings[1]: "as-stock" is "warnings" itself',
        ),
        (
            f"{COMPOSED};; , same_as: stock => ",
            "matrix.yaml:34: ways_out.as-stock: says what it changes: either "
            '"settings" and "environment", or "same_as"',
        ),
        (
            f"{COMPOSED};; costs: warnings,  =>",
            "matrix.yaml:34: ways_out.as-stock.costs: is missing",
        ),
        (
            "  warnings:\n => warn+ings:\n",
            'matrix.yaml:24: configurations.warn+ings: "warn+ings" has a "+", which stands in the '
            "names that are composed",
        ),
        (
            f"{COMPOSED};; only: {{left: [latest] => only: {{left: [1.0]",
            'matrix.yaml:21: probes.restart.only.left[0]: 1.0 is a number; write "1.0" in quotes',
        ),
        (
            f"{COMPOSED};; only: {{right => only: {{rihgt",
            'matrix.yaml:30: configurations.warnings.only.rihgt: unknown key "rihgt"; did you mean '
            '"right"?',
        ),
        (
            "expect: hang => expect: hang, rounds: never",
            "matrix.yaml:29: controls[0].rounds: \"never\": input should be 'every' or 'ends'",
        ),
        (
            'python: "3.10", probe => python: ["3.10", "3.10"], probe',
            'matrix.yaml:29: controls[0].python: lists "3.10" twice',
        ),
    ],
)
def test_one_mistake_is_one_clear_line(loaded: Load, edit: str, expected: str) -> None:
    found = mistakes(loaded, edit)
    assert expected in found
    # an unknown key may leave the right one missing, which is said as well
    assert all("is missing" in other for other in found if other != expected)


def test_every_mistake_of_every_file_is_named_at_once(loaded: Load) -> None:
    found = mistakes(
        loaded,
        'left: ["1.0", latest] => left: [2.10, latest];;default_set: core => default_set: corr;;'
        "[right, left] => [right, up]",
        "least: 250 => least: 0;;cannot_see => canot_see",
    )
    assert {": ".join(line.split(": ")[:2]) for line in found} == {
        "matrix.yaml:5: default_set",
        "matrix.yaml:8: sets.core.left[0]",
        "matrix.yaml:36: policy.prefer[1]",
        "probes/restart/probe.yaml: cannot_see",
        "probes/restart/probe.yaml:4: canot_see",
        "probes/restart/probe.yaml:15: exposures.least",
    }


def test_a_key_given_twice_is_a_mistake(loaded: Load) -> None:
    assert mistakes(loaded, "default_set: core => default_set: core\\ndefault_set: smoke") == [
        "matrix.yaml:5: default_set: is given twice, in line 5 and in line 6"
    ]


def test_a_configuration_can_not_be_its_own_base(loaded: Load) -> None:
    found = mistakes(loaded, "title: as they come => title: as they come\\n    base: warnings")
    assert found == [
        "matrix.yaml:22: configurations.stock.base: goes in a circle: stock → warnings → stock",
        "matrix.yaml:26: configurations.warnings.base: goes in a circle: "
        "warnings → stock → warnings",
    ]


def test_a_probe_without_a_folder_names_the_nearest(loaded: Load) -> None:
    found = mistakes(loaded, "restart: {} => restrat: {};;probe: restart => probe: restrat")
    assert found == [
        'matrix.yaml:18: probes.restrat: "restrat" is no probe; did you mean "restart"?'
    ]


@pytest.mark.parametrize("name", ["config", "pair", "open"])
def test_an_axis_needs_a_name_that_is_an_option_and_nothing_else(loaded: Load, name: str) -> None:
    (found,) = [
        line
        for line in mistakes(loaded, f"left: {{package => {name}: {{package")
        if "option" in line
    ]
    assert found.startswith(f'matrix.yaml:2: axes.{name}: "{name}" can\'t be an axis')


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "matrix.yaml: is empty"),
        (b"axes: [", "is not YAML: expected the node content"),
        (b"- a\n- b\n", "matrix.yaml: must be a mapping, and is a list"),
        (b"axes: \xff", "can't be read"),
        (b"axes: &a [*a]", "axes[0]: refers to itself"),
        (b"axes: !!python/object:os.system {}\n", "axes"),
    ],
)
def test_a_file_that_is_no_matrix_is_said_so(folder: Path, content: bytes, expected: str) -> None:
    (folder / "matrix.yaml").write_bytes(content)
    with pytest.raises(MatrixError) as caught:
        load(folder / "matrix.yaml", folder / "probes")
    assert expected in str(caught.value)


def test_a_missing_file_is_said_so(folder: Path) -> None:
    with pytest.raises(MatrixError, match=r"matrix\.yaml: there is no such file"):
        load(folder / "matrix.yaml", folder / "probes")


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
            "fact: profiled-lock => fakt: profiled-lock",
            'probes/restart/probe.yaml:6: live[0].fakt: unknown key "fakt"; did you mean "fact"?',
        ),
        (
            ", fact: profiled-lock => ",
            'probes/restart/probe.yaml:6: live[0]: names its source: either "fact" or "request"',
        ),
        (
            ", fact: rate} => }",
            "probes/restart/probe.yaml:17: measures.per-s: names its source: "
            'either "fact" or "path"',
        ),
        (
            ", fact: rate} => , item: s, path: /x}",
            'probes/restart/probe.yaml:17: measures.per-s: an "item" is of a "fact"',
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
            'probes/restart/probe.yaml:15: exposures.knob: "start" is no knob of this probe; '
            'did you mean "starts"?',
        ),
        (
            "value: 500 => value: many;;least: 250 => least: 250, most: 500, knob: starts",
            'probes/restart/probe.yaml:15: exposures.knob: "starts" is many, which is no number '
            "that could be raised",
        ),
        (
            ", contains: hello => ",
            "probes/restart/probe.yaml:7: live[1].request: says what the body holds: "
            'either "contains" or "pprof"',
        ),
        (
            "flask>=2 => flask >< 2",
            'probes/restart/probe.yaml:14: requirements[0]: "flask >< 2" is not a requirement '
            'such as "flask>=2"',
        ),
        (
            "needs: [left, right] => needs: [left, rigth]",
            'probes/restart/probe.yaml:13: needs[1]: "rigth" is no axis of the matrix; '
            'did you mean "right"?',
        ),
        (
            "name: restart => name: start",
            'probes/restart/probe.yaml:1: name: "start" is in the folder "restart"; call it that',
        ),
    ],
)
def test_mistakes_of_a_probe_are_named_with_its_file(
    loaded: Load, edit: str, expected: str
) -> None:
    assert mistakes(loaded, probe=edit) == [expected]


# --- versions that nobody published --------------------------------------------------------------

RIGHTS = published(RIGHT, "1.0 2.0 2.1 3.0rc1")


@pytest.mark.parametrize(
    ("lefts", "expected"),
    [
        ("1.0 1.1", None),
        (
            "0.8 0.9 1.1",
            'matrix.yaml:8: sets.core.left[0]: nobody published left-lib "1.0"; '
            "the nearest are 0.9 and 1.1",
        ),
        (
            "0.9 1.1rc1 1.2!",
            'matrix.yaml:8: sets.core.left[0]: nobody published left-lib "1.0"; the nearest is 0.9',
        ),
    ],
)
def test_a_version_nobody_published_names_the_nearest(
    loaded: Load, lefts: str, expected: str | None
) -> None:
    releases = {"left": published(LEFT, lefts), "right": RIGHTS}
    if expected is None:
        check_published(loaded(), releases)
        return
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(), releases)
    assert caught.value.mistakes[0] == expected
    assert len(caught.value.mistakes) == 3  # both sets, and the control


def test_a_version_of_a_control_is_looked_up_once_for_all_its_pythons(loaded: Load) -> None:
    listed = edited(MATRIX, 'python: "3.10", probe => python: ["3.8", "3.10"], probe')
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(listed), {"left": published(LEFT, "0.9"), "right": RIGHTS})
    assert [m for m in caught.value.mistakes if "controls" in m] == [
        'matrix.yaml:29: controls[0].left: nobody published left-lib "1.0"; the nearest is 0.9'
    ]


def test_a_version_that_a_probe_is_narrowed_to_must_have_been_published(loaded: Load) -> None:
    releases = {"left": published(LEFT, "1.0"), "right": published(RIGHT, "2.0")}
    found = loaded(edited(MATRIX, COMPOSED))
    with pytest.raises(MatrixError) as caught:
        check_published(found, releases)
    assert [m for m in caught.value.mistakes if "only" in m] == [
        "matrix.yaml:30: configurations.warnings.only.right[0]: nobody published right-lib "
        '"1.0"; the nearest is 2.0'
    ]


def test_latest_needs_a_final_release_in_its_range(loaded: Load) -> None:
    releases = {"left": published(LEFT, "1.0"), "right": published(RIGHT, "1.0 2.0rc1 2.1!")}
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(), releases)
    assert caught.value.mistakes == (
        "matrix.yaml:9: sets.core.right[1]: right-lib has no final release within ==2.*; "
        "the newest is 1.0",
    )


# --- digests -------------------------------------------------------------------------------------


def test_a_digest_is_the_same_wherever_the_folder_lies(folder: Path, tmp_path: Path) -> None:
    before = probes.digest(folder / "probes", "restart")
    shutil.copytree(folder / "probes", tmp_path / "elsewhere" / "probes")
    assert probes.digest(tmp_path / "elsewhere" / "probes", "restart") == before


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("restart/app.py", True),
        ("restart/probe.yaml", True),
        ("harness/supervisor.py", True),
        ("harness/deep/new.py", True),
        ("libraries/settings.py", True),
        # what only a reader sees, what Python leaves behind, and the other probes
        ("harness/PROTOCOL.md", False),
        ("restart/__pycache__/app.cpython-310.pyc", False),
        ("restart/__pycache__/app.py", False),
        ("other/app.py", False),
    ],
)
def test_a_digest_changes_with_what_decides_what_the_probe_does(
    loaded: Load, folder: Path, changed: str, counts: bool
) -> None:
    before = loaded().probes["restart"].digest
    path = folder / "probes" / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}\n# changed\n")
    assert (probes.digest(folder / "probes", "restart") != before) is counts


@pytest.mark.parametrize("shared", [probes.HARNESS, probes.LIBRARIES])
def test_what_the_probes_share_is_no_probe(loaded: Load, folder: Path, shared: str) -> None:
    loaded()
    (folder / "probes" / shared).mkdir(exist_ok=True)
    (folder / "probes" / shared / "probe.yaml").write_text(PROBE, encoding="utf-8")
    assert probes.available(folder / "probes") == ("restart",)


def test_a_configurations_digest_is_of_what_it_sets(loaded: Load) -> None:
    stock = loaded().configurations["stock"]
    assert replace(stock, title="otherwise").digest == stock.digest
    assert replace(stock, settings={"profiling": False}).digest != stock.digest
