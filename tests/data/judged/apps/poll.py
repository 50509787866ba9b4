"""Waits for something by asking for it ten times a second."""

import time


def run(trial):
    trial.phase("serving")
    trial.expose(20)
    while True:
        time.sleep(0.1)
