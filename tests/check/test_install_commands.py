"""What Dockerfiles and scripts install, and for which Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from dependency_files import PAIR, found, read, unread

from interlock.check.project import read_project

COMMANDS = r"""
pip install ddtrace==2.0                              => 1: ddtrace ==2.0
pip3 install ddtrace                                  => 1: ddtrace
pip3.12 install "ddtrace>=2,<3"                       => 1: ddtrace <3,>=2
/venv/bin/pip install 'ddtrace[x]~=2.1'               => 1: ddtrace ~=2.1
python -m pip install ddtrace==2.0                    => 1: ddtrace ==2.0
python3.12 -m pip --no-cache-dir install ddtrace==2.0 => 1: ddtrace ==2.0
pip --no-cache-dir install -U -q ddtrace==2.0         => 1: ddtrace ==2.0
sudo -H pip install ddtrace==2.0                      => 1: ddtrace ==2.0
PIP_NO_CACHE_DIR=1 pip install ddtrace==2.0           => 1: ddtrace ==2.0
poetry run pip install ddtrace==2.0                   => 1: ddtrace ==2.0
pip install --index-url https://x/ddtrace/ sentry_sdk==2.1 => 1: sentry-sdk ==2.1
pip install --no-binary ddtrace sentry_sdk==2.1       => 1: sentry-sdk ==2.1
pip install --target=/x -c c.txt ddtrace==2.0         =>
    1: ddtrace ==2.0; unread 1 elsewhere: c.txt
pip install ddtrace==2.0 && pip install sentry_sdk==2.1 => 1: ddtrace ==2.0; 1: sentry-sdk ==2.1
true || pip install ddtrace==2.0;echo                 => 1: ddtrace ==2.0
if x; then pip install ddtrace==2.0; fi               => 1: ddtrace ==2.0
(pip install ddtrace==2.0)                            => 1: ddtrace ==2.0
pip install ddtrace==2.0 > /dev/null 2>&1             => 1: ddtrace ==2.0
pip install ddtrace==2.0 # sentry-sdk==2.1            => 1: ddtrace ==2.0
pip wheel -w /wheels ddtrace==2.0                     => 1: ddtrace ==2.0
bash -lc "pip install ddtrace==2.0"                   => 1: ddtrace ==2.0
sh -c 'set -e; pip install "ddtrace==2.0"'            => 1: ddtrace ==2.0
X=2.0; pip install ddtrace==$X                        => 1: ddtrace ==2.0
X=2.0; pip install ddtrace==${X}                      => 1: ddtrace ==2.0
export X=2.0; pip install "ddtrace==${X:-1.0}"        => 1: ddtrace ==2.0
pip install "ddtrace==${X:-1.0}"                      => 1: ddtrace ==1.0
X="ddtrace==2.0 sentry-sdk==2.1"; pip install $X      => 1: ddtrace ==2.0; 1: sentry-sdk ==2.1
pip install https://x/ddtrace-2.0-py3-none-any.whl    =>
    1: ddtrace ==2.0 from https://x/ddtrace-2.0-py3-none-any.whl

uv pip install ddtrace~=3.0                           => 1: ddtrace ~=3.0
uv pip install --system --python 3.12 ddtrace==2.0    => 1: ddtrace ==2.0
uv add "ddtrace>=2"                                   => 1: ddtrace >=2
uv add --dev ddtrace==2.0                             => 1: ddtrace ==2.0 [dev]
uv add --group obs ddtrace==2.0                       => 1: ddtrace ==2.0 [obs]
uv add --optional=obs ddtrace==2.0                    => 1: ddtrace ==2.0 [obs]
uv run --with ddtrace==2.0 --with 'x>=1,<2,sentry_sdk' app.py =>
    1: ddtrace ==2.0; 1: sentry-sdk
