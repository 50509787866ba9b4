"""Where packages come from: what pip and uv are told on this machine, read once, passed on whole.

uv reads nothing of pip's, and a container reads nothing of the host's, so the settings of both are
read here (environment, ``pip.conf``, ``uv.toml``) and handed to whoever asks an index.

Which one wins, key by key: uv's environment, pip's environment, ``uv.toml``, ``pip.conf``, the
default. Extra indexes and find-links of all of them are kept, in that order.
"""

from __future__ import annotations

import netrc
import os
import ssl
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from interlock.index import checks, layers
from interlock.index.layers import Layer
from interlock.model import digest_of

PYPI = "https://pypi.org/simple"

# Where distributions keep their CA bundle; asked only when OpenSSL's own default is not there,
# as with a Python that was built elsewhere (https://go.dev/src/crypto/x509/root_linux.go).
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """How to reach the package index; safe to print only through ``described``."""

    index_url: str | None = PYPI
    """The main index; None where pip or uv are told to use none (``no-index``)."""
    extra_index_urls: tuple[str, ...] = ()
    """Asked before the main index; may be ``file://``."""
    find_links: tuple[str, ...] = ()
    """Absolute folders, or URLs of pages with links."""
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    certificates_from: str = field(default="", compare=False)
    """What names the two files, for messages."""
    proxies: Mapping[str, str] = field(default_factory=dict)
    """By scheme: ``http``, ``https``, ``all``; ``no`` lists the hosts reached directly."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts whose certificate is not checked."""
    strategy: str = "first-index"
    """uv's ``--index-strategy``. pip looks at every index, so settings of pip's that name more
    than one ask for ``unsafe-best-match``."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Every index, in the order they are asked."""
        main = (self.index_url,) if self.index_url else ()
        return self.extra_index_urls + main

    @cached_property
    def local_folders(self) -> tuple[Path, ...]:
        """Folders of this machine that the settings name; what encloses another stands for it.

        A ``file://`` index may link to files beside it (``../../files/x.whl``), as bandersnatch
        and pypi-mirror write them, so its parent is what has to be reachable.
        """
        folders = [path.parent for url in self.urls if (path := _local(url))]
        folders += [path for link in self.find_links if (path := _local(link))]
        found = sorted({path for path in folders if path.exists() and path != Path("/")})
        return tuple(path for path in found if not any(other in path.parents for other in found))

    @cached_property
    def digest(self) -> str:
        """Identifies where packages come from, not how they travel (no proxy, no CA bundle)."""
        return digest_of([self.index_url, self.extra_index_urls, self.find_links, self.strategy])

    @property
    def uv_environment(self) -> dict[str, str]:
        """The same as variables for ``uv --no-config``; the paths in it are this machine's.

        Without any index there is no variable that says so: pass ``--no-index``.
        """
        variables = {
            "UV_DEFAULT_INDEX": self.index_url,
            "UV_INDEX": " ".join(self.extra_index_urls),
            "UV_FIND_LINKS": ",".join(self.find_links),
            "UV_INDEX_STRATEGY": self.strategy,
            "UV_INSECURE_HOST": " ".join(self.trusted_hosts),
        }
        return {name: value for name, value in variables.items() if value}

    @property
    def transport_environment(self) -> dict[str, str]:
        """CA bundle, client certificate and proxies, as variables most programs know."""
        found: dict[str, str] = {}
        if self.ca_bundle:
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"):
                found[name] = str(self.ca_bundle)
        if self.client_cert:
            found["SSL_CLIENT_CERT"] = str(self.client_cert)
        for scheme, value in self.proxies.items():
            found[f"{scheme.upper()}_PROXY"] = found[f"{scheme}_proxy"] = value
        return found

    @property
    def described(self) -> str:
        """The indexes in words, without credentials."""
        places = [*map(redacted, self.urls), *map(redacted, self.find_links)]
        return ", ".join(places) or "no index"


def redacted(url: str) -> str:
    """The URL with its credentials replaced by stars: a user's name beside a password is shown, but
    alone it may be a token."""
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    if not at:
        return url
    shown = f"{parts.username}:****" if parts.password and parts.username else "****"
    return urlunsplit(parts._replace(netloc=f"{shown}@{host}"))


