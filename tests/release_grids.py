"""The little language in which tests draw what was tested of a grid of releases.

``drawn('''
           1.0.0 1.0.1 1.1.0
    5.0.0  P     .     x
    5.0.1  H     P     ?
''')``
"""

from __future__ import annotations

from packaging.version import Version

from interlock.findings.inference import AnswerBasis, Known, TrackMap
from interlock.findings.space import Observation, ReleaseAxis, Space, Spot
from interlock.model import Outcome

LETTERS = {
    "P": Observation(Outcome.PASS),
    "H": Observation(Outcome.HANG, "A.lock"),
    "J": Observation(Outcome.HANG, "B.lock"),
    "F": Observation(Outcome.FAIL, "builtins.ImportError"),
    "E": Observation(Outcome.FAIL, "builtins.KeyError"),
    "?": Observation(Outcome.UNPROVEN),
    "-": Observation(Outcome.UNSUPPORTED),
}
NAMES = {seen: letter for letter, seen in LETTERS.items()}


def versions(text: str) -> ReleaseAxis:
    return ReleaseAxis.of("any", map(Version, text.split()))


def drawn(text: str, *references: TrackMap) -> TrackMap:
    """A grid: capitals were tested, ``.`` was not, ``x`` can't be installed."""
    head, *lines = [line for line in text.strip().splitlines() if line.strip()]
    table = {line.split()[0]: line.split()[1:] for line in lines}
    rows, columns = versions(" ".join(table)), versions(head)
    letters: dict[Spot, str] = {
        (rows.position[Version(row)], column): letter
        for row, found in table.items()
        for column, letter in enumerate(found)
    }
    space = Space(
        rows=rows, columns=columns, installs=lambda row, column: letters[row, column] != "x"
    )
    tested = {spot: LETTERS[letter] for spot, letter in letters.items() if letter in LETTERS}
    return TrackMap(space, tested, references)


def shown(known: Known) -> str:
    """As in the grid, with inferred ones in small letters."""
    if known.basis is AnswerBasis.INDEX:
        return "x"
    if known.basis is AnswerBasis.UNKNOWN:
        return "."
    assert known.observation is not None
    letter = NAMES[known.observation]
    return letter if known.basis is AnswerBasis.TESTED else letter.lower()
