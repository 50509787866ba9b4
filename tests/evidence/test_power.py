"""How many exposures a pass needs on a busy machine, and how a probe gets more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from languages import PROBE, stream

from interlock.evidence.power import Reached, load_of, needed, raised
from interlock.model import Probe, PythonVersion

HERE = PythonVersion(3, 10)
ELSEWHERE = PythonVersion(3, 12)


def hung(load: float, exposures: int, python: PythonVersion = HERE) -> Reached:
    return Reached(python=python, load=load, exposures=exposures)


def unscaled(load: float, exposures: int) -> Reached:
    return replace(hung(load, exposures), scales=False)


@pytest.mark.parametrize(
    ("controls", "load", "expected"),
    [
        ([], 1.0, 0),
        ([hung(0.0, 30)], 0.0, 30),
        # of several under the same load, the slowest counts
        ([hung(0.0, 30), hung(0.0, 82), hung(0.0, 5)], 0.0, 82),
        # under a lighter load it was easier: twice 1 + load is four times the exposures
        ([hung(0.0, 30)], 1.0, 120),
        ([hung(1.0, 30)], 3.0, 120),
        ([hung(0.0, 30)], 9.0, 3000),
        # a number from a heavier load counts as it is
        ([hung(3.0, 300)], 0.0, 300),
        # the lightest of those alone: it brackets the load
        ([hung(0.0, 30), hung(1.0, 100), hung(9.0, 4000)], 0.5, 100),
        ([hung(0.0, 30), hung(1.0, 50), hung(9.0, 4000)], 0.5, 68),
        # a hang without a race between threads needs the same under any load
        ([unscaled(0.0, 30)], 9.0, 30),
        # the average counts, because a single trial is chance
        ([unscaled(9.0, 30), unscaled(0.0, 14)], 1.0, 22),
        ([unscaled(9.0, 30), unscaled(0.0, 14), unscaled(0.0, 3)], 1.0, 16),
        ([hung(0.0, 30), unscaled(0.0, 90)], 1.0, 120),
        # another Python counts if its own has none
        ([hung(0.0, 30), hung(0.0, 500, ELSEWHERE)], 0.0, 30),
        ([hung(0.0, 500, ELSEWHERE)], 0.0, 500),
    ],
)
def test_a_pass_needs_what_the_known_hang_needed_on_a_machine_as_busy(
    controls: list[Reached], load: float, expected: int
) -> None:
    assert needed(controls, HERE, load) == expected


LOADS = st.floats(min_value=0, max_value=20)
CONTROLS = st.lists(
    st.builds(hung, LOADS, st.integers(min_value=0, max_value=3000)), min_size=1, max_size=6
)


@given(CONTROLS, LOADS)
def test_never_less_is_needed_than_any_control_needed_that_had_it_easier(
    controls: list[Reached], load: float
) -> None:
    easier = [of.exposures for of in controls if of.load <= load]
    assert needed(controls, HERE, load) >= max(easier, default=0)


@given(CONTROLS, LOADS, st.builds(hung, LOADS, st.integers(min_value=0, max_value=3000)))
def test_a_control_that_had_it_easier_never_makes_it_easier_to_pass(
    controls: list[Reached], load: float, another: Reached
) -> None:
    if another.load <= load:
        assert needed([*controls, another], HERE, load) >= needed(controls, HERE, load)


def test_a_load_is_seconds_waited_a_second() -> None:
    assert load_of(stream("waited 0.75 s a second | end")) == 0.75
    assert load_of(stream("end")) == 0.0


# More exposures -----------------------------------------------------------------------------------

RAISABLE = replace(
    PROBE,
    knobs={"starts": 500, "seconds": 10, "interval": 0.1},
    exposure_knob="starts",
    least_exposures=250,
    most_exposures=5000,
    limits=replace(PROBE.limits, deadline_s=30.0),
)


@pytest.mark.parametrize(
    ("reached", "wanted", "changed"),
    [
        # a quarter more than is needed
        (500, 800, {"starts": 1000, "seconds": 20}),
        # no more than the probe allows
        (500, 9000, {"starts": 5000, "seconds": 20.0}),
        # a trial that ran out of time gets more, if the deadline allows
        (100, 120, {"starts": 750, "seconds": 15}),
        (100, 250, {"starts": 1563, "seconds": 20.0}),
        (0, 250, {"starts": 10000, "seconds": 20.0}),
    ],
)
def test_both_knobs_are_raised_as_far_as_there_is_room(
    reached: int, wanted: int, changed: Mapping[str, float]
) -> None:
    found = raised(RAISABLE, reached, wanted)
    assert found is not None
    assert found.knobs == {**RAISABLE.knobs, **changed}
    assert found.digest == RAISABLE.digest


def test_a_probe_that_is_exposed_for_a_time_is_exposed_for_longer() -> None:
    timed = replace(RAISABLE, knobs={"seconds": 8}, exposure_knob="seconds")
    longer, longest = raised(timed, 500, 800), raised(timed, 500, 4000)
    assert longer is not None and longest is not None
    assert (longer.knobs, longest.knobs) == ({"seconds": 16}, {"seconds": 20.0})


@pytest.mark.parametrize(
    "probe",
    [
        replace(RAISABLE, exposure_knob=None),
        replace(RAISABLE, most_exposures=400),
    ],
)
def test_where_there_is_no_room_there_is_no_other_try(probe: Probe) -> None:
    assert raised(probe, 500, 800) is None


def test_a_probe_without_a_time_knob_is_told_its_exposures_alone() -> None:
    found = raised(replace(RAISABLE, knobs={"starts": 500}), 500, 800)
    assert found is not None
    assert found.knobs == {"starts": 1000}
