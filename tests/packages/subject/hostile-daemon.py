"""Leaves a daemon behind: a session of its own, its parent gone, the output still in its hands."""

import os
import subprocess
import sys

from partner import Library

DAEMON = "import time; 'a daemon of hostile-daemon'; time.sleep(600)"


class Subject(Library):
    def stop(self):
        if os.fork() == 0:
            os.setsid()
            subprocess.Popen([sys.executable, "-c", DAEMON])
            os._exit(0)
        os.wait()
