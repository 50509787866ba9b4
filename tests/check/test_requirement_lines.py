"""Lines of requirement files: what pip takes, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from dependency_files import found, read, said, unread

LINES = """
ddtrace                                          => 1: ddtrace
ddtrace==2.14.4                                  => 1: ddtrace ==2.14.4
  ddtrace == 2.14.4                              => 1: ddtrace ==2.14.4
ddtrace===2.14.4                                 => 1: ddtrace ==2.14.4
ddtrace==2.14.*                                  => 1: ddtrace ==2.14.*
ddtrace~=2.14.4                                  => 1: ddtrace ~=2.14.4
ddtrace>=2,<3                                    => 1: ddtrace <3,>=2
ddtrace (>=2)                                    => 1: ddtrace >=2
ddtrace==2.14.4,>=2                              => 1: ddtrace ==2.14.4
ddtrace==2.14.4,>=3                              => 1: ddtrace ==2.14.4,>=3
ddtrace==2.14.0rc1                               => 1: ddtrace ==2.14.0rc1
ddtrace==2.14.0+fork.1                           => 1: ddtrace ==2.14.0+fork.1
ddtrace==v2.14.4                                 => 1: ddtrace ==2.14.4
ddtrace!=2.14.4                                  => 1: ddtrace !=2.14.4
DDTrace==2.14.4                                  => 1: ddtrace ==2.14.4

sentry_sdk==2.1.0                                => 1: sentry-sdk ==2.1.0
Sentry.SDK==2.1.0                                => 1: sentry-sdk ==2.1.0
sentry--sdk==2.1.0                               => 1: sentry-sdk ==2.1.0
sentry-sdk[django,celery]==2.1.0                 => 1: sentry-sdk ==2.1.0
sentry-sdk [ django ] == 2.1.0                   => 1: sentry-sdk ==2.1.0

ddtrace==2.14.4#no comment                       => unread 1: ddtrace: it is not a requirement
ddtrace==2.14.4 #comment                         => 1: ddtrace ==2.14.4
ddtrace==2.14.4        # two  # of them          => 1: ddtrace ==2.14.4
ddtrace==2.14.4 # sentry-sdk==1.0                => 1: ddtrace ==2.14.4
    # ddtrace==2.14.4                            =>
# ddtrace==2.14.4                                =>
####################                             =>

ddtrace==2.14.4;python_version<"3.12"            => 1: ddtrace ==2.14.4 if python_version < "3.12"
ddtrace==2.14.4 ; python_version < "3.12"        => 1: ddtrace ==2.14.4 if python_version < "3.12"
ddtrace==2.14.4 --hash=sha256:00                 => 1: ddtrace ==2.14.4
ddtrace==2.14.4 --config-settings "a=b"          => 1: ddtrace ==2.14.4
ddtrace==2.14.4;python_version<"3" --hash=sha256:00 => 1: ddtrace ==2.14.4 if python_version < "3"

ddtrace @ https://x/ddtrace-2.0-py3-none-any.whl =>
    1: ddtrace ==2.0 from https://x/ddtrace-2.0-py3-none-any.whl
ddtrace@https://x/ddtrace-2.0.tar.gz     => 1: ddtrace ==2.0 from https://x/ddtrace-2.0.tar.gz
ddtrace @ https://x/archive/v2.0.zip     => 1: ddtrace from https://x/archive/v2.0.zip
ddtrace @ git+https://x/x.git@v2.0       => 1: ddtrace from git+https://x/x.git@v2.0
https://x/ddtrace-2.0-cp312-cp312-linux_x86_64.whl#sha256=00 =>
    1: ddtrace ==2.0 from https://x/ddtrace-2.0-cp312-cp312-linux_x86_64.whl#sha256=00
https://x/sentry_sdk-2.1.0%2Bfork-py3-none-any.whl =>
    1: sentry-sdk ==2.1.0+fork from https://x/sentry_sdk-2.1.0%2Bfork-py3-none-any.whl
