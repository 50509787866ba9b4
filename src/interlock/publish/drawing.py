"""A signature's cycle as inline SVG: threads and locks one below the other, and the way back up.

It takes its colours from the page (``currentColor`` and the style sheet's variables), so that it
follows light and dark, and is as wide as a phone at most.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH = 340
LEFT = 8
BOX_WIDTH = 262
BOX_HEIGHT = 48
GAP = 46
BACK = 312
"""Where the way back up runs, in the drawing's own units like the others."""


def cycle(locks: Sequence[str], threads: Sequence[str]) -> Markup:
    """Thread, the lock that it waits for, the thread that holds it, and so on around.

    ``threads`` are as many as ``locks``, the first waiting for the first. One of each is a thread
    that waits for itself.
    """
    boxes = []
    for thread, lock in zip(threads, locks, strict=True):
        boxes += [("thread", thread), ("lock", lock)]
    back = _back(_top(len(boxes) - 1), _top(0))
    return _drawn(boxes, in_words(locks, threads), "is held by", back)


def orphan(lock: str, thread: str, holder: str) -> Markup:
    """A thread, the lock that it waits for, and the holder, who is in another process."""
    boxes = [("thread", thread), ("lock", lock), ("gone", holder)]
    says = f"{thread} waits for {lock}, held at the fork by {holder}"
    return _drawn(boxes, says, "was held by", Markup(""))


def _drawn(boxes: Sequence[tuple[str, str]], says: str, held: str, back: Markup) -> Markup:
    height = len(boxes) * BOX_HEIGHT + (len(boxes) - 1) * GAP + 16
    parts = [_box(kind, name, _top(i)) for i, (kind, name) in enumerate(boxes)]
    parts += [
        _down("waits for" if boxes[i][0] == "thread" else held, _top(i))
        for i in range(len(boxes) - 1)
    ]
    return Markup(
        '<svg class="il-cycle" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<defs><marker id="il-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9"'
        ' markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker></defs>{parts}</svg>'
    ).format(w=WIDTH, h=height, label=says, parts=Markup("").join([*parts, back]))


def in_words(locks: Sequence[str], threads: Sequence[str]) -> str:
    """What the drawing shows, for who does not see it."""
    holders = [*threads[1:], threads[0]]
    steps = [
        f"{thread} waits for {lock}, held by {'itself' if holder == thread else holder}"
        for thread, lock, holder in zip(threads, locks, holders, strict=True)
    ]
    return "; ".join(steps)


def _top(place: int) -> int:
    return 8 + place * (BOX_HEIGHT + GAP)


def _box(kind: str, name: str, top: int) -> Markup:
    size = min(15.0, (BOX_WIDTH - 24) / max(len(name), 1) / 0.61)
    return Markup(
        '<g class="il-{kind}"><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}"/>'
        '<text class="il-kind" x="{mid}" y="{y1}">{called}</text>'
        '<text class="il-name" x="{mid}" y="{y2}" font-size="{size}">{name}</text></g>'
    ).format(
        kind=kind,
        called="not in this process" if kind == "gone" else kind,
        x=LEFT,
        y=top,
        w=BOX_WIDTH,
        h=BOX_HEIGHT,
        r=4 if kind == "lock" else 24,
        mid=LEFT + BOX_WIDTH // 2,
        y1=top + 16,
        y2=top + 36,
        size=f"{size:.1f}",
        name=name,
    )


def _down(label: str, top: int) -> Markup:
    x, start = LEFT + BOX_WIDTH // 2, top + BOX_HEIGHT + 3
    return Markup(
        '<path class="il-arrow" d="M{x} {start}V{end}" marker-end="url(#il-tip)"/>'
        '<text class="il-label" x="{tx}" y="{ty}">{label}</text>'
    ).format(x=x, start=start, end=start + GAP - 8, tx=x + 10, ty=start + GAP // 2 + 1, label=label)


def _back(last: int, first: int) -> Markup:
    edge, low, high = LEFT + BOX_WIDTH + 3, last + BOX_HEIGHT // 2, first + BOX_HEIGHT // 2
    return Markup(
        '<path class="il-arrow" d="M{edge} {low}H{bend}Q{back} {low} {back} {up}V{down}'
        'Q{back} {high} {bend} {high}H{end}" marker-end="url(#il-tip)"/>'
        '<text class="il-label il-back" transform="translate({tx} {ty}) rotate(-90)">is held by'
        "</text>"
    ).format(
        edge=edge,
        low=low,
        high=high,
        bend=BACK - 14,
        back=BACK,
        up=low - 14,
        down=high + 14,
        end=edge + 4,
        tx=BACK + 17,
        ty=(low + high) // 2,
    )
