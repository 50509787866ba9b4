"""Pins and a Python → an environment: resolved, hash-locked, installed once, shared.

An environment is named by the image, the architecture and the lock file with its hashes, so cells
that resolve to the same share it, whoever asked first. What was resolved is remembered for
``resolve_fresh_for``, so that a warm run asks no index.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uv
from packaging.version import Version

from interlock.index import IndexSettings, Pages, releases
from interlock.isolation.install_failures import InstallFailed, disk_full, read_failure
from interlock.isolation.sandbox import Command, Ended, Image, Limits, Mount, Sandbox
from interlock.isolation.store import COMPLETE, Store, writing
from interlock.model import (
    Environment,
    Pin,
    PythonVersion,
    TroubleError,
    digest_of,
)

INSTALLER = Path(__file__).parent / "sandbox" / "installer.py"


_RETRIES = "2"
"""Of one request, as uv does them; a campaign tries the whole install again, and later."""


@dataclass(frozen=True, kw_only=True)
class Resolution:
    lock: str
    digest: str
    """Of the environment it leads to."""
    resolved_at: datetime


Made = tuple[Environment, bool] | InstallFailed
"""An environment and whether it was there already, or why there is none."""


class Environments:
    """Makes environments in a sandbox; safe to ask from several threads at once."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        store: Store,
        index: IndexSettings,
        only_binary: Iterable[str],
        resolve_fresh_for: timedelta,
        keep_failed: bool = False,
        limits: Limits,
    ) -> None:
        self._sandbox = sandbox
        self._store = store
        self._index = index
        self._only_binary = sorted(only_binary)
        self._fresh_for = resolve_fresh_for
        self._keep_failed = keep_failed
        self._limits = limits
        # Here and not in a thread: sysconfig, which uv asks, fills its tables without a lock.
        self._uv = Path(uv.find_uv_bin())
        self._asked: dict[str, Future[Made]] = {}
        self._asked_lock = threading.Lock()

    def ensure(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str] = (),
        *,
        as_of: datetime | None = None,
    ) -> Made:
        """The environment for these releases, installed if it is not there.

        ``as_of`` leaves out what was uploaded after it; without, whatever is newest today counts.
        Raises ``TroubleError`` for what says nothing about the releases: the index, the disk, the
        engine. Asked twice at once, it is made once.
        """
        image = self._sandbox.available(python)
        wanted = [f"{pin.package}=={pin.version}" for pin in pins if pin.version] + [*requirements]
        moment = as_of.astimezone(timezone.utc).isoformat() if as_of else None
        key = digest_of([wanted, self._only_binary, image.digest, self._index.digest, moment])
        with self._asked_lock:
            first = key not in self._asked
            answer = self._asked.setdefault(key, Future())
        if not first:
            made = answer.result()
            return made if isinstance(made, InstallFailed) else (made[0], True)
        try:
            made = self._make(key, wanted, moment, python, image)
        except BaseException as trouble:
            with self._asked_lock:
                del self._asked[key]
            answer.set_exception(trouble)
            raise
        answer.set_result(made)
        return made

    def _make(
        self, key: str, wanted: list[str], as_of: str | None, python: PythonVersion, image: Image
    ) -> Made:
        known = self._known(key, forever=as_of is not None)
        if known and self._use(known.digest):
            return self._environment(known, image), True
        said = self._install(wanted, as_of, python, image, known.lock if known else None)
        if isinstance(said, InstallFailed):
            return said
        resolution = known or Resolution(
            lock=said["lock"], digest=said["digest"], resolved_at=datetime.now(timezone.utc)
        )
        if not known:
            self._remember(key, resolution)
        self._use(resolution.digest)
        return self._environment(resolution, image), not said["installed"]

    def _environment(self, resolution: Resolution, image: Image) -> Environment:
        return Environment(
            digest=resolution.digest,
            path=self._sandbox.path(self._folder(resolution.digest)),
            lock=resolution.lock,
            image=image.reference,
            image_digest=image.digest,
            python_full=image.python_full,
            resolved_at=resolution.resolved_at,
        )

    def _folder(self, digest: str) -> Path:
        return self._sandbox.store / "environments" / digest

    def _use(self, digest: str) -> bool:
        """Note that it is in use; False if it is not there, or not whole."""
        try:
            os.utime(self._folder(digest) / COMPLETE)
        except FileNotFoundError:
            return False
        except PermissionError:
            return (self._folder(digest) / COMPLETE).exists()
        return True

    def _known(self, key: str, *, forever: bool) -> Resolution | None:
        try:
            said = json.loads((self._store.resolutions / f"{key}.json").read_text())
            resolved_at = datetime.fromisoformat(said["resolved_at"])
        except (OSError, ValueError, KeyError):
            return None
        if not forever and datetime.now(timezone.utc) - resolved_at > self._fresh_for:
            return None
        return Resolution(lock=said["lock"], digest=said["digest"], resolved_at=resolved_at)

    def _remember(self, key: str, resolution: Resolution) -> None:
        place = self._store.resolutions / f"{key}.json"
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished = place.with_suffix(f".{os.getpid()}")
            unfinished.write_text(
                json.dumps(
                    {
                        "lock": resolution.lock,
                        "digest": resolution.digest,
                        "resolved_at": resolution.resolved_at.isoformat(),
                    }
                )
            )
            unfinished.replace(place)

    def _install(
        self,
        wanted: list[str],
        as_of: str | None,
        python: PythonVersion,
        image: Image,
        lock: str | None,
    ) -> dict[str, Any] | InstallFailed:
        """Run the installer; what it answers, or what it could not install."""
        order = {
            "marker": COMPLETE,
            "requirements": wanted,
            "only_binary": self._only_binary,
            "no_index": not self._index.urls,
            "lock": lock,
            "image": image.digest,
            "as_of": as_of,
            "keep": self._keep_failed,
        }
        lines: list[str] = []
        errors: list[str] = []
        command = self._command(order, python, image)
        ended = self._sandbox.run(command, lines.append, errors.append)
        # Whether the packages or a monstrous page took the memory is not known: no outcome.
        if ended.guard:
            raise TroubleError(
                f"installing {' '.join(wanted)} for Python {python} passed its {ended.guard} limit "
                f"after {ended.seconds:.0f} s"
            )
        said = _answer(lines, errors, ended, python)
        if "digest" in said:
            return said
        failed = read_failure(
            said["stage"], said["said"], index=self._index.described, listed=self._listed
        )
        kept = said.get("kept")
        return replace(failed, kept=self._folder(kept)) if kept else failed

    def _listed(self, package: str) -> frozenset[Version]:
        """The versions of a package on the index, as it answers this machine."""
        files = Pages(self._index, self._store.index).files(package)
        return frozenset(release.version for release in releases(package, files))

    def _command(self, order: Mapping[str, Any], python: PythonVersion, image: Image) -> Command:
        """The installer's command; ``order`` says what to install."""
        sandbox = self._sandbox
        installer = sandbox.mount(INSTALLER, "installer.py")
        binary = sandbox.mount(self._uv, "bin/uv")
        store = Mount(source=sandbox.store, target=sandbox.path(sandbox.store), writable=True)
        places = {"uv": binary.target, "store": store.target}
        return Command(
            argv=(image.python, "-I", installer.target),
            python=python,
            env={
                **self._index.transport_environment,
                **self._index.uv_environment,
                "UV_CACHE_DIR": f"{store.target}/uv",
                "UV_PYTHON_DOWNLOADS": "never",
                "UV_HTTP_RETRIES": _RETRIES,
                "INTERLOCK_INSTALL": json.dumps({**places, **order}),
            },
            mounts=(store, installer, binary, *_mounts(self._index)),
            network=True,
            host_network=_on_loopback(self._index),
            limits=self._limits,
            label="install",
        )


