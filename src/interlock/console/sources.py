"""Where the matrix, the probes and the published results are read from.

That is a checkout or the package. The wheel ships them in ``interlock/data/``, so a question needs
no checkout.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import interlock
from interlock.model import UsageError

MATRIX = "matrix.yaml"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A matrix file, and what lies beside it."""

    matrix: Path

    @property
    def root(self) -> Path:
        return self.matrix.parent

    @property
    def probes(self) -> Path:
        return self.root / "probes"

    @property
    def results(self) -> Path:
        return self.root / "results"


def to_run(named: Path | None) -> Source:
    """The checkout in which a command runs; raise ``UsageError`` if there is none.

    ``named`` is the matrix file of the option ``--matrix``.
    """
    path = (named or Path(MATRIX)).resolve()
    if named is None and not path.is_file():
        raise UsageError(
            f"{path}: there is no such file; this command needs a checkout: run it in one, or "
            f"name its {MATRIX} with --matrix"
        )
    return Source(matrix=path)


def published_beside(root: Path) -> Path | None:
    """The published results for a matrix file in ``root``.

    These are its own results. If it has none and equals the package's matrix file, they are the
    package's. None if the matrix has no results anywhere.
    """
    from interlock.record import VERDICTS

    if (root / "results" / VERDICTS).is_file():
        return root / "results"
    data = Path(interlock.__file__).parent / "data"
    files = [folder / MATRIX for folder in (root, data)]
    if all(file.is_file() for file in files) and files[0].read_bytes() == files[1].read_bytes():
        return data / "results"
    return None


def to_check(named: Path | None) -> Source:
    """The same as ``to_read``, in the project of somebody else.

    A ``matrix.yaml`` that happens to be there is none of ours without published results beside it.
    """
    from interlock.record import VERDICTS

    here = Path(MATRIX).is_file() and (Path("results") / VERDICTS).is_file()
    return to_read(named) if named is not None or here else of_package()


def to_read(named: Path | None) -> Source:
    """The source of answers: the checkout, or else the data of the package."""
    here = Path(MATRIX)
    if named is not None or here.is_file():
        return Source(matrix=(named or here).resolve())
    return of_package()


def of_package() -> Source:
    """The data that the package ships."""
    package = Path(interlock.__file__).parent
    if (package / "data" / MATRIX).is_file():
        return Source(matrix=package / "data" / MATRIX)
    # An editable installation has no data of its own. Its checkout has it.
    return Source(matrix=package.parents[1] / MATRIX)
