"""What uv says when it can't install: the packages' fault, or trouble of our own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from languages import PROBE
from packaging.version import Version

from interlock.evidence import classification
from interlock.isolation.install_failures import InstallFailed, disk_full, read_failure
from interlock.isolation.sandbox import installer
from interlock.model import Fail, IndexUnreachable, TroubleError

# What uv says ------------------------------------------------------------------------------------
# Recorded from uv 0.13.9. `uv pip compile - --generate-hashes` got a requirement that can't be met,
# an index name that does not resolve, and servers that answer with that status. `uv pip install`
# got a project with a setup.py that prints what a broken network would.

UNSATISFIABLE = """\
error: No solution found when resolving dependencies
  cause: Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require flask==3.0.0, we can \
conclude that you require werkzeug>=3.0.0.
         And because you require werkzeug==1.0, we can conclude that your requirements are \
unsatisfiable.
"""
OF_A_TIMEOUT = """\
error: No solution found when resolving dependencies
  cause: Because redis==4.5.5 depends on async-timeout{python_full_version <= '3.11.2'}>=4.0.2 and \
you require redis==4.5.5, we can conclude that you require async-timeout>=4.0.2.
         And because you require async-timeout==3.0, we can conclude that your requirements are \
unsatisfiable.
"""
NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because ddtrace==2.14.2 has no usable wheels and you require ddtrace==2.14.2, we can \
conclude that your requirements are unsatisfiable.
"""
NO_NAME = """\
error: Request failed after 1 retry in 1.2s
  cause: Failed to fetch: https://nope.invalid/simple/flask/
  cause: error sending request for url (https://nope.invalid/simple/flask/)
  cause: client error (Connect)
  cause: dns error
  cause: error resolving DNS
  cause: failed to lookup address information: Name or service not known
"""
SERVER_ERROR = """\
error: Request failed after 1 retry in 2.0s
  cause: Failed to fetch: http://127.0.0.1:8765/503/simple/flask/
  cause: HTTP status server error (503 Service Unavailable) for url (http://127.0.0.1:8765/503/)
"""
UNAUTHORIZED = """\
error: No solution found when resolving dependencies
  cause: Because flask was not found in the package registry and you require flask, we can \
conclude that your requirements are unsatisfiable.

hint: An index URL (http://127.0.0.1:8765/401/simple) could not be queried due to a lack of valid \
authentication credentials (401 Unauthorized)
"""
BROKEN_BUILD = """\
Resolved 1 package in 1ms
   Building bad @ file:///bad
error: Failed to build `bad @ file:///bad`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta.get_requires_for_build_wheel` failed (exit status: 1)

         [stderr]
         error sending request for url

hint: Build failures usually indicate a problem with the package or the build environment
"""
FULL_DISK = """\
error: Failed to install: flask-3.1.3-py3-none-any.whl (flask==3.1.3)
  cause: failed to copy file from /cache/a to /environments/a
  cause: No space left on device (os error 28)
"""


@pytest.mark.parametrize(
    ("stage", "said", "means"),
    [
        ("resolve", UNSATISFIABLE, "resolve"),
        ("resolve", OF_A_TIMEOUT, "resolve"),
        ("resolve", NO_WHEEL, "resolve"),
        ("resolve", BROKEN_BUILD, "build"),
        ("install", BROKEN_BUILD, "build"),
    ],
)
def test_what_is_the_packages_fault_is_a_failure(stage: str, said: str, means: str) -> None:
    failed = read_failure(stage, said, index="an index")
    assert (failed.stage, failed.output) == (means, said)


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (
            UNSATISFIABLE,
            "resolve: No solution found when resolving dependencies: Because flask==3.0.0 depends "
            "on werkzeug>=3.0.0 and you require flask==3.0.0, we can conclude that you require "
            "werkzeug>=3.0.0. And because you require werkzeug==1.0, we can conclude that your "
            "requirements are unsatisfiable",
        ),
        (
            BROKEN_BUILD,
            "build: Failed to build `bad @ file:///bad`: The build backend returned an error: Call "
            "to `setuptools.build_meta.get_requires_for_build_wheel` failed (exit status: 1) "
            "[stderr] error sending request for url",
        ),
        ("gcc: not found", "resolve: gcc: not found"),
    ],
)
def test_a_failure_is_told_in_one_line_without_progress_and_hints(said: str, reads: str) -> None:
    stage = reads.partition(":")[0]
    failed = InstallFailed(stage=stage, output=said)
    finding = classification.classify([failed.event(1.0)], PROBE)
    assert isinstance(finding, Fail)
    assert finding.detail == reads


@pytest.mark.parametrize("said", [NO_NAME, SERVER_ERROR, UNAUTHORIZED])
def test_an_index_that_does_not_answer_is_no_failure(said: str) -> None:
    with pytest.raises(IndexUnreachable, match="an index"):
        read_failure("resolve", said, index="an index")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (NO_NAME, "Name or service not known"),
        (SERVER_ERROR, "503 Service Unavailable"),
        (UNAUTHORIZED, "401 Unauthorized"),
    ],
)
def test_the_first_cause_is_what_is_told(said: str, reason: str) -> None:
    with pytest.raises(IndexUnreachable, match=reason):
        read_failure("resolve", said, index="an index")


def test_the_words_of_a_full_disk_are_known() -> None:
    assert "nox -s clean" in str(disk_full(FULL_DISK))
    assert disk_full(UNSATISFIABLE) is None


