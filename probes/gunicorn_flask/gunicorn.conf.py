"""gunicorn's settings, and its master's reports about its workers.

Each line on the pipe ``words`` is one word. A worker writes ``forked`` and ``leaving``. The master
writes ``killed`` (with the signal) and ``ended`` (with the status). They are shorter than
``PIPE_BUF``, so lines of several processes never mix.
"""

import contextlib
import importlib
import json
import os

TOLD = json.loads(os.environ["INTERLOCK_SERVICE"])

for module in TOLD["warm"]:
    importlib.import_module(module)

worker_class = "gthread"
workers = TOLD["workers"]
threads = TOLD["threads"]
max_requests = TOLD["max_requests"]
graceful_timeout = TOLD["graceful_timeout_s"]
worker_tmp_dir = "/tmp"
loglevel = "warning"
# A socket in the home folder, for a command that nobody sends here. gunicorn has it since 25.
control_socket_disable = True


def say(word, **more):
    with contextlib.suppress(BrokenPipeError):  # Nobody listens any more.
        os.write(TOLD["words"], json.dumps({"word": word, **more}).encode() + b"\n")


def when_ready(server):
    """In the master, before its first worker: note kills, and how each worker ends."""
    master, kill_worker, waitpid = os.getpid(), server.kill_worker, os.waitpid

    def noting_kill(pid, number):
        if pid in server.WORKERS:
            say("killed", pid=pid, signal=int(number))
        kill_worker(pid, number)

    def noting_wait(pid, options):
        found = waitpid(pid, options)
        if found[0] and os.getpid() == master:
            say("ended", pid=found[0], status=found[1])
        return found

    server.kill_worker = noting_kill
    os.waitpid = noting_wait


def post_fork(server, worker):
    say("forked", pid=os.getpid())


def worker_exit(server, worker):
    say("leaving", pid=os.getpid())
