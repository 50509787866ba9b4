"""Programs that are in a deadlock beside a driver that goes on to its end.

``FOUND``: the wait is closed, and the trial is a hang. ``DOUBTED``: it is seen who waits, and not
until when; the trial is ``unproven``. ``MISSED``: the trial passes. Its keys are the list of what a
pass does not rule out, as the pages have it.
"""

from __future__ import annotations

from textwrap import dedent

HEAD = """
import asyncio, contextlib, functools, multiprocessing, operator, os, queue, subprocess, sys
import threading, time
class Box: pass
box = Box()
def start(target, *args):
    threading.Thread(target=target, args=args, daemon=True).start()
    time.sleep(0.05)
@contextlib.contextmanager
def inside(lock):
    with lock: yield
@contextlib.contextmanager
def taken(lock):
    lock.acquire()
    try: yield
    finally: lock.release()
"""

RUN = """
def run(trial):
    trial.phase("serving")
    trial.fact("profiled-lock", True)
    trial.expose(20)
    play()
    time.sleep(0.2)
    trial.expose(20)
"""

_TWICE = """
def again():
    {before}
    {first}:
        {second}
def play():
    box.lock, box.locks = threading.Lock(), [threading.Lock()]
    start(again)
"""


def _twice(first: str, second: str, before: str = "pass") -> str:
    return _TWICE.format(first=first, second=second, before=before)


_PROGRAM = """
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program.py")
def play():
    with open(FILE, "w") as out:
        print("import threading", file=out)
        print("class Worker: lock = threading.Lock()", file=out)
        print("with Worker.lock: Worker.lock.acquire()", file=out)
    subprocess.Popen([sys.executable, {option}FILE], env={env})
    time.sleep(0.3)
"""
_UNDER_A_LOCK = """
def wait():
    with box.lock: box.event.wait()
def wake():
    with box.lock: box.event.set()
def play():
    box.lock, box.event = threading.Lock(), threading.Event()
    start(wait)
    start(wake)
"""

FOUND = {
    "the import lock against a lock": """
        class Shared: lock = threading.Lock()
        def other():
            import other_module
        def under():
            with Shared.lock: import other_module
        def play():
            sys.modules["shared"] = Shared
            folder = os.path.dirname(os.path.abspath(__file__))
            with open(os.path.join(folder, "other_module.py"), "w") as out:
                print("import shared, time", file=out)
                print("time.sleep(0.3)", file=out)
                print("with shared.lock: pass", file=out)
            start(other)
            start(under)
            time.sleep(0.4)
        """,
    "a grandchild that runs a program of its command line": """
        READY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ready")
        CODE = (
            "import threading\\nlock = threading.Lock()\\n"
            f"with lock: open({READY!r}, 'w').close(); lock.acquire()"
        )
        CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CODE!r}])"
        def play():
            subprocess.Popen([sys.executable, "-c", CHILD])
            while not os.path.exists(READY): time.sleep(0.05)
        """,
}

DOUBTED = {
    "a full queue under a lock": """
        def put():
            with box.lock: box.queue.put(2)
        def get():
            with box.lock: box.queue.get()
        def play():
            box.lock, box.queue = threading.Lock(), queue.Queue(1)
            box.queue.put(1)
            start(put)
            start(get)
        """,
    "an event waited for under a lock": _UNDER_A_LOCK,
    "a barrier waited for under a lock": """
        def first():
            with box.lock: box.barrier.wait()
        def second():
            with box.lock: box.barrier.wait()
        def play():
            box.lock, box.barrier = threading.Lock(), threading.Barrier(2)
            start(first)
            start(second)
        """,
    "a lock held across an await": """
        async def hold(lock, event):
            with lock: await event.wait()
        async def take(lock, event):
            with lock: event.set()
        async def main():
            lock, event = threading.Lock(), asyncio.Event()
            await asyncio.gather(hold(lock, event), take(lock, event))
        def play():
            start(asyncio.run, main())
        """,
    "a lock that was never given back": """
        def take():
            with box.lock: pass
        def play():
            box.lock = threading.Lock()
            box.lock.acquire()
            start(take)
        """,
    "a with inside of a contextmanager": _twice(
        "with inside(box.lock)", "with inside(box.lock): pass"
    ),
    "a contextmanager that acquires": _twice("with taken(box.lock)", "with taken(box.lock): pass"),
    "an ExitStack": _twice(
        "with contextlib.ExitStack() as stack",
        "stack.enter_context(box.lock); stack.enter_context(box.lock)",
    ),
    "an item of a list": _twice("with box.locks[0]", "with box.locks[0]: pass"),
    "an item of a list, acquired": _twice("with box.locks[0]", "box.locks[0].acquire()"),
    "an item of a list from its end": _twice("with box.locks[-1]", "box.locks[-1].acquire()"),
    "an item of a dictionary": _twice(
        "with all['a']", "all['a'].acquire()", before="all = {'a': box.lock}"
    ),
}

