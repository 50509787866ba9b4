"""Reads what is not there."""

import ctypes


def run(trial):
    trial.phase("serving")
    trial.expose(20)
    ctypes.string_at(0)
