"""The grids of a probe: one for each Python and configuration, with a link in every cell.

A cell shows what the probe found. Libraries alone and workarounds are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.model import PRECEDENCE, Backend, Basis, Cell, Pin, PythonVersion, Verdict, listing
from interlock.publish import links
from interlock.publish.context import PageContext
from interlock.publish.release_lines import MANY, ReleaseLine, by_line
from interlock.publish.wording import (
    CAN_HANG,
    INTERMITTENT_MARK,
    NOT_SEEN,
    OWN_MARK,
    PART_MARK,
    PROCESS_MARK,
    RARE_LOOK,
    UNTESTED,
    WORDS,
    Mark,
    how_often,
    why,
    word,
)
from interlock.record import in_order, text_key


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one cell of a grid shows."""

    mark: Mark
    page: str
    says: str
    rank: int
    """The worst is 0."""
    called: str
    """``hangs``; of several in a release line, those with the same words are counted."""


Setting = tuple[str, str]
"""A configuration, and its title for a kind of application."""

Shows = Mapping[tuple[str, ...], Shown]
"""By the versions, from the first axis to the last."""


Line = tuple[str, Sequence[Shown | None]]
"""The head of a line, and its cells."""


@dataclass(frozen=True, kw_only=True)
class Together:
    """What the cells of a release line show with one release of the other axis."""

    look: str
    """That of the worst."""
    counted: list[tuple[str, int]]
    """Each symbol with the number of cells, the worst first."""
    says: str


@dataclass(frozen=True, kw_only=True)
class LineOfGrid:
    """The lines of one release line; without a name, a release stands alone."""

    name: str
    together: list[Together | None]
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One configuration on one Python: the last axis across, the others down.

    An axis of many releases goes down, by release line: a page scrolls down more easily.
    """

    title: str
    config: str
    corner: list[str]
    columns: list[str]
    lines: list[LineOfGrid]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One tab: a grid a configuration."""

    python: PythonVersion
    is_first: bool
    grids: list[Grid]


INFERRED = (
    f"({WORDS[next(iter(WORDS))].symbol})",
    "inferred: tested releases around it agree",
    "il-inferred",
)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """An entry of the legend."""

    mark: Mark
    name: str


def of_probe(context: PageContext, probe: str) -> list[Panel]:
    """A panel for each Python with the findings of one probe in plain configurations."""
    configs = [config for name, config in context.findings.tracks if name == probe]
    found: dict[tuple[PythonVersion, str], dict[tuple[str, ...], Shown]] = {}
    for verdict in context.findings.by_probe.get(probe, ()):
        cell = verdict.cell
        if cell.config in configs and all(p.version for p in cell.pins):
            here = found.setdefault((cell.python, cell.config), {})
            here[_versions(cell)] = _alone(context, verdict)
    pythons = sorted({python for python, _ in found})
    settings = [_setting(context, config) for config in configs]
    return [
        panel(context, python, [(s, found.get((python, s[0]), {})) for s in settings])
        for python in pythons
    ]


def legend(
    context: PageContext, shown: Collection[Verdict], *, summed: bool = True
) -> list[Meaning]:
    """The meaning of the symbols; some only where they occur."""
    sources = {source for verdict in shown for source in (verdict.basis, verdict.backend)}
    by_process = (PROCESS_MARK, "run without a container", "il-process")
    entries = [
        *((word.symbol, word.name, f"il-{outcome}") for outcome, word in WORDS.items()),
        (UNTESTED.symbol, "not tested", "il-untested"),
        (f"✗{INTERMITTENT_MARK}", "in some trials, not in all", "il-hang"),
        (f"✗{OWN_MARK}", "as one library does alone", "il-hang il-own"),
        *([(f"✓{PART_MARK}", "by the probes run so far", "il-pass")] if summed else []),
        *(_rare_words(context, shown)),
        *([INFERRED] if Basis.INFERRED in sources else []),
        *([by_process] if Backend.PROCESS in sources else []),
    ]
    return [Meaning(mark=Mark(look, symbol), name=name) for symbol, name, look in entries]


