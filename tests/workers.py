"""Which tests one worker runs together, and what is started first, where several run side by side.

Used with ``--dist loadgroup``. Every test is on its own, except those that share something costly.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

REAL_RELEASES = "real releases"

TOGETHER = {
    "tests/e2e/test_gunicorn_flask.py": REAL_RELEASES,
    "tests/e2e/test_known_logs.py": REAL_RELEASES,
    "tests/e2e/test_known_pair.py": REAL_RELEASES,
    "tests/e2e/test_forks.py": REAL_RELEASES,
    "tests/packages/test_fates.py": "fates",
    "tests/packages/test_followed.py": "followed",
    "tests/e2e/test_wheel.py": "the wheel",
    "tests/e2e/test_nox.py": "nox",
}
"""Files whose tests share one campaign or one installation, and the name of their group.

Trials of real releases need a processor and have limits, so one such campaign runs at a time.
"""

FIRST = (*TOGETHER, "tests/e2e", "tests/packages", "tests/site", "tests/probes", "tests/isolation")
"""What is started first. The last tests to end should be short ones."""

BACKENDS = ("docker", "process")


def group(test: str) -> str:
    """The name of the tests that one worker runs together."""
    file, _, name = test.partition("::")
    if file not in TOGETHER:
        return test
    chosen = name.partition("[")[2].rstrip("]").split("-")
    return " ".join([TOGETHER[file], *(backend for backend in BACKENDS if backend in chosen)])


def place(test: str) -> int:
    """When a test is started: a lower number is earlier."""
    return next((n for n, start in enumerate(FIRST) if test.startswith(start)), len(FIRST))


class Together(LoadScopeScheduling):
    """Gives each worker the next group that nobody has yet."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False  # The order is that of the collection.
        super().schedule()
