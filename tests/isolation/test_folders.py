"""Installed code in the store never leads the host outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.isolation import folders
from interlock.isolation.store import Store
from interlock.model import Backend, StorageTrouble


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Somebody's folder, which a link in the store leads to."""
    folder = tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "precious.txt").write_text("precious")
    folder.chmod(0o750)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(home=tmp_path / "home")
    store.prepare(Backend.DOCKER)
    return store


def untouched(outside: Path) -> bool:
    return (outside / "deep" / "precious.txt").read_text() == "precious"


def swap(place: Path, target: Path) -> None:
    """Rename the folder and leave a link in its place, as a hostile build did."""
    if place.exists():
        place.rename(place.with_name(f"{place.name}-moved"))
    place.symlink_to(target)


PLACES = ["docker/environments", "docker/downloads", "docker/built", "docker/locks"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=-1)])
def test_clean_removes_nothing_behind_a_link(
    store: Store, outside: Path, place: str, age: timedelta
) -> None:
    swap(store.home / place, outside)
    with suppress(StorageTrouble):  # it may say so instead
        store.remove_older_than(age)
    assert untouched(outside)


@pytest.mark.parametrize("name", ["environments/digest", "work/odd", "uv", "downloads/hash"])
def test_clean_removes_a_link_and_leaves_what_it_leads_to(
    store: Store, outside: Path, name: str
) -> None:
    link = store.home / "docker" / name
    swap(link, outside)
    store.remove_older_than(timedelta(days=-1))
    assert not link.is_symlink()
    assert untouched(outside)


def test_clean_leaves_what_a_link_deep_in_an_environment_leads_to(
    store: Store, outside: Path
) -> None:
    environment = store.home / "docker" / "environments" / "digest"
    (environment / "lib" / "package").mkdir(parents=True)
    (environment / "lib" / "package" / "data").symlink_to(outside)
    (environment / "lib" / "file").symlink_to(outside / "deep" / "precious.txt")
    store.remove_older_than(timedelta(days=-1))
    assert not environment.exists()
    assert untouched(outside)


@pytest.mark.parametrize("place", PLACES)
def test_preparing_the_store_owns_nothing_through_a_link(
    store: Store, outside: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[int] = []
    monkeypatch.setattr(os, "fchown", lambda handle, *_: changed.append(os.fstat(handle).st_ino))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getgid", lambda: 12345)  # so that every folder has to be given away
    swap(store.home / place, outside)
    with pytest.raises(StorageTrouble, match="follows no link"):
        store.prepare(Backend.DOCKER)
    assert outside.stat().st_ino not in changed


def test_the_size_of_what_is_held_does_not_count_what_a_link_leads_to(
    store: Store, outside: Path
) -> None:
    (outside / "large").write_bytes(b"x" * 1_000_000)
    swap(store.home / "docker" / "environments", outside)
    assert sum(holding.size_bytes for holding in store.holdings()) < 500_000


@pytest.mark.parametrize(
    "reach",
    [
        lambda home: folders.made(home, "one", "two"),
        lambda home: folders.made(home, "one"),
        lambda home: folders.remove(home, "one", "deep"),
        lambda home: folders.opened(home, "one", "deep").__enter__(),
    ],
)
def test_no_step_goes_through_a_link(
    tmp_path: Path, outside: Path, reach: Callable[[Path], object]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "one").symlink_to(outside)
    with pytest.raises(StorageTrouble, match="is not a folder"):
        reach(home)
    assert [path.name for path in outside.iterdir()] == ["deep"]
    assert untouched(outside)


def test_what_nobody_may_write_in_is_removed_too(tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    (sealed / "deep").mkdir(parents=True)
    (sealed / "deep" / "file").touch()
    (sealed / "deep" / "file").chmod(0o444)
    (sealed / "deep").chmod(0o555)
    folders.remove(tmp_path, "sealed")
    assert not sealed.exists()


DEEP = 1500
"""More folders than Python recurses, and than a process may open."""


def nest(place: Path) -> None:
    """Folders in folders. No path is long enough to name the innermost one."""
    handle = os.open(place, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("d" * 20, dir_fd=handle)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=handle)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        os.fchmod(inner, 0o500)
        os.fchmod(handle, 0o500)
        os.close(handle)
        handle = inner
    os.close(handle)


def test_folders_that_are_nested_as_deep_as_can_be_are_removed(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    nest(tmp_path / "work")
    folders.remove(tmp_path, "work")
    assert list(tmp_path.iterdir()) == []


def test_clean_counts_and_removes_folders_that_are_nested_as_deep_as_can_be(store: Store) -> None:
    environment = store.home / "docker" / "environments" / "digest"
    environment.mkdir()
    nest(environment)
    store.remove_older_than(timedelta(days=-1))
    assert not environment.exists()
