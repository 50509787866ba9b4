"""A slow way to the intake, which counts what passes."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import urlsplit


class Slow:
    """Passes on each piece of a request a moment late, and each answer at once.

    It handles bytes alone, whatever the protocol. A piece is what was sent at once, and the first
    piece of a request holds its path.
    """

    def __init__(self, intake: str, late_s: float) -> None:
        there = urlsplit(intake)
        self._there = (there.hostname, there.port)
        self._late_s = late_s
        self._counted: list = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, name="slow-intake", daemon=True).start()

    def count_from_here(self) -> None:
        """From now on, count for the next exit."""
        self._counted.append([])

    def least(self, path: str) -> int:
        """How many requests to a path were still unsent, in the exit with the fewest."""
        return min(sum(seen.startswith(path) for seen in seen) for seen in self._counted)

    def _accept(self) -> None:
        while True:
            here, _ = self._listening.accept()
            there = socket.create_connection(self._there)
            for source, sink, late_s in ((here, there, self._late_s), (there, here, 0.0)):
                threading.Thread(
                    target=self._pass, args=(source, sink, late_s), daemon=True
                ).start()

    def _pass(self, source: socket.socket, sink: socket.socket, late_s: float) -> None:
        try:
            while True:
                piece = source.recv(1 << 16)
                if not piece:
                    break
                time.sleep(late_s)
                if late_s and piece.startswith(b"POST ") and self._counted:
                    self._counted[-1].append(piece[5:200].decode("latin-1").split(" ")[0])
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            sink.close()
