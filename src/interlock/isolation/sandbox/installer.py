"""Makes one environment; runs inside a sandbox, under the Python that is tested.

Standard library only, nothing of the package, and what Python 3.8 can read. What to do comes as
JSON in ``INTERLOCK_INSTALL``; what came of it goes out as one line of JSON. The environment is
named by what was resolved, so resolving and installing are one run: a second container would cost
more than it would tell.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TAIL_CHARS = 6000


class Failed(Exception):
    """A call of uv's that did not succeed."""

    def __init__(self, stage: str, exit_code: int, said: str) -> None:
        super().__init__(stage)
        self.stage = stage
        self.exit_code = exit_code
        self.said = said
        self.kept: str | None = None


def main() -> None:
    order: dict[str, Any] = json.loads(os.environ.pop("INTERLOCK_INSTALL"))
    print(json.dumps(carry_out(order)), flush=True)


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    try:
        lock = order["lock"] or resolve(order)
        resolved = time.monotonic()
        digest = digest_of([order["image"], platform.machine(), lock])
        installed = install(order, digest, lock)
    except Failed as failed:
        return {
            "stage": failed.stage,
            "exit_code": failed.exit_code,
            "said": cut(failed.said),
            "kept": failed.kept,
        }
    return {
        "digest": digest,
        "lock": lock,
        "installed": installed,
        "resolve_s": round(resolved - began, 3),
        "install_s": round(time.monotonic() - resolved, 3),
    }


def cut(said: str) -> str:
    """Both ends: the first lines say what failed, the last ones why."""
    if len(said) <= TAIL_CHARS:
        return said
    half = TAIL_CHARS // 2
    return said[:half] + "\n[…]\n" + said[-half:]


def resolve(order: dict[str, Any]) -> str:
    """The lock file, with hashes; nothing in it depends on when or where it was written."""
    command = ["pip", "compile", "-", "--python", sys.executable, "--generate-hashes"]
    command += ["--no-header", "--no-annotate", *choices(order)]
    if order["as_of"]:
        command += ["--exclude-newer", order["as_of"]]
    return uv("resolve", order, command, "\n".join(order["requirements"]))


def install(order: dict[str, Any], digest: str, lock: str) -> bool:
    """Make the environment in its own place; False if it was there, whole.

    Nobody takes it for whole before its marker is there, so nothing has to be renamed and what is
    in it names its own path. The kernel drops the lock with us.
    """
    store = Path(order["store"])
    place = store / "environments" / digest
    marker = place / order["marker"]
    with (store / "locks" / digest).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if marker.exists():
            return False
        shutil.rmtree(place, ignore_errors=True)
        uv("install", order, ["venv", "--no-project", "--python", sys.executable, str(place)])
        command = ["pip", "sync", "-", "--python", str(place / "bin" / "python")]
        command += ["--require-hashes", "--compile-bytecode", "--link-mode", "hardlink"]
        try:
            if lock.strip():
                uv("install", order, [*command, *choices(order)], lock)
        except Failed as failed:
            if order["keep"]:
                failed.kept = digest
            else:
                shutil.rmtree(place, ignore_errors=True)
            raise
        unfinished = marker.with_suffix(".unfinished")
        unfinished.write_text(json.dumps({"image": order["image"], "lock": lock}))
        unfinished.replace(marker)
    return True


def choices(order: dict[str, Any]) -> list[str]:
    said = [word for package in order["only_binary"] for word in ("--only-binary", package)]
    return [*said, "--no-index"] if order["no_index"] else said


def uv(stage: str, order: dict[str, Any], arguments: list[str], given: str = "") -> str:
    done = subprocess.run(
        [order["uv"], "--no-config", "--color", "never", "--no-progress", *arguments],
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise Failed(stage, done.returncode, done.stderr)
    return done.stdout


def digest_of(value: Any) -> str:
    """As ``interlock.model.digest_of``."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
