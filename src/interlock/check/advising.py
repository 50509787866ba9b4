"""What to do about findings: lines to paste, workarounds, the command that says more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from interlock.check.result import Advice, Finding, Workaround
from interlock.findings import Answer, Findings, Move, OfferedWorkaround, sentences
from interlock.model import PythonVersion, Target


def moves(found: Sequence[Finding], findings: Findings) -> Iterator[Advice]:
    """The releases to move to, for each answer that does not pass. Each is said once."""
    seen: set[tuple[str, ...]] = set()
    wrong = [one for one in found if one.answer and one.state.code]
    for finding in wrong:
        assert finding.answer
        for advice in _of(finding.answer, findings, finding.pythons):
            if advice.pins not in seen:
                seen.add(advice.pins)
                yield advice


def _of(answer: Answer, findings: Findings, pythons: Sequence[PythonVersion]) -> Iterator[Advice]:
    packages = {axis.name: axis.package for axis in findings.matrix.axes}
    helping = [move for move in answer.moves if move.helps]
    for move in helping:
        to, where = _on_all(move, answer, pythons)
        package, present = packages[move.axis], answer.question.versions[move.axis]
        assert isinstance(to.nearest, Target), "only a move that helps has a target"
        says = f"{sentences.upgrade(to, package, present)}{where}"
        yield Advice(says=says, pins=(f"{package}=={to.nearest.version}",))
    if answer.smallest and len(answer.smallest.targets) > 1 and not helping:
        together = sentences.smallest_change(answer.smallest, answer.moves, packages)
        pins = (f"{packages[one.axis]}=={one.version}" for one in answer.smallest.targets)
        yield Advice(says=together or "move both", pins=tuple(pins))


def _on_all(move: Move, answer: Answer, pythons: Sequence[PythonVersion]) -> tuple[Move, str]:
    """The move that helps on all of these Pythons; else that of the newest of them."""
    every = move.everywhere
    if len(pythons) == 1:
        return move, ""
    if every and {*pythons} <= {*every.pythons}:
        is_new = {*pythons} <= {*every.newest_pythons}
        newest = every.newest if is_new else every.nearest
        return replace(move, nearest=every.nearest, newest=newest), ""
    return move, f" (on Python {answer.question.python})"


def workarounds(found: Iterable[Finding]) -> Iterator[Workaround]:
    """Those that pass on the very releases that hang or fail. The best come first."""
    offered: dict[str, OfferedWorkaround] = {}
    for finding in found:
        if finding.state.is_trouble:
            for part in finding.parts:
                for one in part.workarounds:
                    if not one.caution:
                        offered.setdefault(one.way.name, one)
    for one in offered.values():
        yield Workaround(
            name=one.way.name, title=one.way.title, costs=one.way.costs, paste=one.way.paste or ""
        )


def command(found: Sequence[Finding], chosen: Mapping[str, str]) -> str:
    """The command that says more of the worst; empty if there is nothing to ask."""
    finding = next((one for one in found if one.answer), None)
    if finding is None or finding.answer is None:
        return ""
    question = finding.answer.question
    named = [f"--{axis} {version}" for axis, version in question.versions.items()]
    stated = [f"--with {name}={value}" for name, value in chosen.items()]
    return " ".join(["interlock ask", *named, f"--python {question.python}", *stated])
