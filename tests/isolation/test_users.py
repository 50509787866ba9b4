"""When a trial's container has a second user."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.isolation.sandbox import Users
from interlock.isolation.sandbox.users import users_of

APP = (1000, 1000)


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    folder = tmp_path / "probes"
    (folder / "harness").mkdir(parents=True)
    (folder / "harness" / "supervisor.py").touch()
    for path, mode in ((folder, 0o755), *((path, 0o755) for path in folder.rglob("*"))):
        path.chmod(mode)
    return folder


@pytest.mark.parametrize("app", [APP, (65532, 65532), (65533, 65533)])
def test_the_supervisor_is_another_user_than_the_app(probes: Path, app: tuple[int, int]) -> None:
    users = users_of(app, probes, rootless=False)
    assert isinstance(users, Users)
    assert users.app == app
    assert users.supervisor[0] not in (0, app[0])


def test_a_rootless_engine_may_have_no_second_user(probes: Path) -> None:
    assert users_of(APP, probes, rootless=True) is None


@pytest.mark.parametrize(
    ("path", "mode"),
    [("harness/supervisor.py", 0o640), ("harness", 0o750), (".", 0o750), (".", 0o754)],
)
def test_another_user_has_to_be_able_to_read_the_probes(probes: Path, path: str, mode: int) -> None:
    (probes / path).chmod(mode)
    assert users_of(APP, probes, rootless=False) is None
