from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from interlock.isolation.store import COMPLETE, Store
from interlock.model import Backend, StorageTrouble, UsageError

DAY_S = 24 * 3600


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


def environment(store: Store, name: str, *, days_unused: float, whole: bool = True) -> Path:
    folder = store.prepare(Backend.DOCKER) / "environments" / name
    folder.mkdir()
    (folder / "library.py").write_bytes(b"x" * 100_000)
    marker = folder / COMPLETE if whole else folder
    marker.touch()
    used = time.time() - days_unused * DAY_S
    os.utime(marker, (used, used))
    return folder


def test_home_is_what_the_variable_names(tmp_path: Path) -> None:
    assert Store.of({"INTERLOCK_HOME": str(tmp_path)}).home == tmp_path


def test_home_is_the_users_cache_folder_by_default() -> None:
    assert Store.of({}).home.name == "interlock"


@pytest.mark.parametrize("named", ["", " ", "~nobody-at-all/home", "FILE", "FILE/below", "LOOP"])
def test_a_home_that_can_not_be_a_folder_is_a_mistake(named: str, tmp_path: Path) -> None:
    (tmp_path / "FILE").touch()
    (tmp_path / "LOOP").symlink_to(tmp_path / "LOOP")
    home = str(tmp_path / named) if named[:4] in ("FILE", "LOOP") else named
    with pytest.raises(UsageError, match=r"INTERLOCK_HOME.*unset it"):
        Store.of({"INTERLOCK_HOME": home})


def test_backends_do_not_share_a_store(store: Store) -> None:
    assert store.prepare(Backend.DOCKER) != store.prepare(Backend.PROCESS)


def test_a_home_that_cannot_be_made_is_storage_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageTrouble, match="INTERLOCK_HOME"):
        Store(home=tmp_path / "file" / "home").prepare(Backend.PROCESS)


def test_what_was_not_used_for_long_is_removed(store: Store) -> None:
    old = environment(store, "old", days_unused=40)
    half = environment(store, "half", days_unused=40, whole=False)
    recent = environment(store, "recent", days_unused=2)

    freed = store.remove_older_than(timedelta(days=30))

    assert not old.exists()
    assert not half.exists()
    assert recent.exists()
    assert 200_000 <= freed < 400_000


def test_old_resolutions_go_and_the_ledger_stays(store: Store) -> None:
    store.resolutions.mkdir(parents=True)
    resolution = store.resolutions / "key.json"
    ledger = store.home / "ledger.sqlite"
    for file in (resolution, ledger):
        file.write_text("{}")
        os.utime(file, (0, 0))

    store.remove_older_than(timedelta(days=30))

    assert not resolution.exists()
    assert ledger.exists()


@pytest.mark.parametrize("part", ["downloads", "built", "work", "uv"])
def test_removing_everything_empties_every_cache_too(store: Store, part: str) -> None:
    folder = store.prepare(Backend.PROCESS) / part / "a"
    folder.mkdir(parents=True)
    (folder / "a.whl").write_bytes(b"x")

    store.remove_older_than(timedelta(0))

    assert not folder.exists()


def test_nothing_is_removed_while_a_run_is_under_way(store: Store) -> None:
    old = environment(store, "old", days_unused=40)
    _, lock = store.claim_run(Backend.PROCESS)
    with pytest.raises(StorageTrouble, match="a run is under way"):
        store.remove_older_than(timedelta(days=30))
    assert old.exists()
    os.close(lock)
    store.remove_older_than(timedelta(days=30))
    assert not old.exists()


def test_a_file_with_two_names_counts_once(store: Store) -> None:
    root = store.prepare(Backend.DOCKER)
    (root / "work" / "library.py").write_bytes(b"x" * 1_000_000)
    os.link(root / "work" / "library.py", root / "environments" / "library.py")

    held = sum(holding.size_bytes for holding in store.holdings())

    assert 1_000_000 <= held < 1_500_000


def test_a_run_lives_as_long_as_its_process_and_no_longer(store: Store) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from interlock.model import Backend; from interlock.isolation.store import Store\n"
        "held = Store(home=Path(sys.argv[1])).claim_run(Backend.DOCKER)\n"
        "print(held[0], flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store.home)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        run = other.stdout.readline().strip()
        assert store.dead_runs(Backend.DOCKER) == []
        other.kill()
        other.wait()
    assert store.dead_runs(Backend.DOCKER) == [run]
    assert store.dead_runs(Backend.PROCESS) == []

    store.forget(run)
    assert store.dead_runs(Backend.DOCKER) == []


def test_a_run_that_begins_waits_until_what_is_old_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(home=tmp_path)
    run, lock = store.claim_run(Backend.PROCESS)
    store.forget(run)
    os.close(lock)
    claimed: list[str] = []

    def claim() -> None:
        claimed.append(store.claim_run(Backend.PROCESS)[0])

    begins = threading.Thread(target=claim)

    def removing(self: Store, backend: Backend, oldest: float, *, everything: bool) -> None:
        if not begins.ident:
            begins.start()
            begins.join(0.2)
        assert claimed == []

    monkeypatch.setattr(Store, "_remove_of", removing)
    store.remove_older_than(timedelta(0))
    begins.join(10)
    assert len(claimed) == 1
