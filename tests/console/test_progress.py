"""What a run prints while it runs, on a terminal and in a log."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import NOON, cell, verdict
from rich.console import Console

from interlock.campaign.controls import ControlResult
from interlock.campaign.jobs import Installed, Installing, Probing
from interlock.campaign.planning import Plan
from interlock.campaign.progress import (
    ControlRan,
    Judged,
    LeftOpen,
    Planned,
    Progress,
    Withdrawn,
)
from interlock.console import progress
from interlock.matrix.definition import Control
from interlock.model import Cell, ImageMissing, Outcome, Phase, Reason, Unsupported


def judged(of: Cell, outcome: str = "pass") -> Judged:
    return Judged(cell=of, verdict=verdict(of, outcome))


def planned(
    count: int = 0, seconds: float = 0.0, *, round: int = 1, decided: Cell | None = None
) -> Planned:
    why = Unsupported(phase=Phase.INSTALL, reason=Reason.NO_WHEEL, detail="no wheel")
    return Planned(
        plan=Plan(
            cells=tuple(cells(count)),
            unsupported={decided: why} if decided else {},
            known=(),
            seconds=seconds,
        ),
        round=round,
        follows=round > 1,
    )


def answered(outcome: str) -> ControlRan:
    control = Control(cell=cell("0.9"), expect=Outcome.HANG)
    given = ControlResult(
        campaign="c",
        control=control,
        at=NOON,
        outcome=Outcome(outcome),
        exposures=30,
        load=0.1,
    )
    return ControlRan(control=control, result=given)


def cells(count: int) -> list[Cell]:
    return [cell(f"1.{number}") for number in range(count)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress.time, "monotonic", made)
    return made


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def printed(
    events: Sequence[Progress],
    *,
    terminal: bool = False,
    rare: Cell | None = None,
) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=200, color_system=None)
    with progress.display(console, lambda of: of == rare) as display:
        for event in (planned(10, 100.0), *events):
            display.show(event)
    return output.getvalue()


# A log --------------------------------------------------------------------------------------------


def test_a_log_has_plain_lines() -> None:
    one, two = cells(2)
    text = printed([Installing(cell=one), judged(one), judged(two, "hang")])
    assert "\x1b" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 3


def test_a_log_says_at_once_what_the_run_begins_with() -> None:
    first, later = Installing(cell=cell()), Installing(cell=cell("1.9"))
    assert printed([first, later]) == f"installing {cell().combination} …\n"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (cell("-", "-", "3.8"), "installing Python 3.8 without the libraries, for a control …"),
        (cell("1.0", "-", "3.8"), "installing left 1.0 × right - × Python 3.8, for a control …"),
    ],
)
def test_what_is_installed_for_a_control_is_said_to_be(of: Cell, says: str) -> None:
    installing = Installing(cell=of, is_control=True)
    assert printed([installing]) == f"{says}\n"


def test_each_verdict_is_a_line_with_its_sign_reason_and_cell() -> None:
    of = cell("2.5.1", "2.14.2", "3.12")
    (line,) = printed([judged(of, "hang")]).splitlines()
    assert line == f"✗ hang (lock-cycle)  {of}"


def test_what_stays_open_is_a_line_that_says_why() -> None:
    trouble = ImageMissing("no image python:3.14-slim here; `nox -s images` builds it")
    (line,) = printed([LeftOpen(cells=tuple(cells(3)), trouble=trouble)]).splitlines()
    assert line.startswith("3 cells left open: no image python:3.14-slim here")
    assert str(cells(1)[0]) in line


def test_what_nobody_expected_is_named_by_its_type() -> None:
    event = LeftOpen(cells=(cell(),), trouble=ZeroDivisionError("division by zero"))
    assert "1 cell left open: ZeroDivisionError: division by zero" in printed([event])


def test_what_nobody_expected_is_told_with_its_place() -> None:
    def mistaken() -> None:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError) as raised:
        mistaken()
    assert "in mistaken" in printed([LeftOpen(cells=(cell(),), trouble=raised.value)])


def test_a_version_in_brackets_is_no_markup() -> None:
    event = LeftOpen(cells=(cell(),), trouble=ImageMissing("[red]no[/red] image"))
    assert "[red]no[/red] image" in printed([event])


def test_what_the_index_alone_decides_is_no_progress() -> None:
    of = cell("0.1")
    assert printed([planned(decided=of), judged(of, "unsupported")]) == ""


def test_what_follows_is_said_and_counted() -> None:
    text = printed([planned(3, 60.0, round=2), judged(cell())], terminal=True)
    assert "following up what was found: 3 cells, about 1 min" in text
    assert "1 of 13 done" in text


def test_more_trials_of_cells_that_have_a_verdict_are_told_apart() -> None:
    one, two, three = cells(3)

    def said(*more: Cell) -> str:
        event = planned(3, 60.0, round=2)
        of = replace(event.plan, more=dict.fromkeys(more, 1))
        return printed([replace(event, plan=of)]).strip()

    assert (
        said(one) == "following up what was found: 2 cells and more trials of 1 cell, about 1 min"
    )
    assert (
        said(one, two, three) == "following up what was found: more trials of 3 cells, about 1 min"
    )


def test_a_verdict_of_several_trials_says_so() -> None:
    several = replace(judged(cell()).verdict, trials=3)
    assert printed([Judged(cell=cell(), verdict=several)]) == f"✓ pass  {cell()}, in 3 trials\n"


def test_the_same_again_is_counted_and_called_for_by_nothing() -> None:
    again = replace(planned(3, 60.0, round=2), follows=False)
    assert printed([again]) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_control_is_told_where_it_did_not_give_its_known_answer(terminal: bool) -> None:
    control = f"a control gave pass instead of hang: {cell('0.9')}"
    assert "control" not in printed([answered("hang")], terminal=terminal)
    assert control in printed([answered("pass")], terminal=terminal)


def test_a_pass_that_is_withdrawn_is_said_with_the_reason_and_counted_as_what_it_is() -> None:
    withdrawn = verdict(
        cell(), "unproven", reason=Reason.CONTROL_DIFFERS, detail="The control differs."
    )
    (line,) = printed([Withdrawn(verdict=withdrawn)]).splitlines()
    assert line == f"? unproven (control-differs)  {cell()}: The control differs."
    count = counted(2, 10.0)
    for event in (judged(cell()), Withdrawn(verdict=withdrawn)):
        count.add(event)
    assert count.line().startswith("1 of 2 done · 1 unproven")


def test_a_run_without_a_rare_hang_is_shown_and_counted_as_no_pass() -> None:
    rare, plain = cells(2)
    events = [judged(rare), judged(plain)]
    text = printed(events, rare=rare)
    assert text.splitlines() == [f"○ no hang seen  {rare}", f"✓ pass  {plain}"]
    drawn = printed(events, rare=rare, terminal=True)
    assert "2 of 10 done · 1 pass · 1 no hang seen" in drawn
    withdrawn = verdict(rare, "unproven", reason=Reason.CONTROL_DIFFERS)
    count = progress._Count(lambda of: of == rare)
    for event in (planned(2, 10.0), *events, Withdrawn(verdict=withdrawn)):
        count.add(event)
    assert count.line().startswith("2 of 2 done · 1 pass · 1 unproven")


def test_now_and_then_a_log_says_how_far_it_is(clock: Clock) -> None:
    output = io.StringIO()
    with progress.display(Console(file=output, width=200)) as display:
        display.show(planned(4, 100.0))
        for number, of in enumerate(cells(4)):
            clock.now += 20
            display.show(judged(of, "hang" if number == 1 else "pass"))
    lines = [line for line in output.getvalue().splitlines() if line.startswith("…")]
    assert len(lines) == 2
    assert lines[0].startswith("… 2 of 4 done · 1 pass · 1 hang · 2 left")


# A terminal ---------------------------------------------------------------------------------------


def test_a_terminal_shows_what_is_at_work_and_how_far_it_is() -> None:
    one, two = cells(2)
    text = printed(
        [
            Installing(cell=one),
            Installed(cell=one, seconds=1.0, cached=False),
            judged(one),
            Probing(cell=two, number=2, of=3),
        ],
        terminal=True,
    )
    assert "1 of 10 done" in text
    assert f"✓ pass  {one}" in text


def test_a_terminal_shows_trouble_above_the_picture() -> None:
    event = LeftOpen(cells=(cell(),), trouble=ImageMissing("no image"))
    assert "1 cell left open: no image" in printed([event], terminal=True)


# How long the rest may take -----------------------------------------------------------------------


def counted(total: int, estimate_s: float) -> progress._Count:
    count = progress._Count()
    count.add(planned(total, estimate_s))
    return count


def eta(clock: Clock, done: int, after_s: float, *, total: int = 10, estimate_s: float) -> float:
    """A run with that many cells done, at equal pace, after so many seconds."""
    count = counted(total, estimate_s)
    clock.now += after_s
    for of in cells(done):
        count.add(judged(of))
    return count.eta_s


def test_at_first_the_plan_is_all_there_is_to_go_by(clock: Clock) -> None:
    assert eta(clock, 0, 0.0, estimate_s=100.0) == 100.0


def test_a_run_as_fast_as_planned_keeps_to_the_plan(clock: Clock) -> None:
    assert eta(clock, 5, 50.0, estimate_s=100.0) == pytest.approx(50.0)


def test_the_more_is_done_the_more_the_run_itself_counts(clock: Clock) -> None:
    """Twice as slow as planned.

    The estimate lies between the plan's 10 s a cell and the run's 20 s.
    """
    early = eta(clock, 1, 20.0, estimate_s=100.0) / 9
    late = eta(clock, 9, 180.0, estimate_s=100.0) / 1
    assert 10 < early < late < 20


def test_nothing_is_left_at_the_end(clock: Clock) -> None:
    assert eta(clock, 10, 80.0, estimate_s=100.0) == 0.0


def test_what_stays_open_is_not_waited_for(clock: Clock) -> None:
    count = counted(4, 40.0)
    count.add(LeftOpen(cells=tuple(cells(3)), trouble=ImageMissing("no image")))
    assert count.left == 1
    assert count.eta_s == 10.0


def test_a_run_of_nothing_takes_no_time(clock: Clock) -> None:
    assert counted(0, 0.0).eta_s == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (47.6, "48 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7512, "2 h 5 min"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert progress.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (4.9, "a few seconds"),
        (48, "about 48 s"),
        (90, "about 1 min 30 s"),
        (125, "about 2 min"),
        (7512, "about 2 h 5 min"),
    ],
)
def test_an_estimate_of_no_time_is_no_number(seconds: float, words: str) -> None:
    assert progress.about(seconds) == words


def test_nothing_is_left_of_a_run_that_is_done(clock: Clock) -> None:
    count = counted(1, 10.0)
    count.add(judged(cell()))
    assert count.line() == "1 of 1 done · 1 pass"
