"""A rare hang is compared over releases and Pythons, as a ratio with bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import cell, rows
from said import found, whose

from interlock.findings.attribution import attribute
from interlock.findings.pools import Pool
from interlock.findings.ratio import MARGIN, ratio_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # seen on another Python: that one cell passes is chance
        ("pair: hang A 1/12; left: pass 100; left on 3.11: hang A 1/90; right: pass 500", "left"),
        # here it would have been seen alone as well, had it been as likely
        ("pair: hang A 9/30; left: pass 300; left on 3.11: hang A 1/90; right: pass 500", "pair"),
        # seen in another configuration of the probe, by the same release
        ("pair: hang A 1/12; left: pass 100; left in warnings: hang A 1/90; right: pass 500",
         "left"),
        # and too rarely alone, compared with the pair on all Pythons
        ("pair: hang A 4/60; pair on 3.11: hang A 4/60; left: pass 400; left on 3.11: pass 400; "
         "left in warnings: hang A 1/90; right: pass 500", "pair"),
        # seen with another of its releases, or there in another way
        ("pair: hang A 1/12; left: pass 100; left 2.0: hang A 1/90; right: pass 500", "left"),
        ("pair: hang A 1/12; left: pass 300; left 2.0: hang B 1/90; right: pass 500", "pair"),
        # each cell proves little, but together they prove enough: 8 of 140 against 4 of 800
        ("pair: hang A 2/35; pair on 3.11: hang A 2/35; pair 2.0: hang A 2/35; "
         "pair 2.0 on 3.11: hang A 2/35; left: hang A 1/200; left on 3.11: hang A 1/200; "
         "left 2.0: hang A 1/200; left 2.0 on 3.11: hang A 1/200; right: pass 500", "pair"),
        # the same, as often alone
        ("pair: hang A 2/35; pair on 3.11: pass 400; pair 2.0: pass 400; "
         "left: hang A 1/200; left on 3.11: hang A 1/200; left 2.0: hang A 1/200; right: pass 500",
         "left"),
        # of the hang that is asked about: other hangs, however likely together, do not count
        ("pair: hang B 1/30; pair on 3.11: hang A 6/60; left: hang B 1/200; "
         "left on 3.11: pass 200; right: pass 900; right on 3.11: pass 900", "left"),
        # a hang in the very first exposure is one of the hangs
        ("pair: hang A 5/150; pair on 3.11: hang A 5/150; left: hang A 4/0; "
         "left on 3.11: pass 2000; right: pass 2000; right on 3.11: pass 2000", "left"),
        # a comparison on another Python counts for this one
        ("pair: hang A 5/150; pair on 3.11: hang A 5/150; left on 3.11: hang A 5/2000; "
         "right: pass 900; right on 3.11: pass 900", "pair"),
        # a baseline that never got that far clears no library of a failure
        ("pair: fail error E; left: unproven too-few-exposures; right: pass 500", "open"),
        # a release that was never run with the other library is not compared
        ("pair: hang A 2/35; left: hang A 2/100; left 2.0: pass 9000; right: pass 500", "left"),
        # nor a cell that proved nothing because no library was at work
        ("pair: hang A 1/12; left: unproven not-live; left on 3.11: unproven not-live; "
         "right: pass 500", "open"),
        # a failure is not chance, so another Python proves nothing here
        ("pair: fail error E; left: pass 9; left on 3.11: fail error E; right: pass 9", "pair"),
    ],
)  # fmt: skip
def test_a_rare_hang_is_read_from_all_cells_of_a_library(text: str, expected: str) -> None:
    assert whose(text) == expected


EQUAL = "; ".join(
    f"pair {left}.0: hang A 3/96; left {left}.0: hang A 3/96" for left in range(2, 17)
)


def test_one_lucky_cell_does_not_overrule_all_the_others() -> None:
    """Everywhere else the pair hangs as often as left alone: 45 of 1,440 exposures."""
    early = "pair: hang A 1/1; left: pass 100; right: pass 500"
    assert whose(early + "; left 2.0: hang A 3/96") == "pair"
    assert whose(f"{early}; {EQUAL}") == "left"


def test_where_much_was_tried_is_no_difference() -> None:
    """With 1.0, 5 % of the pair and of left alone; with 2.0, 0.5 %."""
    text = (
        "pair: hang A 20/400; left: hang A 2/40; pair 2.0: hang A 1/200; left 2.0: hang A 10/2000; "
        "right: pass 90000"
    )
    attribution = found(text)
    assert attribution is not None and attribution.ratio is not None
    assert attribution.whose == "left"
    assert attribution.ratio.times == pytest.approx(1)


@pytest.mark.parametrize(
    ("alone", "elsewhere", "expected"),
    [
        # By chance it would be among 80 of 1,600 exposures in 5 %.
        (1500, "", "open"),
        (1600, "", "pair"),
        # Where cells like it did not: among 480 of 9,600.
        (1600, "; pair 2.0: pass 200; pair on 3.11: pass 200", "open"),
        (9200, "; pair 2.0: pass 200; pair on 3.11: pass 200", "pair"),
    ],
)
def test_an_app_that_did_worse_once_may_have_had_bad_luck(
    alone: int, elsewhere: str, expected: str
) -> None:
    pair, *others = rows(f"pair: fail degraded; left: pass {alone}; right: pass 50000{elsewhere}")
    worse = replace(pair, exposures=80)
    assert attribute([worse, *others])[cell().key].whose == expected


@pytest.mark.parametrize(("exposures", "expected"), [(0, "pair"), (80, "open")])
def test_a_crash_in_the_middle_of_the_work_may_be_bad_luck_too(
    exposures: int, expected: str
) -> None:
    pair, *others = rows("pair: fail crash SIGSEGV; left: pass 300; right: pass 50000")
    crashed = replace(pair, exposures=exposures)
    assert attribute([crashed, *others])[cell().key].whose == expected


def test_a_ratio_is_a_number_wherever_it_is_told() -> None:
    attribution = found(
        "pair: hang A 1/0; pair on 3.11: pass 100; left: hang A 1/20; left on 3.11: pass 100; "
        "right: pass 500; right on 3.11: pass 500"
    )
    assert attribution is not None
    assert "nan" not in attribution.says


def test_where_a_library_alone_was_seen_to_hang_is_told() -> None:
    attribution = found(
        "pair: hang A 1/12; left: pass 100; left on 3.11: hang A 1/90; right: pass 500"
    )
    other = found("pair: hang A 1/12; left: pass 100; left 2.0: hang A 1/90; right: pass 500")

    assert attribution is not None and other is not None
    assert "left-lib 1.0 alone hangs in the same way on Python 3.11." in attribution.says
    # what another release does is no finding about this one
    assert other.says.startswith(
        "Probably caused by left-lib: left-lib 2.0 alone hangs in the same way, and is another "
        "release; left-lib 1.0 alone passed, but 100 exposures are too few to rule it out."
    )
    assert (attribution.other_release, other.other_release) == ("", "left-lib 2.0")


def test_other_settings_are_told_by_their_title() -> None:
    verdicts = rows(
        "pair in stock: fail crash in import; left in calm: fail crash in import; right: pass 500"
    )
    found = attribute(verdicts, titles={"calm": "nothing is amplified"})[cell().key]
    assert "alone fails in the same way with other settings (nothing is amplified)" in found.says


def test_what_a_ratio_was_counted_over_is_told() -> None:
    attribution = found(
        "pair: hang A 2/35; pair on 3.11: hang A 2/35; left: hang A 1/200; "
        "left on 3.11: hang A 1/200; right: pass 500"
    )

    assert attribution is not None and attribution.ratio is not None
    assert attribution.ratio.times == pytest.approx((4 / 70) / (2 / 400))
    assert "(4 of 70 against 2 of 400, over 2 releases and Pythons)" in attribution.says


def test_likelier_together_is_told_as_a_ratio_with_its_bounds() -> None:
    attribution = found("pair: hang A 5/150; left: hang A 5/2000; right: pass 500")

    assert attribution is not None and attribution.ratio is not None
    assert attribution.ratio.times == pytest.approx((5 / 150) / (5 / 2000))
    assert attribution.ratio.between.low > MARGIN
    assert "13 times as likely, between 3.1 and 58" in attribution.says


def test_a_ratio_that_decides_nothing_is_told_too() -> None:
    attribution = found("pair: hang A 1/20; left: hang A 1/400; right: pass 500")

    assert attribution is not None
    assert "20 times as likely, between 0.25 and 1,570" in attribution.says


def test_a_ratio_to_what_never_hangs_alone_is_a_lower_bound() -> None:
    never = Pool(hangs=0, exposures=1000, trials=20)
    ratio = ratio_of([(Pool(hangs=11, exposures=240, trials=12), never)])
    assert ratio and ratio.short == f"unknown, at least {ratio.between.low:.0f}"


def test_a_ratio_that_would_be_certain_alone_tells_the_bound_that_decides_among_several() -> None:
    hung = Pool(hangs=11, exposures=240, trials=12), Pool(hangs=6, exposures=1000, trials=20)
    alone, among = ratio_of([hung]), ratio_of([hung], looks=7)
    assert alone and among and alone.certain and not among.certain
    assert "surely" not in f"{alone.short} {alone}"
    words = among.short.removeprefix(f"{alone.short}, certainly above ")
    told, _, why = words.partition(" ")
    assert among.at_least - 0.1 < float(told) <= among.at_least
    assert f"certainly above {words}" in str(among)
    assert why == "as one of 7 comparisons"
