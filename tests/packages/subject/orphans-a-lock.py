"""Forks while a thread is inside of its lock, and waits for a child that wants it."""

import os
import threading

from partner import Library


class Subject(Library):
    def __init__(self, partner):
        super().__init__(partner)
        self._lock = threading.Lock()
        self._entered = threading.Event()
        self._forked = threading.Event()

    def work(self):
        holder = threading.Thread(target=self._hold)
        holder.start()
        self._entered.wait()
        child = os.fork()
        if child == 0:
            with self._lock:
                os._exit(0)
        self._forked.set()
        holder.join()
        os.waitpid(child, 0)
        return True

    def _hold(self):
        with self._lock:
            self._entered.set()
            self._forked.wait()
