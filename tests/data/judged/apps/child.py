"""A child reads where nothing is."""

import ctypes
import os


def run(trial):
    trial.phase("serving")
    child = os.fork()
    if child == 0:
        ctypes.string_at(0)
    _, status = os.waitpid(child, 0)
    trial.child_ended(child, status)
