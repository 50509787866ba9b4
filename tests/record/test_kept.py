"""What is kept for the next question: whole and of the same files, or nothing."""

from __future__ import annotations

import os
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.model import Axis, Outcome
from interlock.record import kept
from interlock.record.files import Batch
from interlock.record.kept import MOST_FILES, Kept, frozen, name_of, thawed
from interlock.record.ledger import Ledger


@pytest.fixture
def keep(tmp_path: Path) -> Kept:
    return Kept.of({"INTERLOCK_HOME": str(tmp_path / "home")})


def only_file(keep: Kept) -> Path:
    assert keep.folder
    (found,) = keep.folder.iterdir()
    return found


def test_what_is_kept_is_found_again(keep: Kept) -> None:
    value = {"cells": b"\x01\x00", "parts": [("a", None, 1.5)]}
    keep.put("results-1", value)
    assert keep.get("results-1") == value
    assert keep.get("results-2") is None


@pytest.mark.parametrize("change", ["a byte", "the end", "all", "a folder"])
def test_what_is_damaged_is_not_used(keep: Kept, change: str) -> None:
    keep.put("results-1", ["some", "text"])
    path = only_file(keep)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"a byte": bytes(content), "the end": content[:-3]}.get(change, b""))
    if change == "a folder":
        path.unlink()
        path.mkdir()
    assert keep.get("results-1") is None


def test_what_was_kept_under_another_name_is_not_used(keep: Kept) -> None:
    keep.put("results-1", "of one")
    keep.put("results-2", "of the other")
    assert keep.folder
    (keep.folder / "results-1").replace(keep.folder / "results-2")
    assert keep.has("results-2")
    assert keep.get("results-2") is None


@pytest.mark.parametrize(
    ("owner", "mode", "is_used"),
    [
        ("us", 0o600, True),
        ("us", 0o644, True),
        ("us", 0o620, False),
        ("us", 0o602, False),
        ("another", 0o600, False),
        ("another", 0o644, False),
    ],
)
def test_what_another_user_could_have_written_is_not_used(
    keep: Kept, monkeypatch: pytest.MonkeyPatch, owner: str, mode: int, is_used: bool
) -> None:
    keep.put("results-1", "an answer")
    path = only_file(keep)
    path.chmod(mode)
    if owner == "another":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(path, 65534, -1)
    assert keep.get("results-1") == ("an answer" if is_used else None)
    keep.put("results-1", "a newer answer")
    assert keep.get("results-1") == "a newer answer"


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_what_is_kept_is_for_this_user_alone(keep: Kept, umask: int) -> None:
    before = os.umask(umask)
    try:
        keep.put("results-1", [1])
    finally:
        os.umask(before)
    assert only_file(keep).stat().st_mode & 0o777 == 0o600
    assert keep.get("results-1") == [1]


def test_nothing_is_written_through_a_link_that_lies_there(keep: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    assert keep.folder
    keep.folder.mkdir(parents=True)
    for name in ("results-1", f".results-1.{os.getpid()}"):
        (keep.folder / name).symlink_to(other)
    keep.put("results-1", [1])
    assert keep.get("results-1") == [1]
    assert other.read_text() == "mine"


def test_it_has_what_was_kept_and_nothing_else(keep: Kept) -> None:
    assert not keep.has("results-1")
    keep.put("results-1", None)
    assert keep.has("results-1")
    assert not Kept(folder=None).has("results-1")


def test_a_home_that_cannot_be_written_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for home in (str(tmp_path / "file"), ""):
        keep = Kept.of({"INTERLOCK_HOME": home})
        keep.put("results-1", [1])
        assert keep.get("results-1") is None


def test_the_files_that_were_written_last_stay(keep: Kept) -> None:
    assert keep.folder
    keep.put("matrix-1", "another kind")
    for number in range(MOST_FILES + 2):
        name = f"results-{number}"
        keep.put(name, number)
        if (keep.folder / name).exists():
            os.utime(keep.folder / name, (number, number))
    found = [keep.get(f"results-{number}") for number in range(MOST_FILES + 2)]
    assert found == [None, None, *range(2, MOST_FILES + 2)]
    assert keep.get("matrix-1") == "another kind"


def test_a_name_is_of_all_that_decides_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("a")
    other.write_text("bc")
    names = [name_of("results", [one, other], "axes")]
    names.append(name_of("results", [one], "axes"))
    names.append(name_of("results", [other, one], "axes"))
    names.append(name_of("results", [one, other], "other axes"))
    one.write_text("b")
    names.append(name_of("results", [one, other], "axes"))
    one.write_text("ab")
    other.write_text("c")
    names.append(name_of("results", [one, other], "axes"))
    monkeypatch.setattr(kept, "_made_by", lambda: iter(["a later version"]))
    names.append(name_of("results", [one, other], "axes"))
    assert None not in names
    assert len(set(names)) == len(names)


def test_a_file_that_cannot_be_read_has_no_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert name_of("results", [tmp_path / "pipe.csv"]) is None
    assert name_of("results", [tmp_path / "missing.csv"]) is None


NOUNS = {
    "axis": Axis(name="left", package="left-pkg"),
    "versions": frozenset({Version("1.10"), Version("1.9")}),
    "specifier": SpecifierSet("==2.14.*"),
    "time": timedelta(days=1),
    "outcome": Outcome.HANG,
}


def test_nouns_come_back_as_they_were() -> None:
    text = frozen(NOUNS)
    assert text
    assert thawed(text) == NOUNS


class Calls:
    """Asks to call something when it is read."""

    def __init__(self, called: Any) -> None:
        self.called = called

    def __reduce__(self) -> Any:
        return self.called, ()


@pytest.mark.parametrize("called", [os.getcwd, kept._made_by, Path, Ledger, Batch, kept._Pickler])
def test_nothing_is_called_but_nouns(called: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no noun"):
        thawed(pickle.dumps(Calls(called)))


def test_what_is_no_noun_is_not_frozen() -> None:
    assert frozen({"path": Path()}) is None
