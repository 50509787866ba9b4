"""Programs that end by themselves after 2 s: they get at a lock, or at a wait, by a detour.

``BY_NAME``: the lock is found by its name in a text. ``INTERRUPTED``: a thread sends a signal.
``PASSED_ON``: the lock reaches who releases it through other variables, or another class.
``ALL_OF_IT``: everything in a namespace or on the heap is released. ``DELETED``: a lock is released
when an object is deleted.
"""

from __future__ import annotations

_LATER = """
def later():
    time.sleep(2)
    {release}
def play():
    box.lock = threading.Lock()
    start(later)
    with box.lock: box.lock.acquire()
"""

BY_NAME = {
    release: _LATER.replace("{release}", release)
    for release in (
        'getattr(box, "lock").release()',
        'vars(box)["lock"].release()',
        'box.__dict__["lock"].release()',
        'getattr(vars(box)["lo" + "ck"], "rel" + "ease")()',
        'globals()["box"].__dict__["lock"].release()',
        'eval("box.lock.release()")',
        'exec("it = box.lock; it.release()")',
        '__import__("operator").attrgetter("lock.release")(box)()',
        'held = vars(box)["lock"]; held.release()',
    )
}

ALL_OF_IT = {
    release: _LATER.replace("{release}", release)
    for release in (
        "for lock in vars(box).values(): lock.release()",
        "for _, lock in box.__dict__.items(): lock.release()",
        "[it.release() for it in map(box.__getattribute__, dir(box)) if hasattr(it, 'release')]",
        "[it.lock.release() for it in gc.get_objects() if type(it) is Box]",
        "[it.release() for it in gc.get_objects() if type(it) is type(box.lock) and it.locked()]",
        "[it.release() for _, it in inspect.getmembers(box) if hasattr(it, 'release')]",
    )
}

PASSED_ON = {
    release: _LATER.replace("{release}", release)
    for release in (
        "one = other = box.lock; third = other; third.release()",
        "(box.lock if box.lock else None).release()",
        "held = box.lock or None; held.release()",
        "held = None if not box else box.lock; held.release()",
        "print(box.lock and box.lock); [each.release() for each in (box.lock or None,)]",
    )
}
PASSED_ON["a creator that runs"] = """
    class Slow:
        def __init__(self, of):
            time.sleep(2)
            give_back(of.lock)
    def give_back(it): it.release()
    def play():
        box.lock = threading.Lock()
        start(Slow, box)
        with box.lock: box.lock.acquire()
    """
PASSED_ON["a metaclass"] = """
    class Meta(type):
        def give_back(cls): cls.lock.release()
    class Holder(metaclass=Meta):
        lock = threading.Lock()
    def play():
        threading.Timer(2, Holder.give_back).start()
        with Holder.lock: Holder.lock.acquire()
    """
PASSED_ON["a generator that is suspended"] = """
    def give_back():
        held = yield
        yield
        held.release()
        yield
    def play():
        lock, generator = threading.Lock(), give_back()
        next(generator)
        generator.send(lock)
        threading.Timer(2, next, [generator]).start()
        with lock: lock.acquire()
    """

_INTERRUPTED = """
import _thread, subprocess
box.me = os.getpid()
def tell(): os.kill(os.getpid(), signal.SIGUSR2)
def give_up(*_): raise RuntimeError("it took too long")
def play():
    signal.signal(signal.SIGALRM, give_up)
    one, two, met = threading.RLock(), threading.RLock(), threading.Barrier(2)
    signal.signal(signal.SIGUSR2, give_up)
    signal.signal(signal.SIGINT, give_up)
    def other():
        with one:
            met.wait()
            with two: pass
    def later(main):
        time.sleep(2)
        {interrupt}
    start(other)
    start(later, threading.get_ident())
    with two:
        met.wait()
        with one: pass
"""

INTERRUPTED = {
    interrupt: _INTERRUPTED.replace("{interrupt}", interrupt)
    for interrupt in (
        "os.kill(os.getpid(), signal.SIGUSR2)",
        "os.kill(os.getpid(), signal.SIGINT)",
        "signal.pthread_kill(main, signal.SIGUSR2)",
        "os.kill(box.me, signal.SIGUSR2)",
        "os.killpg(os.getpgrp(), signal.SIGUSR2)",
        "tell()",
        "signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(1)",
        "subprocess.run(['sh', '-c', 'kill -USR2 $PPID'])",
    )
}

_SENT = """
def raises(): raise RuntimeError("it took too long")
def give_up(*_): raises()
def play():
    signal.signal(signal.SIGUSR2, give_up)
    box.lock = threading.Lock()
    with box.lock:
        {send}
        with box.lock: pass
def fork_and_send():
    me = os.getpid()
    if os.fork() == 0:
        time.sleep(2)
        os.kill(me, signal.SIGUSR2)
        os._exit(0)
"""
_KILL = '"sh", "-c", "sleep 2; kill -USR2 $PPID"'
SENT = {
    name: _SENT.replace("{send}", send)
    for name, send in (
        ("by a program", f'os.spawnlp(os.P_NOWAIT, "sh", {_KILL})'),
        (
            "by a program of its own session",
            f'os.spawnlp(os.P_NOWAIT, "setsid", "setsid", {_KILL})',
        ),
        ("by a fork", "fork_and_send()"),
    )
}

_DELETED = """
def later():
    it = Holder(box.lock)
    time.sleep(2)
def play():
    box.lock = threading.Lock()
    start(later)
    with box.lock: box.lock.acquire()
class Holder:
    def __init__(self, lock): self.mine = lock
    def close(self): self.mine.release()
    {end}
"""
DELETED = {
    end: _DELETED.replace("{end}", end)
    for end in (
        "def __del__(self): self.mine.release()",
        "def __del__(self): self.close()",
        "def __del__(self): self.mine.__exit__(None, None, None)",
        "def __del__(self): [it.release() for it in vars(self).values()]",
        "__del__ = lambda self: self.mine.release()",
    )
}
