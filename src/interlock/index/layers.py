"""Read pip's and uv's variables and files for the package index, each by itself."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, Field, ValidationError

from interlock.index import checks
from interlock.model import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_FILE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The settings in one place. None and () stand for what it does not set."""

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


def read(
    environ: Mapping[str, str], home: Path, prefix: Path, root: Path
) -> tuple[Layer, Layer, Layer, Layer]:
    """uv's environment, pip's environment, uv's files, pip's files: the first wins."""
    of_pip = {name: value for name, value in environ.items() if name.startswith("PIP_")}
    return (
        _uv_environment(environ),
        _pip_options(of_pip, lambda name: name),
        _uv_files(environ, home, root),
        _pip_files(environ, home, prefix, root),
    )


def _uv_environment(environ: Mapping[str, str]) -> Layer:
    def urls(name: str) -> Iterator[str]:
        for entry in environ.get(name, "").split():
            yield checks.index_url(_unnamed(entry, environ), name)

    main = next((url for n in ("UV_DEFAULT_INDEX", "UV_INDEX_URL") for url in urls(n)), None)
    strategy = environ.get("UV_INDEX_STRATEGY")
    return Layer(
        index_url=main,
        no_index=_truth(environ.get("UV_NO_INDEX")),
        extra_index_urls=(*urls("UV_INDEX"), *urls("UV_EXTRA_INDEX_URL")),
        find_links=tuple(
            checks.find_link(link, "UV_FIND_LINKS")
            for link in filter(None, environ.get("UV_FIND_LINKS", "").split(","))
        ),
        trusted_hosts=_hosts(environ.get("UV_INSECURE_HOST", "").split(), "UV_INSECURE_HOST"),
        strategy=checks.strategy(strategy, "UV_INDEX_STRATEGY") if strategy else None,
    )


def _hosts(hosts: Iterable[str], origin: str) -> tuple[str, ...]:
    return tuple(checks.host(host, origin) for host in hosts)


def _unnamed(entry: str, environ: Mapping[str, str]) -> str:
    """``name=URL`` in uv's notation, with the credentials that uv finds by that name."""
    name, equals, url = entry.partition("=")
    if not equals or "/" in name:
        return entry
    return _named(name, url, environ)


def _named(name: str | None, url: str, environ: Mapping[str, str]) -> str:
    # https://docs.astral.sh/uv/concepts/indexes/#providing-credentials-directly
    key = "".join(c if c.isalnum() else "_" for c in name or "").upper()
    user = environ.get(f"UV_INDEX_{key}_USERNAME")
    return with_credentials(url, user, environ.get(f"UV_INDEX_{key}_PASSWORD")) if key else url


def _uv_files(environ: Mapping[str, str], home: Path, root: Path) -> Layer:
    """``uv.toml`` of the user and of the system, but not a project's own file.

    https://docs.astral.sh/uv/concepts/configuration-files/
    """
    if _truth(environ.get("UV_NO_CONFIG")):
        return Layer()
    if file := environ.get("UV_CONFIG_FILE"):
        paths = [checks.path(file, "UV_CONFIG_FILE")]
        if not paths[0].exists():
            raise UsageError(f"UV_CONFIG_FILE={file}: there is no such file")
    else:
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        system = environ.get("XDG_CONFIG_DIRS", "").split(":")
        paths = [config / "uv/uv.toml"]
        paths += [Path(folder) / "uv/uv.toml" for folder in system if folder]
        paths += [root / "etc/uv/uv.toml"]
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    files = [(path, _toml(path)) for path in paths]
    in_pip = [(path, told.get("pip", {})) for path, told in files]
    for path, told in [*files, *in_pip]:
        for key, value in told.items():
            if key not in merged:
                merged[key], origins[key] = value, f"{path}: {key}"
    return _uv_options(merged, origins, environ)


def _uv_options(
    options: Mapping[str, Any], origins: Mapping[str, str], environ: Mapping[str, str]
) -> Layer:
    def urls(key: str, found: Iterable[str]) -> tuple[str, ...]:
        return tuple(checks.index_url(url, origins[key]) for url in found)

    default: str | None = options.get("index-url")
    key_of_default = "index-url"
    extra: list[str] = []
    flat: list[str] = []
    for index in options.get("index", ()):
        url = _named(index.get("name"), index["url"], environ)
        if index.get("explicit"):
            continue
        if index.get("format") == "flat":
            flat.append(checks.find_link(url, origins["index"]))
        elif index.get("default"):
            default, key_of_default = url, "index"
        else:
            extra.append(url)
    links = [checks.find_link(v, origins["find-links"]) for v in options.get("find-links", ())]
    strategy = options.get("index-strategy")
    return Layer(
        index_url=urls(key_of_default, [default])[0] if default else None,
        no_index=options.get("no-index"),
        extra_index_urls=(
            *urls("index", extra),
            *urls("extra-index-url", options.get("extra-index-url", ())),
        ),
        find_links=(*links, *flat),
        trusted_hosts=_hosts(
            options.get("allow-insecure-host", ()), origins.get("allow-insecure-host", "")
        ),
        strategy=checks.strategy(strategy, origins["index-strategy"]) if strategy else None,
    )


