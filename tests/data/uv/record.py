"""Records what uv says of an index that misbehaves, and of packages that do not install.

``python record.py FOLDER`` runs uv against a small server on loopback, once for each case, and
writes ``<case>.txt``: the command's stage on the first line, then what uv wrote to its standard
error. Ports, folders and times are replaced, so that two records can be compared.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import uv

WHEEL, SDIST = "left-1.0-py3-none-any.whl", "left-1.0.tar.gz"
PORTAL = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
HTML = "text/html"
JSON = "application/vnd.pypi.simple.v1+json"
BAD_FILES = ("truncated", "cut", "portal", "empty", "slow", "gone", "denied", "loop", "503", "429")


def wheel(requires: str = "", python: str = "") -> bytes:
    info = "left-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    metadata += f"Requires-Python: {python}\n" if python else ""
    members = {
        "left.py": "x = 1\n" * 2000,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*members, f"{info}/RECORD"))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


def sdist(backend: str, requires: str = "") -> bytes:
    project = f'[build-system]\nrequires = [{requires}]\nbuild-backend = "backend"\n'
    project += 'backend-path = ["."]\n'
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        files = {"backend.py": backend, "pyproject.toml": project}
        files["PKG-INFO"] = "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n"
        for name, text in files.items():
            member = tarfile.TarInfo(f"left-1.0/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


RAISES = "def build_wheel(*_, **__):\n    raise RuntimeError('error sending request for url')\n"
EXITS = "raise SystemExit('gcc: not found')\n"
KILLED = "import os\n\ndef build_wheel(*_, **__):\n    os.kill(os.getpid(), 9)\n"
WRONG_NAME = "def build_wheel(*_, **__):\n    return 'nothing.whl'\n"


class Index:
    """``/<case>/simple/<package>/`` and ``/<case>/files/<name>``."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {WHEEL: wheel()}
        self.hash: str | None = None

    def page(self, package: str) -> bytes:
        rows = []
        for name, content in self.files.items():
            said = self.hash or hashlib.sha256(content).hexdigest()
            if name.startswith(f"{package}-"):
                rows.append(f'<a href="../../files/{name}#sha256={said}">{name}</a>')
        return ("<!DOCTYPE html><html><body>" + "".join(rows) + "</body></html>").encode()

    @contextmanager
    def serve(self) -> Iterator[str]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def do_HEAD(self) -> None:
                index.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        _, case, kind, name, *_ = [*request.path.split("/"), "", ""]
        if kind == "simple":
            content, place = self.page(name), "page"
            if content.count(b"<a ") == 0 and case != "page-no-links":
                return send(request, 404, b"", HTML)
        else:
            content, place = self.files.get(name, b""), "file"
        wrong = case.removeprefix(f"{place}-") if case.startswith(f"{place}-") else ""
        misbehave(request, wrong, content, HTML if place == "page" else "application/octet-stream")


