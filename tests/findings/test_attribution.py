"""Which library causes the trouble, from the pair and each library alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import cell, rows, verdict
from hypothesis import given, strategies as st
from said import found, whose

from interlock.findings.attribution import WHOSE, attribute
from interlock.model import Basis, Outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a pass is not trouble, and neither is a cell that could not run
        ("pair: pass 500; left: hang A 1/20; right: pass 500", "nobody's"),
        ("pair: unproven slow; left: pass 500; right: pass 500", "nobody's"),
        ("pair: unsupported no-wheel", "nobody's"),

        # both alone pass, often enough to have shown it
        ("pair: hang A 1/20; left: pass 500; right: pass 500", "pair"),
        ("pair: fail error TypeError; left: pass 500; right: pass 500", "pair"),
        # the code that hangs does not exist without the other library
        ("pair: hang A 1/20; left: pass 500; right: unsupported no-feature", "pair"),
        # but a crash may come on the way there, and so may a hang before the first exposure
        ("pair: fail crash SIGSEGV; left: pass 500; right: unsupported no-feature", "open"),
        ("pair: hang A 1/0; left: pass 500; right: unsupported no-feature", "open"),
        # unless the same on another Python came in it
        ("pair: hang A 1/0; pair on 3.11: hang A 1/20; left: pass 500; left on 3.11: pass 900; "
         "right: unsupported no-feature", "pair"),

        # a pass rules out only what it would have shown
        ("pair: hang A 1/20; left: pass 60; right: pass 500", "open"),
        ("pair: hang A 1/4000; left: pass 500; right: pass 80000", "open"),
        ("pair: hang A 1/4000; left: pass 80000; right: pass 80000", "pair"),
        # by chance the one hang would be among 20 of 399 exposures in 5.01 %, of 401 in 4.99 %
        ("pair: hang A 1/20; left: pass 379; right: pass 500", "open"),
        ("pair: hang A 1/20; left: pass 381; right: pass 500", "pair"),

        # one alone does the same
        ("pair: hang A 1/20; left: hang A 1/40; right: pass 500", "left"),
        ("pair: hang A 1/20; left: pass 500; right: hang A 1/20", "right"),
        ("pair: hang A 1/20; left: hang A 1/40; right: unproven not-live", "left"),
        ("pair: hang A 1/20; left: hang A 1/40", "left"),
        # the same kind of failure, from the same exception or signal, in the same phase
        ("pair: fail error TypeError; left: fail error TypeError; right: pass 500", "left"),
        ("pair: fail error TypeError; left: fail error KeyError; right: pass 500", "open"),
        ("pair: fail crash SIGSEGV; right: fail crash SIGSEGV; left: pass 500", "right"),
        ("pair: fail crash SIGSEGV; right: fail crash SIGABRT; left: pass 500", "open"),
        ("pair: fail error KeyError; left: fail error KeyError in import; right: pass 9", "open"),

        # both hang: the rates decide, and few runs decide nothing
        ("pair: hang A 5/150; left: hang A 5/2000; right: pass 500", "pair"),
        ("pair: hang A 1/20; left: hang A 1/400; right: pass 500", "left"),
        ("pair: hang A 5/150; left: hang A 5/200; right: pass 500", "left"),
        ("pair: hang A 5/2000; left: hang A 5/150; right: pass 500", "left"),
        # likelier than with either alone
        ("pair: hang A 5/150; left: hang A 5/2000; right: hang A 5/3000", "pair"),
        # one alone does the same as often, whatever the other does
        ("pair: hang A 5/150; left: hang A 5/200; right: hang A 5/3000", "open"),

        # hangs alone in another way, before it could show this one
        ("pair: hang A 1/20; left: hang B 1/40; right: pass 500", "open"),
        # or after it would have been seen
        ("pair: hang A 3/30; left: hang B 3/900; right: pass 500", "pair"),
        # some of its ways alone, and never the others, in enough runs
        ("pair: hang A,B 20/200; left: hang A 20/800; right: pass 500", "pair"),
        ("pair: hang A,B 2/60; left: hang A 1/20; right: pass 500", "left"),

        # the deciding cell did not run, or proved nothing
        ("pair: hang A 1/20", "open"),
        ("pair: hang A 1/20; left: pass 500", "open"),
        ("pair: hang A 1/20; left: pass 500; right: unproven too-few-exposures", "open"),
        ("pair: hang A 1/20; left: pass 500; right: unsupported no-wheel", "open"),
        ("pair: hang A 1/20; left: pass 500; right: fail error TypeError", "open"),

        # it passes with the dependencies of its day, which decides first
        ("pair: fail error TypeError; pair@release: pass 500", "dependencies"),
        ("pair: fail error E; left: fail error E; pair@release: pass 500", "dependencies"),
        ("pair: hang A 1/20; pair@release: pass 500; left: pass 500; right: pass 500",
         "dependencies"),
        ("pair: hang A 1/4000; pair@release: pass 500; left: pass 80000; right: pass 80000",
         "pair"),
        ("pair: fail error TypeError; pair@release: fail error TypeError; left: pass 9; "
         "right: pass 9", "pair"),

        # every library alone fails here, and passes on another Python
        ("pair: fail error E; left: fail error E; right: fail error E; left on 3.11: pass 500; "
         "right on 3.11: pass 500", "python"),
        ("pair: fail error E; left: fail error E; right: fail error E; left on 3.11: pass 500",
         "open"),
        # one library that fails on one Python alone is to blame all the same
        ("pair: fail error E; left: fail error E; right: pass 500; left on 3.11: pass 500",
         "left"),
    ],
)  # fmt: skip
def test_trouble_is_whose_what_was_run_says_it_is(text: str, expected: str) -> None:
    assert whose(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the probed code is in left, so nothing can hang without it
        ("pair: hang A 1/20; left: pass 500", "pair"),
        ("pair: hang A 1/20; left: hang A 1/20", "left"),
        ("pair: hang A 1/20; left: pass 60", "open"),
        ("pair: hang A 1/20", "open"),
        # but right may fail on the way there by itself
        ("pair: fail crash SIGSEGV; left: pass 500", "open"),
        ("pair: fail error E in import; left: pass 500", "open"),
        # as its baseline by another probe shows, or does not show
        ("pair: fail error E in import; left: pass 9; right by other: fail error E in import",
         "right"),
        ("pair: fail error E in import; left: pass 9; right by other: pass 9", "pair"),
        ("pair: fail error E in import; left: pass 9; right by other: unproven slow", "open"),
        # which proves nothing about later phases
        ("pair: fail error E; left: pass 9; right by other: fail error E", "open"),
    ],
)  # fmt: skip
def test_a_probe_that_needs_one_library_has_no_baseline_of_the_other(
    text: str, expected: str
) -> None:
    assert attribute(rows(text), {"restart": ["left"]})[cell().key].whose == expected


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        ("fail error TypeError in import", "right"),
        ("fail error KeyError in import", "open"),
        ("pass 9", "open"),
    ],
)
def test_another_configuration_tells_of_a_library_only_that_it_fails_too(
    did: str, expected: str
) -> None:
    pair = rows("pair: fail error TypeError in import; left: pass 9")
    (right,) = rows(f"right by other: {did}")
    right = replace(right, cell=replace(right.cell, config="warnings"))
    assert attribute([*pair, right], {"restart": ["left"]})[cell().key].whose == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("left: hang A 1/20", "left"),
        ("left: fail error TypeError; left@release: pass 500", "dependencies"),
        ("left: pass 500", "nobody's"),
    ],
)
def test_a_library_alone_has_only_itself_to_blame(text: str, expected: str) -> None:
    assert whose(text, who="left") == expected


def test_a_deadlock_of_the_harness_itself_is_nobodys() -> None:
    assert attribute(rows("nobody: hang A 1/1")) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a workaround that changes nothing is the same trouble as without it
        ("pair: hang A 1/20; pair+way: hang A 1/20; left: hang A 1/20; right: pass 500", "left"),
        # another hang than without it was not looked for in the libraries alone
        ("pair: hang A 1/20; pair+way: hang B 1/20; left: pass 500; right: pass 500", "open"),
        # unless it was
        ("pair+way: hang B 1/20; left+way: pass 500; right+way: pass 500", "pair"),
    ],
)
def test_what_a_workaround_does_not_keep_from_hanging_is_whose_it_was(
    text: str, expected: str
) -> None:
    assert whose(text, config="stock+way") == expected


def test_the_sentence_names_what_was_run_and_what_it_did() -> None:
    pair = found("pair: hang A 1/20; left: pass 500; right: pass 1200")
    still_open = found("pair: hang A 1/20; left: pass 500")
    here = found("pair: fail error E; left: fail error E; right: pass 9; left on 3.11: pass 500")

    assert pair is not None and still_open is not None and here is not None
    assert pair.says == (
        "Only the pair does this: left-lib 1.0 alone passed (500 exposures); "
        "right-lib 1.0 alone passed (1,200 exposures)."
    )
    assert "right-lib 1.0 alone was not tested" in still_open.says
    assert "passes alone on Python 3.11" in here.says


def test_what_a_library_is_cleared_by_is_counted() -> None:
    """One hang in 20 exposures against none in 150 is chance at 12 %; two at 1.4 %."""
    attribution = found(
        "pair: hang A 1/20; pair on 3.11: hang A 1/20; left: pass 150; left on 3.11: pass 150; "
        "right: pass 2000"
    )

    assert attribution is not None
    assert "left-lib 1.0 alone passed (150 exposures; 300 over 2" in attribution.says
    assert "right-lib 1.0 alone passed (2,000 exposures)." in attribution.says


@pytest.mark.parametrize(("exposures", "whose"), [(300, "open"), (500, "pair")])
def test_a_run_that_was_too_short_to_pass_did_not_hang_all_the_same(
    exposures: int, whose: str
) -> None:
    """One hang in 20 exposures against none in 300 is chance at 6 %."""
    pair, left, right = rows("pair: hang A 1/20; left: unproven too-few-exposures; right: pass 500")
    short = replace(left, exposures=exposures)
    attribution = attribute([pair, short, right])[pair.cell.key]
    assert attribution.whose == whose
    told = {
        300: "did not hang, but 300 exposures are too few to rule it out",
        500: "did not hang (500 exposures)",
    }
    assert f"left-lib 1.0 alone {told[exposures]}" in attribution.says


def test_what_would_have_to_be_run_is_named() -> None:
    attribution = found("pair: hang A 1/20; left: pass 500")

    assert attribution is not None
    assert [str(c) for c in attribution.missing] == [
        "left - × right 1.0 × Python 3.10 · restart · stock"
    ]


def test_the_rows_that_it_was_read_from_are_kept() -> None:
    attribution = found("pair: hang A 1/20; left: pass 500; right: hang A 1/20")

    assert attribution is not None
    assert [(str(r.cell.pins[0]), r.outcome) for r in attribution.rows] == [
        ("left 1.0", Outcome.PASS),
        ("left -", Outcome.HANG),
    ]


def test_what_was_inferred_is_neither_attributed_nor_evidence() -> None:
    inferred = [verdict(cell("1.0", "-"), basis=Basis.INFERRED)]
    hang = verdict(cell(), "hang", basis=Basis.INFERRED)

    assert attribute([hang]) == {}
    (attribution,) = attribute([*rows("pair: hang A 1/20; right: pass 500"), *inferred]).values()
    assert attribution.whose == "open"


clauses = st.sampled_from(
    ["pass 500", "pass 3", "hang A 1/20", "hang B 5/2000", "fail error E", "unproven slow"]
)
who = st.sampled_from(["pair", "left", "right", "pair@release", "left on 3.11", "pair+way"])


@given(st.dictionaries(who, clauses, min_size=1))
def test_all_trouble_is_attributed_and_nothing_else(said: dict[str, str]) -> None:
    verdicts = rows("; ".join(f"{name}: {did}" for name, did in said.items()))
    found = attribute(verdicts)

    trouble = {v.cell.key for v in verdicts if v.outcome in (Outcome.HANG, Outcome.FAIL)}
    assert set(found) == trouble
    assert {one.whose for one in found.values()} <= {*WHOSE, "left", "right"}
    assert all(one.says.endswith(".") for one in found.values())


@given(st.dictionaries(who, clauses, min_size=1))
def test_what_was_not_run_never_makes_it_the_pairs(said: dict[str, str]) -> None:
    said = {name: did for name, did in said.items() if name != "right"}
    verdicts = rows("; ".join(f"{name}: {did}" for name, did in said.items()) or "left: pass 1")
    pair = attribute(verdicts).get(cell().key)

    assert pair is None or pair.whose != "pair" or pair.ratio is not None
