"""``interlock`` and ``python -m interlock``: no signal shows a traceback, not even the first."""

import sys


def main() -> int:
    """Run the command that was typed; its exit code."""
    # Before and after the command there is nothing to tidy up: Ctrl-C ends that in silence.
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return 130

    from interlock.console import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