https://x/celery-4.1.1.1-py2.py3-none-any.whl =>
git+https://x/x.git@v2.0#egg=ddtrace     => 1: ddtrace from git+https://x/x.git@v2.0#egg=ddtrace
git+https://x/x@1#egg=sentry_sdk[flask]&subdirectory=y =>
    1: sentry-sdk from git+https://x/x@1#egg=sentry_sdk[flask]&subdirectory=y
-e git+https://x/x.git#egg=ddtrace       => 1: ddtrace from git+https://x/x.git#egg=ddtrace
--editable=git+ssh://git@a.example/x#egg=ddtrace =>
    1: ddtrace from git+ssh://git@a.example/x#egg=ddtrace
./ddtrace-2.0.tar.gz[x]                           => 1: ddtrace ==2.0 from ./ddtrace-2.0.tar.gz[x]
./wheels/ddtrace-2.0-py3-none-any.whl =>
    1: ddtrace ==2.0 from ./wheels/ddtrace-2.0-py3-none-any.whl
ddtrace-2.0-py3-none-any.whl ; python_version < "3" =>
    1: ddtrace ==2.0 if python_version < "3" from ddtrace-2.0-py3-none-any.whl
C:\\wheels\\ddtrace-2.0.tar.gz => 1: ddtrace ==2.0 from C:\\wheels\\ddtrace-2.0.tar.gz
git+https://x/dd-trace-py.git@v2.0       => unread 1 elsewhere: git+https://x/dd-trace-py.git@v2.0
-e .                                             => unread 1 elsewhere: .
.[all]                                           => unread 1 elsewhere: .[all]
../lib                                           => unread 1 elsewhere: ../lib
libs/thing                                       => unread 1 elsewhere: libs/thing

datadog==0.49.1                                  =>
dd-trace==1                                      =>
ddtrace-api==1                                   =>
sentry==24.1                                     =>
raven-sentry-sdk==1                              =>
opentelemetry-instrumentation-ddtrace==1         =>
pytz==2004d                                      =>
thing @ https://x/ddtrace-2.0-py3-none-any.whl =>

--no-binary ddtrace                              =>
--no-binary=ddtrace                              =>
--index-url https://x/ddtrace/simple     =>
-i https://x/simple                      =>
--find-links ./ddtrace                           =>
--pre                                            =>

ddtrace==2.14.x                                  => unread 1: ddtrace: it is not a requirement
ddtrace==                                        => unread 1: ddtrace: it is not a requirement
ddtrace=2.14                                     => unread 1: ddtrace: it is not a requirement
ddtrace 2.14                                     => unread 1: ddtrace: it is not a requirement
ddtrace~=2                                       => unread 1: ddtrace: it is not a requirement
ddtrace>=2<3                                     => unread 1: ddtrace: it is not a requirement
ddtrace===latest =>
    unread 1: ddtrace: "latest" is not a version
ddtrace==2.14.4 sentry-sdk==2.1.0 =>
    unread 1: ddtrace: it is not a requirement; 1: sentry-sdk: it is not a requirement
ddtrace==${DDTRACE} =>
    unread 1: ddtrace: its value stands in a variable
${PACKAGES}                                      => unread 1 elsewhere: ${PACKAGES}
ddtrace==2.14.4; python_version > 3              => unread 1: ddtrace: it is not a requirement
- ddtrace==2.14.4 =>
    unread 1: ?: it is neither a requirement nor an option of pip
