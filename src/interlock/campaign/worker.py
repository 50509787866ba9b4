"""Does one job: install once, then run the probes.

A worker reports each step through the channel when it happens. It records nothing, and its
judgement is not final. Trouble is raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from interlock.campaign import trial
from interlock.campaign.channel import Channel
from interlock.campaign.jobs import (
    Installed,
    Installing,
    Job,
    Kept,
    Probing,
    Ran,
    Said,
    Task,
    Waiting,
)
from interlock.campaign.workplace import Setting, setting_of
from interlock.evidence import classification, judge, power
from interlock.isolation import Image, InstallFailed
from interlock.model import (
    Configuration,
    Environment,
    Finding,
    Pass,
    Probe,
    ProtocolError,
    Reason,
    Trial,
    Unproven,
    outcome_of,
)

Say = Callable[[Said], object]


def work(job: Job, channel: Channel) -> None:
    """Do a job in any process; everything it needs is in the job and the channel."""
    if channel.stopped.is_set():
        return

    def say(said: Said) -> None:
        channel.said.put((job.number, said))

    setting = setting_of(job.place, channel.stopped)
    _Worker(job, setting, setting.sandbox.available(job.piece.python), say, channel).run()


def without_running(
    task: Task,
    event: Mapping[str, Any],
    *,
    probe: Probe,
    configuration: Configuration,
    image: Image,
    setting: Setting,
    seconds: float = 0.0,
) -> Ran:
    """The message of a trial that ended before any probe ran.

    ``event`` is the install's.
    """
    ran = trial.without_running(
        task.cell,
        event,
        probe=probe,
        configuration=configuration,
        image=image,
        setting=setting,
        seconds=seconds,
    )
    finding = classification.classify(ran.events, probe.asked_of(task.cell))
    return Ran(task=task, trial=ran, environment=None, finding=finding, passes=False, last=True)


@dataclass
class _Tries:
    """The results of one cell's trials in one job so far."""

    probe: Probe
    """Its knobs are set for the next trial."""
    wanted: int
    found: list[Finding] = field(default_factory=list)
    needed: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Worker:
    """One job that is running."""

    job: Job
    setting: Setting
    image: Image
    say: Say
    channel: Channel

    def run(self) -> None:
        piece = self.job.piece
        first = piece.tasks[0].cell
        self.say(Installing(cell=first, is_control=piece.is_control))
        began = time.monotonic()
        made = self.setting.environments.ensure(
            piece.pins, piece.python, piece.requirements, as_of=piece.as_of
        )
        seconds = time.monotonic() - began
        if isinstance(made, InstallFailed):
            self._not_installed(made, seconds)
            return
        environment, cached = made
        self.say(Installed(cell=first, seconds=seconds, cached=cached))
        install = _installed_event(seconds, cached)
        for task in piece.tasks:
            self._probe(task, environment, install)
            if self.channel.stopped.is_set():
                return

    def _not_installed(self, made: InstallFailed, seconds: float) -> None:
        piece = self.job.piece
        if made.kept:
            self.say(Kept(combination=piece.combination, path=made.kept))
        for task in piece.tasks:
            self.say(
                without_running(
                    task,
                    made.event(seconds),
                    probe=self.job.probes[task.cell.probe],
                    configuration=self.job.configurations[task.cell.config],
                    image=self.image,
                    setting=self.setting,
                    seconds=seconds,
                )
            )

    def _probe(self, task: Task, environment: Environment, install: Mapping[str, Any]) -> None:
        """Run the trials that are wanted, and a few more while they prove nothing.

        After a trial with too few exposures the next one makes more, if the probe has a knob for
        that; both count together. A control ends once it gives its known answer.
        """
        tries = _Tries(probe=self.job.probes[task.cell.probe], wanted=task.trials)
        number = 0
        while number < tries.wanted and not self.channel.stopped.is_set():
            number += 1
            self.say(Probing(cell=task.cell, number=number, of=tries.wanted))
            ran = self._trial(task, tries.probe, environment, install)
            try:
                together = self._together(task, ran, tries)
            except ProtocolError:
                raise  # an unreadable stream is not a trial
            except Exception:
                self.say(_ran(task, ran, environment, None, passes=False, last=False))
                raise
            self._go_on(task, tries, number, together)
            passes, last = isinstance(together, Pass), number == tries.wanted
            self.say(_ran(task, ran, environment, tries.found[-1], passes=passes, last=last))

    def _trial(
        self, task: Task, probe: Probe, environment: Environment, install: Mapping[str, Any]
    ) -> Trial:
        with self.setting.environments.unchanged(environment):
            return trial.run(
                task.cell,
                probe=probe,
                configuration=self.job.configurations[task.cell.config],
                environment=environment,
                image=self.image,
                install=install,
                setting=self.setting,
                waiting=lambda: self.say(Waiting()),
            )

    def _together(self, task: Task, ran: Trial, tries: _Tries) -> Finding:
        """The finding of the last trial together with those before it."""
        asked = tries.probe.asked_of(task.cell)
        tries.found.append(classification.classify(ran.events, asked))
        needs = self.job.needs.get(task.cell.probe, power.Needs())
        tries.needed.append(needs.at(power.load_of(ran.events)))
        each = zip(tries.found, tries.needed, strict=True)
        weighed = [judge.weighed(finding, asked, needed) for finding, needed in each]
        return judge.together(weighed, asked, tries.needed)[-1]

    def _go_on(self, task: Task, tries: _Tries, number: int, finding: Finding) -> None:
        """Decide how often the cell is tried after this, and with which knobs."""
        if isinstance(finding, Unproven):
            tries.probe = _further(tries.probe, finding, tries.needed[-1])
            tries.wanted = max(tries.wanted, min(number + 1, self.job.most_trials))
        elif task.control and outcome_of(finding) is not task.control.expect:
            tries.wanted = max(tries.wanted, min(number + 1, task.control.tries))


def _further(probe: Probe, finding: Unproven, needed: int) -> Probe:
    """The probe for the next try, with more exposures if it has a knob for them."""
    if finding.reason is not Reason.TOO_FEW_EXPOSURES or probe.exposure_knob is None:
        return probe
    wanted = max(needed, probe.least_exposures)
    return power.raised(probe, finding.exposures, wanted) or probe


def _ran(
    task: Task,
    ran: Trial,
    environment: Environment,
    finding: Finding | None,
    *,
    passes: bool,
    last: bool,
) -> Ran:
    return Ran(
        task=task,
        trial=ran,
        environment=environment,
        finding=finding,
        passes=passes,
        last=last,
    )


def _installed_event(seconds: float, cached: bool) -> dict[str, Any]:
    return {
        "event": "install",
        "at": 0.0,
        "ok": True,
        "stage": "install",
        "seconds": round(seconds, 3),
        "cached": cached,
        "output": "",
    }
