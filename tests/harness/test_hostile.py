"""Apps that do harm to the harness, under the real supervisor; each trial ends."""

from __future__ import annotations

import json
import resource
import sys
import textwrap
from dataclasses import replace

import pytest
from languages import PROBE
from ours import PROBES
from stories import told as in_words

from interlock.evidence import classification
from interlock.model import Fail, Pass, ProofRule, Reason, Unproven

sys.path.insert(0, str(PROBES))
try:
    from harness import answers, watcher
finally:
    sys.path.remove(str(PROBES))

FACT = replace(PROBE, live=(ProofRule(name="fact", says="", fact="alive"),), least_exposures=1)

BEFORE = """
    import json, os, signal, socket, struct, time
    def run(trial):
        trial.phase("serving")
        trial.fact("alive", True)
        trial.expose()
        watchers, witnesses, _ = os.environ["INTERLOCK_SUPERVISOR"].split()
        def connect(address):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect("\\0" + address)
            return connection
        def intake():
            for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
                try:
                    parent = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
                except OSError:
                    continue
                if pid != os.getpid() and parent == os.getppid():
                    return pid
"""


def app(body: str) -> str:
    return BEFORE + textwrap.indent(textwrap.dedent(body), " " * 8)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('os.write(trial._fd, b"\\xff\\n"); time.sleep(9)', "not UTF-8"),
        ('os.write(trial._fd, b"[" * 50000 + b"\\n"); time.sleep(9)', "nested too deeply"),
        ('trial._say({"phase": "lunch"}); time.sleep(9)', "'lunch' is not one of"),
        ('trial._say({"fact": "f", "value": float("nan")})', "NaN is not a number"),
        ('trial._say({"fact": "f", "value": "x" * (30 << 20)}); time.sleep(9)', "a line of more"),
        ('trial._say({"done": 1, "number": 9}); trial.fact("late", 1)', "fact comes after done"),
        (
            'connect(watchers).send(b"[" * 50000 + b"\\n"); time.sleep(9)',
            "an answer of process",
        ),
        (
            'connect(watchers).send(b\'{"parent": true, "forked": 1}\\n\'); time.sleep(9)',
            "parent.parent: True is not an integer",
        ),
    ],
)
def test_a_breach_stops_the_app_and_is_its_failure(run_app, body: str, what: str) -> None:
    told = run_app(app(body))
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Fail)
    assert finding.reason is Reason.ERROR
    assert what in finding.detail
    assert len(told.all("breach")) == 1


@pytest.mark.alone
@pytest.mark.parametrize(
    "body",
    [
        # More connections than select() can watch.
        """
        import resource
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        held = [connect(watchers) for _ in range(600)] + [connect(witnesses) for _ in range(600)]
        """,
        # A dump that never ends, while no watcher can run.
        """
        import ctypes
        witness = connect(witnesses)
        if os.fork() == 0:
            while True:
                witness.send(b"x" * 4096)
        ctypes.PyDLL(None).usleep(900_000)
        """,
        # Requests that no client sends.
        """
        port = int(trial.intake.rpartition(":")[2])
        for length in ("-1", "x", "9" * 30):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(f"POST / HTTP/1.1\\r\\nContent-Length: {length}\\r\\n\\r\\n".encode())
            assert b"413" in client.recv(100)
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"POST /\\xff\\x1b HTTP/1.1\\r\\nUser-Agent: \\xff\\x1b[31m\\r\\n\\r\\n")
        client.recv(100)
        """,
        # More threads than one answer may have.
        """
        import threading
        over = threading.Event()
        threads = [threading.Thread(target=over.wait, daemon=True) for _ in range(1100)]
        for thread in threads:
            thread.start()
        trial.look("it asks")
        over.set()
        for thread in threads:
            thread.join()
        """,
        # A name that is no UTF-8.
        """
        import ctypes
        ctypes.CDLL(None).prctl(15, b"\\xff\\xfe", 0, 0, 0)
        trial.look("it asks")
        """,
    ],
    ids=["connections", "dump", "requests", "threads", "name"],
)
def test_what_an_app_does_beside_leaves_its_trial_whole(run_app, body: str) -> None:
    told = run_app(app(body))
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Pass), in_words(finding)


