"""What a user types: exit codes, one clear line each, and no run on a mistake."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from languages import STORIES, stream
from matrices import MATRIX
from packages import build
from packages.campaigns import Project
from packaging.version import Version

from interlock.campaign import rejudging
from interlock.campaign.verdicts import verdict_of
from interlock.console import campaigns, entry, options, selected
from interlock.isolation.sandbox import interpreters
from interlock.matrix import selection
from interlock.matrix.matrix_file import load
from interlock.matrix.schema import AXIS_NAME, RESERVED
from interlock.model import Backend, Cell, Outcome, Pin, PythonVersion, Trial, Verdict
from interlock.record.ledger import CampaignRecord, Ledger
from interlock.record.measures import MEASURES_COLUMNS
from interlock.record.schema import AUDIT_COLUMNS, COLUMNS

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"
NOWHERE = "http://127.0.0.1:9/simple"
"""The discard port; nobody listens there."""


@dataclass(frozen=True)
class Said:
    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Typed:
    """A user's project, and the results of commands typed in it."""

    project: Project
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Said:
        matrix = str(self.project.folder / "matrix.yaml")
        try:
            code = entry.main(["--matrix", matrix, *arguments])
        except SystemExit as left:  # argparse's own way
            code = int(left.code or 0)
        captured = self.capture.readouterr()
        return Said(code=code, output=captured.out, errors=captured.err)

    @property
    def nothing_ran(self) -> bool:
        return not (self.project.home / "ledger.sqlite").exists()

    def write(self, change: Callable[[str], str]) -> None:
        path = self.project.folder / "matrix.yaml"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture(scope="module")
def index_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build.index(tmp_path_factory.mktemp("index")).as_uri()


@pytest.fixture
def typed(
    tmp_path: Path,
    index_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Typed]:
    project = Project.make(tmp_path, index_url)
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield Typed(project, capsys)
    signal.signal(signal.SIGTERM, before)


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


# Trouble of our own -------------------------------------------------------------------------------


