"""The same small campaign on threads and processes, with real trials.

The verdicts are the same.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path

from packages.campaigns import Project
from packages.test_fates import EXPECTED

from interlock.campaign.channel import Channel
from interlock.campaign.loop import Campaign
from interlock.campaign.planning import plan
from interlock.campaign.progress import Judged, LeftOpen, Probing, Progress
from interlock.campaign.workplace import Workplace
from interlock.index import Pages, Releases, read_index_settings
from interlock.isolation import Store, sandbox
from interlock.matrix import matrix_file, selection
from interlock.model import Verdict
from interlock.record.ledger import CampaignRecord, Ledger

FATES = ("passes", "hangs-self", "hangs-in-cycle", "segfaults", "unresolvable", "not-live")


@contextmanager
def threads() -> Iterator[tuple[Executor, Channel]]:
    with ThreadPoolExecutor(2) as executor:
        yield executor, Channel.for_threads()


@contextmanager
def processes() -> Iterator[tuple[Executor, Channel]]:
    context = get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(2, mp_context=context) as executor:
        yield executor, Channel.for_processes(manager)


@contextmanager
def running(
    project: Project,
    fates: Sequence[str],
    executor: Executor,
    channel: Channel,
    backend: str,
    python: str,
) -> Iterator[Generator[Progress, None, None]]:
    """A campaign set up like the command line's."""
    index = read_index_settings(project.environment())
    store = Store(home=project.home)
    probes = project.folder / "probes"
    found = matrix_file.load(
        project.folder / "matrix.yaml", probes, os.environ.get("INTERLOCK_IMAGE")
    )
    releases = Releases(Pages(index, store.index))
    known = {axis.name: releases.of(axis.package) for axis in found.axes}
    versions = {"subject": tuple(f"1+{fate.replace('-', '.')}" for fate in fates)}
    request = selection.Request(versions=versions, pythons=(python,))
    cells = list(selection.select(found, known, request).selector)
    box, _ = sandbox.choose(backend, [], found.image, store=store, probes=probes)
    now = datetime.now(timezone.utc)
    first = plan(cells, {}, matrix=found, releases=known, now=now, machine="x86_64")
    place = Workplace.of(found, box, campaign="c", store=store, probes=probes, index=index)
    with Ledger(store.home) as ledger:
        ledger.begin(CampaignRecord(id="c", started_at=now, resolved={}))
        campaign = Campaign(
            place=place, matrix=found, ledger=ledger, executor=executor, channel=channel, jobs=2
        )
        with closing(campaign.run(first)) as events:
            yield events


def timeless(verdict: Verdict) -> Verdict:
    """Without the values that differ from run to run."""
    return replace(verdict, seconds=0.0, tested_at=datetime.min, evidence=(), measured=())


def test_threads_and_processes_give_the_same_verdicts(
    tmp_path: Path, backend: str, python: str, index: str
) -> None:
    told = {}
    for name, way in {"threads": threads, "processes": processes}.items():
        project = Project.make(tmp_path / name, index)
        with way() as with_them, running(project, FATES, *with_them, backend, python) as run:
            events = list(run)
        assert not [event for event in events if isinstance(event, LeftOpen)]
        told[name] = {
            str(event.cell.version("subject")): timeless(event.verdict)
            for event in events
            if isinstance(event, Judged)
        }
        assert project.left_behind(backend) == []
    assert told["threads"] == told["processes"]
    outcomes = {version: str(verdict.outcome) for version, verdict in told["processes"].items()}
    assert outcomes == {f"1+{fate.replace('-', '.')}": EXPECTED[fate].split()[0] for fate in FATES}


def test_what_is_stopped_leaves_nothing_behind_in_other_processes(
    tmp_path: Path, backend: str, python: str, index: str
) -> None:
    project = Project.make(tmp_path / "project", index)
    with (
        processes() as with_them,
        running(project, ("drags-on", "slow-but-alive"), *with_them, backend, python) as run,
    ):
        next(event for event in run if isinstance(event, Probing))
        run.close()
        assert project.containers() == [] or backend == "process"
        assert project.trials() == {}
    assert project.left_behind(backend) == []
