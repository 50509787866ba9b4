"""The app waits for a child that waits for what nobody will do."""

import os
import threading


def run(trial):
    trial.phase("serving")
    child = os.fork()
    if child == 0:
        threading.Event().wait()
    os.waitpid(child, 0)
