"""Where packages come from: what pip and uv are told on this machine, read once, passed on whole.

uv reads nothing of pip's, and a container reads nothing of the host's, so the settings of both are
read here (environment, ``pip.conf``, ``uv.toml``) and handed to whoever asks an index.

Which one wins, key by key: uv's environment, pip's environment, ``uv.toml``, ``pip.conf``, the
default. Extra indexes and find-links of all of them are kept, in that order.
"""

from __future__ import annotations

import configparser
import netrc
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from interlock.model import UsageError, digest_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
    ``etc``) are for tests. Raises ``UsageError`` for a configuration file that can't be read.
    """
    home = home or Path.home()
    layers = (
        _uv_environment(environ),
        _pip_options({name: value for name, value in environ.items() if name.startswith("PIP_")}),
        _uv_files(environ, home, root),
        _pip_files(environ, home, prefix or Path(sys.prefix), root),
    )
    settings = _combine(layers)
    extra = (_authenticated(url, environ, home) for url in settings.extra_index_urls)
    client = environ.get("SSL_CLIENT_CERT") or _first(layers, "client_cert")
    return replace(
        settings,
        index_url=_authenticated(settings.index_url, environ, home),
        extra_index_urls=tuple(filter(None, extra)),
        proxies=_proxies(environ, layers),
        ca_bundle=_ca_bundle(environ, layers),
        client_cert=Path(client).expanduser().resolve() if client else None,
    )


def _proxies(environ: Mapping[str, str], layers: Sequence[_Layer]) -> dict[str, str]:
    """By scheme; the environment's, or pip's where it names none."""
    proxies = {
        scheme: value
        for scheme in ("http", "https", "all", "no")
        if (value := environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY"))
    }
    if not proxies.keys() & {"http", "https", "all"}:
        proxies |= {s: p for s in ("http", "https") if (p := _first(layers, "proxy"))}
    return proxies


def _ca_bundle(environ: Mapping[str, str], layers: Sequence[_Layer]) -> Path | None:
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


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """What one place says; None and () where it says nothing."""

    pip: bool = False
    index_url: str | None = None
    no_index: bool | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    strategy: str | None = None


def _first(layers: Iterable[_Layer], name: str) -> Any:
    return next((v for layer in layers if (v := getattr(layer, name)) is not None), None)


def _combine(layers: tuple[_Layer, ...]) -> IndexSettings:
    def every(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for layer in layers for value in getattr(layer, name)))

    no_index = bool(_first(layers, "no_index"))
    index_url = None if no_index else _first(layers, "index_url") or PYPI
    extra = () if no_index else tuple(url for url in every("extra_index_urls") if url != index_url)
    of_pip = any(layer.pip and layer.extra_index_urls for layer in layers)
    return IndexSettings(
        index_url=index_url,
        extra_index_urls=extra,
        find_links=tuple(map(_absolute, every("find_links"))),
        trusted_hosts=every("trusted_hosts"),
        strategy=_first(layers, "strategy") or ("unsafe-best-match" if of_pip else "first-index"),
    )


def _uv_environment(environ: Mapping[str, str]) -> _Layer:
    extra = f"{environ.get('UV_INDEX', '')} {environ.get('UV_EXTRA_INDEX_URL', '')}".split()
    return _Layer(
        index_url=_unnamed(environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL"), environ),
        no_index=_truth(environ.get("UV_NO_INDEX")),
        extra_index_urls=tuple(url for e in extra if (url := _unnamed(e, environ))),
        find_links=tuple(filter(None, environ.get("UV_FIND_LINKS", "").split(","))),
        trusted_hosts=tuple(environ.get("UV_INSECURE_HOST", "").split()),
        strategy=environ.get("UV_INDEX_STRATEGY") or None,
    )


def _unnamed(entry: str | None, environ: Mapping[str, str]) -> str | None:
    """``name=URL`` as uv writes it, with the credentials that uv looks up by that name."""
    if not entry:
        return None
    name, equals, url = entry.partition("=")
    if not equals or "/" in name:
        return entry
    return _named(name, url, environ)


def _named(name: str | None, url: str, environ: Mapping[str, str]) -> str:
    # https://docs.astral.sh/uv/concepts/indexes/#providing-credentials-directly
    key = "".join(c if c.isalnum() else "_" for c in name or "").upper()
    user = environ.get(f"UV_INDEX_{key}_USERNAME")
    return _with_credentials(url, user, environ.get(f"UV_INDEX_{key}_PASSWORD")) if key else url


def _uv_files(environ: Mapping[str, str], home: Path, root: Path) -> _Layer:
    """``uv.toml`` of the user and of the system: a project's own is about that project.

    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    if _truth(environ.get("UV_NO_CONFIG")):
        return _Layer()
    if file := environ.get("UV_CONFIG_FILE"):
        paths = [Path(file)]
    else:
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        system = environ.get("XDG_CONFIG_DIRS", "").split(":")
        paths = [config / "uv/uv.toml"]
        paths += [Path(folder) / "uv/uv.toml" for folder in system if folder]
        paths += [root / "etc/uv/uv.toml"]
    merged: dict[str, Any] = {}
    for path in paths:
        for key, value in _toml(path).items():
            merged.setdefault(key, value)
    return _uv_options({**merged.get("pip", {}), **merged}, environ)