def test_an_app_does_not_use_up_the_descriptors_of_its_supervisor(run_app) -> None:
    """It has several processes, and none of them goes over its own limit."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        told = run_app(
            app(
                """
                ready, told = os.pipe()
                children = []
                for _ in range(4):
                    children.append(os.fork())
                    if children[-1] == 0:
                        held = [connect(to) for to in (watchers, witnesses) for _ in range(60)]
                        os.write(told, b"x")
                        time.sleep(20)
                for _ in range(4):
                    trial.beat()
                    os.read(ready, 1)
                trial.look("it asks")
                for child in children:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                """
            )
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Pass), in_words(finding)


def test_the_watcher_harms_no_app_that_ends_without_a_descriptor_left(run_app) -> None:
    """It is asked while the interpreter ends, which ends its thread."""
    told = run_app(
        """
        import os, resource, time

        class Slow:
            def __del__(self, sleep=time.sleep):
                sleep(1)

        def run(trial):
            trial.phase("serving")
            trial.fact("alive", True)
            trial.expose()
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            os.kept = [Slow()]
            try:
                while True:
                    os.kept.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                pass
        """
    )
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Pass), in_words(finding)
    assert told.all("stall") != []


@pytest.mark.parametrize(
    ("harm", "when"),
    [
        ("os.kill(intake(), signal.SIGKILL)", "killed"),
        ("os.kill(intake(), signal.SIGSTOP)", "stopped"),
    ],
)
def test_an_intake_that_did_not_outlive_the_app_proves_nothing(run_app, harm, when) -> None:
    told = run_app(app(harm))
    assert told.one("intake-end")["requests"] is None
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Unproven)
    assert finding.reason is Reason.NOT_LIVE
    assert "the intake did not answer any more when the app had ended" in finding.detail


WAITS = """
url = trial.intake.partition("//")[2].partition(":")
server = socket.create_connection((url[0], int(url[2])))
server.settimeout(None)
{harm}
server.sendall({request!r})
server.recv(1)
time.sleep(60)
"""
HALF = b"POST / HTTP/1.1\\r\\nContent-Length: 9\\r\\n\\r\\n"


@pytest.mark.parametrize(
    ("harm", "request_", "why"),
    [
        ("os.kill(intake(), signal.SIGSTOP)", b"GET / HTTP/1.1\r\n\r\n", "the intake"),
        ("pass", HALF, None),
    ],
    ids=["an intake that stands", "an intake that lives"],
)
def test_who_waits_for_an_intake_that_stands_is_not_shown_to_hang(run_app, harm, request_, why):
    body = WAITS.format(harm=harm, request=request_)
    told = run_app(app(body), stall_s=0.5, deadline_s=4, still_s=2.1, answer_s=2)
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Unproven) == (why is not None), finding
    if isinstance(finding, Unproven):
        assert why in finding.detail


def test_orphans_are_reaped_behind_an_intake_that_was_killed(run_app) -> None:
    told = run_app(
        app(
            """
            import pathlib
            def zombies():
                stats = [entry / "stat" for entry in pathlib.Path("/proc").glob("[0-9]*")]
                found = []
                for stat in stats:
                    try:
                        state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                    except OSError:
                        continue
                    if state == "Z" and int(parent) == os.getppid():
                        found.append(stat)
                return len(found)
            os.kill(intake(), signal.SIGKILL)
            for _ in range(5):
                if os.fork() == 0:
                    os.fork()
                    os._exit(0)
                os.wait()
            for _ in range(200):
                trial.beat()
                if zombies() == 1:
                    break
                time.sleep(0.01)
            trial.fact("zombies", zombies())
            """
        )
    )
    assert told.fact["zombies"] == 1, "the intake alone"


def test_what_was_sent_just_before_the_end_is_reported_and_counted(run_app) -> None:
    """Nobody waits for an answer, and some never hear that they were accepted."""
    told = run_app(
        """
        import os, socket

        def run(trial):
            trial.phase("serving")
            port = int(trial.intake.rpartition(":")[2])
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
            for client in clients:
                client.sendall(b"POST / HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\n12345")
            os._exit(0)
        """
    )
    assert told.one("intake-end")["requests"] == len(told.all("intake")) == 30


def test_the_intake_counts_what_it_has_reported(run_app) -> None:
    told = run_app(
        """
        import urllib.request
        def run(trial):
            trial.phase("serving")
            trial.fact("alive", True)
            trial.expose()
            for _ in range(3):
                urllib.request.urlopen(trial.intake + "/info").read()
        """
    )
    assert told.one("intake-end")["requests"] == len(told.all("intake")) == 3
    assert isinstance(classification.classify(told.raw, FACT), Pass)


def test_an_exception_with_text_that_can_not_be_printed_is_told_with_escapes(run_app) -> None:
    told = run_app(app(r"raise ValueError('\x1b[31m \u202e \ud800 \x00')"))
    finding = classification.classify(told.raw, FACT)
    assert in_words(finding) == (r"fail error in serving: ValueError: \x1b[31m \u202e \ud800 \x00")


ONE_NAME = """
class C{0}:
    def __init__(self): self.lock{0} = lock
    def take(self):
        with self.lock{0}: pass
