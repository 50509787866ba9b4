"""Verdicts of earlier versions of a probe hold while its behaviour is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix_files import Load

from interlock.matrix import probes
from interlock.matrix.equivalence import FILE, Claim, Earlier, claims, extended, main, text_of
from interlock.model import MatrixError

ROOT = Path(__file__).parents[2]
OLD, OLDER, OTHER = "a" * 64, "b" * 64, "c" * 64
REASON = "its supervisor was split"


@pytest.fixture
def today(loaded: Load) -> str:
    return loaded().probes["restart"].digest


@pytest.fixture
def claimed(folder: Path, today: str) -> Claim:
    """The claim in the file: `OLD` did what the probe does today."""
    claim = Claim(today=today, earlier=(Earlier(digests=(OLD,), because="renamed"),))
    (folder / "probes" / FILE).write_text(text_of({"restart": claim}), encoding="utf-8")
    return claim


def changed(folder: Path) -> str:
    (folder / "probes" / "restart" / "app.py").write_text("run_otherwise()\n")
    return probes.digest(folder / "probes", "restart")


def test_what_was_claimed_of_todays_version_holds(loaded: Load, claimed: Claim) -> None:
    probe = loaded().probes["restart"]
    assert [probe.accepts(known) for known in (probe.digest, OLD, OTHER)] == [True, True, False]
    assert probe.are_alike(OLD, probe.digest) and probe.are_alike(OTHER, OTHER)
    assert not probe.are_alike(OLD, OTHER)


def test_nothing_is_claimed_without_the_file(loaded: Load, today: str) -> None:
    assert loaded().probes["restart"].equivalent == frozenset()


def test_a_claim_lapses_when_the_probe_does_something_else(
    loaded: Load, folder: Path, claimed: Claim
) -> None:
    changed(folder)
    probe = loaded().probes["restart"]
    assert not probe.accepts(OLD)
    assert not probe.accepts(claimed.today)


def test_a_comment_does_not_end_a_claim(loaded: Load, folder: Path, claimed: Claim) -> None:
    (folder / "probes" / "restart" / "app.py").write_text("run()  # as ever\n")
    assert loaded().probes["restart"].accepts(OLD)


def test_a_claim_is_made_for_a_later_version_with_the_reason_for_each(
    folder: Path, claimed: Claim
) -> None:
    later = changed(folder)
    found = extended({"restart": claimed}, folder / "probes", REASON)["restart"]
    assert found.today == later
    assert found.holds_for(later) == {OLD, claimed.today}
    assert {known: of.because for of in found.earlier for known in of.digests} == {
        OLD: "renamed",
        claimed.today: REASON,
    }


def test_a_claim_of_a_probe_that_has_not_changed_stays(folder: Path, claimed: Claim) -> None:
    assert extended({"restart": claimed}, folder / "probes", REASON) == {"restart": claimed}


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nobody_makes_a_claim_without_a_reason(folder: Path, claimed: Claim, reason: str) -> None:
    changed(folder)
    with pytest.raises(ValueError, match="say why"):
        extended({"restart": claimed}, folder / "probes", reason)


def test_the_command_writes_what_it_reads(folder: Path, claimed: Claim) -> None:
    later = changed(folder)
    assert main(["--probes", str(folder / "probes"), "--because", REASON]) == 0
    found, mistakes = claims(folder / "probes")
    assert not mistakes
    assert found["restart"].holds_for(later) == {OLD, claimed.today}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say why the probes do what they did before"),
        (["--because", REASON, "--probe", "restrat"], "there is no claim about restrat"),
    ],
)
def test_the_command_refuses_and_leaves_the_file(
    folder: Path, claimed: Claim, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    changed(folder)
    before = (folder / "probes" / FILE).read_text()
    assert main(["--probes", str(folder / "probes"), *options]) == 2
    assert said in capsys.readouterr().err
    assert (folder / "probes" / FILE).read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "restart:",
            "restrat:",
            '6: probes.restrat: "restrat" is not a probe; did you mean "restart"?',
        ),
        (OLD, "abc", '11: probes.restart.earlier[0].digests[0]: "abc" is not a digest, which is 64 '
         "hexadecimal digits"),
        ("because: renamed", "because: ' '", "9: probes.restart.earlier[0].because: is blank; say "
         "it in words"),
        ("because: renamed", "why: renamed", '9: probes.restart.earlier[0].why: unknown key "why"; '
         "there is digests, because"),
        (OLD, "TODAY", "6: probes.restart: lists today's digest among the earlier ones"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named_with_its_line(
    loaded: Load, folder: Path, claimed: Claim, old: str, new: str, expected: str
) -> None:
    path = folder / "probes" / FILE
    path.write_text(path.read_text().replace(old, new.replace("TODAY", claimed.today)))
    with pytest.raises(MatrixError) as caught:
        loaded()
    assert f"probes/equivalent.yaml:{expected}" in caught.value.mistakes


def test_no_claim_of_the_projects_own_has_lapsed() -> None:
    """When a probe changes, its claim is renewed, or leaves the file."""
    claimed, mistakes = claims(ROOT / "probes")
    assert claimed and not mistakes
    assert {name: claim.today for name, claim in claimed.items()} == {
        name: probes.digest(ROOT / "probes", name) for name in claimed
    }
