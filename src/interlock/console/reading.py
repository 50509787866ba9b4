"""The matrix of a command: read, or as an earlier command read the same files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock.console.sources import Source
from interlock.matrix import Matrix
from interlock.record import Kept, kept


def matrix_of(
    source: Source,
    image: str | None,
    keep: Kept,
    *,
    to_run: bool = False,
    digests: bool = True,
) -> Matrix:
    """The matrix, as ``matrix_file.load`` reads it with these options, and raises what that does.

    What was read without a mistake is kept, and read anew when any of its files changes.
    """
    options = {"to_run": to_run, "digests": digests}
    name = _name(source, image, options)
    found = _thawed(keep.get(name)) if name else None
    if isinstance(found, Matrix):
        return found
    # Reading imports what checks a file; what is kept was checked.
    from interlock.matrix import matrix_file

    matrix = matrix_file.load(source.matrix, source.probes, image, **options)
    text = kept.frozen(matrix)
    if name and text and name == _name(source, image, options):  # nobody has written meanwhile
        keep.put(name, text)
    return matrix


def _name(source: Source, image: str | None, options: Mapping[str, bool]) -> str | None:
    inside = sorted(source.probes.glob("*"))
    files = [
        source.matrix,
        *(path for path in inside if path.suffix == ".yaml"),
        *sorted(source.probes.glob("*/*.yaml")),
    ]
    if any(options.values()):
        files += _behind(source.probes)
    names = [path.name for path in inside if path.is_dir()]
    where = [str(file.relative_to(source.root)) for file in files]
    return kept.name_of("matrix", files, where, names, image, sorted(options.items()))


def _behind(probes: Path) -> Iterator[Path]:
    """Every file that a probe's digest, or the check before a run, is made from."""
    for path in sorted(probes.rglob("*")):
        if path.suffix in (".py", ".yaml") and "__pycache__" not in path.parts:
            yield path


def _thawed(text: Any) -> Any:
    try:
        return kept.thawed(text)
    except Exception:  # whatever it is, the files themselves are read instead
        return None
