"""The matrix of a question: read, or as an earlier question read the same files."""

from __future__ import annotations

from typing import Any

from interlock.console.sources import Source
from interlock.matrix import Matrix
from interlock.record import Kept, kept


def matrix_of(source: Source, image: str | None, keep: Kept) -> Matrix:
    """The matrix without the digests of its probes. Raises what ``matrix_file.load`` raises."""
    name = _name(source, image)
    found = _thawed(keep.get(name)) if name else None
    if isinstance(found, Matrix):
        return found
    # Reading imports what checks a file; what is kept was checked.
    from interlock.matrix import matrix_file

    matrix = matrix_file.load(source.matrix, source.probes, image, digests=False)
    text = kept.frozen(matrix)
    if name and text and name == _name(source, image):  # nobody has written meanwhile
        keep.put(name, text)
    return matrix


def _name(source: Source, image: str | None) -> str | None:
    inside = sorted(source.probes.glob("*"))
    files = [
        source.matrix,
        *(path for path in inside if path.suffix == ".yaml"),
        *sorted(source.probes.glob("*/*.yaml")),
    ]
    names = [path.name for path in inside if path.is_dir()]
    where = [str(file.relative_to(source.root)) for file in files]
    return kept.name_of("matrix", files, where, names, image)


def _thawed(text: Any) -> Any:
    try:
        return kept.thawed(text)
    except Exception:  # whatever it is, the files themselves are read instead
        return None