def _uv_options(options: Mapping[str, Any], environ: Mapping[str, str]) -> _Layer:
    default: str | None = options.get("index-url")
    extra: list[str] = []
    links: list[str] = list(options.get("find-links", ()))
    for index in options.get("index", ()):
        url = _named(index.get("name"), index["url"], environ)
        if index.get("explicit"):
            continue
        if index.get("format") == "flat":
            links.append(url)
        elif index.get("default"):
            default = url
        else:
            extra.append(url)
    return _Layer(
        index_url=default,
        no_index=options.get("no-index"),
        extra_index_urls=(*extra, *options.get("extra-index-url", ())),
        find_links=tuple(links),
        trusted_hosts=tuple(options.get("allow-insecure-host", ())),
        strategy=options.get("index-strategy"),
    )


def _pip_files(environ: Mapping[str, str], home: Path, prefix: Path, root: Path) -> _Layer:
    """https://pip.pypa.io/en/stable/topics/configuration/#location"""
    named = environ.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return _Layer(pip=True)
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    system = list(filter(None, environ.get("XDG_CONFIG_DIRS", "").split(":")))
    paths = [
        *([Path(named)] if named else ()),
        *(Path(folder) / "pip/pip.conf" for folder in system or [str(root / "etc/xdg")]),
        root / "etc/pip.conf",
        home / ".pip/pip.conf",
        config / "pip/pip.conf",
        prefix / "pip.conf",
    ]
    options: dict[str, str] = {}
    for section in ("global", "install"):
        for path in paths:
            options |= {f"PIP_{k.upper()}": v for k, v in _ini(path).get(section, {}).items()}
    return _pip_options(options)


def _pip_options(options: Mapping[str, str]) -> _Layer:
    options = {name.replace("-", "_"): value for name, value in options.items()}
    return _Layer(
        pip=True,
        index_url=options.get("PIP_INDEX_URL") or None,
        no_index=_truth(options.get("PIP_NO_INDEX")),
        extra_index_urls=tuple(options.get("PIP_EXTRA_INDEX_URL", "").split()),
        find_links=tuple(options.get("PIP_FIND_LINKS", "").split()),
        cert=options.get("PIP_CERT") or None,
        client_cert=options.get("PIP_CLIENT_CERT") or None,
        proxy=options.get("PIP_PROXY") or None,
        trusted_hosts=tuple(options.get("PIP_TRUSTED_HOST", "").split()),
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read as uv's configuration: {error}") from error


def _ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read as pip's configuration: {error}") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _truth(value: str | None) -> bool | None:
    if value is None or not value.strip():
        return None
    return value.strip().lower() in {"1", "true", "yes", "on", "y", "t"}


def _local(place: str) -> Path | None:
    """The folder on this machine that a path or a ``file://`` URL names."""
    if place.startswith("file:"):
        return Path(unquote(urlsplit(place).path))
    return None if "://" in place else Path(place)


def _absolute(link: str) -> str:
    if "://" in link:
        path = _local(link)
        return str(path) if link.startswith("file:") and path else link
    return str(Path(link).expanduser().absolute())


def _authenticated(url: str | None, environ: Mapping[str, str], home: Path) -> str | None:
    """The URL with what ``.netrc`` knows about its host: the file itself stays on the host."""
    if not url or url.startswith("file:") or urlsplit(url).username:
        return url
    path = Path(environ.get("NETRC") or home / ".netrc")
    try:
        entry = netrc.netrc(str(path)).authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return url
    return _with_credentials(url, entry[0], entry[2]) if entry else url


def _with_credentials(url: str, user: str | None, password: str | None) -> str:
    parts = urlsplit(url)
    if parts.username or not (user or password):
        return url
    who = ":".join(_quoted(part for part in (user, password)))
    return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))


def _quoted(parts: Iterable[str | None]) -> Iterator[str]:
    return (quote(part or "", safe="") for part in parts)
