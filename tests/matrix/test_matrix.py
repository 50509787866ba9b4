"""The contents of ``matrix.yaml``."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from grids import cell
from matrix_files import CHOICES, COMPOSED, MATRIX, PROBE, Load, edited, mistakes
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from published import published_rows

from interlock.matrix.choices import Every, Latest
from interlock.matrix.definition import Rounds, SandboxLimits
from interlock.matrix.matrix_file import load
from interlock.model import Axis, MatrixError, Outcome, PythonVersion, Renamed, digest_of

ROOT = Path(__file__).parents[2]


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


def test_a_set_lists_every_release_of_a_specifier(loaded: Load) -> None:
    found = loaded(edited(MATRIX, 'left: ["1.0", latest] => left: ["0.9", ">=1.0"]'))
    assert found.sets["core"].versions["left"] == (
        Version("0.9"),
        Every(within=SpecifierSet(">=1.0")),
    )


def test_a_new_release_cools_down_for_a_day_unless_the_file_says_otherwise(loaded: Load) -> None:
    edit = "policy: {prefer: [right, left]} => policy: {prefer: [left], cool_down: 36 hours}"
    assert loaded().policy.cool_down == timedelta(days=1)
    assert loaded(edited(MATRIX, edit)).policy.cool_down == timedelta(hours=36)


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


def test_a_workaround_is_a_configuration_on_top_of_the_one_it_is_named_for(loaded: Load) -> None:
    found = loaded(edited(MATRIX, COMPOSED))
    way = found.configurations["warnings+quiet"]
    assert (way.settings, way.environment) == ({"profiling": True, "level": 9}, {"A": None})
    assert (way.base, way.workaround, way.costs) == ("warnings", "quiet", "what it would say")
    assert way.is_composed and not way.at_release
    assert found.use("restart").workarounds == {"warnings": ("quiet", "as-stock")}


def test_a_workaround_that_is_a_configuration_of_its_own_makes_no_other(loaded: Load) -> None:
    found = loaded(edited(MATRIX, COMPOSED))
    assert "warnings+as-stock" not in found.configurations
    assert found.workarounds["as-stock"].on("warnings") == "stock"
    assert found.workarounds["quiet"].on("warnings") == "warnings+quiet"


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


def test_a_configuration_of_older_results_has_its_name_of_today(loaded: Load) -> None:
    edit = "configs: [stock, warnings] => configs: [warnings]\n    formerly: {stock: warnings}"
    found = loaded(edited(MATRIX, f"{COMPOSED};; {edit}"))
    stock, warnings = found.configurations["stock"], found.configurations["warnings"]
    quiet = digest_of({"settings": {"profiling": True, "level": 9}, "environment": {"A": None}})

    assert found.renamed == {
        ("restart", "stock"): Renamed(
            config="warnings", before=stock.digest, today=warnings.digest
        ),
        ("restart", "stock@release"): Renamed(
            config="warnings@release", before=stock.digest, today=warnings.digest
        ),
        # It was tried on top of `stock` then; today nothing is.
        ("restart", "stock+quiet"): Renamed(config="warnings+quiet", before=quiet, today=quiet),
    }
    assert loaded().renamed == {}


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


def test_a_probe_of_some_releases_is_narrowed_along_every_axis() -> None:
    """Else each release of the other axis would wait for it, and never be called a pass."""
    of = load(ROOT / "matrix.yaml", ROOT / "probes")
    narrowed = {name: {*use.only.versions} for name, use in of.uses.items() if use.only.versions}
    assert narrowed
    assert {name: axes for name, axes in narrowed.items() if len(axes) < len(of.axes)} == {}


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


def test_a_choice_that_only_a_probe_can_make_is_a_kind_of_application(loaded: Load) -> None:
    found = loaded(edited(MATRIX, CHOICES))
    assert [*found.applications] == ["forks"]
    assert found.applications["forks"].title == "it forks"
    assert found.applications["forks"].instead_plain == "Fork later."
    assert found.use("restart").application == "forks"
    assert found.concerns("forks", "restart") and not found.concerns(None, "restart")
    assert loaded().concerns("forks", "restart") and loaded().concerns(None, "restart")


def test_a_configuration_sets_what_it_chooses_and_the_defaults_of_the_rest(loaded: Load) -> None:
    found = loaded(edited(MATRIX, CHOICES)).configurations
    assert {name: (found[name].settings, found[name].environment) for name in CHOOSING} == {
        "chosen": ({"profiling": True}, {}),
        "loud": ({"profiling": True, "level": 2}, {"B": "2"}),
        "loud+calm": ({"profiling": False, "level": 2}, {"B": "2"}),
        "odd": ({"profiling": True, "level": 2, "amplified": False}, {"B": "2"}),
        "loud+odder": ({"profiling": True, "level": 2, "odd": True}, {"B": "2"}),
        "stock": ({"profiling": True, "level": 1}, {"A": "1"}),
    }


CHOOSING = ("chosen", "loud", "loud+calm", "odd", "loud+odder", "stock")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("chosen", "profiler on, level ERROR, forks yes"),
        ("loud", "profiler on, level WARNING, forks yes"),
        ("loud+calm", "profiler off, level WARNING, forks yes"),
        # what no reader chooses is set there, or nothing is chosen
        ("odd", None),
        ("loud+odder", None),
        ("stock", None),
        # other dependencies than a reader's
        ("loud@release", None),
        ("gone", None),
    ],
)
def test_a_situation_is_what_the_configuration_and_the_probe_choose(
    loaded: Load, config: str, expected: str | None
) -> None:
    found = loaded(edited(MATRIX, CHOICES)).situation_of("restart", config)
    assert expected == (found and ", ".join(f"{name} {value}" for name, value in found.chosen))


def test_one_situation_is_below_another_where_the_other_has_all_of_it_switched_on(
    loaded: Load,
) -> None:
    found = loaded(edited(MATRIX, CHOICES))
    plain, loud = found.situation({}), found.situation({"level": "WARNING"})
    quiet = found.situation({"level": "WARNING", "profiler": "off"})
    assert plain <= plain and plain <= loud and quiet <= loud
    assert not loud <= plain and not plain <= quiet and not quiet <= plain


def test_without_choices_every_configuration_is_the_one_situation_there_is(loaded: Load) -> None:
    found = loaded()
    assert found.situation_of("restart", "stock") == found.situation({})
    assert found.situation_of("restart", "warnings") == found.situation({})


def test_the_settings_of_every_published_verdict_are_those_of_its_configuration() -> None:
    """A verdict counts only if its probe gets the same input today as then."""
    found = load(ROOT / "matrix.yaml", ROOT / "probes")
    table = published_rows(ROOT / "results" / "verdicts.csv")
    told = {(row["config"], row["config_digest"]) for row in table}
    assert told
    assert {(name, found.configurations[name].digest) for name, _ in told} == told


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


def test_an_image_given_instead_replaces_the_template(loaded: Load, folder: Path) -> None:
    loaded()
    found = load(folder / "matrix.yaml", folder / "probes", image="registry/py:{python}")
    assert found.image == "registry/py:{python}"
    with pytest.raises(MatrixError, match="does not say where the Python goes"):
        load(folder / "matrix.yaml", folder / "probes", image="registry/py")


def test_the_projects_own_files_are_right() -> None:
    found = load(ROOT / "matrix.yaml", ROOT / "probes")
    assert found.sets["smoke"].pinned and found.default_set == "core"


def test_every_workaround_of_ours_has_one_line_to_paste() -> None:
    ours = load(ROOT / "matrix.yaml", ROOT / "probes")
    assert ours.workarounds
    for way in ours.workarounds.values():
        assert way.paste, way.name
        assert "\n" not in way.paste
        is_variable = re.fullmatch(r"[A-Z_]+=\w+", way.paste)
        assert is_variable or compile(way.paste, way.name, "exec")
