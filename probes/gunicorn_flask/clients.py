"""Clients of the server: threads that send requests and record the results."""

from __future__ import annotations

import http.client
import socket
import threading
import time


class Clients:
    """Request ``path`` until enough requests have begun, or until told to stop."""

    def __init__(
        self, port: int, path: str, threads: int, timeout_s: float | None, at_most: int
    ) -> None:
        self.answered_ms: list = []
        self.failed = 0
        """Answers of status 500 and the like."""
        self.timed_out = 0
        self.refused = 0
        """Connections refused, and connections closed without an answer."""
        self.last = b""
        """The body of the last answer of status 200."""
        self.outcome = ""
        """The result of the last request, in words."""
        self._port, self._path, self._timeout_s = port, path, timeout_s
        self._left = at_most
        self._begun: dict = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask_all, name=f"client-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Begin no further requests. Requests that are under way continue."""
        self._stopped.set()

    def under_way(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def waiting(self) -> int:
        """Requests that have begun and have no answer yet."""
        with self._lock:
            return len(self._begun)

    def longest_wait_s(self) -> float:
        """How long the oldest unanswered request has waited."""
        with self._lock:
            begun = min(self._begun.values(), default=None)
        return 0.0 if begun is None else time.monotonic() - begun

    def _ask_all(self) -> None:
        me = threading.get_ident()
        while not self._stopped.is_set():
            with self._lock:
                if not self._left:
                    return
                self._left -= 1
                begun = self._begun[me] = time.monotonic()
            status = None
            try:
                status, body = ask(self._port, self._path, self._timeout_s)
            except socket.timeout as error:  # an alias of TimeoutError since Python 3.10
                refused, outcome = False, repr(error)
            except (OSError, http.client.HTTPException) as error:
                refused, outcome = True, repr(error)
            waited_ms = (time.monotonic() - begun) * 1000
            with self._lock:
                del self._begun[me]
                if status == 200:
                    self.answered_ms.append(waited_ms)
                    self.last, self.outcome = body, "status 200"
                elif status is not None:
                    self.failed += 1
                    self.outcome = f"status {status}"
                else:
                    self.refused += refused
                    self.timed_out += not refused
                    self.outcome = outcome
            if status is None:
                self._stopped.wait(0.02)  # or it would ask a dead server without a pause


def ask(port: int, path: str, timeout_s: float | None) -> tuple:
    """Make one request on a connection of its own. Returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
