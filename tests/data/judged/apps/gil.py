"""Deadlocks in native code with the GIL held, while another thread asks for the GIL."""

import ctypes
import threading
import time


def run(trial):
    trial.phase("serving")
    trial.expose(20)
    threading.Thread(target=lambda: [time.sleep(0.01) for _ in iter(int, 1)], daemon=True).start()
    time.sleep(0.1)
    libc = ctypes.PyDLL(None)
    mutex = ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
