"""The messages of the driver: what the app may say, one JSON object a line.

Each message is checked here, before anything believes it. ``trial.py`` writes them; but any code
of the app can write into the same pipe.
"""

from __future__ import annotations

from harness.shapes import (
    Broken,
    anything,
    decoded,
    integer,
    number,
    one_of,
    optional,
    quoted,
    record,
    text,
)

LONGEST_LINE = 1 << 20
PHASES = ("import", "startup", "serving", "shutdown")

COUNT = integer(0, 10**12)
PID = integer(1, 1 << 22)
"""The largest that Linux gives, proc(5): ``/proc/sys/kernel/pid_max``."""

SHAPES = {
    "beat": record(beat=COUNT),
    "fact": record(fact=text(200), value=anything),
    "error": record(
        error=text(300),
        message=text(2000),
        traceback=text(20000),
        feature=optional(text(200)),
        phase=one_of(*PHASES),
    ),
    "missing": record(missing=text(200), detail=text(2000)),
    "degraded": record(degraded=text(2000), doubt=optional(text(2000))),
    "done": record(done=COUNT, number=COUNT),
    "look": record(look=text(300), number=COUNT, silent_s=number(0, 10**6), process=optional(PID)),
    "around": record(around=text(300), number=COUNT),
    "child": record(child=PID, code=optional(integer(0, 255)), signal=optional(integer(1, 64))),
    "misuse": record(misuse=text(2000)),
    "wrong": record(wrong=text(2000), file=text(1000), line=COUNT),
    "phase": record(phase=one_of(*PHASES)),  # Last: an error names its phase as well.
}
"""By the key that a message is known by."""


class Messages:
    """Reads the driver's messages in order; some may come only once, or not after others."""

    def __init__(self) -> None:
        self._phases = 0
        """The furthest phase that has begun, as its number from 1."""
        self._done = False

    def read(self, line: bytes | None) -> tuple:
        """The key of a message, and the message; None is a line that was too long."""
        if line is None:
            raise Broken(f"a line of more than {LONGEST_LINE} bytes")
        said = decoded(line)
        if type(said) is not dict:
            raise Broken(f"not an object: {quoted(line)}")
        key = next((key for key in SHAPES if key in said), None)
        if key is None:
            raise Broken(f"no message that is known: {quoted(line)}")
        return key, self.check(key, said)

    def check(self, key: str, said: dict) -> dict:
        """A message as it is believed; raises ``Broken``."""
        said = SHAPES[key](said, key)
        self._check_order(key, said)
        return said

    def _check_order(self, key: str, said: dict) -> None:
        if self._done and key != "beat":
            # A daemon thread may still beat; it has nothing else to say.
            raise Broken(f"{key} comes after done")
        if key == "child" and (said["code"] is None) == (said["signal"] is None):
            raise Broken("child: exactly one of code and signal is needed")
        if key == "misuse" and self._phases > 1:
            raise Broken("misuse comes after the phase import")
        if key == "phase":
            behind = PHASES.index(said["phase"]) + 1
            if behind <= min(self._phases, 2):
                raise Broken(f"the phase {said['phase']} begins again")
            self._phases = max(self._phases, behind)
        self._done = self._done or key == "done"
