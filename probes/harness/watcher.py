"""The watcher: a raw thread in the app that reports where the others stand.

It works with ``_thread`` and ``os`` as they were when it was imported, and a child starts it again;
it makes no lock, logs nothing, and touches ``threading`` only to read a dictionary. It answers when
it is asked, and sleeps in ``os.read`` otherwise. It states facts; it decides nothing.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys

from .encoding import encode
from .expressions import module_of, qualname
from .frames import look
from .interruptions import interruptions, timers
from .lockref import Unresolved, attribute, is_a
from .proof import closing_locks, drop_unproven
from .releasers import Suspects
from .sources import Sources
from .suspects import suspects

# As they are before anything is patched.
_read, _write, _killpg, _getpgrp = os.read, os.write, os.killpg, os.getpgrp
_getpid, _getppid = os.getpid, os.getppid
_current_frames, _ident, _native_id = sys._current_frames, _thread.get_ident, _thread.get_native_id
_modules = sys.modules
_SIGKILL = signal.SIGKILL

MAX_FRAMES = 120
"""Frames of one thread that are reported: the innermost ones."""

MAX_THREADS = 1000
"""Threads of one process that are reported: as many as ``answers.py`` takes."""

MAX_LOCKS = 10000
MAX_NAMES = 100
"""Of one lock. A class's attribute comes first, and stays."""

MAX_RELEASERS = 100
MAX_TEXT = 1000
_START = slice(MAX_TEXT)
MAX_BYTES = 16 << 20
"""Of an answer. What is longer than ``answers.py`` takes would be a breach of the app."""

BRIEF = b"?"
"""Before a number: only the suspects are asked for."""
CLOSELY = b"!"
"""Before a number: a snapshot that also says what could end a wait. That takes a while."""

SOURCES = Sources()
"""What was parsed so far; a child begins with what its parent has."""

_own: list = []
"""The ident of this process's watcher."""


def announce(connection: int, forked: bool) -> None:
    """Say that this process is there, before anything else can end it."""
    _say(connection, {"parent": _getppid(), "forked": forked})


def start(connection: int, left=None) -> None:
    """Watch from now on; ``left`` is what a fork left behind in this process."""
    _own.clear()
    _thread.start_new_thread(_watch, (connection, left, _ident()))


def ident() -> int | None:
    """The ident of this process's watcher, if it has started."""
    return _own[0] if _own else None


def _watch(connection, left, main):
    _own.append(_ident())
    _say(connection, {"watcher": _native_id()})
    while True:
        asked = _read(connection, 64)
        if not asked:
            # The supervisor is gone: nothing of this trial may be left behind.
            _killpg(_getpgrp(), _SIGKILL)
        for word in asked.split():
            try:
                left = left.still_held() if left else None
                if word.startswith(BRIEF):
                    answer = glance(SOURCES, left)
                else:
                    answer = snapshot(SOURCES, main, left, closely=word.startswith(CLOSELY))
            except Exception as error:
                answer = {"failed": f"{type(error).__name__}: {error}"}
            answer["ask"] = int(word.lstrip(BRIEF + CLOSELY))
            _say(connection, answer)


def _say(fd, value):
    data = encode(value) + b"\n"
    if len(data) >= MAX_BYTES:
        data = encode({"failed": "its answer is too long", "ask": value["ask"]}) + b"\n"
    while data:
        data = data[_write(fd, data) :]


def snapshot(sources, main: int, left=None, closely: bool = True) -> dict:
    """Every thread but this one: its frames, what it waits for, what it is inside of.

    ``closely``: with the proof that a plain lock is held, and what else could release it.
    ``main`` is the main thread's ident, which nobody else knows before ``threading`` is imported.
    """
    active = active_threads()
    threads, locks = [], {}
    raws, enter = {}, set()
    doubted = left.locks if left else {}
    for ident, innermost in sorted(_all_frames().items()):
        frames = stack(innermost)
        looked = look(frames, ident, sources, active, doubted)
        for lock, (raw, names) in looked.locks.items():
            _merge(locks, lock, raw, names)
            raws[lock] = raw
        if looked.enters:
            enter.add(ident)
        threads.append(described(ident, frames, looked, active, main))
        del frames, innermost
    for lock, (raw, names) in left.locks.items() if left else ():
        _merge(locks, lock, raw, names)
        if locks[lock]["locked"] is False:
            locks[lock]["locked"] = None  # It does not say so, but is not to be had.
    _add_owners(threads, locks)
    at_fork = left.threads if left else []
    if len(locks) > MAX_LOCKS or len(at_fork) > MAX_THREADS:
        raise ValueError("more locks, or threads before the fork, than can be told")
    _add_interrupters(threads, locks, main, closely)
    closing = closing_locks(threads, at_fork, locks) if closely else []
    if closing:
        _doubt({lock: raws[lock] for lock in closing}, threads, locks, enter, sources)
    if any(len(entry["could_release"]) > MAX_RELEASERS for entry in locks.values()):
        raise ValueError("more could release a lock than can be told")
    return {
        "threads": threads,
        "locks": {str(lock): locks[lock] for lock in locks},
        "at_fork": at_fork,
    }


