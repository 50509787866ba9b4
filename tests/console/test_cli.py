"""What a user types: exit codes, one clear line each, and no run on a mistake."""

from __future__ import annotations

import argparse

import pytest
from command_line import THIS, Typed, remember
from matrices import MATRIX

from interlock.console import campaigns, options, selected
from interlock.matrix.matrix_file import load
from interlock.matrix.schema import AXIS_NAME, RESERVED
from interlock.record.ledger import Ledger
from interlock.record.measures import MEASURES_COLUMNS
from interlock.record.schema import AUDIT_COLUMNS, COLUMNS

# What makes no sense ------------------------------------------------------------------------------


def test_a_version_that_nobody_published_names_the_nearest(typed: Typed) -> None:
    said = typed("matrix", "--partner", "1.5", "--backend", "process")
    assert said.code == 2
    assert said.errors.strip() == (
        '--partner: nobody published partner "1.5"; the nearest are 1 and 2'
    )
    assert typed.nothing_ran


def test_a_matrix_names_every_mistake_with_its_place(typed: Typed) -> None:
    typed.write(
        lambda text: (
            text.replace('partner: ["1"]', "partner: [1]", 1)
            .replace("default_set: fates", "default_set: fate")
            .replace("  fate: {}", "  fate: {}\n  nothing: {}")
            .replace("trials:", "trails:")
        )
    )
    said = typed("matrix")
    assert said.code == 2
    lines = said.errors.strip().splitlines()
    assert all(line.startswith("matrix.yaml:") for line in lines)
    for mistake in ('"1" in quotes', '"fate" is not a set', '"nothing" is not a probe', "trails"):
        assert len([line for line in lines if mistake in line]) == 1, (mistake, lines)
    assert typed.nothing_ran


