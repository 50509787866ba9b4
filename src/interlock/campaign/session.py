"""The campaign of a command: sets it up and runs it to its end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign.controls import ControlRecord, ControlResults
from interlock.campaign.dispatch import most_at_once
from interlock.campaign.followups import released
from interlock.campaign.loop import Campaign, Events, Follow, Loop
from interlock.campaign.planning import Plan
from interlock.campaign.progress import LeftOpen, Progress
from interlock.campaign.workplace import Workplace
from interlock.evidence import Classify
from interlock.index import IndexSettings
from interlock.isolation import Sandbox, Store
from interlock.matrix import Matrix
from interlock.model import Release
from interlock.record import CampaignRecord, Ledger


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The result of a campaign, beside its verdicts, which are in the ledger."""

    campaign: str = ""
    """Empty if there was nothing to run."""
    left_open: tuple[LeftOpen, ...] = ()
    controls: ControlResults | None = None
    """Controls of this campaign, and of the earlier ones that its verdicts rest on."""
    classify: Classify | None = None
    """Holds the findings of its trials."""
    interrupted: bool = False
    """Whether the run was interrupted; everything finished by then is recorded."""

    @property
    def records(self) -> Sequence[ControlRecord]:
        """The results of its controls, by control."""
        return self.controls.records(self.campaign) if self.controls else ()


@dataclass(frozen=True, kw_only=True)
class Session:
    """The parts of a campaign."""

    matrix: Matrix
    ledger: Ledger
    sandbox: Sandbox
    store: Store
    probes: Path
    index: IndexSettings
    releases: Mapping[str, Sequence[Release]]
    jobs: int
    keep_failed: bool = False

    def drive(
        self,
        first: Plan,
        follow: Follow | None = None,
        *,
        show: Callable[[Progress], object],
        repeat: int = 1,
        resolved: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run it in threads of this process, to its end or until it is interrupted.

        ``show`` is called with each event.
        """
        if first.is_empty and (follow is None or follow({}).is_empty):
            return Finished(controls=ControlResults(self.matrix))
        now = datetime.now(timezone.utc)
        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self.ledger.begin(CampaignRecord(id=name, started_at=now, resolved=resolved or {}))
        with ThreadPoolExecutor(most_at_once(self.jobs)) as executor:
            loop = Loop(
                Campaign(
                    place=self._workplace(name),
                    matrix=self.matrix,
                    ledger=self.ledger,
                    executor=executor,
                    jobs=self.jobs,
                    ahead=True,
                    released=lambda pins: released(pins, self.releases),
                )
            )
            left_open, interrupted = _drawn(loop.run(first, follow, repeat), show)
        return Finished(
            campaign=name,
            left_open=left_open,
            controls=loop.judging.controls,
            classify=loop.judging.classified,
            interrupted=interrupted,
        )

    def _workplace(self, campaign: str) -> Workplace:
        return Workplace.of(
            self.matrix,
            self.sandbox,
            campaign=campaign,
            store=self.store,
            probes=self.probes,
            index=self.index,
            keep_failed=self.keep_failed,
        )


def _drawn(run: Events, show: Callable[[Progress], object]) -> tuple[tuple[LeftOpen, ...], bool]:
    """The cells that stayed open, and whether the run was interrupted.

    Nothing of the run is left running.
    """
    left_open: list[LeftOpen] = []
    with closing(run) as events:
        try:
            for event in events:
                show(event)
                if isinstance(event, LeftOpen):
                    left_open.append(event)
        except KeyboardInterrupt:
            return tuple(left_open), True
    return tuple(left_open), False
