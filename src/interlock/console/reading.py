"""The matrix of a command, and notes about all verdicts, as an earlier command left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from interlock.console.sources import Source
from interlock.findings import NOTHING_NOTED, Findings, Noted
from interlock.matrix import Matrix, plain_files
from interlock.model import Verdict
from interlock.record import Kept, kept


class Named(NamedTuple):
    """A matrix, and the name of the files that it was read from; None if they have none."""

    matrix: Matrix
    name: str | None


def matrix_of(
    source: Source,
    image: str | None,
    keep: Kept,
    *,
    to_run: bool = False,
    digests: bool = True,
) -> Named:
    """The matrix, as ``matrix_file.load`` reads it with these options, and raises what that does.

    What was read without a mistake is kept, and read anew when any of its files changes.
    """
    options = {"to_run": to_run, "digests": digests}
    name = _name(source, image, options)
    found = _thawed(keep.get(name)) if name else None
    if isinstance(found, Matrix):
        return Named(found, name)
    # Reading imports what checks a file; what is kept was checked.
    from interlock.matrix import matrix_file

    matrix = matrix_file.load(source.matrix, source.probes, image, **options)
    text = kept.frozen(matrix)
    if name is None or name != _name(source, image, options):  # somebody has written meanwhile
        return Named(matrix, None)
    if text:
        keep.put(name, text)
    return Named(matrix, name)


class Notes:
    """What is noted about the verdicts of some files, for a matrix of some files.

    They are made when the same files are read for the second time. A machine that asks once, such
    as one of a hosted CI, would make them for nobody.
    """

    def __init__(
        self, keep: Kept, matrix: str | None, results: str | None, *, again: bool = True
    ) -> None:
        """``again``: whether the results were read before."""
        self._keep = keep
        self._again = again
        can_be_kept = matrix and results and keep.has(results)
        self._name = kept.name_of("notes", (), matrix, results) if can_be_kept else None
        self._is_noted = False

    def of(self, verdicts: Sequence[Verdict]) -> Noted:
        """The notes about these verdicts; nothing is noted if there are none."""
        try:
            found = Noted(self._keep.get(self._name), verdicts) if self._name else NOTHING_NOTED
        except (TypeError, ValueError):
            return NOTHING_NOTED
        self._is_noted = found is not NOTHING_NOTED
        return found

    def make(self, findings: Findings) -> None:
        """Note what these findings say of every verdict, if that is not noted."""
        if self._name and self._again and not self._is_noted:
            from interlock.findings import notes

            with suppress(Exception):  # the question is answered, and the next one takes longer
                self._keep.put(self._name, notes(findings))


def _name(source: Source, image: str | None, options: Mapping[str, bool]) -> str | None:
    inside = sorted(source.probes.glob("*"))
    files = [
        source.matrix,
        *(path for path in inside if path.suffix == ".yaml"),
        *sorted(source.probes.glob("*/*.yaml")),
    ]
    if any(options.values()):  # then code counts too
        files += sorted(filter(plain_files.is_of_a_probe, source.probes.rglob("*")))
    names = [path.name for path in inside if path.is_dir()]
    where = [str(file.relative_to(source.root)) for file in files]
    return kept.name_of("matrix", files, where, names, image, sorted(options.items()))


def _thawed(text: Any) -> Any:
    try:
        return kept.thawed(text)
    except Exception:  # whatever it is, the files themselves are read instead
        return None
