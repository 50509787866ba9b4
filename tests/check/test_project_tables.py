"""Files that say what is asked for: pyproject.toml, environment.yml, setup.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from dependency_files import found, read, unread

POETRY = {
    '"2.1.0"': "==2.1.0",
    '"^2.1"': "<3,>=2.1",
    '"^2.1.3"': "<3,>=2.1.3",
    '"^0.2.3"': "<0.3,>=0.2.3",
    '"^0.0.3"': "<0.0.4,>=0.0.3",
    '"^0.0"': "<0.1,>=0.0",
    '"^0"': "<1,>=0",
    '"~2.1.3"': "<2.2,>=2.1.3",
    '"~2.1"': "<2.2,>=2.1",
    '"~2"': "<3,>=2",
    '"~=2.1"': "~=2.1",
    '"*"': "",
    '""': "",
    '"2.*"': "==2.*",
    '"2.1.*"': "==2.1.*",
    '">=2.1,<3"': "<3,>=2.1",
    '">=2.1 <3"': "<3,>=2.1",
    '">= 2.1, < 3.0"': "<3.0,>=2.1",
    '"==2.1.0"': "==2.1.0",
    '"!=2.1.0"': "!=2.1.0",
    '"^2.1 || ^3.0"': "<4,>=2.1",
    '"^2.1,!=2.3"': "!=2.3,<3,>=2.1",
    '"^2.0.0b1"': "<3,>=2.0.0b1",
    "{version = '^2.1', extras = ['x']}": "<3,>=2.1",
    "{extras = ['x']}": "",
    "{version = '2.1.0', optional = true}": "==2.1.0 [optional]",
    "{version = '2.1.0', markers = \"os_name == 'nt'\"}": "==2.1.0 if os_name == 'nt'",
    "{version = '2.1.0', platform = 'linux'}": "==2.1.0 if sys_platform == 'linux'",
    "{version = '2.1.0', python = '>=3.9,<3.12'}": (
        "==2.1.0 if python_full_version >= '3.9' and python_full_version < '3.12'"
    ),
    "{git = 'https://x/d.git', tag = 'v2'}": "from https://x/d.git",
    "{path = '../ddtrace'}": "from ../ddtrace",
    "{url = 'https://x/ddtrace-2.1.0.tar.gz'}": "==2.1.0 from https://x/ddtrace-2.1.0.tar.gz",
}


@pytest.mark.parametrize("asked", POETRY)
def test_a_constraint_of_poetry_is_a_range(asked: str, tmp_path: Path) -> None:
    text = f"[tool.poetry.dependencies]\npython = '^3.9'\nDDTrace = {asked}\n"
    file = read(tmp_path, "pyproject.toml", text)
    assert found(file) == [f"3: ddtrace {POETRY[asked]}".rstrip()]
    assert str(file.python) == "<4,>=3.9"


@pytest.mark.parametrize(
    "asked", ['"2.1.x"', '"latest"', '"^"', '"^1 || ^3"', '"${VERSION}"', "{version = 2}", "7"]
)
def test_a_constraint_that_is_none_is_told(asked: str, tmp_path: Path) -> None:
    file = read(tmp_path, "pyproject.toml", f"[tool.poetry.dependencies]\nddtrace = {asked}\n")
    assert [(one.package, one.line) for one in file.unread] == [("ddtrace", 2)]
    assert file.mentions == ()


PROJECTS = {
    "PEP 621 and its extras": (
        '[project]\ndependencies = [\n  "a", # ddtrace==1\n  "sentry_sdk[x]~=2.1",\n]\n'
        "[project.optional-dependencies]\napm = ['ddtrace==2.0; os_name == \"nt\"']\n",
        ["4: sentry-sdk ~=2.1", '7: ddtrace ==2.0 [apm] if os_name == "nt"'],
    ),
    "PEP 735": (
        '[dependency-groups]\napm = ["ddtrace"]\ndev = [\n  {include-group = "apm"},\n'
        '  "sentry-sdk==2.1",\n]\n',
        ["2: ddtrace [apm]", "5: sentry-sdk ==2.1 [dev]"],
    ),
    "Poetry's groups": (
        '[tool.poetry.dev-dependencies]\nddtrace = "2.0"\n'
        "[tool.poetry.group.apm]\noptional = true\n"
        '[tool.poetry.group.apm.dependencies]\nsentry-sdk = "2.1"\n',
        ["2: ddtrace ==2.0 [dev]", "6: sentry-sdk ==2.1 [apm]"],
    ),
    "Poetry's extras": (
        '[tool.poetry.dependencies]\nddtrace = {version = "2.0", optional = true}\n'
        '[tool.poetry.extras]\napm = ["ddtrace"]\n',
        ["2: ddtrace ==2.0 [apm]"],
    ),
    "Poetry's several constraints": (
        "[tool.poetry.dependencies]\nddtrace = [\n  {version = '1.0', python = '<3.8'},\n"
        "  {version = '2.0', python = '>=3.8'},\n]\n",
        [
            "3: ddtrace ==1.0 if python_full_version < '3.8'",
            "4: ddtrace ==2.0 if python_full_version >= '3.8'",
        ],
    ),
    "Poetry's table of one package": (
        '[tool.poetry.dependencies.ddtrace]\nversion = "2.0"\nextras = ["x"]\n',
        ["1: ddtrace ==2.0"],
    ),
    "Poetry 2, which only says where": (
        '[project]\ndependencies = ["ddtrace (>=2.0,<3.0)"]\n[tool.poetry.dependencies]\n'
        'ddtrace = {source = "x"}\n',
        ["2: ddtrace <3.0,>=2.0"],
    ),
    "uv": (
        '[project]\ndependencies = ["ddtrace"]\n[tool.uv]\ndev-dependencies = ["sentry-sdk"]\n'
        'constraint-dependencies = ["ddtrace<3"]\noverride-dependencies = ["sentry-sdk==2.1"]\n',
        ["2: ddtrace", "4: sentry-sdk [dev]", "5: ddtrace <3", "6: sentry-sdk ==2.1"],
    ),
    "uv's sources": (
        '[project]\ndependencies = ["ddtrace>=2", "sentry-sdk>=2"]\n[tool.uv.sources]\n'
        'DDTrace = {git = "https://x/d.git", rev = "abc"}\nsentry-sdk = {index = "x"}\n',
        ["2: ddtrace from https://x/d.git", "2: sentry-sdk >=2"],
    ),
    "PDM": (
        '[tool.pdm.dev-dependencies]\ntest = ["ddtrace>=2"]\n[tool.pdm.resolution.overrides]\n'
        'sentry-sdk = "2.1"\n',
        ["2: ddtrace >=2 [test]", "4: sentry-sdk ==2.1"],
    ),
    "Hatch": (
        '[tool.hatch.envs.default]\ndependencies = ["ddtrace"]\n',
        ["2: ddtrace [default]"],
    ),
    "Flit": (
        '[tool.flit.metadata]\nrequires = ["ddtrace"]\n[tool.flit.metadata.requires-extra]\n'
        'apm = ["sentry-sdk"]\n',
        ["2: ddtrace", "4: sentry-sdk [apm]"],
    ),
    "Pixi": (
        '[tool.pixi.dependencies]\nddtrace = ">=2,<3"\n[tool.pixi.feature.apm.pypi-dependencies]\n'
        'sentry_sdk = { version = "==2.1", extras = ["x"] }\n',
        ["2: ddtrace <3,>=2", "4: sentry-sdk ==2.1 [apm]"],
    ),
    "what is no dependency": (
        '[project]\nname = "ddtrace"\nkeywords = ["ddtrace"]\n[build-system]\nrequires = '
        '["ddtrace"]\n[tool.pytest.ini_options]\naddopts = "--ddtrace"\n'
        '[[tool.mypy.overrides]]\nmodule = ["ddtrace.*", "sentry_sdk"]\n',
        [],
    ),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_says_what_it_asks_for(name: str, tmp_path: Path) -> None:
    text, wanted = PROJECTS[name]
    file = read(tmp_path, "pyproject.toml", text)
    assert (found(file), file.unread) == (wanted, ())
    assert not any(one.is_locked for one in file.mentions)


def test_a_limit_installs_nothing(tmp_path: Path) -> None:
    text, _ = PROJECTS["uv"]
    file = read(tmp_path, "pyproject.toml", text)
    assert [one.is_constraint for one in file.mentions] == [False, False, True, True]


def test_what_setuptools_reads_elsewhere_is_pointed_to(tmp_path: Path) -> None:
    text = (
        '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
        'dependencies = {file = ["requirements.txt"]}\n'
    )
    assert unread(read(tmp_path, "pyproject.toml", text)) == ["4 elsewhere: requirements.txt"]
    text = '[project]\ndynamic = ["version", "dependencies"]\n'
    assert unread(read(tmp_path, "pyproject.toml", text)) == [
        '2 elsewhere: dynamic = ["dependencies"]'
    ]


def test_a_group_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = '[dependency-groups]\ndev = [\n"a",\n{include-group = "Gone"}]\n'
    assert unread(read(tmp_path, "pyproject.toml", text)) == ['4: ?: there is no group "Gone"']


@pytest.mark.parametrize(
    "text",
    [
        "[project]\ndependencies = {ddtrace = '2'}\n",
        "[project]\ndependencies = 'ddtrace'\n",
        "[project]\ndependencies = [{name = 'ddtrace'}]\n",
        "[dependency-groups]\ndev = 'ddtrace'\n",
    ],
)
def test_a_list_that_is_none_is_told(text: str, tmp_path: Path) -> None:
    file = read(tmp_path, "pyproject.toml", text)
    assert [(one.line, "correct it" in one.why) for one in file.unread] == [(2, True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '{}'\n"),
        ("poetry.lock", "[metadata]\npython-versions = '{}'\n"),
        ("Pipfile", "[requires]\n{}\n"),
        ("uv.lock", "requires-python = '{}'\n"),
        ("pyproject.toml", "[project]\nrequires-python = '{}'\n"),
        ("setup.cfg", "[options]\npython_requires = {}\n"),
    ],
)
def test_no_limit_of_the_pythons_is_none(name: str, text: str, tmp_path: Path) -> None:
    for nothing in ("", "*", "any") if "poetry" in text + name else ("",):
        assert read(tmp_path, name, text.format(nothing)).python is None


@pytest.mark.parametrize(
    ("asked", "python"),
    [
        ("^3.8 || ^3.10", "<4,>=3.8"),
        ("~3.9 || ~3.11", "<3.12,>=3.9"),
        ("3.11.*", "==3.11.*"),
        (">=3.8,<3.13,!=3.9.0", "!=3.9.0,<3.13,>=3.8"),
    ],
)
def test_the_pythons_of_poetry_are_a_range(asked: str, python: str, tmp_path: Path) -> None:
    text = f"[tool.poetry.dependencies]\npython = '{asked}'\n"
    assert str(read(tmp_path, "pyproject.toml", text).python) == python


def test_a_pixi_toml_is_read(tmp_path: Path) -> None:
    text = (
        "[project]\nname = 'ddtrace'\n[dependencies]\npython = '3.12.*'\nddtrace = '2.14.*'\n"
        "[target.linux-64.pypi-dependencies]\nsentry-sdk = '>=2'\n"
    )
    file = read(tmp_path, "pixi.toml", text)
    assert found(file) == ["5: ddtrace ==2.14.*", "7: sentry-sdk >=2"]
    assert str(file.python) == "==3.12.*"


def test_a_script_with_its_requirements_is_read(tmp_path: Path) -> None:
    text = (
        "#!/usr/bin/env -S uv run\n# /// script\n# requires-python = '>=3.11'\n"
        "# dependencies = [\n#   'ddtrace==2.0',\n# ]\n#\n# ///\nopen('ran', 'w')\n"
    )
    file = read(tmp_path, "job.py", text)
    assert (found(file), str(file.python)) == (["5: ddtrace ==2.0"], ">=3.11")
    file = read(tmp_path, "job.py", "# /// script\n# dependencies = ['ddtrace']\n")
    assert unread(file) == ["None: ?: the block has no end"]


def test_a_pipfile_is_read(tmp_path: Path) -> None:
    text = (
        '[[source]]\nname = "ddtrace"\nurl = "https://x"\n[packages]\nddtrace = "~=2.0"\n'
        'sentry-sdk = {version = "==2.1", extras = ["x"], sys_platform = "== \'linux\'"}\n'
        '[dev-packages]\nddtrace = {ref = "abc", git = "https://x/d.git", editable = true}\n'
        '[requires]\npython_version = "3.11"\n'
    )
    file = read(tmp_path, "Pipfile", text)
    assert found(file) == [
        "5: ddtrace ~=2.0",
        "6: sentry-sdk ==2.1 if sys_platform == 'linux'",
        "8: ddtrace [dev] from https://x/d.git",
    ]
    assert str(file.python) == "==3.11.*"


CONDA = """
ddtrace                     => ddtrace
ddtrace=2.14                => ddtrace ==2.14.*
ddtrace =2.14               => ddtrace ==2.14.*
ddtrace = 2.14              => ddtrace ==2.14.*
ddtrace==2.14.4             => ddtrace ==2.14.4
ddtrace=2.14.4=py312h0_1    => ddtrace ==2.14.4
ddtrace 2.14.4 py312h0_1    => ddtrace ==2.14.4
ddtrace=2.14.*              => ddtrace ==2.14.*
ddtrace=2.14*               => ddtrace ==2.14.*
ddtrace>=2,<3               => ddtrace <3,>=2
ddtrace >=2, <3             => ddtrace <3,>=2
ddtrace 2.14.*              => ddtrace ==2.14.*
ddtrace 2.14.4              => ddtrace ==2.14.4
ddtrace=*                   => ddtrace
ddtrace~=2.14               => ddtrace ~=2.14
conda-forge::sentry-sdk=2.1 => sentry-sdk ==2.1.*
conda-forge/linux-64::ddtrace=2 => ddtrace ==2.*
"ddtrace[version='>=2,<3']" => ddtrace <3,>=2
"ddtrace=2.14[build=x]"     => ddtrace ==2.14.*
ddtrace 2.14|2.15           => unread
"""


@pytest.mark.parametrize("row", CONDA.strip().splitlines())
def test_conda_matches_by_the_start_of_a_version(row: str, tmp_path: Path) -> None:
    spec, _, wanted = (part.strip() for part in row.rpartition(" => "))
    file = read(tmp_path, "environment.yml", f"name: x\ndependencies:\n  - {spec}\n")
    if wanted == "unread":
        assert [(one.package, one.line) for one in file.unread] == [("ddtrace", 3)]
    else:
        assert found(file) == [f"3: {wanted}"]


def test_an_environment_has_a_python_and_a_list_for_pip(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("ddtrace==3.0\n")
    text = (
        "name: ddtrace\nchannels: [ddtrace]\ndependencies:\n- python=3.11\n- libblas=*=*mkl|x\n"
        "- pip\n- pip:\n  - -r more.txt\n  - --index-url https://x\n  # - ddtrace==1.0\n"
        "  - ddtrace==2.0\n  - 'sentry_sdk[x]>=2'\n  - -e .\n"
    )
    file = read(tmp_path, "environment.yml", text)
    assert found(file) == ["1: ddtrace ==3.0", "11: ddtrace ==2.0", "12: sentry-sdk >=2"]
    assert unread(file) == ["13 elsewhere: ."]
    assert str(file.python) == "==3.11.*"


def test_setup_cfg_is_read(tmp_path: Path) -> None:
    text = (
        "[metadata]\nname = ddtrace\n[options]\npython_requires = >=3.9\ninstall_requires =\n"
        "    a\n    # ddtrace==1.0\n    ddtrace==2.0 ; os_name == 'nt'\n\n    b\n"
        "[options.extras_require]\napm = sentry_sdk>=2\ndev =\n    ddtrace\n"
        "[tool:pytest]\naddopts = --ddtrace\n[flake8]\nper-file-ignores =\n    ddtrace.py: E501\n"
    )
    file = read(tmp_path, "setup.cfg", text)
    assert found(file) == [
        '8: ddtrace ==2.0 if os_name == "nt"',
        "12: sentry-sdk >=2 [apm]",
        "14: ddtrace [dev]",
    ]
    assert str(file.python) == ">=3.9"
    text = "[options]\ninstall_requires = file: requirements.txt, more.txt\n"
    assert unread(read(tmp_path, "setup.cfg", text)) == [
        "2 elsewhere: requirements.txt",
        "2 elsewhere: more.txt",
    ]


SETUPS = {
    "a name that is set once": (
        'from setuptools import setup\nDEPS = [\n  "ddtrace~=2.3",\n]\n'
        'EXTRAS = {"apm": ["sentry_sdk"]}\nsetup(install_requires=DEPS, extras_require=EXTRAS)\n',
        ["3: ddtrace ~=2.3", "5: sentry-sdk [apm]"],
        [],
    ),
    "one string": (
        'import setuptools\nsetuptools.setup(install_requires="""\nddtrace\nsentry_sdk>=2""",\n'
        'python_requires=">=3.8")\n',
        ["3: ddtrace", "4: sentry-sdk >=2"],
        [],
    ),
    "a name that is changed": (
        'from setuptools import setup\nDEPS = ["sentry_sdk"]\nDEPS.append("ddtrace")\n'
        "setup(install_requires=DEPS)\n",
        ["2: sentry-sdk"],
        [(None, 4)],
    ),
    "a name that is added to": (
        'from setuptools import setup\nDEPS = ["sentry_sdk"]\nDEPS += ["ddtrace"]\n'
        "setup(install_requires=DEPS)\n",
        ["2: sentry-sdk"],
        [(None, 4)],
    ),
    "a name that is computed": (
        'from setuptools import setup\nDEPS = open("x").read()\nsetup(install_requires=DEPS)\n',
        [],
        [(None, 3)],
    ),
    "extras that are put together": (
        'from setuptools import setup\nX = {"apm": ["ddtrace"]}\nX["all"] = X["apm"]\n'
        'setup(install_requires=["sentry_sdk"], extras_require=X)\n',
        ["4: sentry-sdk", "2: ddtrace [apm]"],
        [(None, 4)],
    ),
    "a file": (
        "from setuptools import setup\nsetup(\n"
        'install_requires=open("requirements.txt").read().splitlines())\n',
        [],
        [(None, 3)],
    ),
    "a version that is computed": (
        'from setuptools import setup\nV = "2.0"\nsetup(install_requires=["a", f"ddtrace=={V}"])\n',
        [],
        [("ddtrace", 3)],
    ),
    "keywords from elsewhere": ("from setuptools import setup\nsetup(**x)\n", [], [(None, 2)]),
    "no call": ("import setuptools\n", [], [(None, None)]),
}


@pytest.mark.parametrize("name", SETUPS)
def test_only_the_literal_lists_of_a_setup_py_are_read(name: str, tmp_path: Path) -> None:
    text, wanted, missed = SETUPS[name]
    file = read(tmp_path, "setup.py", text)
    assert found(file) == wanted
    assert [(one.package or None, one.line) for one in file.unread] == missed


def test_a_setup_py_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    text = f"open({str(ran)!r}, 'w')\nimport setuptools\n"
    text += "setuptools.setup(install_requires=['ddtrace'])\n"
    assert found(read(tmp_path, "setup.py", text)) == ["3: ddtrace"]
    assert not ran.exists()