ddtrace = "^2.0"                                 => unread 1: ddtrace: it is not a requirement
<<<<<<< HEAD                                     => unread 1: ?: it is not a requirement
This is a text                                   => unread 1: ?: it is not a requirement
-r https://x/more.txt                    => unread 1 elsewhere: -r https://x/more.txt
-r ${MORE}.txt                                   => unread 1 elsewhere: -r ${MORE}.txt
"""


@pytest.mark.parametrize(
    "row", [row for row in LINES.replace("=>\n    ", "=> ").splitlines() if row]
)
def test_a_line_is_read_as_pip_reads_it(row: str, tmp_path: Path) -> None:
    line, _, wanted = row.partition("=>")
    file = read(tmp_path, "requirements.txt", line.rstrip() + "\n")
    told = found(file) or [f"unread {'; '.join(unread(file))}" if file.unread else ""]
    assert told == [wanted.strip()]


FILES = {
    "a continuation in the middle": (
        "a==1\nddtrace\\\n  ==2.0\\\n  --hash=x\nb",
        "2: ddtrace ==2.0",
    ),
    "a continuation at the end": ("ddtrace==2.0 \\", "1: ddtrace ==2.0"),
    "a comment ends a continuation": ("a==1 \\\n# no\nddtrace==2.0", "3: ddtrace ==2.0"),
    "a comment goes on with no line": ("# a \\\nddtrace==2.0", "2: ddtrace ==2.0"),
    "old Mac's line ends": ("a==1\rddtrace==2.0\r", "2: ddtrace ==2.0"),
    "Windows' line ends": ("a==1 \\\r\n  --hash=x\r\nddtrace==2.0\t \r\n", "3: ddtrace ==2.0"),
    "a mark of UTF-8": ("\ufeffddtrace==2.0\n", "1: ddtrace ==2.0"),
    "a tab before a comment": ("ddtrace==2.0\t# x", "1: ddtrace ==2.0"),
    "no line end": ("\n\n\nddtrace==2.0", "4: ddtrace ==2.0"),
}


@pytest.mark.parametrize("name", FILES)
def test_lines_are_joined_and_counted(name: str, tmp_path: Path) -> None:
    text, wanted = FILES[name]
    assert found(read(tmp_path, "requirements.txt", text)) == [wanted]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-8-sig"])
def test_an_encoding_with_a_mark_is_read(encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file = read(tmp_path, "requirements.txt", f"{mark}ddtrace==2.0 # ü\n".encode(encoding))
    assert found(file) == ["1: ddtrace ==2.0"]


def test_a_declared_encoding_is_read(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nddtrace==2.0 # ü\n".encode("latin-1")
    assert found(read(tmp_path, "requirements.txt", text)) == ["2: ddtrace ==2.0"]


VIA = {
    "# via foo": "transitive foo",
    "# via foo, bar-baz": "transitive foo bar-baz",
    "# via -r base.in": "direct",
    "# via -r base.in, foo": "direct foo",
    "# via\n    #   -r base.in\n    #   foo_bar": "direct foo-bar",
    "# via app (pyproject.toml)": "direct",
    "# via app (pyproject.toml), foo": "direct foo",
    "# via app (setup.py)": "direct",
    "# via -c constraints.txt": "unknown",
    "# via\n    #   -c constraints.txt\n    #   foo": "transitive foo",
    "# via foo[bar]": "transitive foo",
    "# pinned by hand": "unknown",
    "": "unknown",
    "\n# via foo": "unknown",
}


@pytest.mark.parametrize("comment", VIA)
def test_the_comment_of_pip_compile_tells_who_needs_it(comment: str, tmp_path: Path) -> None:
    head = "#\n# This file is autogenerated by pip-compile with Python 3.11\n#\n"
    file = read(tmp_path, "requirements.txt", f"{head}ddtrace==2.0\n    {comment}\nfoo==1\n")
    (mention,) = file.mentions
    word = {True: "direct", False: "transitive", None: "unknown"}[mention.is_direct]
    assert " ".join([word, *mention.needed_by]) == VIA[comment]
    assert mention.is_locked
    assert str(file.python) == "==3.11.*"


def test_the_project_that_uv_exports_is_no_package(tmp_path: Path) -> None:
    text = (
        "# This file was autogenerated by uv via the following command:\n"
        "#    uv export --frozen -o requirements.txt --python 3.13\n"
        "-e .\n"
        "ddtrace==2.0\n    # via app\n"
        "sentry-sdk==2.1.0\n    # via\n    #   app\n    #   thing\n"
        "thing==1\n    # via app\n"
    )
    file = read(tmp_path, "requirements.txt", text)
    assert [(one.is_direct, one.needed_by) for one in file.mentions] == [
        (True, ()),
        (True, ("thing",)),
    ]
    assert str(file.python) == "==3.13.*"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a==1\nddtrace==2.0\nzope==3\n", "locked unknown"),
        ("zope==3\nddtrace==2.0\n", "asked direct"),
        ("a>=1\nddtrace==2.0\n", "asked direct"),
        ("zope==3\n    # via plugin\nddtrace==2.0\n    # via zope\n", "locked transitive"),
        ("# web\na==1\nddtrace==2.0 # traces\n", "asked direct"),
        ("a==1 ; python_version >= '3.8' --hash=x\nddtrace==2.0 --hash=x\n", "locked unknown"),
    ],
)
def test_a_frozen_list_does_not_tell_what_is_direct(text: str, wanted: str, tmp_path: Path) -> None:
    (mention,) = read(tmp_path, "requirements.txt", text).mentions
    direct = {True: "direct", False: "transitive", None: "unknown"}[mention.is_direct]
    assert f"{'locked' if mention.is_locked else 'asked'} {direct}" == wanted


def test_files_that_refer_to_others_are_one(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "web.txt").write_text("-r../more.txt\nsentry_sdk>=2\n")
    (tmp_path / "more.txt").write_text("a\nddtrace~=2.1\n")
    (tmp_path / "limits.txt").write_text("sentry-sdk==2.1.0\n")
    text = '--requirement="base/web.txt"\n-r more.txt\n-c limits.txt\n'
    file = read(tmp_path, "requirements.txt", text)
    assert [(said(one), one.file, one.is_constraint) for one in file.mentions] == [
        ("2: ddtrace ~=2.1", tmp_path / "more.txt", False),
        ("2: sentry-sdk >=2", tmp_path / "base" / "web.txt", False),
        ("1: sentry-sdk ==2.1.0", tmp_path / "limits.txt", True),
    ]
    assert file.unread == ()


def test_a_circle_and_a_missing_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("ddtrace==2.0\n-r requirements.txt\n")
    file = read(tmp_path, "requirements.txt", "\n-r b.txt\n-r gone.txt\n-r .\n")
    assert found(file) == ["1: ddtrace ==2.0"]
    assert [(one.file.name, one.line) for one in file.unread] == [
        ("b.txt", 2),
        ("requirements.txt", 3),
        ("requirements.txt", 4),
    ]
    circle, missing, folder = [one.why for one in file.unread]
    assert "circle" in circle
    assert missing == f"{tmp_path / 'gone.txt'}: there is no such file; check the path"
    assert folder.endswith("this is a folder, not a file")


def test_a_long_chain_of_files_ends(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    file = read(tmp_path, "requirements.txt", "-r 0.txt\n")
    assert ["in a row" in one.why for one in file.unread] == [True]


def test_a_text_is_told_by_its_first_lines(tmp_path: Path) -> None:
    text = "ddtrace==2.0\n" + "This is a text\n" * 40 + "ddtrace is in it\n"
    file = read(tmp_path, "requirements.txt", text)
    assert found(file) == ["1: ddtrace ==2.0"]
    assert [one.line for one in file.unread] == [2, 3, 4, 5, 6, 42, 7]
    assert "the 35 like it" in file.unread[-1].why


def test_a_constraints_file_only_limits(tmp_path: Path) -> None:
    (mention,) = read(tmp_path, "constraints-3.11.txt", "ddtrace==2.0\n").mentions
    assert mention.is_constraint and not mention.is_locked
