"""Where packages come from: pip's and uv's settings on this machine, combined.

uv ignores pip's settings, and a container ignores the host's. So this module reads both
(environment, ``pip.conf``, ``uv.toml``), and passes them to all code that asks an index.

For each key the first of these wins: uv's environment, pip's environment, ``uv.toml``,
``pip.conf``, the default. Extra indexes and find-links are collected from all of them, in that
order.
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
from urllib.parse import urlsplit, urlunsplit

from interlock.index import checks, layers
from interlock.index.layers import Layer
from interlock.model import digest_of

PYPI = "https://pypi.org/simple"

# Where distributions keep their CA bundle. This is for a Python that was built elsewhere, so that
# OpenSSL's own default path does not exist (https://go.dev/src/crypto/x509/root_linux.go).
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """How to reach the package index. Safe to print only through ``described``."""

    index_url: str | None = PYPI
    """The main index. None if pip or uv must not use one (``no-index``)."""
    extra_index_urls: tuple[str, ...] = ()
    """Asked before the main index. May be ``file://``."""
    find_links: tuple[str, ...] = ()
    """Absolute folders, or URLs of pages with links."""
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    certificates_from: str = field(default="", compare=False)
    """The settings that name the two files, for messages."""
    proxies: Mapping[str, str] = field(default_factory=dict)
    """By scheme: ``http``, ``https``, ``all``. ``no`` lists hosts reached directly."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts whose certificate is not checked."""
    strategy: str = "first-index"
    """uv's ``--index-strategy``.

    pip looks at every index. So pip settings with several indexes use ``unsafe-best-match``.
    """

    @property
    def urls(self) -> tuple[str, ...]:
        """Every index, in the order in which they are asked."""
        main = (self.index_url,) if self.index_url else ()
        return self.extra_index_urls + main

    @cached_property
    def digest(self) -> str:
        """Identifies where packages come from, without the route (proxy, CA bundle)."""
        return digest_of([self.index_url, self.extra_index_urls, self.find_links, self.strategy])

    @property
    def described(self) -> str:
        """The indexes in words, without credentials."""
        places = [*map(redacted, self.urls), *map(redacted, self.find_links)]
        return ", ".join(places) or "no index"


def redacted(url: str) -> str:
    """The URL with stars for its credentials.

    A user name beside a password is shown. A user name alone may be a token.
    """
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
    """Read the settings of pip and uv on this machine.

    ``home``, ``prefix`` (of the Python whose ``pip.conf`` counts) and ``root`` (which holds
    ``etc``) are for tests. Raises ``UsageError`` with the name of an invalid variable or file.
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
    """By scheme, from the environment. From pip if the environment has none."""
    proxies = {}
    for scheme in ("http", "https", "all", "no"):
        for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY"):
            if scheme not in proxies and (value := environ.get(name)):
                proxies[scheme] = value if scheme == "no" else checks.proxy(value, name)
    if not proxies.keys() & {"http", "https", "all"}:
        proxies |= {s: p for s in ("http", "https") if (p := _first(layers, "proxy"))}
    return proxies


def _ca_bundle(environ: Mapping[str, str], layers: Sequence[Layer]) -> Path | None:
    """The first named certificate file that exists, or else the system's."""
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


def _authenticated(url: str | None, environ: Mapping[str, str], home: Path) -> str | None:
    """The URL with the credentials from ``.netrc``. The file itself stays on the host."""
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