def _rare_words(context: PageContext, shown: Iterable[Verdict]) -> Iterator[tuple[str, str, str]]:
    """The two signs for what is no pass because hangs are rare."""
    rare = [told.can_hang for verdict in shown if (told := context.rare(verdict))]
    if True in rare:
        yield CAN_HANG.symbol, "can hang, rarely: its release line did", RARE_LOOK
    if False in rare:
        yield NOT_SEEN.symbol, "no hang seen; a rare one is possible", RARE_LOOK


def panel(
    context: PageContext, python: PythonVersion, grids: Sequence[tuple[Setting, Shows]]
) -> Panel:
    """One tab, from the contents of each configuration."""
    return Panel(
        python=python,
        is_first=python == context.default_python,
        grids=[_grid(context, setting, shows) for setting, shows in grids],
    )


def _setting(context: PageContext, config: str) -> Setting:
    return config, context.title(config)


def _grid(context: PageContext, setting: Setting, shows: Shows) -> Grid:
    config, title = setting
    *down, across = context.axes
    columns = in_order(versions[-1] for versions in shows)
    heads = sorted({versions[:-1] for versions in shows}, key=lambda of: [*map(text_key, of)])
    corner = [*(f"{axis.package} ↓" for axis in down), f"{across.package} →"]
    lines: list[Line] = [
        (" · ".join(head), [shows.get((*head, column)) for column in columns]) for head in heads
    ]
    if len(columns) > MANY and len(down) == 1:
        turned = zip(*(cells for _, cells in lines), strict=True)
        lines, columns = list(zip(columns, turned, strict=True)), [head for head, _ in lines]
        corner = [f"{across.package} ↓", f"{down[0].package} →"]
    return Grid(
        title=title,
        config=config,
        corner=corner,
        columns=columns,
        lines=[_of_line(of, columns) for of in _by_line(lines, len(down))],
    )


def _by_line(lines: Sequence[Line], axes: int) -> Sequence[ReleaseLine[Line]]:
    """By release line, where the head of a line is a release of a single axis."""
    if axes > 1:
        return [ReleaseLine(name="", rows=[line]) for line in lines]
    return by_line(lines, lambda line: line[0])


def _of_line(of: ReleaseLine[Line], columns: Sequence[str]) -> LineOfGrid:
    cells = zip(*(line for _, line in of.rows), strict=True)
    together = [_together(of.name, *one) for one in zip(columns, cells, strict=True)]
    return LineOfGrid(name=of.name, together=together if of.name else [], lines=of.rows)


def _together(name: str, column: str, cells: Sequence[Shown | None]) -> Together | None:
    """None where none of them was tested."""
    shown = sorted((one for one in cells if one), key=lambda one: one.rank)
    if not shown:
        return None
    symbols = Counter(one.mark.symbol for one in shown)
    words = Counter(one.called for one in shown)
    told = listing([f"{number} {called}" for called, number in words.items()])
    return Together(
        look=shown[0].mark.look,
        counted=[*symbols.items()],
        says=f"{name} with {column}: {told}",
    )


def _alone(context: PageContext, verdict: Verdict) -> Shown:
    return Shown(
        mark=context.mark(verdict),
        page=links.found_at(verdict.cell),
        says=_says(context, verdict),
        rank=_rank(context, verdict),
        called=_called(context, verdict),
    )


def _rank(context: PageContext, verdict: Verdict) -> int:
    """By the precedence of outcomes; what one library does alone comes after."""
    return PRECEDENCE.index(verdict.outcome) + len(PRECEDENCE) * context.is_own(verdict)


def _called(context: PageContext, verdict: Verdict) -> str:
    return word(verdict, context.rare(verdict)).counted


def _says(context: PageContext, verdict: Verdict) -> str:
    cell = verdict.cell
    rare = context.rare(verdict)
    called = rare or word(verdict).name
    says = f"{cell.combination}, {context.title(cell.config)}: {called}"
    says += f" ({why(verdict)})" if verdict.reason else ""
    often = how_often(verdict)
    return f"{says}. {often}" if often else says


def _versions(cell: Cell) -> tuple[str, ...]:
    return tuple(map(_version, cell.pins))


def _version(pin: Pin) -> str:
    return str(pin.version)