uv run --with=ddtrace==2.0 ddtrace-run app            => 1: ddtrace ==2.0
poetry add ddtrace@^2.1                               => 1: ddtrace <3,>=2.1
poetry add "ddtrace[x]@2.1"                           => 1: ddtrace ==2.1
poetry add ddtrace@latest                             => 1: ddtrace
poetry add ddtrace==2.1 --group dev                   => 1: ddtrace ==2.1 [dev]
pdm add -dG test ddtrace==2.0                         => 1: ddtrace ==2.0 [test]
pipenv install ddtrace==2.0                           => 1: ddtrace ==2.0
conda install -y -c conda-forge ddtrace=2.14          => 1: ddtrace ==2.14.*
micromamba install -n base conda-forge::ddtrace==2.14 => 1: ddtrace ==2.14

echo "ddtrace==2.0" >> requirements.txt                => 1: ddtrace ==2.0
printf 'a==1\nddtrace==2.0\n' > /tmp/r.txt            => 1: ddtrace ==2.0
echo ddtrace==2.0 > /tmp/version                      =>
sed -i 's/ddtrace==.*/ddtrace==2.1/' requirements.txt =>
    unread 1: ddtrace: it changes a file in a way that is not known here
sed 's/ddtrace==.*/ddtrace==2.1/' requirements.txt    =>
echo pip install ddtrace==2.0                         =>
echo "pip install ddtrace==2.0"                       =>
# pip install ddtrace==2.0                            =>
pip uninstall ddtrace                                 =>
pip install datadog==1 dd-trace==1                    =>
apt-get install -y ddtrace                            =>
npm install @sentry/node dd-trace                     =>
ddtrace-run python -m app                             =>
pip freeze | grep ddtrace                             =>

pip install ddtrace>=2.0                              =>
    1: ddtrace; unread 1: ddtrace: the shell takes > for a redirection
pip install ddtrace<3 sentry_sdk                      =>
    1: ddtrace; 1: sentry-sdk; unread 1: ddtrace: the shell takes < for a redirection
pip install ddtrace==$X                               =>
    unread 1: ddtrace: its value stands in a variable
X=1; X=2; pip install ddtrace==$X                     =>
    unread 1: ddtrace: its value stands in a variable
pip install 'ddtrace==$X'                             =>
    unread 1: ddtrace: its value stands in a variable
pip install ddtrace==$(cat version)                   =>
    unread 1: ddtrace: its value stands in a variable
pip install $(cat requirements.txt)                   =>
    unread 1 elsewhere: $(cat requirements.txt)
pip install "$(grep ddtrace requirements.txt)"        =>
    unread 1 elsewhere: $(grep ddtrace requirements.txt)
