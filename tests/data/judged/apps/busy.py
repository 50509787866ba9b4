"""Runs for ever: alive, if not kicking."""


def run(trial):
    trial.phase("serving")
    trial.expose(20)
    while True:
        pass