threading.Thread(target=C{0}().take, daemon=True).start()
"""
MANY_NAMES = f"""
lock = threading.Lock()
lock.acquire()
{"".join(ONE_NAME.format(n) for n in range(150))}
time.sleep(3)
lock.release()
"""
LONG_FRAMES = """
name, scope = "f" * 900, {}
code = f"def {name}(n, event):\\n    if n: return {name}(n - 1, event)\\n    event.wait()"
exec(compile(code, "x" * 900, "exec"), scope)
event = threading.Event()
waiting = [threading.Thread(target=scope[name], args=(115, event)) for _ in range(90)]
for thread in waiting: thread.start()
time.sleep(3)
event.set()
"""


@pytest.mark.parametrize("body", [MANY_NAMES, LONG_FRAMES], ids=["names of a lock", "long frames"])
def test_more_than_an_answer_may_have_is_no_breach_of_the_app(run_app, body: str) -> None:
    told = run_app(app("import linecache, threading\n" + body), stall_s=0.5)
    assert told.all("stall") != []
    finding = classification.classify(told.raw, FACT)
    assert isinstance(finding, Pass), in_words(finding)


def test_the_watcher_tells_no_more_than_the_supervisor_takes() -> None:
    assert watcher.MAX_BYTES <= answers.LONGEST_LINE
    text, lock = "x" * watcher.MAX_TEXT, {"type": "", "locked": None, "owner": None}
    releaser = {"thread": None, "signal": None, "what": ""}
    frame = {"file": text, "function": text, "qualname": text, "module": text, "line": 1}
    thread = {
        **{"native_id": None, "name": "", "waits": None, "holds": [], "unresolved": []},
        "frames": [frame] * watcher.MAX_FRAMES,
    }
    lock["names"], lock["could_release"] = ["x"] * watcher.MAX_NAMES, []
    full = {**lock, "could_release": [releaser] * watcher.MAX_RELEASERS}
    said = {
        "ask": 1,
        "threads": [{**thread, "ident": n, "frames": []} for n in range(watcher.MAX_THREADS)],
        "locks": {str(n): lock for n in range(watcher.MAX_LOCKS - 1)},
        "at_fork": [{**thread, "ident": 1}],
    }
    said["locks"]["99999"] = full
    assert answers.read(json.dumps(said).encode())[0] == "ask"
