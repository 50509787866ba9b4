"""Check the settings that say how to reach the index. Each mistake has its origin.

An origin is what a user can change: a variable, or a file and the key in it.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

from interlock.model import UsageError

STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")
_CREDENTIALS = re.compile(r"^([a-z]*://)?.*@", re.DOTALL)


def index_url(value: str, origin: str) -> str:
    """The URL of an index or of a page of links. A plain path is made absolute."""
    if value.startswith("/"):
        return path(value, origin, resolve=False).as_uri()
    return _url(value, origin, "the URL of a package index", ("http", "https", "file"))


def proxy(value: str, origin: str) -> str:
    """The URL of a proxy. ``host:port`` is accepted too."""
    whole = value if "://" in value else f"http://{value}"
    _url(whole, origin, "the URL of an HTTP proxy", ("http", "https"))
    return value


def find_link(value: str, origin: str) -> str:
    """A URL as it is, or a path made absolute."""
    if "://" in value:
        url = index_url(value, origin)
        return _local_path(url) if url.startswith("file:") else url
    return str(path(value, origin, resolve=False))


def host(value: str, origin: str) -> str:
    """A host with an unchecked certificate. It may have a port, and for uv a scheme."""
    value = value.removeprefix("https://").removeprefix("http://")
    return _url(f"https://{value}", origin, "a host", ("https",)).removeprefix("https://")


def strategy(value: str, origin: str) -> str:
    if value not in STRATEGIES:
        raise UsageError(
            f'{origin}: "{value}" is not a strategy of uv; use one of {", ".join(STRATEGIES)}'
        )
    return value


def path(value: str, origin: str, *, resolve: bool = True) -> Path:
    try:
        found = Path(value).expanduser()
        return found.resolve() if resolve else found.absolute()
    except (OSError, RuntimeError, ValueError) as error:  # nobody's home, or a link to itself
        raise UsageError(f"{origin}: {value} is not a path: {error}") from error


def certificates(bundle: Path | None, client: Path | None, origin: str) -> ssl.SSLContext:
    """The context that checks the certificate of an index."""
    for named in filter(None, (bundle, client)):
        # OpenSSL waits at a pipe for ever, and reads a device without end.
        if named.exists() and not named.is_file():
            raise UsageError(f"{named}: is no regular file; it is named by one of {origin}")
    try:
        context = ssl.create_default_context(cafile=str(bundle) if bundle else None)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise UsageError(
            f"{bundle}: can't read a certificate from it ({_why(error)}); "
            f"one of these names it: {origin}"
        ) from error
    try:
        if client:
            context.load_cert_chain(client)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{client}: can't read a client certificate with its key from it ({_why(error)}); "
            f"one of these names it: {origin}"
        ) from error
    return context


def _url(value: str, origin: str, what: str, schemes: tuple[str, ...]) -> str:
    problem = _problem(value, schemes)
    if problem:
        raise UsageError(f'{origin}: "{without_credentials(value)}" is not {what}: {problem}')
    return value


def problem_of(url: str) -> str | None:
    """Why nobody can ask for what is there, where an index said so."""
    return _problem(url, ("http", "https"))


def _problem(value: str, schemes: tuple[str, ...]) -> str | None:
    if not value.isprintable() or " " in value:
        return "it holds a space or a control character"
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in schemes:
        return f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if parts.scheme != "file" and not host:
        return "it has no host"
    if parts.scheme == "file" and host not in (None, "localhost"):
        return "a file:// URL needs three slashes, and a folder of this machine"
    return _unusual_host(host) if host else None


def _unusual_host(host: str) -> str | None:
    try:
        host.encode("idna")
    except UnicodeError as error:
        return f"its host is not valid ({error})"
    return None


def without_credentials(value: str) -> str:
    """A text that may not be a URL, without the part before its last ``@``."""
    return _CREDENTIALS.sub(r"\1****@", value)


def _local_path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
