"""Waits, inside of a lock, for an event that only somebody who waits for the lock would set."""

import threading


class A:
    def __init__(self):
        self.lock = threading.Lock()
        self.ready = threading.Event()


def run(trial):
    trial.phase("serving")
    trial.expose(20)
    a = A()

    def other():
        with a.lock:
            a.ready.set()

    thread = threading.Thread(target=other, daemon=True)
    with a.lock:
        thread.start()
        a.ready.wait()
