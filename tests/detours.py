"""Programs that end by themselves after 2 s: they get at a lock, or at a wait, by a detour.

``BY_NAME``: the lock is found by its name in a text. ``INTERRUPTED``: a thread sends a signal.
``PASSED_ON``: the lock reaches who releases it through other variables, or another class.
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
import _thread
def give_up(*_): raise RuntimeError("it took too long")
def play():
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
    )
}