def test_a_build_that_speaks_of_a_full_disk_is_not_believed() -> None:
    said = BROKEN_BUILD + "OSError: No space left on device"
    assert read_failure("install", said, index="an index").stage == "build"


# What uv really says: tests/data/uv, made by its record.py ---------------------------------------

RECORDED = Path(__file__).parents[1] / "data" / "uv"
OF_THE_PACKAGES = {
    "package-needs-newer": "resolve",
    "package-needs-unknown": "resolve",
    "package-no-version": "resolve",
    "package-only-binary": "resolve",
    "package-other-tag": "resolve",
    "package-unknown": "resolve",
    "package-unsatisfiable": "resolve",
    # A missing page means that nobody published it, if a second look agrees.
    "page-404": "resolve",
    "build-exits-install": "build",
    "build-exits-resolve": "build",
    "build-raises-install": "build",
    "build-raises-resolve": "build",
    "build-wrong-name-install": "build",
    "build-wrong-name-resolve": "build",
    "build-needs-unknown-install": "build",
    "build-needs-unknown-resolve": "build",
}
LOOKED_AT_AGAIN = {
    "package-needs-unknown",
    "package-no-version",
    "package-unknown",
    "page-404",
    "page-empty",
    "page-loop",
    "page-no-links",
    "page-portal",
    "build-needs-unknown-install",
    "build-needs-unknown-resolve",
}
"""uv's words alone could come from an index that misbehaves."""
CASES = sorted(path.stem for path in RECORDED.glob("*.txt"))


def recorded(case: str) -> tuple[str, str]:
    stage, _, said = (RECORDED / f"{case}.txt").read_text(encoding="utf-8").partition("\n")
    return stage, said


def nothing(package: str) -> Collection[Version]:
    return ()


def the_pages(package: str) -> Collection[Version]:
    """What the index lists when it behaves."""
    return [Version(v) for v in {"left": ("1.0",), "right": ("1.0",)}.get(package, ())]


@pytest.mark.parametrize("case", OF_THE_PACKAGES)
def test_no_candidate_and_a_build_that_fails_are_failures(case: str) -> None:
    stage, said = recorded(case)
    listed = nothing if case in ("page-404", "package-unknown") else the_pages
    failed = read_failure(stage, said, index="an index", listed=listed)
    assert failed.stage == OF_THE_PACKAGES[case]


@pytest.mark.parametrize("case", [case for case in CASES if case not in OF_THE_PACKAGES])
def test_everything_else_is_trouble_of_ours(case: str) -> None:
    stage, said = recorded(case)
    with pytest.raises(TroubleError, match="an index"):
        read_failure(stage, said, index="an index", listed=the_pages)


@pytest.mark.parametrize("case", sorted(LOOKED_AT_AGAIN))
def test_what_only_a_second_look_can_tell_is_trouble_without_one(case: str) -> None:
    stage, said = recorded(case)
    with pytest.raises(IndexUnreachable, match="try again later"):
        read_failure(stage, said, index="an index")


def test_a_second_look_that_fails_is_trouble() -> None:
    def unreachable(package: str) -> Collection[Version]:
        raise IndexUnreachable(f"no answer about {package}")

    stage, said = recorded("package-needs-unknown")
    with pytest.raises(IndexUnreachable, match="no answer about absent"):
        read_failure(stage, said, index="an index", listed=unreachable)


@pytest.mark.parametrize(
    ("reason", "is_the_packages"),
    [
        ("left==1.0 has no usable wheels", True),
        ("left==1.0 has no wheels with a matching Python ABI tag (e.g., `cp311`)", True),
        ("left==1.0 has no `manylinux`-compatible wheels", True),
        ("left==1.0 was yanked (reason: it was not found in the fridge)", True),
        ("only left<=1.0 is available", True),
        ("left==1.0 and right==1.0 are incompatible", True),
        ("the current Python version (3.8.18) does not satisfy Python>=3.9", True),
        ("left==1.0 has an invalid package format", False),
        ("left==1.0 has invalid metadata", False),
        ("left==1.0 has inconsistent metadata", False),
        ("left was not found in the cache", False),
        ("left is something that no uv has said before", False),
    ],
)
def test_a_reason_counts_only_where_it_is_known(reason: str, is_the_packages: bool) -> None:
    said = (
        "error: No solution found when resolving dependencies\n"
        f"  cause: Because {reason} and you require left==1.0, we can conclude that your "
        "requirements are unsatisfiable.\n"
    )
    if is_the_packages:
        assert read_failure("resolve", said, index="an index").stage == "resolve"
    else:
        with pytest.raises(IndexUnreachable, match="an index"):
            read_failure("resolve", said, index="an index")


def test_reasons_that_were_cut_may_hide_the_one_that_counts() -> None:
    cause = "Because left>1 depends on right and right>1 depends on left and " * 200
    said = f"error: No solution found when resolving dependencies\n  cause: {cause}"
    with pytest.raises(TroubleError, match="too long"):
        read_failure("resolve", installer.cut(said), index="an index")


def test_a_backend_that_was_killed_may_have_had_no_memory_left() -> None:
    stage, said = recorded("build-killed-install")
    assert "SIGKILL" in said
    crashed = said.replace("9 (SIGKILL)", "11 (SIGSEGV)")
    assert read_failure(stage, crashed, index="an index").stage == "build"
    with pytest.raises(TroubleError, match="SIGKILL"):
        read_failure(stage, said, index="an index")
