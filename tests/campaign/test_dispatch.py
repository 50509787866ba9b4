"""A job whose trial only waits leaves the machine to another one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from interlock.campaign import dispatch, jobs
from interlock.campaign.channel import Channel
from interlock.campaign.dispatch import Dispatch, most_at_once
from interlock.campaign.jobs import Waiting

PIECES = tuple(SimpleNamespace(name=name, tasks=(), attempt=1) for name in "abcdefghijklmn")
GIVE_UP_S = 20


class Trials:
    """Each trial waits until so many have begun, or until one more than that has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, says: bool, enough: int) -> None:
        self.begun: list[str] = []
        self.at_once = self.most = 0
        self._says = says
        self._enough = enough
        self._changed = threading.Condition()
        monkeypatch.setattr(dispatch, "work", self._work)

    def _work(self, job: SimpleNamespace, channel: Channel) -> None:
        with self._changed:
            self.begun.append(job.piece.name)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self._changed.notify_all()
            if self._says:
                channel.said.put((job.number, Waiting()))
            self._changed.wait_for(lambda: len(self.begun) >= self._enough, GIVE_UP_S)
            self.at_once -= 1

    def run(self, at_once: int) -> list[object]:
        channel = Channel.for_threads()
        with ThreadPoolExecutor(most_at_once(at_once)) as executor:
            dispatched = Dispatch(executor, channel, on_trouble=1)
            return list(dispatched.run(PIECES, at_once, self._job))  # type: ignore[arg-type]

    @staticmethod
    def _job(number: int, piece: jobs.Piece) -> jobs.Job:
        return SimpleNamespace(number=number, piece=piece)  # type: ignore[return-value]


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (2, 8), (3, 12)])
def test_trials_that_only_wait_leave_room_for_as_many_more(
    monkeypatch: pytest.MonkeyPatch, at_once: int, most: int
) -> None:
    trials = Trials(monkeypatch, says=True, enough=most)
    said = trials.run(at_once)
    assert trials.most == most
    assert sorted(trials.begun) == [piece.name for piece in PIECES]
    assert said == [], "nobody else has to know"


def test_trials_that_do_not_say_so_keep_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials(monkeypatch, says=False, enough=2)
    trials.run(2)
    assert trials.most == 2
