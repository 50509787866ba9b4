"""The sentences of an advice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from grids import LEVEL, NOON, grid, matrix
from packaging.version import Version

from interlock.console import answer_text
from interlock.console.page import Page
from interlock.findings import sentences
from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import Question, answer
from interlock.findings.scopes import Barred, Evidence, InScope, OnEveryPython, Scope, SmallestMove
from interlock.index.candidates import Bar, Objection
from interlock.index.vulnerabilities import joined
from interlock.model import NoTarget, PythonVersion, Target
from interlock.record.releases import ListedRelease, ListedReleases

PRESENT = Version("2.14.2")
PYTHON = PythonVersion(3, 10)
NONE = NoTarget(axis="right", reason="no right-lib release that was tested helps")


def target(version: str) -> Target:
    return Target(axis="right", version=Version(version))


def move(ends: str, **changes: object) -> Move:
    """``2.14.3 4.16.0`` are the nearest and the newest; nothing is no target."""
    nearest, *newest = [target(word) for word in ends.split()] or [NONE]
    return Move(nearest=nearest, newest=(newest or [nearest])[0], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("2.14.3 4.16.0", "upgrade right-lib to 2.14.3 (nearest, stays on 2.14.x) or 4.16.0"),
        ("2.21.1 4.16.0", "upgrade right-lib to 2.21.1 (nearest, stays on 2.x) or 4.16.0"),
        ("3.0.0 4.16.0", "upgrade right-lib to 3.0.0 (nearest) or 4.16.0"),
        ("2.14.3", "upgrade right-lib to 2.14.3 (stays on 2.14.x)"),
        ("4.16.0", "upgrade right-lib to 4.16.0"),
        ("", "no right-lib release that was tested helps"),
    ],
)
def test_a_move_says_what_stays(ends: str, expected: str) -> None:
    assert sentences.upgrade(move(ends), "right-lib", PRESENT) == expected


def notes(of: Move) -> list[str]:
    return list(sentences.notes(of, "right-lib", PRESENT, PYTHON, LEVEL))


def every(ends: str, pythons: str, newest_pythons: str | None = None) -> OnEveryPython:
    nearest, newest = (target(word) for word in ends.split())
    on = [
        tuple(PythonVersion.parse(word) for word in words.split())
        for words in (pythons, newest_pythons or pythons)
    ]
    return OnEveryPython(nearest=nearest, newest=newest, pythons=on[0], newest_pythons=on[1])


SAME = every("2.21.1 4.16.0", "3.10")


@pytest.mark.parametrize(
    ("everywhere", "expected"),
    [
        (SAME, []),
        (
            every("3.2.1 4.16.0", "3.8 3.9 3.10 3.11", "3.9 3.10 3.11 3.12"),
            [
                "This is for Python 3.10. On every Python that was tested and has it: "
                "3.2.1 (3.8 to 3.11) or 4.16.0 (3.9 to 3.12)."
            ],
        ),
        (
            every("4.16.0 4.16.0", "3.10 3.12"),
            [
                "This is for Python 3.10. On every Python that was tested and has it: "
                "4.16.0 (3.10 and 3.12)."
            ],
        ),
        (
            None,
            ["This is for Python 3.10; none is known to pass on every Python that was tested."],
        ),
    ],
)
def test_it_says_where_other_pythons_differ(
    everywhere: OnEveryPython | None, expected: list[str]
) -> None:
    assert notes(move("2.21.1 4.16.0", everywhere=everywhere)) == expected


def objection(text: str) -> Objection:
    bar, _, known = text.partition(" ")
    kind = Bar(bar.rstrip("?"))
    return Objection(
        bar=kind,
        is_certain=not bar.endswith("?"),
        because=known if kind is Bar.YANKED else "",
        until=NOON + timedelta(days=1) if kind is Bar.TOO_YOUNG else None,
        vulnerabilities=joined([[name] for name in known.split()])
        if kind is Bar.VULNERABLE
        else (),
    )


@pytest.mark.parametrize(
    ("ends", "versions", "objections", "expected"),
    [
        (
            "3.0.0",
            "2.21.3",
            ["yanked It is broken."],
            '2.21.3 passes too, but it is yanked ("It is broken.").',
        ),
        ("3.0.0", "2.21.3", ["yanked"], "2.21.3 passes too, but it is yanked."),
        (
            "3.0.0",
            "2.21.3 2.21.4",
            ["yanked"],
            "2.21.3 and 2.21.4 pass too, but they are yanked.",
        ),
        ("", "2.21.3", ["yanked"], "2.21.3 passes, but it is yanked."),
        ("3.0.0", "4.0b1", ["pre-release"], "4.0b1 passes too, but it is a pre-release."),
        ("3.0.0", "2.21.3", ["not-listed"], "2.21.3 passes too, but the index does not list it."),
        (
            "3.0.0",
            "4.0.0",
            ["too-young"],
            "4.0.0 passes too, but it is too new to recommend, until 2026-03-02 12:00 UTC.",
        ),
        (
            "3.0.0",
            "2.21.3",
            ["vulnerable CVE-1 CVE-2"],
            "2.21.3 passes too, but it has a known vulnerability that 2.14.2 lacks: "
            "CVE-1 and CVE-2.",
        ),
        (
            "3.0.0",
            "2.21.3",
            ["vulnerable? CVE-1"],
            "2.21.3 passes too, but it has a known vulnerability that 2.14.2 may lack: CVE-1.",
        ),
        (
            "3.0.0",
            "4.0b1",
            ["pre-release", "yanked"],
            "4.0b1 passes too, but it is a pre-release and it is yanked.",
        ),
    ],
)
def test_it_says_why_another_release_is_not_recommended(
    ends: str, versions: str, objections: list[str], expected: str
) -> None:
    against = tuple(map(objection, objections))
    barred = tuple(Barred(version=Version(v), objections=against) for v in versions.split())
    assert notes(move(ends, barred=barred, everywhere=SAME))[-1] == expected


@pytest.mark.parametrize(
    ("ends", "untested", "expected"),
    [
        (
            "2.21.1 4.16.0",
            "2.14.3",
            "A nearer right-lib may help too: 1 release before 2.21.1 was not tested.",
        ),
        (
            "2.21.1 4.16.0",
            "2.14.3 2.15.0",
            "A nearer right-lib may help too: 2 releases before 2.21.1 were not tested.",
        ),
        (
            "",
            "2.14.3 2.15.0",
            "Not enough data: 2 newer releases of right-lib were not tested.",
        ),
    ],
)
def test_it_says_what_was_not_tested(ends: str, untested: str, expected: str) -> None:
    not_run = tuple(map(Version, untested.split()))
    assert notes(move(ends, untested=not_run, everywhere=SAME)) == [expected]


@pytest.mark.parametrize(
    ("tested", "expected"),
    [
        (
            {Scope.LINE: 1, Scope.MAJOR: 3},
            "None is known to help in right-lib 2.x, where 3 newer releases were tested.",
        ),
        (
            {Scope.LINE: 1},
            "None is known to help in right-lib 2.14.x, where 1 newer release was tested.",
        ),
        # nobody tested any, which is said of the releases themselves
        ({Scope.LINE: 0, Scope.MAJOR: 0}, None),
        ({}, None),
    ],
)
def test_it_says_in_what_none_helps(tested: dict[Scope, int], expected: str | None) -> None:
    scopes = tuple(
        InScope(scope=scope, target=None, tested=number, untested=())
        for scope, number in tested.items()
    )
    said = notes(move("3.0.0 4.16.0", scopes=scopes, everywhere=every("3.0.0 4.16.0", "3.10")))
    assert said == ([expected] if expected else [])


PACKAGES = {"left": "left-lib", "right": "right-lib"}


def test_it_says_what_was_run_of_each_target() -> None:
    evidence = tuple(
        Evidence(version=Version(version), trials=trials, exposures=9, tested_at=NOON)
        for version, trials in (("2.21.1", 1), ("4.16.0", 12))
    )
    assert notes(move("2.21.1 4.16.0", evidence=evidence, everywhere=SAME)) == [
        "Tested and passed: 2.21.1 in 1 trial since 2026-03-01; "
        "4.16.0 in 12 trials since 2026-03-01."
    ]


@pytest.mark.parametrize(
    ("targets", "helping", "expected"),
    [
        # nobody tested what is asked for
        ("right 2.14.3 left 1.1", None, "upgrade right-lib to 2.14.3 and left-lib to 1.1 together"),
        ("right 2.14.3", 2, "the smallest change: right-lib to 2.14.3"),
        ("right 2.14.3", 1, None),
        (
            "right 2.14.3 left 1.1",
            0,
            "upgrade right-lib to 2.14.3 and left-lib to 1.1 together; neither alone helps",
        ),
        ("", 0, None),
    ],
)
def test_the_smallest_change_is_told_where_the_moves_do_not_show_it(
    targets: str, helping: int | None, expected: str | None
) -> None:
    words = targets.split()
    found = tuple(
        Target(axis=axis, version=Version(version))
        for axis, version in zip(words[::2], words[1::2], strict=True)
    )
    one = SmallestMove(targets=found, scope=Scope.LINE) if found else None
    moves = [] if helping is None else [move("2.14.3")] * helping or [move("")]
    assert sentences.smallest_change(one, moves, PACKAGES) == expected


def none(axis: str = "right", *, tested: int = 0, untested: str = "") -> Move:
    """A move that does not help: of so many tested releases, with these untested."""
    versions = tuple(map(Version, untested.split()))
    scope = InScope(scope=Scope.ANY, target=None, tested=tested, untested=versions)
    reason = NoTarget(axis=axis, reason="none")
    return Move(nearest=reason, newest=reason, scopes=(scope,), untested=versions)


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([none(tested=2), none("left", tested=1)], "neither alone helps"),
        # a release that nobody tested may help
        (
            [none(tested=2, untested="3.0"), none("left", tested=1)],
            "neither alone is known to help",
        ),
        (
            [none(untested="3.0"), none("left", untested="2.0")],
            "no newer release of either alone was tested",
        ),
        (
            [none(untested="3.0"), none("left", tested=1)],
            "no newer release of right-lib alone was tested",
        ),
    ],
)
def test_only_tests_show_that_neither_alone_helps(moves: list[Move], expected: str) -> None:
    both = tuple(Target(axis=axis, version=Version("9")) for axis in ("right", "left"))
    one = SmallestMove(targets=both, scope=Scope.ANY)
    said = sentences.smallest_change(one, moves, PACKAGES)
    assert said == f"upgrade right-lib to 9 and left-lib to 9 together; {expected}"


def listed(versions: str, known: tuple[()] | None = ()) -> list[ListedRelease]:
    return [
        ListedRelease(
            version=Version(v), uploaded_at=NOON - timedelta(days=9), vulnerabilities=known
        )
        for v in versions.split()
    ]


def told(verdicts: str, releases: str, known: tuple[()] | None = ()) -> list[str]:
    findings = Findings(
        matrix=matrix(),
        verdicts=grid(verdicts),
        releases=ListedReleases(
            pythons=(PYTHON,), by_axis={"left": listed("1.0"), "right": listed(releases, known)}
        ),
        now=NOON,
    )
    versions = {"left": Version("1.0"), "right": Version("1.0")}
    question = Question(versions=versions, python=PYTHON, chosen={"level": "ERROR"})
    return answer_text.as_text(answer(question, findings), findings, Page(width=200)).splitlines()


@pytest.mark.parametrize(
    ("verdicts", "releases", "command"),
    [
        ("1.0 3.0\n1.0 hang pass", "1.0 2.0 3.0", "--left 1.0 --right '>1.0,<3.0'"),
        ("1.0 3.0\n1.0 hang hang", "1.0 2.0 3.0", "--left 1.0 --right '>1.0'"),
        ("1.0 2.0\n1.0 hang pass", "1.0 2.0 3.0", None),
    ],
)
def test_the_run_that_would_find_out_is_named(
    verdicts: str, releases: str, command: str | None
) -> None:
    lines = [line.strip() for line in told(verdicts, releases)]
    commands = [line for line in lines if line.startswith("nox -s search")]
    whole = f"nox -s search -- {command} --python 3.10 --probe restart"
    assert commands == ([whole] if command else [])


@pytest.mark.parametrize(("known", "times"), [((), 0), (None, 1)])
def test_it_says_once_that_nobody_knows_the_vulnerabilities(
    known: tuple[()] | None, times: int
) -> None:
    lines = told("1.0 2.0\n1.0 hang pass", "1.0 2.0", known)
    assert sum(sentences.UNCHECKED in line for line in lines) == times