def test_an_index_that_does_not_answer_is_trouble(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", NOWHERE)
    said = typed("matrix", "--backend", "process")
    assert said.code == 3
    assert said.errors.startswith(f"the package index {NOWHERE}/subject/ did not answer")
    assert len(said.errors.strip().splitlines()) == 1
    assert typed.nothing_ran


def test_containers_without_an_engine_are_trouble(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said = typed("matrix", "--backend", "docker")
    assert said.code == 3
    assert "no container engine answers at unix:///nowhere/docker.sock" in said.errors
    assert typed.nothing_ran


def test_where_no_engine_answers_processes_do_and_it_says_why(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said = typed("matrix", "--python", THIS, "--dry-run")
    assert said.code == 0
    (why,) = [line for line in said.output.splitlines() if line.startswith("isolated by")]
    assert "processes, not containers" in why
    assert "nox -s images" in why


NOBODYS = "3.9" if THIS != "3.9" else "3.10"


@pytest.fixture
def nobody_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without that Python, and without a source to download it from."""
    find = interpreters.find

    def without(
        python: PythonVersion, environ: Mapping[str, str]
    ) -> interpreters.Interpreter | None:
        return None if str(python) == NOBODYS else find(python, environ)

    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setattr(interpreters, "find", without)


def with_a_python_that_nobody_has(typed: Typed, pythons: str) -> None:
    typed.write(lambda text: text.replace('python: ["3.10"]', f"python: {pythons}"))


def test_a_python_of_a_set_that_can_not_be_had_is_skipped_in_one_line(
    typed: Typed, nobody_has_it: None
) -> None:
    with_a_python_that_nobody_has(typed, f'["{THIS}", "{NOBODYS}"]')
    said = typed("matrix", "--backend", "process", "--dry-run")
    assert said.code == 0
    (line,) = [line for line in said.output.splitlines() if NOBODYS in line]
    assert line.startswith(f"Python {NOBODYS} is skipped: no interpreter")
    assert f"uv python install {NOBODYS}" in line
    filtered = typed("matrix", "--backend", "process", "--python", ">=3.0", "--dry-run")
    assert (filtered.code, "is skipped" in filtered.output) == (0, True)


def test_a_set_of_which_no_python_can_be_had_is_trouble(typed: Typed, nobody_has_it: None) -> None:
    with_a_python_that_nobody_has(typed, f'["{NOBODYS}"]')
    said = typed("matrix", "--backend", "process")
    assert said.code == 3
    assert f"uv python install {NOBODYS}" in said.errors


def test_a_python_that_is_asked_for_by_its_name_is_trouble_where_it_can_not_be_had(
    typed: Typed, nobody_has_it: None
) -> None:
    pythons = ("--python", NOBODYS, "--python", THIS)
    one = ("--subject", "1+no.wheel", "--no-page")
    said = typed("matrix", "--backend", "process", *pythons, *one)
    assert said.code == 3
    assert "is skipped" not in said.output
    assert said.errors.startswith(f"1 cell left open: no interpreter of Python {NOBODYS}")


def test_an_interruption_is_told_apart_from_a_failure(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(selection, "select", interrupt)
    said = typed("matrix", "--backend", "process")
    assert said.code == 130
    assert "what was finished is kept" in said.errors


def test_a_home_that_is_no_folder_is_a_mistake_in_one_line(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path / "file"))
    said = typed("matrix", "--backend", "process", "--python", THIS)
    assert said.code == 2
    assert "INTERLOCK_HOME" in said.errors
    assert "Traceback" not in said.errors


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


# Judging again ------------------------------------------------------------------------------------


def remember(
    typed: Typed,
    story: str,
    says: Outcome = Outcome.PASS,
    backend: Backend = Backend.PROCESS,
) -> Cell:
    """A trial of `1+passes`, and a verdict on it with the given outcome."""
    found = load(typed.project.folder / "matrix.yaml", typed.project.folder / "probes")
    cell = Cell(
        pins=(
            Pin(axis="subject", package="subject", version=Version("1+passes")),
            Pin(axis="partner", package="partner", version=Version("1")),
        ),
        python=PythonVersion(3, 10),
        probe="fate",
        config="plain",
    )
    now = datetime.now(timezone.utc)
    with Ledger(typed.project.home) as ledger:
        ledger.begin(CampaignRecord(id="c", started_at=now, resolved={}))
        ledger.record(
            Trial(
                cell=cell,
                campaign="c",
                started_at=now,
                seconds=1.0,
                events=stream(STORIES[story]),
                backend=backend,
                probe_digest=found.probes["fate"].digest,
                config_digest=found.configurations["plain"].digest,
                environment_digest="e",
                image_digest="i",
                python_full="3.10.14",
                machine="x86_64",
            )
        )
        verdict = verdict_of(ledger, cell, probe=found.probes["fate"], backend=backend)
        ledger.keep_verdict(replace(verdict, outcome=says, phase=None, reason=None))
    return cell


def test_judging_again_says_what_a_changed_rule_changes(typed: Typed) -> None:
    cell = remember(typed, "hang", says=Outcome.PASS)
    said = typed("judge")
    assert said.code == 0
    assert f"✗ hang (self-deadlock)  {cell}" in said.output
    assert "1 cell judged again, 1 changed" in said.output
    assert "1 cell judged again, 0 changed" in typed("judge").output


def test_judging_again_writes_the_verdicts_where_it_is_told(typed: Typed, tmp_path: Path) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    typed("judge", "--results", str(tmp_path / "again"))
    (row,) = (tmp_path / "again" / "verdicts.csv").read_text().splitlines()[1:]
    assert row.startswith("1+passes,1,3.10,fate,plain,hang,serving,self-deadlock,1,1,")


def published(typed: Typed, folder: Path) -> Path:
    """A row of a cell that this machine has never run."""
    remember(typed, "hang")
    typed("judge", "--results", str(folder))
    table = folder / "verdicts.csv"
    table.write_text(table.read_text().replace("1+passes,1,", "1+drags.on,1,"))
    return table


def subjects(table: Path) -> list[str]:
    return [row.partition(",")[0] for row in table.read_text().splitlines()[1:]]


def test_judging_again_loses_nothing_that_was_published(typed: Typed, tmp_path: Path) -> None:
    table = published(typed, tmp_path / "again")
    typed("judge", "--results", str(table.parent))
    assert subjects(table) == ["1+drags.on", "1+passes"]
    (typed.project.home / "ledger.sqlite").unlink()
    typed("judge", "--results", str(table.parent))
    assert subjects(table) == ["1+drags.on", "1+passes"]


def test_a_run_loses_nothing_that_was_published(typed: Typed, tmp_path: Path) -> None:
    table = published(typed, tmp_path / "again")
    said = typed(
        *("matrix", "--backend", "process", "--results", str(table.parent), "--python", THIS),
        *("--subject", "1+no.wheel", "--no-follow-ups"),
    )
    assert (said.code, "drags" in said.output) == (0, False)
    assert sorted(subjects(table)) == ["1+drags.on", "1+no.wheel", "1+passes"]


def test_judging_again_judges_what_ran_on_either_backend(typed: Typed) -> None:
    cell = remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "hang", says=Outcome.PASS, backend=Backend.DOCKER)
    assert "2 cells judged again, 2 changed" in typed("judge").output
    with Ledger(typed.project.home) as ledger:
        for backend in Backend:
            (verdict,) = ledger.verdicts(backend)
            assert (verdict.cell, verdict.outcome) == (cell, Outcome.HANG)


def test_one_cell_that_can_not_be_judged_keeps_no_other_from_it(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "hang", says=Outcome.PASS, backend=Backend.DOCKER)
    decide = verdict_of

    def crashing(*args: Any, **named: Any) -> Verdict:
        if named["backend"] is Backend.PROCESS:
            raise ZeroDivisionError("a mistake in the judge")
        return decide(*args, **named)

    monkeypatch.setattr(rejudging, "verdict_of", crashing)
    said = typed("judge")
    assert said.code == 3
    assert "1 cell judged again, 1 changed" in said.output
    assert "left open: ZeroDivisionError: a mistake in the judge" in said.output


def lose(typed: Typed, trial: int) -> None:
    """Take away the events of one trial."""
    with sqlite3.connect(typed.project.home / "ledger.sqlite") as db:
        (digest,) = db.execute("SELECT events FROM trials WHERE id = ?", (trial,)).fetchone()
    (typed.project.home / "events" / digest[:2] / f"{digest}.jsonl.gz").unlink()


def test_a_trial_that_is_lost_is_named_and_the_other_cells_are_judged(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    remember(typed, "crash", says=Outcome.PASS, backend=Backend.DOCKER)
    lose(typed, 1)
    said = typed("judge")
    assert said.code == 3
    assert "1 cell judged again, 1 changed" in said.output
    assert "left out 1 trial that can't be read back" in said.errors
    assert "\n  trial 1 of [" in said.errors


def test_the_judge_sets_a_trial_of_the_future_aside_and_says_so_once(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.HANG)
    with sqlite3.connect(typed.project.home / "ledger.sqlite") as db:
        db.execute("UPDATE trials SET checksum = '', started_at = '2999-01-01T00:00:00+00:00'")
    said = typed("judge")
    assert said.code == 0
    assert "set aside trial 1 of [" in said.output
    assert "2999-01-01T00:00:00+00:00, is in the future" in said.output
    assert "0 cells judged again, 0 changed" in said.output
    again = typed("judge")
    assert again.code == 0
    assert "set aside" not in again.output


def test_what_did_not_pass_does_not_pass_because_a_trial_is_lost(typed: Typed) -> None:
    remember(typed, "hang", says=Outcome.HANG)
    cell = remember(typed, "pass", says=Outcome.HANG)
    lose(typed, 1)
    said = typed("judge")
    assert said.code == 3
    assert f"a trial of {cell} is lost; the verdict was hang, perhaps by that trial" in said.errors
    with Ledger(typed.project.home) as ledger:
        assert [verdict.outcome for verdict in ledger.verdicts()] == [Outcome.HANG]


@pytest.mark.parametrize("results", ["file", "/dev/null", "under a file", "spoilt"])
def test_a_place_for_results_that_can_not_be_is_said_before_anything_is_judged(
    typed: Typed, tmp_path: Path, results: str
) -> None:
    remember(typed, "hang", says=Outcome.PASS)
    (tmp_path / "file").write_text("")
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "controls.json").write_text("[]")
    place = tmp_path / ("file/results" if results == "under a file" else results)
    said = typed("judge", "--results", str(place))
    assert (said.code, said.output) == (2, "")
    assert len(said.errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("known", "expected"),
    [(".", "is a folder; name the verdicts.csv in it"), ("nowhere", "there is no such file")],
)
def test_published_verdicts_that_are_not_there_are_said(
    typed: Typed, known: str, expected: str
) -> None:
    said = typed("matrix", "--backend", "process", "--known", known)
    assert said.code == 2
    assert expected in said.errors


def test_a_run_begins_only_where_its_results_can_be_written(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file")
    said = typed("matrix", "--backend", "process", "--python", THIS, "--results", place)
    assert (said.code, said.errors) == (2, f"{place} is a file; name a folder\n")
    with Ledger(typed.project.home) as ledger:
        assert list(ledger.trials()) == []
