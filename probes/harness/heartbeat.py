"""What the app says of itself, and when it was last heard."""

from __future__ import annotations

import signal
import time

from harness.event_stream import EventStream
from harness.messages import LONGEST_LINE, Messages
from harness.pieces import Pieces
from harness.shapes import Broken


class Heartbeat:
    """The app's phase, its count, and its silences."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self.phase = "import"
        self.exposures = 0
        self._told_exposures = 0
        self._told_at = 0.0
        self.heard_at = stream.started
        self.looks = 0
        """The number of the last look."""
        self.stalled = False
        self._silent_s = 0.0
        self.wanted: list = []
        """Looks that the driver asks for; the last is the one that its end asks for."""
        self.has_done = False
        """Whether it has said that it is done, and that is not told yet."""
        self.misuse = None
        self.wrong = None
        """The first call of the driver that no probe may make, and where."""
        self.breach = None
        """How the app broke the protocol, the first time. Nothing is heard after that."""
        self._messages = Messages()
        self._pieces = Pieces(LONGEST_LINE)

    @property
    def silent_s(self) -> float:
        return time.monotonic() - self.heard_at

    def hear(self, line: bytes | None) -> None:
        """Take one line of the app, None if it was too long; any line shows that it lives."""
        if self.breach is not None:
            return
        self.heard_at = time.monotonic()
        if self.stalled:
            self.stalled = False
            self.resumed()
        try:
            for message in self._pieces.take(line):
                key, said = self._messages.read(message)
                _HANDLERS[key](self, said)
        except Broken as broken:
            self.broken(str(broken))

    def broken(self, what: str) -> None:
        """Tell that the app broke the protocol; the first time is enough."""
        if self.breach is None:
            self.breach = what[:500]
            self._stream.emit("breach", phase=self.phase, detail=self.breach)

    def progress(self) -> None:
        if self.exposures != self._told_exposures:
            self._told_exposures = self.exposures
            self._told_at = self._stream.now()
            self._stream.emit("progress", exposures=self.exposures)

    def stall(self, silent_s: float, asked: dict | None = None) -> None:
        """Begin a look at a silence, or at what the driver asks a look for."""
        self.looks += 1
        if asked is None:
            self.stalled = True
            self._silent_s = silent_s
        self.progress()
        self._stream.emit(
            "stall",
            number=self.looks,
            phase=self.phase,
            silent_s=round(silent_s, 3),
            exposures=self.exposures,
            asked=asked and asked["look"],
            process=asked and asked["process"],
        )

    def resumed(self) -> None:
        """Tell that the last silence is over."""
        self._stream.emit("resumed", number=self.looks, silent_s=round(self._silent_s, 3))

    def _beat(self, said: dict) -> None:
        self.exposures = said["beat"]
        if self._stream.now() - self._told_at >= 0.5:
            self.progress()

    def _fact(self, said: dict) -> None:
        self._stream.emit("fact", name=said["fact"], value=said["value"])

    def _error(self, said: dict) -> None:
        self._stream.emit(
            "error",
            phase=said["phase"],
            type=said["error"],
            message=said["message"],
            traceback=said["traceback"],
            feature=said["feature"],
        )

    def _missing(self, said: dict) -> None:
        self._stream.emit("missing", feature=said["missing"], detail=said["detail"])

    def _degraded(self, said: dict) -> None:
        detail, doubt = said["degraded"], said["doubt"]
        self._stream.emit("degraded", phase=self.phase, detail=detail, doubt=doubt)

    def _done(self, said: dict) -> None:
        self.exposures = said["done"]
        self.has_done = True
        self.wanted.append(said)

    def done(self) -> None:
        """Tell that it is done, if it has said so."""
        if self.has_done:
            self.has_done = False
            self.progress()
            self._stream.emit("done", exposures=self.exposures)

    def _look(self, said: dict) -> None:
        self.wanted.append(said)

    def _child(self, said: dict) -> None:
        number = said["signal"]
        name = None if number is None else signal_name(number)
        self._stream.emit("child", process=said["child"], code=said["code"], signal=name)

    def _misuse(self, said: dict) -> None:
        self.misuse = said["misuse"]

    def _wrong(self, said: dict) -> None:
        self.wrong = self.wrong or said

    def _phase(self, said: dict) -> None:
        self.progress()
        self.phase = said["phase"]
        self._stream.emit("phase", phase=self.phase)


_HANDLERS = {
    "beat": Heartbeat._beat,
    "fact": Heartbeat._fact,
    "error": Heartbeat._error,
    "missing": Heartbeat._missing,
    "degraded": Heartbeat._degraded,
    "done": Heartbeat._done,
    "look": Heartbeat._look,
    "around": Heartbeat._look,
    "child": Heartbeat._child,
    "misuse": Heartbeat._misuse,
    "wrong": Heartbeat._wrong,
    "phase": Heartbeat._phase,
}


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
