"""Starts the watcher, then the probe's app, then ends the process in good order.

Run by the environment's Python as ``bootstrap.py``; what to do is in ``INTERLOCK_TRIAL``.
"""

from __future__ import annotations

import atexit
import json
import os
import sys


def main() -> None:
    spec = json.loads(os.environ.pop("INTERLOCK_TRIAL"))
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(here)
    sys.path[0] = root
    from harness import member
    from harness.trial import Trial

    member.join()
    fds = spec["fds"]
    for fd in fds.values():
        os.set_inheritable(fd, False)
    trial = Trial(spec, fds["events"], fds["replies"])

    app = spec["app"]
    # The app's own folder, then what the probes share, before anything that is installed.
    sys.path[:1] = [os.path.dirname(app), root]
    sys.argv = [app]
    # Registered first, so it runs last of all: behind it only the interpreter's own teardown.
    atexit.register(_last_word, trial)
    trial.phase("import")
    before = set(sys.modules)
    try:
        act(app, trial)
        if not trial.failed:
            # Exit handlers end what would still be here: the workers of a pool, for example.
            trial.look_around("the exit handlers")
    except SystemExit as error:
        if error.code and not trial.failed:
            trial.error(error)  # Now, so that it names the phase in which this happened.
        raise
    except BaseException as error:
        _report(trial, error, app, root, before)
        raise SystemExit(1) from None
    finally:
        if trial.current_phase != "shutdown":
            trial.phase("shutdown")


def _report(trial, error, app, root, before):
    """Report an error of the app. Before a library is imported, it is a mistake of ours."""
    from harness import mistakes

    is_early = trial.current_phase == "import"
    ours = mistakes.of_ours(error, app, root, before) if is_early else None
    if ours is None:
        trial.error(error)
    else:
        trial.failed = True
        trial.misuse(ours)


def _last_word(trial):
    if not trial.failed:
        trial.done()


def act(path, trial):
    """Load the app as a module called ``app``, and call its ``run``."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("app", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    spec.loader.exec_module(module)
    run = module.run
    run(trial)


if __name__ == "__main__":
    main()
