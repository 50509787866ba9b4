"""Every mistake in a ``matrix.yaml`` is named, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix_files import CHOICES, COMPOSED, Load, mistakes

from interlock.matrix.matrix_file import load
from interlock.model import MatrixError


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            'right: ["1.0", "latest:==2.*"] => right: ["1.0", "2.14.x"]',
            'matrix.yaml:9: sets.core.right[1]: "2.14.x" is not a version; '
            'did you mean the specifier "==2.14.*"?',
        ),
        (
            '"latest:==2.*" => ">=2.x"',
            'matrix.yaml:9: sets.core.right[1]: ">=2.x" is not a version such as "2.14.2", '
            '"latest" or a specifier such as ">=1.0"',
        ),
        (
            '"latest:==2.*" => "latest:two"',
            'matrix.yaml:9: sets.core.right[1]: "latest:two": "two" is not a specifier; '
            'write "latest:==4.*"',
        ),
        (
            '"latest:==2.*" => newest',
            'matrix.yaml:9: sets.core.right[1]: "newest" is not a version such as "2.14.2", '
            '"latest" or a specifier such as ">=1.0"',
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
            'matrix.yaml:25: configurations.warnings.base: "stok" is not a configuration of this '
            'file; did you mean "stock"?',
        ),
        (
            "configs: [stock] => configs: [stock, warning]",
            'matrix.yaml:16: sets.smoke.configs[1]: "warning" is not a configuration of this file; '
            'did you mean "warnings"?',
        ),
        (
            "default_set: core => default_set: corr",
            'matrix.yaml:5: default_set: "corr" is not a set of this file; did you mean "core"?',
        ),
        (
            "[right, left] => [rihgt, left]",
            'matrix.yaml:36: policy.prefer[0]: "rihgt" is not an axis of this file; '
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
        (
            '    left: ["1.0"] => left: [">=1.0"]',
            'matrix.yaml:13: sets.smoke.left[0]: ">=1.0" in a pinned set; write the version',
        ),
        (
            '["1.0", latest] => [">=1.0,<2", "<2,>=1.0"]',
            'matrix.yaml:8: sets.core.left: lists "<2,>=1.0" twice',
        ),
        (
            "policy: {prefer: [right, left]} => policy: {prefer: [right, left], cool_down: 0 days}",
            'matrix.yaml:36: policy.cool_down: "0 days" must be from 1 second to 3650 days',
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
            "wall_factor: 2 => wall_faktor: 2",
            'matrix.yaml:33: limits.probe.wall_faktor: unknown key "wall_faktor"; did you mean '
            '"wall_factor"?',
        ),
        (
            "  probe: {memory: 512 MiB, pids: 256, output: 32 MiB, wall_factor: 2}\n =>",
            "matrix.yaml:31: limits.probe: is missing",
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
            'matrix.yaml:29: controls[0].left: "latest" can change over time; '
            "a control needs one version",
        ),
        (
            'left: "1.0", right => left: ">=1.0", right',
            'matrix.yaml:29: controls[0].left: ">=1.0" can change over time; '
            "a control needs one version",
        ),
        # what an application chooses
        (
            f"{CHOICES};; choices: {{level: WARNING}} => choices: {{lewel: WARNING}}",
            'matrix.yaml:43: configurations.loud.choices.lewel: "lewel" is not a choice of this '
            'file; did you mean "level"?',
        ),
        (
            f"{CHOICES};; choices: {{level: WARNING}} => choices: {{level: WARNIGN}}",
            'matrix.yaml:43: configurations.loud.choices.level: "WARNIGN" is not a value of '
            '"level"; '
            'did you mean "WARNING"?',
        ),
        (
            f'{CHOICES};; choices: {{profiler: "off"}} => choices: {{profiler: off}}',
            "matrix.yaml:54: workarounds.calm.choices.profiler: is a yes or no; write a name, such "
            'as "off", in quotes',
        ),
        (
            f'{CHOICES};; choices: {{profiler: "off"}} => choices: {{profiler: "of"}}',
            'matrix.yaml:54: workarounds.calm.choices.profiler: "of" is not a value of "profiler"; '
            'did you mean "off"?',
        ),
        (
            f"{CHOICES};; level:\n    title: the level => left:\n    title: the level"
            ";; {level: WARNING} => {left: WARNING}",
            'matrix.yaml:29: choices.left: "left" is taken: links use this name for an axis',
        ),
        (
            f"{CHOICES};; default: ERROR => default: EROR",
            'matrix.yaml:31: choices.level.default: "EROR" is not a value of "level"; '
            'did you mean "ERROR"?',
        ),
        (
            f"{CHOICES};; default: ERROR => defalut: ERROR",
            'matrix.yaml:31: choices.level.defalut: unknown key "defalut"; did you mean "default"?',
        ),
        (
            f'{CHOICES};; {{"no": {{title: it does not fork}}, => {{;; "no" => "yes"',
            "matrix.yaml:38: choices.forks.values: needs two values to choose between",
        ),
        (
            f"{CHOICES};; find_out: Look at LEVEL. => find_out: ''",
            "matrix.yaml:34: choices.level.find_out: is blank; say it in words",
        ),
        (
            f'{CHOICES};; choices: {{forks: "yes"}} => choices: {{level: WARNING}}',
            'matrix.yaml:20: probes.restart.choices.level: "level" has settings, so '
            "configurations choose it",
        ),
        (
            f'{CHOICES};; choices: {{level: WARNING}} => choices: {{forks: "yes"}}',
            'matrix.yaml:43: configurations.loud.choices.forks: no value of "forks" sets anything, '
            "so only a probe can choose it",
        ),
        # workarounds, and what is narrowed
        (
            f"{COMPOSED};; [quiet, as-stock] => [quite]",
            'matrix.yaml:20: probes.restart.workarounds.warnings[0]: "quite" is not a workaround '
            'of this file; did you mean "quiet"?',
        ),
        (
            f"{COMPOSED};; configs: [stock, warnings] => configs: [stock]",
            "matrix.yaml:20: probes.restart.workarounds.warnings: the probe is not judged in "
            '"warnings"',
        ),
        # what narrows a probe in one configuration, and what older results call its cells
        (
            "restart: {} => restart: {only_in: {gone: {left: [latest]}}}",
            'matrix.yaml:18: probes.restart.only_in.gone: "gone" is not a configuration of this '
            "file; there is stock, warnings",
        ),
        (
            "restart: {} => restart: {configs: [stock], only_in: {warnings: {left: [latest]}}}",
            "matrix.yaml:18: probes.restart.only_in.warnings: the probe is not judged in "
            '"warnings"',
        ),
        (
            "restart: {} => restart: {configs: [stock], formerly: {warnings: warnings}}",
            "matrix.yaml:18: probes.restart.formerly.warnings: the probe is not judged in "
            '"warnings"',
        ),
        (
            "restart: {} => restart: {configs: [warnings, stock], formerly: {stock: warnings}}",
            'matrix.yaml:18: probes.restart.formerly.stock: the probe is judged in "stock" itself',
        ),
        (
            "restart: {} => restart: {formerly: {stock: warnings}}",
            'matrix.yaml:18: probes.restart.formerly.stock: the probe is judged in "stock" itself',
        ),
        (
            f"{COMPOSED};; same_as: stock => same_as: warnings",
            'matrix.yaml:20: probes.restart.workarounds.warnings[1]: "as-stock" is '
            '"warnings" itself',
        ),
        (
            f"{COMPOSED};; , same_as: stock => ",
            'matrix.yaml:34: workarounds.as-stock: needs either "same_as", '
            'or any of "choices", "settings" and "environment"',
        ),
        (
            f"{COMPOSED};; costs: warnings,  =>",
            "matrix.yaml:34: workarounds.as-stock.costs: is missing",
        ),
        (
            "  warnings:\n => warn+ings:\n",
            'matrix.yaml:24: configurations.warn+ings: "warn+ings" has a "+", which is reserved '
            "for composed names",
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
        'matrix.yaml:18: probes.restrat: "restrat" is not a probe; did you mean "restart"?'
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
