"""Keep the supervisor out of the app's reach: who may look into, change or end whom.

A process that is not dumpable can't be traced, and nobody can open its descriptors or its memory
by way of ``/proc``. That holds against any process without capabilities, even of the same user.
"""

from __future__ import annotations

import ctypes
import os
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522

KILL = 1 << 5
"""CAP_KILL, capabilities(7): signal the processes of another user."""


class User(NamedTuple):
    uid: int
    gid: int


class Users(NamedTuple):
    """Whose processes are whose; None means the user that started the supervisor."""

    supervisor: User | None = None
    """Of the intake too."""
    app: User | None = None

    @classmethod
    def of(cls, told: dict | None) -> Users:
        """As the specification has them: ``{"supervisor": [uid, gid], "app": [uid, gid]}``."""
        return cls(**{name: User(*ids) for name, ids in (told or {}).items()})


def seclude() -> None:
    """Let nobody trace this process, or open its descriptors and memory.

    A fork inherits this. ``exec`` and a change of user undo it.
    """
    prctl(_PR_SET_DUMPABLE, 0)


def become(user: User | None, kept: int = 0) -> None:
    """Change to a user for good, with no other capabilities than the ``kept`` ones.

    None changes the capabilities alone, such as those of root.
    """
    for number in range(64):  # where that is allowed, and as many as there are
        prctl(_PR_CAPBSET_DROP, number)
    if user is not None:
        prctl(_PR_SET_KEEPCAPS, 1 if kept else 0)
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)
    _set_capabilities(kept)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(signal_number: int) -> None:
    """Be sent a signal when the parent ends. A change of user undoes it."""
    prctl(_PR_SET_PDEATHSIG, signal_number)


def prctl(option: int, value: int) -> None:
    _libc.prctl(option, value, 0, 0, 0)


def _set_capabilities(kept: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable, of the first 32 and then of the rest.
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    if _libc.capset(header, sets) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")


_libc = ctypes.CDLL(None, use_errno=True)
