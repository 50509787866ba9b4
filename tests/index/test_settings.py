from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from interlock.index.settings import PYPI, IndexSettings, read_index_settings, redacted
from interlock.model import UsageError


class Machine:
    """A made-up machine: its files below one folder, and an environment."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def has(self, path: str, text: str = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def settings(self, environ: Mapping[str, str] | None = None) -> IndexSettings:
        return read_index_settings(
            environ or {},
            home=self.root / "home",
            prefix=self.root / "venv",
            root=self.root,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_pypi_is_asked_where_nothing_is_configured(machine: Machine) -> None:
    settings = machine.settings()
    assert settings.urls == (PYPI,)
    assert settings.strategy == "first-index"
    assert settings.find_links == ()


@pytest.mark.parametrize(
    "path",
    ["etc/pip.conf", "etc/xdg/pip/pip.conf", "home/.pip/pip.conf", "home/.config/pip/pip.conf"],
)
def test_pip_conf_is_read_where_pip_documents_it(machine: Machine, path: str) -> None:
    machine.has(path, "[global]\nindex-url = https://mirror.example/simple\n")
    assert machine.settings().index_url == "https://mirror.example/simple"


def test_the_users_pip_conf_goes_before_the_systems(machine: Machine) -> None:
    machine.has("etc/pip.conf", "[global]\nindex-url = https://system.example/simple\n")
    machine.has("home/.config/pip/pip.conf", "[global]\nindex-url = https://user.example/simple\n")
    assert machine.settings().index_url == "https://user.example/simple"


def test_the_install_section_goes_before_the_global_one(machine: Machine) -> None:
    machine.has(
        "etc/pip.conf",
        "[install]\nindex_url = https://install.example/simple\n"
        "[global]\nindex-url = https://global.example/simple\n",
    )
    assert machine.settings().index_url == "https://install.example/simple"


def test_pip_config_file_of_dev_null_switches_pips_files_off(machine: Machine) -> None:
    machine.has("etc/pip.conf", "[global]\nindex-url = https://mirror.example/simple\n")
    assert machine.settings({"PIP_CONFIG_FILE": "/dev/null"}).index_url == PYPI


def test_the_environment_goes_before_files_and_uv_before_pip(machine: Machine) -> None:
    machine.has("etc/pip.conf", "[global]\nindex-url = https://pip-file.example/simple\n")
    machine.has("home/.config/uv/uv.toml", 'index-url = "https://uv-file.example/simple"\n')
    assert machine.settings().index_url == "https://uv-file.example/simple"

    environ = {"PIP_INDEX_URL": "https://pip.example/simple"}
    assert machine.settings(environ).index_url == "https://pip.example/simple"

    environ["UV_DEFAULT_INDEX"] = "https://uv.example/simple"
    assert machine.settings(environ).index_url == "https://uv.example/simple"


def test_extra_indexes_of_pip_are_all_looked_at_as_pip_does(machine: Machine) -> None:
    machine.has("etc/pip.conf", "[global]\nextra-index-url =\n  https://a/simple\n  https://b/s\n")
    settings = machine.settings()
    assert settings.urls == ("https://a/simple", "https://b/s", PYPI)
    assert settings.strategy == "unsafe-best-match"


def test_uv_toml_lists_of_indexes_are_read_by_their_kind(machine: Machine) -> None:
    machine.has(
        "home/.config/uv/uv.toml",
        """
        [[index]]
        url = "https://main.example/simple"
        default = true
        [[index]]
        name = "inner"
        url = "https://inner.example/simple"
        [[index]]
        name = "only-when-named"
        url = "https://explicit.example/simple"
        explicit = true
        [[index]]
        url = "https://flat.example/wheels"
        format = "flat"
        """,
    )
    settings = machine.settings(
        {"UV_INDEX_INNER_USERNAME": "me", "UV_INDEX_INNER_PASSWORD": "p@ss"}
    )
    assert settings.index_url == "https://main.example/simple"
    assert settings.extra_index_urls == ("https://me:p%40ss@inner.example/simple",)
    assert settings.find_links == ("https://flat.example/wheels",)


def test_no_index_leaves_find_links_alone(machine: Machine) -> None:
    settings = machine.settings(
        {"PIP_NO_INDEX": "1", "PIP_EXTRA_INDEX_URL": "https://a/s", "PIP_FIND_LINKS": "/wheels"}
    )
    assert settings.urls == ()
    assert settings.find_links == ("/wheels",)


def test_ca_bundle_and_proxies_are_read(machine: Machine) -> None:
    bundle = machine.has("company.pem")
    machine.has("etc/pip.conf", f"[global]\ncert = {bundle}\nproxy = http://proxy.example:3128\n")
    settings = machine.settings()
    assert settings.ca_bundle == bundle
    assert set(settings.proxies.values()) == {"http://proxy.example:3128"}


def test_the_environments_proxy_goes_before_pips(machine: Machine) -> None:
    machine.has("etc/pip.conf", "[global]\nproxy = http://pip.example:1\n")
    settings = machine.settings({"https_proxy": "http://env.example:2", "NO_PROXY": "inner"})
    assert settings.proxies == {"https": "http://env.example:2", "no": "inner"}


def test_netrc_credentials_go_with_the_url(machine: Machine) -> None:
    machine.has("home/.netrc", "machine mirror.example login me password secret\n")
    settings = machine.settings({"PIP_INDEX_URL": "https://mirror.example/simple"})
    assert settings.index_url == "https://me:secret@mirror.example/simple"


def test_passwords_are_never_described(machine: Machine) -> None:
    settings = machine.settings({"PIP_INDEX_URL": "https://me:secret@mirror.example/simple"})
    assert "secret" not in settings.described
    assert redacted("https://me:secret@h/s") == "https://me:****@h/s"
    # A token alone, as some indexes have it
    for token in ("secret", "secret:", ":secret"):
        assert redacted(f"https://{token}@h/s") == "https://****@h/s"
    assert redacted("https://h/s?at=@") == "https://h/s?at=@"


def test_how_packages_travel_does_not_change_where_they_come_from(machine: Machine) -> None:
    plain = machine.settings()
    proxied = machine.settings({"HTTPS_PROXY": "http://proxy.example:3128"})
    mirrored = machine.settings({"UV_DEFAULT_INDEX": "https://mirror.example/simple"})
    assert plain.digest == proxied.digest != mirrored.digest


@pytest.mark.parametrize(
    ("path", "text"), [("etc/pip.conf", "index-url = x\n"), ("home/.config/uv/uv.toml", "a = [\n")]
)
def test_a_broken_file_is_named(machine: Machine, path: str, text: str) -> None:
    file = machine.has(path, text)
    with pytest.raises(UsageError, match=str(file)):
        machine.settings()


BAD_URLS = [
    "pypi.org/simple",
    "http//mirror.example/simple",
    "https://",
    "https://:443/simple",
    "ftp://mirror.example/simple",
    "https://mirror.example:port/simple",
    "https://mirror.example:99999/simple",
    "https://[::1/simple",
    "https://mirror..example/simple",
    "https://" + "a" * 70 + ".example/simple",
    "https://mirror.example/sim\x00ple",
    "https://mirror.example/sim\x1bple",
    "file://otherhost/simple",
]
OF_URLS = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("name", OF_URLS)
def test_a_variable_that_is_no_url_is_named(machine: Machine, name: str, url: str) -> None:
    with pytest.raises(UsageError, match=f"^{name}: "):
        machine.settings({name: url})


def test_a_mistake_in_a_url_tells_no_password(machine: Machine) -> None:
    for url in ("https://me:secret@mirror.example:port/simple", "me:secret@mirror.example"):
        with pytest.raises(UsageError) as raised:
            machine.settings({"PIP_INDEX_URL": url})
        assert "secret" not in str(raised.value)
        assert "mirror.example" in str(raised.value)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"UV_INDEX": "inner=nowhere"}, "UV_INDEX"),
        ({"UV_FIND_LINKS": "https://[::1"}, "UV_FIND_LINKS"),
        ({"PIP_FIND_LINKS": "~nobody-at-all/wheels"}, "PIP_FIND_LINKS"),
        ({"UV_INDEX_STRATEGY": "best"}, "UV_INDEX_STRATEGY"),
        ({"UV_INSECURE_HOST": "[::1"}, "UV_INSECURE_HOST"),
        ({"PIP_TRUSTED_HOST": "host:port"}, "PIP_TRUSTED_HOST"),
        ({"HTTPS_PROXY": "http://[::1"}, "HTTPS_PROXY"),
        ({"http_proxy": "proxy.example:port"}, "http_proxy"),
        ({"ALL_PROXY": "socks5://localhost:1080"}, "ALL_PROXY"),
        ({"PIP_PROXY": "http://"}, "PIP_PROXY"),
        ({"SSL_CLIENT_CERT": "~nobody-at-all/cert"}, "SSL_CLIENT_CERT"),
        ({"UV_CONFIG_FILE": "/no/such/uv.toml"}, "UV_CONFIG_FILE"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    machine: Machine, environ: dict[str, str], named: str
) -> None:
    with pytest.raises(UsageError, match=f"^{named}"):
        machine.settings(environ)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("index-url = 5", "index-url"),
        ("index-url = 'nowhere'", "index-url"),
        ("extra-index-url = 'https://a.example/s'", "extra-index-url"),
        ("extra-index-url = ['https://[::1']", "extra-index-url"),
        ("find-links = 5", "find-links"),
        ("find-links = [5]", "find-links"),
        ("no-index = 'yes'", "no-index"),
        ("index = 'https://a.example/s'", "index"),
        ("index = [5]", "index"),
        ("[[index]]\nname = 'x'", "url"),
        ("[[index]]\nurl = 5", "url"),
        ("[[index]]\nurl = 'nowhere'", "index"),
        ("[[index]]\nurl = 'https://a.example/s'\nname = 5", "name"),
        ("index-strategy = 'best'", "index-strategy"),
        ("allow-insecure-host = [5]", "allow-insecure-host"),
        ("pip = 5", "pip"),
        ("[pip]\nindex-url = []", "index-url"),
        ("a = " + "[" * 5000, "can't be read"),
        ("a = " + "9" * 5000, "can't be read"),
    ],
)
def test_a_value_of_the_wrong_type_in_uv_toml_is_named(
    machine: Machine, text: str, key: str
) -> None:
    file = machine.has("home/.config/uv/uv.toml", text)
    with pytest.raises(UsageError, match=f"^{file}: .*{key}"):
        machine.settings()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[global]\nindex-url = nowhere", "index-url"),
        ("[global]\nindex-url = https://[::1", "index-url"),
        ("[install]\nextra-index-url = https://a.example/s nowhere", "extra-index-url"),
        ("[global]\nproxy = socks5://localhost", "proxy"),
        ("[global]\ntrusted-host = a:b", "trusted-host"),
        ("[global]\n[global]", "already exists"),
        ("no section", "can't be read"),
    ],
)
def test_a_value_that_makes_no_sense_in_pip_conf_is_named(
    machine: Machine, text: str, key: str
) -> None:
    file = machine.has("etc/pip.conf", text)
    with pytest.raises(UsageError, match=f"^{file}: (?s:.*){key}"):
        machine.settings()


@pytest.mark.parametrize("path", ["etc/pip.conf", "home/.config/uv/uv.toml"])
def test_a_configuration_that_is_no_file_of_text_is_named(machine: Machine, path: str) -> None:
    place = machine.root / path
    place.mkdir(parents=True)
    with pytest.raises(UsageError, match=f"{place}: .*not a file"):
        machine.settings()
    place.rmdir()
    place.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=str(place)):
        machine.settings()
    place.write_bytes(b"#" * (2 << 20))
    with pytest.raises(UsageError, match=f"{place}: .*too large"):
        machine.settings()


def test_a_trusted_host_may_have_a_scheme_and_a_port(machine: Machine) -> None:
    settings = machine.settings({"UV_INSECURE_HOST": "a https://b c:8443"})
    assert settings.trusted_hosts == ("a", "b", "c:8443")


def test_a_path_is_an_index_too(machine: Machine) -> None:
    settings = machine.settings({"PIP_INDEX_URL": "/srv/pypi/simple"})
    assert settings.index_url == "file:///srv/pypi/simple"


@pytest.mark.parametrize("place", ["/dev/zero", "pipe"])
def test_a_netrc_that_is_no_regular_file_is_passed_over(
    machine: Machine, tmp_path: Path, place: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    settings = machine.settings(
        {"NETRC": str(tmp_path / place), "UV_DEFAULT_INDEX": "https://mirror.example/simple"}
    )
    assert settings.index_url == "https://mirror.example/simple"


def test_a_netrc_that_is_no_text_is_passed_over(machine: Machine) -> None:
    machine.has("home/.netrc").write_bytes(b"\xff\xfe machine")
    assert machine.settings({"PIP_INDEX_URL": "https://a.example/s"}).index_url


def test_a_user_without_a_home_has_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert read_index_settings({}, root=Path("/no/such/root")).index_url == PYPI
