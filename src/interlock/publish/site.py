"""Results → the built site: the publishers, then MkDocs."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.findings import Findings
from interlock.matrix import Matrix
from interlock.model import StorageTrouble, UsageError
from interlock.publish import templates
from interlock.publish.publishers import generate

if TYPE_CHECKING:
    from mkdocs.plugins import BasePlugin
    from mkdocs.structure.pages import Page

ADDRESS = ("127.0.0.1", 8000)


COLLECTED = 1_000
"""Findings of this many verdicts take memory that MkDocs needs. Fewer are not worth the time."""


def prepare() -> None:
    """Import what a build needs, and compile our templates.

    That takes most of a second, spent while a run waits for its containers.
    """
    import_module("mkdocs.commands.build")
    import_module("interlock.publish.data")  # pandas, which is most of it
    templates.prepare()


def build(root: Path, results: Path, matrix: Matrix, findings: Findings | None = None) -> Path:
    """Build the site of the checkout ``root`` from ``results``; return the start page.

    ``findings`` are those of the same verdicts, if they exist already. Raises ``UsageError`` if
    MkDocs, in strict mode, finds a mistake. Raises ``StorageTrouble`` if the pages can't be
    written.
    """
    # Otherwise Material prints a page about MkDocs 2 at every build.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    config = root / "mkdocs.yml"
    if not config.is_file():
        raise UsageError(f"there is no {config}: the site is built in a checkout of Interlock")
    with _alone(root):
        return _build(root, config, results, matrix, findings)


def _build(
    root: Path, config: Path, results: Path, matrix: Matrix, findings: Findings | None
) -> Path:
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, ConfigurationError

    with _said(root):
        generate(results, root / "site", matrix, findings)
    if findings is None or len(findings.verdicts) >= COLLECTED:
        gc.collect()  # The findings refer to each other in a circle.
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    try:
        loaded = load_config(str(config))
        loaded.plugins["interlock"] = _economical()
        with _said(root):
            mkdocs_build(loaded)
    except (Abort, ConfigurationError) as problem:
        raise UsageError(f"MkDocs could not build the site: {problem}") from problem
    return Path(loaded.site_dir) / "index.html"


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other command builds the site of this checkout, and keep others waiting."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _said(root: Path) -> Iterator[None]:
    """Turn a disk's trouble into a line for the reader."""
    try:
        yield
    except OSError as problem:
        raise StorageTrouble(
            f"the site in {root} can't be written: {problem}; make room, and build it again"
        ) from problem


def _economical() -> BasePlugin:  # type: ignore[type-arg]  # its argument is a class of settings
    """A plugin that saves memory and time.

    MkDocs keeps every page, so the plugin drops the Markdown of each page once it is HTML. It also
    keeps the theme's compiled templates between builds, in the user's own folder of Jinja's cache.
    """
    from jinja2 import Environment, FileSystemBytecodeCache
    from mkdocs.plugins import BasePlugin

    class Economical(BasePlugin):  # type: ignore[type-arg,no-untyped-call]
        def on_env(self, env: Environment, /, **_: object) -> Environment:
            env.bytecode_cache = FileSystemBytecodeCache()
            return env

        def on_page_content(self, html: str, /, *, page: Page, **_: object) -> str:
            page.markdown = ""
            return html

    return Economical()


def serve(root: Path, say: Callable[[str], object]) -> None:
    """Serve the built site until interrupted.

    Raises ``UsageError`` if the port is taken.
    """
    handler = partial(SimpleHTTPRequestHandler, directory=str(root / "public"))
    try:
        server = ThreadingHTTPServer(ADDRESS, handler)
    except OSError as problem:
        place = f"http://{ADDRESS[0]}:{ADDRESS[1]}"
        raise UsageError(f"{place}: {problem.strerror}; is the site served already?") from None
    with server, suppress(KeyboardInterrupt):
        say(f"serving on http://{ADDRESS[0]}:{server.server_port}, Ctrl-C ends it")
        server.serve_forever()
