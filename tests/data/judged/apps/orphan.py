"""A child waits for what a thread of its parent held when it was forked."""

import os
import threading


class Worker:
    def __init__(self):
        self._lock = threading.Lock()
        self.entered = threading.Event()
        self.forked = threading.Event()

    def work(self):
        with self._lock:
            self.entered.set()
            self.forked.wait()

    def submit(self):
        with self._lock:
            pass


def run(trial):
    trial.phase("serving")
    worker = Worker()
    thread = threading.Thread(target=worker.work, name="worker")
    thread.start()
    worker.entered.wait()
    child = os.fork()
    if child == 0:
        worker.submit()
        os._exit(0)
    worker.forked.set()
    thread.join()
    os.waitpid(child, 0)