def misbehave(request: BaseHTTPRequestHandler, wrong: str, content: bytes, kind: str) -> None:
    half = content[: len(content) // 2]
    if wrong.isdigit():
        return send(request, int(wrong), b"", kind)
    if wrong == "loop":
        return send(request, 302, b"", kind, {"Location": request.path})
    if wrong == "slow":
        send(request, 200, half, kind, length=len(content))
        return time.sleep(20)
    if wrong == "cut":
        return send(request, 200, half, kind, length=len(content))
    if wrong == "not-json":
        return send(request, 200, b"<html>", JSON)
    if wrong == "other-type":
        return send(request, 200, b"hello", "text/plain")
    other = {"portal": PORTAL, "truncated": half, "empty": b"", "no-links": PORTAL}
    kind = HTML if wrong == "portal" else kind
    status = {"gone": 404, "denied": 403}.get(wrong, 200)
    send(request, status, other.get(wrong, content), kind)


def send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    kind: str,
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(body)
    request.close_connection = True


class Recorder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = f"left==1.0 --hash=sha256:{hashlib.sha256(wheel()).hexdigest()}\n"

    def record(self, case: str, stage: str, url: str, given: str, *more: str) -> None:
        with tempfile.TemporaryDirectory() as place:
            command = ["pip", "compile", "-", "--generate-hashes", "--python", sys.executable]
            if stage == "install":
                run(place, "venv", f"{place}/environment", "--python", sys.executable)
                python = f"{place}/environment/bin/python"
                command = ["pip", "sync", "-", "--require-hashes", "--python", python]
            done = run(place, *command, "--default-index", url, *more, given=given)
            if done.returncode == 0:
                return print(f"{case}: uv installs it")
            said = done.stderr.replace(place, "/recorded")
        said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8765", said)
        said = re.sub(r"\b\d+(\.\d+)?(ms|s)\b", "1s", said)
        said = re.sub(r"/tmp/tmp\w+", "/index", said)
        said = re.sub(r"\.tmp\w+|builds-v0/\w+|/archive-v\d+/[\w-]+", "/x", said)
        (self.folder / f"{case}.txt").write_text(f"{stage}\n{said}", encoding="utf-8")

    def of_the_index(self) -> None:
        pages = ("portal", "empty", "no-links", "not-json", "other-type", "slow", "cut", "loop")
        index = Index()
        with index.serve() as url:
            for wrong in (*pages, "401", "403", "404", "429", "500", "503"):
                case = f"page-{wrong}"
                self.record(case, "resolve", f"{url}/{case}/simple", "left==1.0")
            for wrong in BAD_FILES:
                where = f"{url}/file-{wrong}/simple"
                self.record(f"file-{wrong}-resolve", "resolve", where, "left==1.0")
                self.record(f"file-{wrong}-install", "install", where, self.lock)
            for name, said in (("wrong", "0" * 64), ("malformed", "zz")):
                index.hash = said
                where = f"{url}/hash-{name}/simple"
                self.record(f"hash-{name}-install", "install", where, self.lock)
            index.hash = "zz"
            self.record("hash-malformed-resolve", "resolve", f"{url}/hash/simple", "left==1.0")
            index.hash = None
            other = self.lock.replace("sha256:", "sha256:0000", 1)[:-5] + "\n"
            self.record("hash-other-install", "install", f"{url}/hash/simple", other)
        self.record("refused", "resolve", url, "left==1.0")
        self.record("no-name", "resolve", "https://nope.invalid/simple", "left==1.0")
        with tempfile.TemporaryDirectory() as place:
            page = Path(place, "simple/left")
            page.mkdir(parents=True)
            (page / "index.html").write_bytes(index.page("left"))
            self.record(
                "file-url-missing-resolve", "resolve", f"file://{place}/simple", "left==1.0"
            )
            self.record("file-url-missing-install", "install", f"file://{place}/simple", self.lock)

    def of_packages(self) -> None:
        index = Index()
        with index.serve() as url:
            where = f"{url}/good/simple"
            self.record("package-no-version", "resolve", where, "left==2.0")
            self.record("package-unknown", "resolve", where, "right")
            index.files = {WHEEL: wheel(requires="left>=2")}
            self.record("package-unsatisfiable", "resolve", where, "left==1.0\nleft==1.1")
            index.files = {WHEEL: wheel(requires="right>=2"), "right-1.0-py3-none-any.whl": b""}
            self.record("package-needs-newer", "resolve", where, "left==1.0")
            index.files = {WHEEL: wheel(requires="absent>=2")}
            self.record("package-needs-unknown", "resolve", where, "left==1.0")
            index.files = {WHEEL: wheel(python="<3")}
            self.record("package-other-python", "resolve", where, "left==1.0")
            index.files = {"left-1.0-cp27-none-win32.whl": wheel()}
            self.record("package-other-tag", "resolve", where, "left==1.0")
            for name, backend, requires in (
                ("raises", RAISES, ""),
                ("exits", EXITS, ""),
                ("killed", KILLED, ""),
                ("wrong-name", WRONG_NAME, ""),
                ("needs-unknown", RAISES, '"absent"'),
            ):
                content = sdist(backend, requires)
                index.files = {SDIST: content}
                self.record(f"build-{name}-resolve", "resolve", where, "left==1.0")
                lock = f"left==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
                self.record(f"build-{name}-install", "install", where, lock)
            index.files = {SDIST: sdist(RAISES)}
            self.record(
                "package-only-binary", "resolve", where, "left==1.0", "--only-binary", "left"
            )
            for wrong in ("truncated", "portal"):
                bad = f"{url}/file-{wrong}/simple"
                self.record(f"sdist-{wrong}-resolve", "resolve", bad, "left==1.0")
            index.files = {SDIST: sdist(RAISES, '"left"')}
            self.record("build-needs-denied", "resolve", where, "left==1.0")


def run(place: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {
        "UV_CACHE_DIR": f"{place}/cache",
        "UV_HTTP_TIMEOUT": "2",
        "UV_HTTP_RETRIES": "1",
        "PATH": "/usr/bin:/bin",
        "HOME": place,
    }
    command = [uv.find_uv_bin(), "--no-config", "--color", "never", "--no-progress", *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, check=False
    )


if __name__ == "__main__":
    recorder = Recorder(Path(sys.argv[1]))
    recorder.of_the_index()
    recorder.of_packages()