def read_index_settings(
    environ: Mapping[str, str],
    *,
    home: Path | None = None,
    prefix: Path | None = None,
    root: Path = Path("/"),
) -> IndexSettings:
    """Read what pip and uv are told on this machine.

    ``home``, ``prefix`` (of the Python whose ``pip.conf`` counts) and ``root`` (which holds
    ``etc``) are for tests. Raises ``UsageError`` for a variable or a file that makes no sense; it
    names the one that does not.
    """
    home = home or Path(os.path.expanduser("~"))  # noqa: PTH111 (a user without a home is one too)
    found = layers.read(environ, home, prefix or Path(sys.prefix), root)
    settings = _combine(found)
    extra = (_authenticated(url, environ, home) for url in settings.extra_index_urls)
    client = environ.get("SSL_CLIENT_CERT") or _first(found, "client_cert")
    return replace(
        settings,
        index_url=_authenticated(settings.index_url, environ, home),
        extra_index_urls=tuple(filter(None, extra)),
        proxies=_proxies(environ, found),
        ca_bundle=_ca_bundle(environ, found),
        client_cert=checks.path(client, "SSL_CLIENT_CERT, or client-cert of pip")
        if client
        else None,
        certificates_from="SSL_CERT_FILE, SSL_CLIENT_CERT, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, and "
        "cert and client-cert of pip",
    )


def _proxies(environ: Mapping[str, str], layers: Sequence[Layer]) -> dict[str, str]:
    """By scheme; the environment's, or pip's where it names none."""
    proxies = {}
    for scheme in ("http", "https", "all", "no"):
        for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
            if scheme not in proxies and (value := environ.get(name)):
                proxies[scheme] = value if scheme == "no" else checks.proxy(value, name)
    if not proxies.keys() & {"http", "https", "all"}:
        proxies |= {s: p for s in ("http", "https") if (p := _first(layers, "proxy"))}
    return proxies


def _ca_bundle(environ: Mapping[str, str], layers: Sequence[Layer]) -> Path | None:
    """The first certificate file that is named and exists; then the system's."""
    candidates = (
        environ.get("SSL_CERT_FILE"),
        _first(layers, "cert"),
        environ.get("REQUESTS_CA_BUNDLE"),
        environ.get("CURL_CA_BUNDLE"),
        ssl.get_default_verify_paths().cafile,
        *_SYSTEM_BUNDLES,
    )
    return next((Path(c).resolve() for c in candidates if c and Path(c).is_file()), None)


def _first(layers: Iterable[Layer], name: str) -> Any:
    return next((v for layer in layers if (v := getattr(layer, name)) is not None), None)


def _combine(layers: tuple[Layer, ...]) -> IndexSettings:
    def every(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for layer in layers for value in getattr(layer, name)))

    no_index = bool(_first(layers, "no_index"))
    index_url = None if no_index else _first(layers, "index_url") or PYPI
    extra = () if no_index else tuple(url for url in every("extra_index_urls") if url != index_url)
    of_pip = any(layer.pip and layer.extra_index_urls for layer in layers)
    return IndexSettings(
        index_url=index_url,
        extra_index_urls=extra,
        find_links=every("find_links"),
        trusted_hosts=every("trusted_hosts"),
        strategy=_first(layers, "strategy") or ("unsafe-best-match" if of_pip else "first-index"),
    )


def _local(place: str) -> Path | None:
    """The folder on this machine that a path or a ``file://`` URL names."""
    if place.startswith("file:"):
        return Path(unquote(urlsplit(place).path))
    return None if "://" in place else Path(place)


def _authenticated(url: str | None, environ: Mapping[str, str], home: Path) -> str | None:
    """The URL with what ``.netrc`` knows about its host: the file itself stays on the host."""
    if not url or url.startswith("file:") or urlsplit(url).username:
        return url
    path = Path(environ.get("NETRC") or home / ".netrc")
    try:
        # A pipe has no end that could be waited for, and a device may have none at all.
        if not path.is_file() or path.stat().st_size > layers.LARGEST_FILE_BYTES:
            return url
        entry = netrc.netrc(str(path)).authenticators(urlsplit(url).hostname or "")
    except (OSError, ValueError, netrc.NetrcParseError):
        return url
    return layers.with_credentials(url, entry[0], entry[2]) if entry else url
