"""The users of a trial's container: one for the supervisor, one for the app.

An app that has the supervisor's user can send it signals and change its limits. So the container
starts as root, with the rights to change users and nothing else. The supervisor starts the app as
another user and gives the rights up (``probes/harness/privileges.py``).
"""

from __future__ import annotations

import stat
from pathlib import Path

from interlock.isolation.sandbox import Users

TO_SUPERVISE = ["SETUID", "SETGID", "SETPCAP", "KILL"]
"""Change users, give these rights up for good, and signal processes of the other user."""

_SUPERVISORS = ((65533, 65533), (65531, 65531))
"""For supervisors: the first one that is not the app's."""


def users_of(app: tuple[int, int], probes: Path, *, rootless: bool) -> Users | None:
    """The users of each trial, or None if the supervisor has to be the app's user.

    A rootless engine may have no second user. Root without rights reads what everybody may read, so
    the probes have to be readable for all.
    """
    if rootless or not _readable_for_all(probes):
        return None
    return Users(supervisor=next(own for own in _SUPERVISORS if own[0] != app[0]), app=app)


def _readable_for_all(folder: Path) -> bool:
    for path in (folder, *folder.rglob("*")):
        needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        if "__pycache__" not in path.parts and path.stat().st_mode & needed != needed:
            return False
    return True
