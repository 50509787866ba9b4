"""Record what one installed pair of libraries uploads: ``record.py PYTHON-OF-THE-ENV OUT.jsonl``.

Serves a loopback intake, starts the app below in the given interpreter, and writes every request
it made as one line: ``{"method", "path", "headers", "length", "body"}``, the body in base64, raw.
"""

import base64
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

APP = """
import threading, time, sys
import ddtrace
from ddtrace.profiling import Profiler
profiler = Profiler()
profiler.start()
import sentry_sdk
sentry_sdk.init(dsn=sys.argv[1], traces_sample_rate=0, auto_session_tracking=False)
lock = threading.Lock()
def work():
    for _ in range(100):
        with lock:
            time.sleep(0.0005)
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
sentry_sdk.capture_message("interlock: proof of life")
sentry_sdk.flush(5)
profiler.stop()
"""


def main(python: str, out: str) -> None:
    lines = []

    class Intake(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            lines.append(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "length": len(body),
                    "body": base64.b64encode(body).decode(),
                }
            )
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_PUT = do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Intake)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    environment = {
        "PATH": os.environ["PATH"],
        "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{port}",
        "DD_PROFILING_CAPTURE_PCT": "100",
        "DD_PROFILING_MEMORY_ENABLED": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    }
    subprocess.run(
        [python, "-c", APP, f"http://key@127.0.0.1:{port}/1"],
        env=environment,
        check=True,
        timeout=60,
    )
    Path(out).write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
