"""Leaves twenty children behind, who do not go when they are told to."""

import os
import signal
import time

from partner import Library


class Subject(Library):
    def stop(self):
        for _ in range(20):
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(600)
