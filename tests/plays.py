"""Programs that end by themselves after 2 s, and look like a deadlock until then.

``REBOUND``: a name stands for another lock by now. ``RELEASED``: something else releases the lock.
"""

from __future__ import annotations

HEAD = """
import contextlib, functools, gc, inspect, os, signal, threading, time, weakref
class Box: pass
box = Box()
def start(target, *args, **named):
    threading.Thread(target=target, args=args, kwargs=named, daemon=True).start()
    time.sleep(0.05)
"""

REBOUND = {
    "an attribute in the body": """
        def hold():
            box.second = threading.Lock()
            with box.second: time.sleep(2)
        def play():
            start(hold)
            box.lock = threading.Lock()
            with box.lock:
                box.lock = box.second
                with box.lock: pass
        """,
    "an attribute by another function": """
        def swap():
            box.lock = threading.Lock()
            box.lock.acquire()
            threading.Timer(2, box.lock.release).start()
        def play():
            box.lock = threading.Lock()
            with box.lock:
                swap()
                with box.lock: pass
        """,
    "an attribute by another thread": """
        def swap():
            lock = threading.Lock()
            lock.acquire()
            box.lock = lock
            time.sleep(2)
            lock.release()
        def play():
            box.lock = threading.Lock()
            with box.lock:
                start(swap)
                with box.lock: pass
        """,
    "a local variable": """
        def play():
            lock = threading.Lock()
            with lock:
                lock = threading.Lock()
                lock.acquire()
                threading.Timer(2, lock.release).start()
                lock.acquire()
        """,
    "a global variable": """
        lock = threading.Lock()
        def swap():
            global lock
            lock = threading.Lock()
            lock.acquire()
            start(later, lock)
        def later(taken):
            time.sleep(2)
            taken.release()
        def play():
            with lock:
                swap()
                lock.acquire()
        """,
    "a variable of an outer function": """
        def play():
            lock = threading.Lock()
            def swap():
                nonlocal lock
                lock = threading.Lock()
                lock.acquire()
                threading.Timer(2, lock.release).start()
            with lock:
                swap()
                lock.acquire()
        """,
    "the object that has the lock": """
        def swap():
            box.inner = Box()
            box.inner.lock = threading.Lock()
            box.inner.lock.acquire()
            threading.Timer(2, box.inner.lock.release).start()
        def play():
            box.inner = Box()
            box.inner.lock = threading.Lock()
            with box.inner.lock:
                swap()
                with box.inner.lock: pass
        """,
    "the second item of a with": """
        def swap():
            box.lock = threading.Lock()
            box.lock.acquire()
            threading.Timer(2, box.lock.release).start()
        def play():
            box.lock = threading.Lock()
            with threading.Lock(), box.lock:
                swap()
                with box.lock: pass
        """,
    "a name that a finally releases": """
        def play():
            box.lock = threading.Lock()
            old = box.lock
            box.lock.acquire()
            try:
                swap()
                box.lock.acquire()
            finally:
                box.lock.release()
        def swap():
            box.lock = threading.Lock()
            box.lock.acquire()
            threading.Timer(2, box.lock.release).start()
        """,
    "a condition made of a plain lock": """
        def swap():
            box.ready = threading.Condition(threading.Lock())
            box.ready.acquire()
            threading.Timer(2, box.ready.release).start()
        def play():
            box.ready = threading.Condition(threading.Lock())
            with box.ready:
                swap()
                with box.ready: pass
        """,
}

