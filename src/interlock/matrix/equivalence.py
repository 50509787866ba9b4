"""Earlier probe versions whose verdicts still count: ``probes/equivalent.yaml``.

A rewritten probe has another digest, so its cells would all run again, even if it behaves as
before. No program can decide that two versions behave the same. So a person claims it, with a
reason. The claim holds for one digest, and lapses when the probe changes again. To make the claim
for today's version::

    python -m interlock.matrix.equivalence --because "its supervisor was split; the same events"
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator

from interlock.matrix import values
from interlock.matrix.behaviour import digest
from interlock.matrix.document import SECTIONS, read
from interlock.matrix.mistakes import wrong
from interlock.matrix.probes import available
from interlock.model import MatrixError

FILE = "equivalent.yaml"


def _digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise wrong(f'"{text}" is not a digest, which is 64 hexadecimal digits')
    return text


Digest = Annotated[str, AfterValidator(_digest)]


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Versions of a probe, and why they behave like today's."""

    digests: values.Listed[Digest]
    because: Annotated[values.Folded, AfterValidator(values.not_blank)]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The claim that verdicts of earlier versions count for one later version."""

    today: Digest
    """The version that the claim was made for. It does not hold for any other."""
    earlier: values.Listed[Earlier]

    def holds_for(self, digest: str) -> frozenset[str]:
        """The digests that stand for this one. Empty once the probe has changed."""
        if digest != self.today:
            return frozenset()
        return frozenset(known for versions in self.earlier for known in versions.digests)

    def extended(self, today: str, because: str) -> Claim:
        """The claim for today's version, which behaves like the one before."""
        before = Earlier(digests=(self.today,), because=because)
        return Claim(today=today, earlier=(*self.earlier, before))


def _names_another(claim: Claim) -> Claim:
    if claim.today in claim.holds_for(claim.today):
        raise wrong("lists today's digest among the earlier ones")
    return claim


@dataclass(frozen=True, kw_only=True)
class EquivalentFile:
    """``probes/equivalent.yaml``."""

    __pydantic_config__ = SECTIONS

    probes: Mapping[values.ProbeFolder, Annotated[Claim, AfterValidator(_names_another)]] = field(
        default_factory=dict
    )


def claims(folder: Path) -> tuple[Mapping[str, Claim], list[str]]:
    """The claims by probe, and the mistakes in the file. The file is optional."""
    path = folder / FILE
    if not path.exists():
        return {}, []
    document = read(path, f"{folder.name}/{FILE}")
    written = document.validate(EquivalentFile, {"probes": available(folder)})
    return (written.probes if written else {}), document.mistakes


def extended(
    known: Mapping[str, Claim], folder: Path, because: str, names: Sequence[str] = ()
) -> dict[str, Claim]:
    """The claims for today's version of each probe in ``names``, or of all probes.

    Raises ``ValueError`` without a reason, or for a probe that has no claim yet.
    """
    if not because.strip():
        raise ValueError("say why the probes do what they did before: --because REASON")
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no claim about {', '.join(unknown)}")
    found = dict(known)
    for name in names or known:
        today = digest(folder, name)
        if today != known[name].today:
            found[name] = known[name].extended(today, because.strip())
    return found


HEADER = """\
# Verdicts of these earlier versions of the probes hold for today's, because they do the same. Each
# claim was made for the version `today`, and lapses when the probe's digest is another. Only a
# person can make it for a later one:
#     python -m interlock.matrix.equivalence --because "why the probes do what they did before"
"""


def text_of(known: Mapping[str, Claim]) -> str:
    """The text of the file with these claims."""
    content = {
        "probes": {
            name: {
                "today": claim.today,
                "earlier": [
                    {"because": versions.because, "digests": list(versions.digests)}
                    for versions in claim.earlier
                ],
            }
            for name, claim in sorted(known.items())
        }
    }
    return HEADER + yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the claims for today's versions. Returns 2 on a mistake.

    A missing reason is a mistake.
    """
    parser = argparse.ArgumentParser(prog="python -m interlock.matrix.equivalence")
    parser.add_argument("--probes", type=Path, default=Path("probes"), help="their folder")
    parser.add_argument("--probe", action="append", default=[], help="this one alone; repeatable")
    parser.add_argument("--because", default="", help="why it does what it did before")
    given = parser.parse_args(arguments)
    try:
        known, mistakes = claims(given.probes)
        if mistakes:
            raise MatrixError(mistakes)
        found = extended(known, given.probes, given.because, given.probe)
    except (MatrixError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    changed = [name for name in found if found[name] != known[name]]
    if changed:
        (given.probes / FILE).write_text(text_of(found), encoding="utf-8")
    print(f"Made for today's version: {', '.join(changed) or 'none; no probe has changed'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
