"""A deadlock built into the control: a known hang that needs neither library.

Two threads take two locks again and again. In the same order nothing can happen. After the stated
number of rounds one of them takes them in the other order, and the next meeting never ends. Neither
library is imported, whichever versions the trial names.
"""

from __future__ import annotations

import threading

from libraries.settings import Settings

DEADLOCKS = ("cycle", "self", "none")
"""Two threads and two locks, one thread and one lock, or none: a known pass."""


class Account:
    """The lock that two threads want at once. The evidence has to contain its name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Ledger:
    def __init__(self) -> None:
        self.lock = threading.Lock()


def run(trial) -> None:
    # The settings are about libraries. They are checked as everywhere, but have no effect.
    if Settings.of(trial, beside=("deadlock",)) is None:
        return
    deadlock = trial.settings.get("deadlock", trial.knobs["deadlock"])
    if deadlock not in DEADLOCKS:
        trial.misuse(f"deadlock is {deadlock!r}, not one of {', '.join(DEADLOCKS)}")
        return
    trial.phase("serving")
    account, ledger = Account(), Ledger()
    met = threading.Barrier(2)
    rounds = trial.knobs["rounds"]
    other = threading.Thread(target=work, args=(met, rounds, account, ledger), name="other")
    other.start()
    work(met, rounds, account, ledger, count=trial.expose)
    other.join()
    trial.fact("locks-taken-together", rounds)
    trial.beat()
    if deadlock == "self":
        with account.lock:
            take(account)
    elif deadlock == "cycle":
        other = threading.Thread(target=meet, args=(met, ledger, account), name="other")
        other.start()
        meet(met, account, ledger)
    trial.phase("shutdown")


def work(met, rounds: int, first, second, count=lambda: None) -> None:
    """Take both locks, in the given order, at the same time as the other thread."""
    for _ in range(rounds):
        met.wait()
        with first.lock, second.lock:
            count()


def meet(met, first, second) -> None:
    """Take one lock, wait until the other thread has the other one, and want that."""
    with first.lock:
        met.wait()
        take(second)


def take(what) -> None:
    with what.lock:
        pass
