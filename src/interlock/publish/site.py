"""Results → the built site: the publishers, then MkDocs."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from interlock.matrix import Matrix
from interlock.model import UsageError
from interlock.publish.publishers import generate

ADDRESS = ("127.0.0.1", 8000)


def build(root: Path, results: Path, matrix: Matrix) -> Path:
    """Build the site of the checkout ``root`` from ``results``; the start page's path.

    Raises ``UsageError`` where MkDocs finds something wrong: its strict mode is on.
    """
    # Material prints a page about MkDocs 2 at every build otherwise.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, ConfigurationError

    config = root / "mkdocs.yml"
    if not config.is_file():
        raise UsageError(f"there is no {config}: the site is built in a checkout of Interlock")
    generate(results, root / "site", matrix)
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    try:
        loaded = load_config(str(config))
        mkdocs_build(loaded)
    except (Abort, ConfigurationError) as problem:
        raise UsageError(f"MkDocs could not build the site: {problem}") from problem
    return Path(loaded.site_dir) / "index.html"


def serve(root: Path, say: Callable[[str], object]) -> None:
    """Serve what was built, until interrupted. Raises ``UsageError`` where the port is taken."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(root / "public"))
    try:
        server = ThreadingHTTPServer(ADDRESS, handler)
    except OSError as problem:
        place = f"http://{ADDRESS[0]}:{ADDRESS[1]}"
        raise UsageError(f"{place}: {problem.strerror}; is it being served already?") from None
    with server, suppress(KeyboardInterrupt):
        say(f"serving on http://{ADDRESS[0]}:{server.server_port}, Ctrl-C ends it")
        server.serve_forever()
