"""What to test next on one row or column of the grid of releases. Pure.

Stage by stage: the ends, then what lies between neighbours that differ, then both sides of each
edge again, with more trials. Each stage needs the results of the one before. A release that proves
nothing is passed by: after ``patience`` of them, what lies behind stays unknown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, pairwise

from interlock.findings import Strip
from interlock.model import Outcome


class Sought(str, Enum):
    """Why the search runs a cell."""

    LINE_END = "end of a release line"
    PREDICTED = "edge that another Python or release predicts"
    BISECT = "between two releases that differ"
    WIDE = "inside of a long release line"
    CONFIRM = "beside an edge, with more trials"
    CORNER = "far corner of a box"
    REFINE = "around a result that disagrees"
    AUDIT = "drawn at random"

    def __str__(self) -> str:
        return self.value


SOUNDINGS = 5
"""Releases that are tested first. If none of them proves anything, a strip is given up."""

Wanted = Mapping[int, Sought]
"""By position on the strip."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How thorough the search is."""

    confirm_trials: int = 10
    """Trials on both sides of an edge."""
    patience: int = 3
    """Cells in one place that prove nothing before the search goes round it."""
    widest: int = 8
    """Releases between two tested ones of a line that agree. A longer line gets one in between.

    A window inside a line is certainly found if it is longer than that.
    """
    beside_edges: bool = True
    """Whether the releases on both sides of an edge are searched along the other axis, too."""
    most_refined: int = 200
    """How many results that disagree are refined around, on each track."""


Trials = Callable[[int], int]
"""How many trials a position has."""


def searched(strip: Strip, trials: Trials, rules: Rules, guides: Sequence[Strip] = ()) -> Wanted:
    """What to test on a strip to find all its windows; empty when that is done.

    ``guides`` predict its edges. Without any, both ends of each release line are tested first.
    """
    if guides:
        wanted = _predicted(strip, guides, rules)
    else:
        wanted = _soundings(strip, rules) or _line_ends(strip, rules)
    return wanted or _inside(strip, rules) or confirmed(strip, trials, rules)


def confirmed(strip: Strip, trials: Trials, rules: Rules) -> Wanted:
    """Both sides of each edge that have too few trials."""
    wanted: dict[int, Sought] = {}
    for low, high in strip.edges:
        wanted |= confirmed_at(low, high, trials, rules)
    return wanted


def confirmed_at(low: int, high: int, trials: Trials, rules: Rules) -> dict[int, Sought]:
    """The sides of one edge that have too few trials."""
    return {at: Sought.CONFIRM for at in (low, high) if trials(at) < rules.confirm_trials}


def expanded(
    strip: Strip, start: int, trials: Trials, rules: Rules, guides: Sequence[Strip] = ()
) -> Wanted:
    """What to test to find how far the result at ``start`` reaches, line by line outwards.

    A window of one release costs little, and a long one at most twice its lines.
    """
    run = strip.run_at(start)
    if run is None:
        return {}
    wanted: dict[int, Sought] = {}
    for guide in guides:
        predicted = guide.run_at(start)
        if predicted and predicted.observation == run.observation:
            for at in _ends(strip, predicted.first, predicted.last, rules):
                wanted.setdefault(at, Sought.PREDICTED)
    if wanted:
        return wanted
    for up, end in ((False, run.first), (True, run.last)):
        wanted |= _beyond(strip, start, end, up, trials, rules)
    return wanted


def _beyond(
    strip: Strip, start: int, end: int, up: bool, trials: Trials, rules: Rules
) -> dict[int, Sought]:
    """What to test behind one end of a run."""
    index = strip.usable.index(end) + (1 if up else -1)
    other = strip.usable[index] if 0 <= index < len(strip.usable) else None
    line = strip.axis.line_number
    if other is not None:
        low, high = sorted((end, other))
        if next(strip.untried(low, high), None) is None:
            return confirmed_at(end, other, trials, rules)
        if line[end] == line[other]:
            return dict.fromkeys(_bisected(strip, low, high, rules), Sought.REFINE)
    far = other if other is not None else (len(strip.axis) if up else -1)
    reach = 1 + abs(line[end] - line[start])
    found = list(_lines_between(strip, min(end, far), max(end, far), rules))
    found.sort(reverse=not up)
    near = [at for at in found if abs(line[at] - line[end]) <= reach]
    # Lines without anything to test are passed over: the nearest that has something counts.
    nearest = near or [at for at in found if line[at] == line[found[0]]]
    return dict.fromkeys(nearest, Sought.REFINE)