def glance(sources, left=None) -> dict:
    """The threads but this one that may wait for ever: see ``suspects``."""
    doubted = left.locks if left else {}
    return {"suspects": suspects(_all_frames(), sources, active_threads(), doubted)}


def _all_frames() -> dict:
    """The innermost frame of each thread but this one.

    Raises ``ValueError`` for more than one answer may have, which would be taken for a breach of
    the app.
    """
    frames = dict(_current_frames())
    del frames[_ident()]  # It would keep the frames of all in a cycle.
    if len(frames) > MAX_THREADS:
        raise ValueError(f"{len(frames)} threads are too many to be read")
    return frames


def active_threads() -> dict:
    """Ident to ``Thread``, as ``threading`` has them, where it is imported."""
    threading = _modules.get("threading")
    return dict(vars(threading).get("_active", {})) if threading is not None else {}


def stack(innermost) -> list:
    frames = []
    while innermost is not None and len(frames) < MAX_FRAMES:
        frames.append(innermost)
        innermost = innermost.f_back
    return frames


def described(ident, frames, looked, active, main=None) -> dict:
    """A thread as the protocol has it; the one that forked a child is its main thread."""
    native_id = _field(active.get(ident), "_native_id", int)
    name = "MainThread" if ident == main else _field(active.get(ident), "_name", str)
    return {
        "ident": ident,
        "native_id": _getpid() if ident == main else native_id,
        "name": name or "",
        "frames": [_frame(frame) for frame in frames],
        "waits": looked.waits,
        "holds": looked.holds,
        "unresolved": looked.unresolved,
    }


def _add_interrupters(threads, locks, main, closely):
    """State what may end the main thread's wait by a signal: timers, threads, processes.

    A wait for no lock has nowhere to say that: with a timer set, it has a timeout.
    """
    for thread in threads:
        wait = thread["waits"]
        if thread["ident"] != main or wait is None:
            continue
        if wait["lock"] is None:
            wait["bounded"] = wait["bounded"] or bool(timers())
            continue
        others = interruptions(_frames_of_others(), main) if closely else []
        locks[wait["lock"]]["could_release"] = [*timers(), *others]


def _doubt(raws, threads, locks, enter, sources):
    """Drop holds that are not proven, and state what else could release the locks."""
    suspects = Suspects(raws, _frames_of_others())
    for lock in raws:
        drop_unproven(lock, suspects, threads, enter, sources)
        locks[lock]["could_release"].extend(suspects.releasers(lock, sources))


def _frames_of_others():
    me = _ident()
    return {i: stack(frame) for i, frame in _current_frames().items() if i != me}


def _merge(locks, lock, raw, names):
    entry = locks.setdefault(
        lock,
        {
            "type": raw.type,
            "locked": raw.locked,
            "owner": raw.owner,
            "names": [],
            "could_release": [],
        },
    )
    if entry["type"] == "_thread.lock":
        entry.update(type=raw.type, owner=raw.owner)
    entry["names"].extend(name for name in names if name not in entry["names"])
    # A class's attribute names a lock best; a local variable least.
    entry["names"].sort(key=_rank)
    del entry["names"][MAX_NAMES:]


def _rank(name):
    parts = name.split(".")
    is_class = len(parts) > 1 and parts[-2].lstrip("_")[:1].isupper() and len(parts) == 2
    return (0 if is_class else 1, len(parts), name)


def _add_owners(threads, locks):
    """An owner that the lock itself names holds it, whatever its frames let see."""
    for lock, entry in locks.items():
        for thread in threads:
            known = any(hold["lock"] == lock for hold in thread["holds"])
            if entry["owner"] == thread["ident"] and entry["locked"] is not False and not known:
                thread["holds"].append({"lock": lock, "frame": 0, "expression": "", "how": "owner"})


def _field(thread, name, kind):
    if thread is None:
        return None
    try:
        value = attribute(thread, name)
    except Unresolved:
        return None
    return value if is_a(value, kind) else None


def _cut(text):
    """The start of a text, whatever its class makes of that."""
    return str.__getitem__(text, _START)


def _frame(frame):
    return {
        "file": _cut(frame.f_code.co_filename),
        "function": _cut(frame.f_code.co_name),
        "qualname": _cut(qualname(frame)),
        "module": _cut(module_of(frame)),
        "line": frame.f_lineno or 0,
    }