_WITHOUT_SOURCE = """
LINES = ["class Shared: lock = threading.Lock()", "def again():", "    with Shared.lock: {second}"]
exec("\\n".join(LINES))
def play(): start(again)
"""
DOUBTED["a with in code that has no source"] = _WITHOUT_SOURCE.format(
    second="\\n        with Shared.lock: pass"
)

MISSED = {
    "a semaphore, a barrier, an event or a condition that nobody will signal": (
        """
        def again():
            with box.semaphore:
                with box.semaphore: pass
        def play():
            box.semaphore = threading.Semaphore()
            start(again)
        """,
        """
        def meet(): box.barrier.wait()
        def play():
            box.barrier = threading.Barrier(3)
            start(meet)
            start(meet)
        """,
        """
        def play(): start(threading.Event().wait)
        """,
        """
        def wait():
            with box.ready: box.ready.wait()
        def play():
            box.ready = threading.Condition()
            start(wait)
        """,
    ),
    "a lock of `multiprocessing`, or one of `asyncio`": (
        """
        def again():
            with box.lock:
                with box.lock: pass
        def play():
            box.lock = multiprocessing.get_context("fork").Lock()
            start(again)
        """,
        """
        def take(first, second):
            with first:
                time.sleep(0.2)
                with second: pass
        def play():
            context = multiprocessing.get_context("fork")
            locks = context.Lock(), context.Lock()
            for pair in (locks, locks[::-1]):
                context.Process(target=take, args=pair, daemon=True).start()
            time.sleep(0.4)
        """,
        """
        async def main():
            lock = asyncio.Lock()
            async with lock:
                async with lock: pass
        def play():
            start(asyncio.run, main())
        """,
    ),
    "a lock that C code takes, such as `functools.partial`, `map` or `methodcaller`": (
        _twice("with box.lock", "functools.partial(box.lock.acquire)()"),
        _twice("with box.lock", "take()", before="take = functools.partial(box.lock.acquire)"),
        _twice("with box.lock", "list(map(threading.Lock().__class__.acquire, [box.lock]))"),
        _twice("with box.lock", "operator.methodcaller('acquire')(box.lock)"),
    ),
    "a lock that is acquired by one function and not released by the same one": (
        """
        def again():
            box.lock.acquire()
            box.lock.acquire()
        def play():
            box.lock = threading.Lock()
            start(again)
        """,
    ),
    "a lock that code without a source takes by a call of `acquire`": (
        _WITHOUT_SOURCE.format(second="Shared.lock.acquire()"),
    ),
    "a wait with a timeout that is tried again and again": (
        """
        def again():
            with box.lock:
                while not box.lock.acquire(timeout=0.5): pass
        def play():
            box.lock = threading.Lock()
            start(again)
        """,
    ),
    "a pipe, a socket or a lock of a file": (
        """
        def fill():
            code = "print('x' * 10**6)"
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE).wait()
        def play():
            start(fill)
            time.sleep(0.5)
        """,
        """
        import fcntl
        def again():
            one, other = open(__file__), open(__file__)
            fcntl.flock(one, fcntl.LOCK_EX)
            fcntl.flock(other, fcntl.LOCK_EX)
        def play(): start(again)
        """,
    ),
    "a wait that no cycle closes, while another thread of that process runs or sleeps": (
        dedent(_UNDER_A_LOCK) + "    start(time.sleep, 60)\n",
        _twice("with inside(box.lock)", "with inside(box.lock): pass") + "    start(time.sleep, 9)",
    ),
    "a Python that was started with `-I`, `-E`, `-S` or an empty environment": (
        _PROGRAM.format(option='"-I", ', env="None"),
        _PROGRAM.format(option='"-E", ', env="None"),
        _PROGRAM.format(option='"-S", ', env="None"),
        _PROGRAM.format(option="", env="{}"),
    ),
}
