"""``interlock`` and ``python -m interlock``: no signal shows a traceback, not even the first."""

import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Python's own number is 700.

A command reads tens of thousands of objects that it keeps. Looking through them again and again
took a sixth of its start.
"""


def main() -> int:
    """Run the command that was typed; its exit code."""
    # Before and after the command there is nothing to tidy up: Ctrl-C ends that in silence.
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return 130

    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from interlock.console import main as run

    code = run()
    # Python looks through all objects once more at its end. Nothing needs that.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