def _answer(
    lines: Sequence[str], errors: Sequence[str], ended: Ended, python: PythonVersion
) -> dict[str, Any]:
    """The installer's last line, as JSON; raise trouble where it gave none."""
    try:
        said: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        tail = "\n".join(errors)[-2000:]
        raise disk_full(tail) or TroubleError(
            f"the installer for Python {python} ended with {ended.exit_code} and no answer: {tail}"
        ) from None
    return said


def _mounts(index: IndexSettings) -> tuple[Mount, ...]:
    """What the settings name on this machine, at the same place."""
    paths = [*index.local_folders, *filter(None, (index.ca_bundle, index.client_cert))]
    return tuple(Mount(source=path, target=str(path)) for path in paths)


def _on_loopback(index: IndexSettings) -> bool:
    """Whether an index or a proxy is this machine itself, which a container's network is not."""
    places = [*index.urls, *index.find_links, *_proxies(index.proxies)]
    hosts = [urlsplit(place).hostname or "" for place in places if "://" in place]
    return any(h in {"localhost", "::1"} or h.startswith("127.") for h in hosts)


def _proxies(proxies: Mapping[str, str]) -> list[str]:
    return [
        value if "://" in value else f"http://{value}"
        for scheme, value in proxies.items()
        if scheme != "no"
    ]
