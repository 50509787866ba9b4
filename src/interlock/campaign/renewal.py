"""Writes published results again, under today's names and in today's form::

    python -m interlock.campaign.renewal

No trial is needed. Cells of a configuration that a probe had ``formerly`` get the name and the
digest that they have today. Files of an earlier schema version become those of today.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from interlock.matrix import Matrix, matrix_file
from interlock.model import InterlockError
from interlock.record import read_results, rewrite_results


def renew(matrix: Matrix, results: Path) -> None:
    """Read the folder, and write it again."""
    found = read_results(results, matrix.axes, matrix.renamed)
    rewrite_results(found, results, matrix.axes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew one folder; return 2 if a file has a mistake."""
    parser = argparse.ArgumentParser(prog="python -m interlock.campaign.renewal")
    parser.add_argument("--matrix", type=Path, default=Path("matrix.yaml"))
    parser.add_argument("--probes", type=Path, default=Path("probes"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    given = parser.parse_args(arguments)
    try:
        renew(matrix_file.load(given.matrix, given.probes), given.results)
    except InterlockError as mistake:
        print(mistake, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