pip install --group dev                               => unread 1 elsewhere: pyproject.toml
uv export --frozen -o x.txt                           => unread 1 elsewhere: uv.lock
poetry export -f requirements.txt --output x.txt      => unread 1 elsewhere: poetry.lock
uv run app.py                                         => unread 1 elsewhere: uv.lock
pip install -r requirements.txt                       => unread 1 elsewhere: requirements.txt
pip install -rrequirements.txt                        => unread 1 elsewhere: requirements.txt
pip install --requirement=req/prod.txt                => unread 1 elsewhere: req/prod.txt
pip install .                                         => unread 1 elsewhere: .
pip install -e ".[prod]"                              => unread 1 elsewhere: .[prod]
pip install /wheels/*.whl                             => unread 1 elsewhere: /wheels/*.whl
uv pip sync requirements.txt                          => unread 1 elsewhere: requirements.txt
pip-sync dev.txt                                      => unread 1 elsewhere: dev.txt
cat requirements.txt | xargs -n 1 pip install         =>
    unread 1 elsewhere: xargs -n 1 pip install
python -m uv pip install ddtrace==2.0                 => 1: ddtrace ==2.0
uv sync --frozen --no-dev --extra x                   => unread 1 elsewhere: uv.lock
poetry install --no-root --only main                  => unread 1 elsewhere: poetry.lock
pdm sync --prod                                       => unread 1 elsewhere: pdm.lock
pipenv install --deploy --system                      => unread 1 elsewhere: Pipfile.lock
pipenv sync                                           => unread 1 elsewhere: Pipfile.lock
conda env create -f environment.yml                   => unread 1 elsewhere: environment.yml
"""
ROWS = [row for row in COMMANDS.replace("=>\n    ", "=> ").splitlines() if row]


def told(folder: Path, name: str, text: str) -> str:
    file = read(folder, name, text)
    return "; ".join([*found(file), *(f"unread {one}" for one in unread(file))])


@pytest.mark.parametrize("row", ROWS)
def test_a_command_installs_what_its_shell_gives_it(row: str, tmp_path: Path) -> None:
    command, _, wanted = row.partition("=>")
    assert told(tmp_path, "install.sh", command.rstrip()) == wanted.strip()


@pytest.mark.parametrize("row", [row for row in ROWS if not row.startswith("#")])
def test_a_dockerfile_runs_the_same_commands(row: str, tmp_path: Path) -> None:
    command, _, wanted = row.partition("=>")
    wanted = wanted.strip().replace("1: ", "2: ").replace("1 else", "2 else")
    assert told(tmp_path, "Dockerfile", f"FROM x\nRUN {command.rstrip()}\n") == wanted


DOCKERFILES = {
    "lines go on": (
        "FROM x\nRUN apt-get update \\\n  && pip install \\\n   # errors\n\n   sentry_sdk==2.1 \\\n"
        "   ddtrace==2.0 && \\\n   true\nRUN pip install x\n",
        ["6: sentry-sdk ==2.1", "7: ddtrace ==2.0"],
    ),
    "mounts": (
        "FROM x\nRUN --mount=type=cache,target=/root/.cache/uv \\\n    --network=none \\\n"
        "    uv pip install ddtrace==2.0\n",
        ["4: ddtrace ==2.0"],
    ),
    "the JSON form": (
        'FROM x\nRUN ["pip", "install", "ddtrace>=2.0"]\nCMD ["ddtrace-run", "python"]\n',
        ["2: ddtrace >=2.0"],
    ),
    "a heredoc": (
        "FROM x\nRUN <<EOF\npip install ddtrace==2.0\nEOF\nRUN pip install sentry_sdk\n",
        ["3: ddtrace ==2.0", "5: sentry-sdk"],
    ),
    "a heredoc for a shell": (
        "FROM x\nRUN <<-'END' bash -e\n\tFROM=1\n\tpip install ddtrace==2.0\n\tEND\n",
        ["4: ddtrace ==2.0"],
    ),
    "a requirement file inside": (
        "FROM x\nCOPY <<EOF /requirements.txt\n# traces\nddtrace==2.0\nEOF\n",
        ["4: ddtrace ==2.0"],
    ),
    "arguments": (
        "ARG DD=1.0\nFROM x\nARG DD=2.0\nENV SENTRY 2.1\nENV A=1 B=2\n"
        "RUN pip install ddtrace==${DD} sentry-sdk==$SENTRY\n",
        ["6: ddtrace ==2.0", "6: sentry-sdk ==2.1"],
    ),
    "an argument from before the first stage": (
        'ARG DD="2.0"\nFROM x\nARG DD\nRUN pip install ddtrace==$DD\n',
        ["4: ddtrace ==2.0"],
    ),
    "another escape": (
        "# escape=`\nFROM x\nRUN pip install `\n  ddtrace==2.0\n",
        ["4: ddtrace ==2.0"],
    ),
    "lower case, and for those who build on it": (
        "from x\nonbuild run pip install ddtrace==2.0\n",
        ["2: ddtrace ==2.0"],
    ),
    "at the start of the container": (
        "FROM x\nCMD pip install ddtrace==2.0 && python -m app\n",
        ["2: ddtrace ==2.0"],
    ),
    "a label": ('FROM x\nLABEL a="pip install ddtrace"\n# RUN pip install ddtrace\n', []),
}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_is_read_by_its_own_rules(name: str, tmp_path: Path) -> None:
    text, wanted = DOCKERFILES[name]
    file = read(tmp_path, "Dockerfile.prod", text)
    assert (found(file), file.unread) == (wanted, ())


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nRUN pip install ddtrace==$DD\n",
        "ARG DD=1.0\nFROM x\nRUN pip install ddtrace==$DD\n",
        "FROM x\nARG DD\nRUN pip install ddtrace==${DD}\n",
        "FROM x\nARG DD=1.0\nFROM y\nRUN pip install ddtrace==$DD\n",
    ],
)
def test_an_argument_without_a_value_is_told(text: str, tmp_path: Path) -> None:
    file = read(tmp_path, "Dockerfile", text)
    assert [one.package for one in file.unread] == ["ddtrace"]
    assert file.mentions == ()


IMAGES = """
FROM python:3.12-slim-bookworm                        => ==3.12.*
FROM python:3.12.4                                    => ==3.12.4.*
FROM --platform=linux/amd64 docker.io/library/python:3.11 AS x => ==3.11.*
FROM public.ecr.aws/lambda/python:3.10                => ==3.10.*
FROM registry.example:5000/python:3.9-alpine@sha256:0 => ==3.9.*
FROM ghcr.io/astral-sh/uv:python3.13-bookworm-slim    => ==3.13.*
FROM python:3                                         => ==3.*
FROM python                                           =>
FROM python:latest                                    =>
FROM python:slim                                      =>
FROM debian:12                                        =>
FROM cpython:3.12                                     =>
ARG V=3.12/FROM python:${V}-slim                      => ==3.12.*
ARG V/FROM python:${V}-slim                           =>
FROM python:${V:-3.11}-slim                           => ==3.11.*
FROM python:3.11 AS a/FROM a                          => ==3.11.*
FROM python:3.11 AS a/FROM python:3.12/COPY --from=a x y => ==3.12.*
FROM python:3.11 AS a/FROM debian                     => ==3.11.*
"""


@pytest.mark.parametrize("row", IMAGES.strip().splitlines())
def test_the_base_image_tells_the_python(row: str, tmp_path: Path) -> None:
    text, _, wanted = row.partition("=>")
    for keyword in ("FROM", "COPY"):
        text = text.replace(f"/{keyword}", f"\n{keyword}")
    file = read(tmp_path, "Dockerfile", text.rstrip())
    assert str(file.python or "") == wanted.strip()


def test_a_file_that_was_given_too_is_not_pointed_to(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("ddtrace==2.0\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.12\nRUN pip install -r /app/requirements.txt -r more.txt\n"
    )
    project = read_project([tmp_path / "Dockerfile", tmp_path / "requirements.txt"], PAIR)
    assert [one.text for one in project.unread] == ["more.txt"]


def test_a_project_that_was_given_too_is_not_pointed_to(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["ddtrace"]\n')
    (tmp_path / "requirements.txt").write_text("-e .[x]\n../other\nsentry-sdk\n")
    paths = [tmp_path / "requirements.txt", tmp_path / "pyproject.toml"]
    assert [one.text for one in read_project(paths, PAIR).unread] == ["../other"]
    assert [one.text for one in read_project(paths[:1], PAIR).unread] == [".[x]", "../other"]


def test_what_is_elsewhere_is_told_once(tmp_path: Path) -> None:
    text = "FROM x\nRUN uv sync --no-dev\nCOPY . .\nRUN uv sync\nRUN pip install -r a.txt\n"
    assert unread(read(tmp_path, "Dockerfile", text)) == [
        "2 elsewhere: uv.lock",
        "5 elsewhere: a.txt",
    ]