RELEASED = {
    "by another thread": """
        def later():
            time.sleep(2)
            box.lock.release()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a function that another thread calls later": """
        def give_back():
            box.lock.release()
        def later():
            time.sleep(2)
            give_back()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a thread that was handed the lock": """
        def later(it):
            time.sleep(2)
            it.release()
        def play():
            lock = threading.Lock()
            start(later, lock)
            with lock:
                lock.acquire()
        """,
    "by a thread that was handed its release": """
        def later(give_back):
            time.sleep(2)
            give_back()
        def play():
            lock = threading.Lock()
            start(later, lock.release)
            with lock:
                lock.acquire()
        """,
    "by a timer": """
        def play():
            box.lock = threading.Lock()
            threading.Timer(2, box.lock.release).start()
            with box.lock:
                box.lock.acquire()
        """,
    "by a partial in a timer": """
        def give_back(lock): lock.release()
        def play():
            lock = threading.Lock()
            threading.Timer(2, functools.partial(give_back, lock)).start()
            with lock:
                lock.acquire()
        """,
    "by a lambda in a timer": """
        def play():
            lock = threading.Lock()
            threading.Timer(2, lambda: lock.release()).start()
            with lock:
                lock.acquire()
        """,
    "by a nested function": """
        def play():
            lock = threading.Lock()
            def later():
                time.sleep(2)
                lock.release()
            start(later)
            with lock:
                lock.acquire()
        """,
    "by a signal's handler": """
        def play():
            box.lock = threading.Lock()
            def give_back(*_): box.lock.release()
            signal.signal(signal.SIGALRM, give_back)
            signal.setitimer(signal.ITIMER_REAL, 2)
            with box.lock:
                box.lock.acquire()
        """,
    "by a timer's handler that raises": """
        def play():
            box.lock = threading.RLock()
            def give_up(*_): raise RuntimeError("it took too long")
            def other():
                with box.lock:
                    box.met.wait()
                    with box.second: pass
            box.second, box.met = threading.RLock(), threading.Barrier(2)
            signal.signal(signal.SIGALRM, give_up)
            signal.setitimer(signal.ITIMER_REAL, 2)
            start(other)
            with box.second:
                box.met.wait()
                with box.lock: pass
        """,
    "by a method of its wrapper": """
        class Wrapper:
            def __init__(self): self._lock = threading.Lock()
            def acquire(self): return self._lock.acquire()
            def release(self): self._lock.release()
            def __enter__(self): return self.acquire()
            def __exit__(self, *why): self.release()
            def hand_over(self): self.release()
        def later():
            time.sleep(2)
            box.lock.hand_over()
        def play():
            box.lock = Wrapper()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a class that has it": """
        class Holder: lock = threading.Lock()
        def later():
            time.sleep(2)
            Holder.lock.release()
        def play():
            start(later)
            with Holder.lock:
                Holder.lock.acquire()
        """,
    "out of a list": """
        locks = [threading.Lock(), threading.Lock()]
        def later():
            time.sleep(2)
            for lock in locks:
                if lock.locked(): lock.release()
        def play():
            start(later)
            lock = locks[0]
            with lock:
                lock.acquire()
        """,
    "under another name": """
        def later():
            time.sleep(2)
            held = box.lock
            held.release()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a function that takes it as an argument": """
        def give_back(lock): lock.release()
        def later():
            time.sleep(2)
            give_back(box.lock)
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a slot's owner": """
        class Slotted:
            __slots__ = ("lock",)
            def give_back(self):
                time.sleep(2)
                self.lock.release()
        def play():
            slotted = Slotted()
            slotted.lock = threading.Lock()
            start(slotted.give_back)
            with slotted.lock:
                slotted.lock.acquire()
        """,
    "by the end of an exit stack": """
        def later(stack):
            time.sleep(2)
            stack.close()
        def play():
            lock = threading.Lock()
            stack = contextlib.ExitStack()
            start(later, stack)
            try:
                stack.enter_context(lock)
                lock.acquire()
            finally:
                lock.release()
        """,
    "by a private method of its wrapper": """
        class Lease:
            def __init__(self): self._lock = threading.Lock()
            def acquire(self): return self._lock.acquire()
            def release(self): self._lock.release()
            def __enter__(self): return self.acquire()
            def __exit__(self, *why): self.release()
            def _expire(self): self.release()
        def play():
            box.lock = Lease()
            threading.Timer(2, box.lock._expire).start()
            with box.lock:
                box.lock.acquire()
        """,
    "by a name in a string": """
        def later():
            time.sleep(2)
            getattr(box, "lock").release()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a getter that is given both names": """
        import operator
        def later():
            time.sleep(2)
            operator.attrgetter("lock.release")(box)()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a weak reference": """
        import weakref
        def later(it):
            time.sleep(2)
            it().release()
        def play():
            lock = threading.Lock()
            start(later, weakref.ref(lock))
            with lock:
                lock.acquire()
        """,
    "by a function that is hidden from the collector": """
        import gc
        def give_back(): box.lock.release()
        def later():
            time.sleep(2)
            give_back()
        def play():
            box.lock = threading.Lock()
            gc.freeze()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
    "by a thread that is not Python's": """
        import ctypes
        Call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
        class Event(ctypes.Structure):
            _fields_ = [
                ("value", ctypes.c_void_p), ("number", ctypes.c_int), ("how", ctypes.c_int),
                ("function", Call), ("rest", ctypes.c_char * 80),
            ]
        @Call
        def give_back(_): box.lock.release()
        def play():
            box.lock = threading.Lock()
            libc = ctypes.CDLL(None if hasattr(ctypes.CDLL(None), "timer_create") else "librt.so.1")
            box.event, timer = Event(how=2, function=give_back), ctypes.c_void_p()
            assert libc.timer_create(1, ctypes.byref(box.event), ctypes.byref(timer)) == 0
            assert libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 2, 0), None) == 0
            with box.lock:
                box.lock.acquire()
        """,
    "by a weak reference to what a thread drops": """
        def play():
            lock, references = threading.Lock(), []
            def keep():
                kept = Box()
                references.append(weakref.ref(kept, lambda _: lock.release()))
                time.sleep(2)
            start(keep)
            with lock:
                lock.acquire()
        """,
    "by one of two threads that hand over": """
        def other():
            box.ping.acquire()
            time.sleep(2)
            box.pong.release()
        def play():
            box.ping, box.pong = threading.Lock(), threading.Lock()
            box.ping.acquire()
            with box.pong:
                start(other)
                box.ping.release()
                box.pong.acquire()
        """,
    "by a thread that gave up waiting for it": """
        def later():
            box.lock.acquire(timeout=2)
            box.lock.release()
        def play():
            box.lock = threading.Lock()
            with box.lock:
                start(later)
                box.lock.acquire()
        """,
    "by a third thread, in a cycle of two": """
        def later():
            time.sleep(2)
            box.one.release()
        def meet(first, second):
            with first:
                time.sleep(0.2)
                with second: pass
        def play():
            box.one, box.two = threading.Lock(), threading.Lock()
            start(later)
            start(meet, box.two, box.one)
            with box.one:
                time.sleep(0.3)
                with box.two: pass
                box.one.acquire()
        """,
}

RUN = """
def run(trial):
    trial.phase("serving")
    trial.expose(3)
    with contextlib.suppress(RuntimeError):  # A lock that was given back already.
        play()
    trial.expose(3)
    trial.fact("ended", True)
"""