def _soundings(strip: Strip, rules: Rules) -> Wanted:
    """A few line ends over the whole strip, to see first where it proves anything at all."""
    lines = [
        span for span in strip.axis.spans if any(map(strip.installs, range(span[0], span[1] + 1)))
    ]
    if len(lines) <= SOUNDINGS:
        return {}
    wanted = {}
    for number in range(SOUNDINGS):
        first, last = lines[number * (len(lines) - 1) // (SOUNDINGS - 1)]
        if not any(at in strip.tested for at in range(first, last + 1)):
            wanted.update(dict.fromkeys(_ends(strip, first, last, rules)[:1], Sought.LINE_END))
    return wanted


def _line_ends(strip: Strip, rules: Rules) -> Wanted:
    """Both ends of each line, except where the releases around it lack what the probe needs."""
    if len(strip.tested) >= SOUNDINGS and not strip.usable:
        return {}
    return {
        at: Sought.LINE_END
        for first, last in strip.axis.spans
        if not _is_unsupported_around(strip, first, last)
        for at in _ends(strip, first, last, rules)
    }


def _is_unsupported_around(strip: Strip, first: int, last: int) -> bool:
    """Whether the releases before and after a line lack what the probe needs.

    The nearest two that were tested count, on each side. A single one may be an exception.
    """
    index = bisect_left(strip.tried, first)
    before, after = strip.tried[max(0, index - 2) : index], strip.tried[index : index + 2]
    if not before or not after or after[0] <= last or len(before) + len(after) < 3:
        return False
    return all(strip.tested[at].outcome is Outcome.UNSUPPORTED for at in (*before, *after))


def _predicted(strip: Strip, guides: Sequence[Strip], rules: Rules) -> Wanted:
    """The ends of each run of a guide, and of each part of a line that no guide knows."""
    wanted: dict[int, Sought] = {}
    runs = [(guide, run) for guide in guides for run in guide.runs]
    for _, run in runs:
        for at in _ends(strip, run.first, run.last, rules):
            wanted.setdefault(at, Sought.PREDICTED)
    told = {
        at for guide, run in runs for at in range(run.first, run.last + 1) if guide.installs(at)
    }
    here = [at for at in range(len(strip.axis)) if strip.installs(at)]
    for (_, is_told), part in groupby(
        here, key=lambda at: (strip.axis.line_number[at], at in told)
    ):
        positions = list(part)
        if not is_told and not any(_was_in_vain(guide, positions) for guide in guides):
            for at in _ends(strip, positions[0], positions[-1], rules):
                wanted.setdefault(at, Sought.LINE_END)
    return wanted


def _was_in_vain(guide: Strip, positions: Sequence[int]) -> bool:
    """Whether a part of a line proved nothing on a guide, or nothing around it did."""
    tried = [at for at in positions if at in guide.tested]
    if not tried:
        return _is_unsupported_around(guide, positions[0], positions[-1])
    return not any(guide.tested[at].is_usable for at in tried)


def _inside(strip: Strip, rules: Rules) -> Wanted:
    """What to test between neighbours."""
    wanted: dict[int, Sought] = {}
    line = strip.axis.line_number
    for low, high in pairwise(strip.usable):
        if line[low] != line[high]:
            if not strip.is_closed(low, high):
                ends = _lines_between(strip, low, high, rules)
                wanted |= dict.fromkeys(ends, Sought.LINE_END)
        elif strip.tested[low] != strip.tested[high]:
            wanted |= dict.fromkeys(_bisected(strip, low, high, rules), Sought.BISECT)
        elif high - low - 1 > rules.widest:
            wanted |= dict.fromkeys(_bisected(strip, low, high, rules), Sought.WIDE)
    return wanted


def _lines_between(strip: Strip, low: int, high: int, rules: Rules) -> Iterator[int]:
    """The line ends strictly between two positions, parts of lines included."""
    line = strip.axis.line_number
    first, last = max(low, 0), min(high, len(strip.axis) - 1)
    for number in range(line[first], line[last] + 1):
        start, end = strip.axis.spans[number]
        if not _is_unsupported_around(strip, start, end):
            yield from _ends(strip, max(start, low + 1), min(end, high - 1), rules)


def _ends(strip: Strip, first: int, last: int, rules: Rules) -> Sequence[int]:
    """The outermost releases of a span that are to be tested, if nothing there is known yet."""
    span = range(first, last + 1)
    found = (_outermost(strip, span, rules), _outermost(strip, reversed(span), rules))
    return sorted({at for at in found if at is not None})


def _outermost(strip: Strip, inwards: Iterable[int], rules: Rules) -> int | None:
    """The first that nobody tried. None if one before it is known, or too many proved nothing."""
    proved_nothing = 0
    for at in inwards:
        if at in strip.tested:
            proved_nothing += 1
            if strip.tested[at].is_usable or proved_nothing >= rules.patience:
                return None
        elif strip.installs(at):
            return at
    return None


def _bisected(strip: Strip, low: int, high: int, rules: Rules) -> Sequence[int]:
    """The release nearest to the middle, unless too many there proved nothing."""
    tried = sum(at in strip.tested for at in range(low + 1, high))
    untried = list(strip.untried(low, high))
    if not untried or tried >= rules.patience:
        return ()
    middle = (low + high) // 2
    index = bisect_right(untried, middle)
    near = untried[max(0, index - 1) : index + 1]
    return [min(near, key=lambda at: abs(at - middle))]
