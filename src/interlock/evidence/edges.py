"""The parts of the wait-for graph: its nodes, and the edges with what each was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from interlock.evidence.dumps import Thread
from interlock.evidence.wire import Frame
from interlock.model import ProtocolError


class Node(NamedTuple):
    kind: Literal["thread", "lock"]
    ident: int


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``source`` waits for ``target``; a lock as ``source`` is held by ``target``.

    The edge was read in the frames of ``thread``. It has no ``frame`` only where the lock itself
    names its owner.
    """

    source: Node
    target: Node
    thread: Thread
    frame: Frame | None
    expression: str
    how: str

    def __post_init__(self) -> None:
        if self.frame is None and self.how != "owner":
            raise ProtocolError(
                f"an edge without evidence: {self.thread.name}, {self.expression or self.how}"
            )

    @property
    def claim(self) -> tuple[Node, Node]:
        return self.source, self.target


Graph: TypeAlias = Mapping[Node, Edge]