def _pip_files(environ: Mapping[str, str], home: Path, prefix: Path, root: Path) -> Layer:
    """https://pip.pypa.io/en/stable/topics/configuration/#location"""
    named = environ.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return Layer(pip=True)
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
    origins: dict[str, str] = {}
    files = {path: _ini(path) for path in paths}
    for section in ("global", "install"):
        for path, told in files.items():
            for key, value in told.get(section, {}).items():
                name = f"PIP_{key.upper()}".replace("-", "_")
                options[name], origins[name] = value, f"{path}: {key}"
    return _pip_options(options, origins.__getitem__)


def _pip_options(options: Mapping[str, str], origin: Callable[[str], str]) -> Layer:
    options = {name.replace("-", "_"): value for name, value in options.items()}

    def each(name: str, check: Callable[[str, str], str]) -> tuple[str, ...]:
        return tuple(check(value, origin(name)) for value in options.get(name, "").split())

    proxy = options.get("PIP_PROXY")
    return Layer(
        pip=True,
        index_url=next(iter(each("PIP_INDEX_URL", checks.index_url)), None),
        no_index=_truth(options.get("PIP_NO_INDEX")),
        extra_index_urls=each("PIP_EXTRA_INDEX_URL", checks.index_url),
        find_links=each("PIP_FIND_LINKS", checks.find_link),
        cert=options.get("PIP_CERT") or None,
        client_cert=options.get("PIP_CLIENT_CERT") or None,
        proxy=checks.proxy(proxy, origin("PIP_PROXY")) if proxy else None,
        trusted_hosts=each("PIP_TRUSTED_HOST", checks.host),
    )


# https://docs.astral.sh/uv/reference/settings/
class _UvIndex(BaseModel, strict=True):
    url: str
    name: str | None = None
    explicit: bool = False
    default: bool = False
    format: str | None = None


class _UvPip(BaseModel, strict=True):
    index: list[_UvIndex] = []
    index_url: str | None = Field(None, alias="index-url")
    extra_index_url: list[str] = Field([], alias="extra-index-url")
    no_index: bool | None = Field(None, alias="no-index")
    find_links: list[str] = Field([], alias="find-links")
    index_strategy: str | None = Field(None, alias="index-strategy")
    allow_insecure_host: list[str] = Field([], alias="allow-insecure-host")


class _UvFile(_UvPip):
    pip: _UvPip | None = None


def _toml(path: Path) -> dict[str, Any]:
    text = _text(path, "uv")
    try:
        told = tomllib.loads(text)
        _UvFile.model_validate(told)
    except ValidationError as error:
        mistake = error.errors()[0]
        place = ".".join(map(str, mistake["loc"]))
        raise UsageError(f"{path}: {place}: {mistake['msg']}") from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError
        raise UsageError(f"{path}: can't be read as uv's configuration: {error}") from error
    return told


def _ini(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(_text(path, "pip"))
    except configparser.Error as error:
        raise UsageError(f"{path}: can't be read as pip's configuration: {error}") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _text(path: Path, whose: str) -> str:
    """The content of a configuration file. Empty if there is none."""
    try:
        if not path.is_file() and path.exists():
            raise UsageError(f"{path}: can't be read as {whose}'s configuration: it is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise UsageError(f"{path}: can't be read as {whose}'s configuration: it is too large")
        return content.decode("utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read as {whose}'s configuration: {error}") from error


def _truth(value: str | None) -> bool | None:
    if value is None or not value.strip():
        return None
    return value.strip().lower() in {"1", "true", "yes", "on", "y", "t"}


def with_credentials(url: str, user: str | None, password: str | None) -> str:
    parts = urlsplit(url)
    if parts.username or not (user or password):
        return url
    who = ":".join(_quoted(part for part in (user, password)))
    return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))


def _quoted(parts: Iterable[str | None]) -> Iterator[str]:
    return (quote(part or "", safe="") for part in parts)
