"""Kills who watches it."""

import os
import signal
import time

from partner import Library


class Subject(Library):
    def work(self):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