def test_a_version_in_the_matrix_that_nobody_published_is_named_with_its_place(
    typed: Typed,
) -> None:
    typed.write(lambda text: text.replace('"1+segfaults"', '"7.0"'))
    said = typed("matrix", "--backend", "process")
    assert said.code == 2
    assert said.errors.startswith("matrix.yaml:")
    assert 'nobody published subject "7.0"' in said.errors
    assert typed.nothing_ran


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "fatse"], 'did you mean "fates"'),
        (["--probe", "fait"], '"fait" does not exist'),
        (["--config", "plane"], '"plane" does not exist'),
        (["--python", "three"], '"three" is not a Python'),
        (["--partner", "1.x"], "did you mean the specifier"),
        (["--partner", ">=7"], "leaves nothing of the set"),
        (["--known", "nowhere.csv"], "there is no such file"),
        (["--known", "matrix.yaml"], "the published file is called verdicts.csv"),
        (["--jobs", "0"], "0 is not a number from 1 to 512"),
        (["--jobs", "many"], "many is not a number from 1 to 512"),
        (["--rerun", "some"], "invalid choice"),
        (["--budget", "90"], "90 is not a time such as 90m or 2h"),
        (["--budget", "0m"], "0m is not a time such as 90m or 2h"),
        (["--sentry", "2.5.1"], "unrecognized arguments"),
        (["--partner", "1", "2"], "unrecognized arguments: 2; an option takes one value: repeat"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_what_would_be_right(
    typed: Typed, arguments: list[str], said: str
) -> None:
    answer = typed("matrix", "--backend", "process", *arguments)
    assert answer.code == 2
    assert said in answer.errors
    assert "Traceback" not in answer.errors


@pytest.mark.parametrize(
    "arguments",
    [
        "ask --subject 1 --subject 2 --partner 1 --python 3.10",
        "ask --subject 1 --partner 1 --python 3.10 --format json --format text",
        "matrix --set fates --set next --dry-run",
        "matrix --trials 1 --trials=2 --dry-run",
        "--matrix elsewhere.yaml matrix --dry-run",
        "clean --days 5 --days 0",
    ],
)
def test_no_value_of_an_option_takes_the_place_of_another(typed: Typed, arguments: str) -> None:
    said = typed(*arguments.split())
    assert (said.code, said.output) == (2, "")
    assert "is given twice" in said.errors
    assert typed.nothing_ran


def test_an_option_may_say_the_same_twice(typed: Typed) -> None:
    assert typed("clean", "--days", "5", "--days", "5").code == 0


def test_no_axis_can_have_the_name_of_an_option_or_a_column() -> None:
    first = options.everywhere()
    parsers = [options.overview(first)]
    for command in ("ask", "matrix", "search"):
        whole = options.parser(command, MATRIX, first)
        (commands,) = (a for a in whole._actions if isinstance(a, argparse._SubParsersAction))
        parsers += [whole, commands.choices[command]]
    actions = [action for one in parsers for action in one._actions]
    names = {action.dest for action in actions}
    names |= {text.lstrip("-") for action in actions for text in action.option_strings}
    names |= {*COLUMNS, *MEASURES_COLUMNS, *AUDIT_COLUMNS}
    axes = {axis.name for axis in MATRIX.axes}
    assert {name for name in names - axes if AXIS_NAME.fullmatch(name)} - RESERVED == {"h"}


def test_a_project_without_a_matrix_says_where_it_was_looked_for(typed: Typed) -> None:
    (typed.project.folder / "matrix.yaml").unlink()
    said = typed("matrix")
    assert said.code == 2
    assert "matrix.yaml" in said.errors


def test_images_of_what_is_no_python_are_a_mistake(typed: Typed) -> None:
    said = typed("images", "--python", "pypy")
    assert (said.code, "--python" in said.errors) == (2, True)


# What is said without running anything ------------------------------------------------------------


def test_a_dry_run_says_what_would_become_of_every_cell_and_runs_none(typed: Typed) -> None:
    said = typed("matrix", "--backend", "process", "--python", THIS, "--dry-run")
    assert said.code == 0
    lines = said.output.splitlines()
    decided = [line for line in lines if line.startswith("unsupported")]
    assert [line.split(" × ")[0].split()[-1] for line in decided] == [
        "1+no.wheel",
        "1+requires.python",
    ]
    listed = load(typed.project.folder / "matrix.yaml", typed.project.folder / "probes")
    asked = len(listed.sets["fates"].versions["subject"])
    assert len([line for line in lines if line.startswith("run ")]) == asked - len(decided)
    with Ledger(typed.project.home) as ledger:
        assert list(ledger.trials()) == []


def test_the_help_lists_every_set_with_its_title(typed: Typed) -> None:
    typed.write(lambda text: text.replace("every fate that", "100 % of the fates that"))
    said = typed("matrix", "--help")
    assert said.code == 0
    words = " ".join(said.output.split())
    assert "fates (the default): 100 % of the fates that has a verdict; next: the" in words


def test_what_is_too_much_to_run_is_counted_and_does_not_start(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (campaigns, selected):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 5)
    asked = ("matrix", "--backend", "process", "--python", THIS, "--jobs", "1")
    listed = load(typed.project.folder / "matrix.yaml", typed.project.folder / "probes")
    cells = len(listed.sets["fates"].versions["subject"])
    dry = typed(*asked, "--dry-run")
    assert dry.code == 0
    assert f"{cells} cells: {cells - 2} to run, 2 that can't be installed, about" in dry.output
    run = typed(*asked)
    assert run.code == 2
    assert f"these are {cells} cells, and {cells - 2} of them would run, about" in run.errors
    assert "at most 5 can be run one by one" in run.errors
    assert "search them with --budget TIME, such as 90m, or only count them with --dry-run" in (
        run.errors
    )
    assert "--subject, --partner, --python, --probe or --config" in run.errors
    with Ledger(typed.project.home) as ledger:
        assert list(ledger.trials()) == []


def test_a_cell_with_a_fresh_verdict_is_not_run_again_unless_asked(typed: Typed) -> None:
    remember(typed, "pass")
    asked = ("--subject", "1+passes", "--python", "3.10", "--backend", "process", "--dry-run")
    assert "known        subject 1+passes" in typed("matrix", *asked).output
    assert "run          subject 1+passes" in typed("matrix", *asked, "--rerun", "all").output


def test_clean_says_what_is_held(typed: Typed) -> None:
    remember(typed, "pass")
    said = typed("clean")
    assert said.code == 0
    assert "ledger.sqlite" in said.output
    assert str(typed.project.home) in said.output


@pytest.mark.parametrize("days", ["nan", "inf", "-1", "some", "1e12"])
def test_clean_removes_nothing_for_what_is_no_number_of_days(typed: Typed, days: str) -> None:
    remember(typed, "pass")
    said = typed("clean", f"--days={days}")
    assert (said.code, "Traceback" in said.errors) == (2, False)
    assert f"{days} is not a number of days" in said.errors


def test_no_page_is_built_of_results_that_are_not_there(typed: Typed) -> None:
    said = typed("site", "--results", "typo")
    assert (said.code, said.errors) == (2, "--results typo: there is no such folder\n")
