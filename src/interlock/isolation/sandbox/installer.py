"""One step of an install. Runs inside a sandbox, under the Python that is tested.

It uses only the standard library, no module of Interlock, and syntax that Python 3.8 reads. Its
input is JSON in ``INTERLOCK_INSTALL``. Its output is one line of JSON. The steps:

- ``resolve`` answers with the lock file. It may run a package's build to learn its requirements. -
``build`` turns one source distribution into a wheel, and hands it over. - ``lay-out`` makes the
environment from wheels alone. It runs none of their code.

The first two reach the index through a socket of Interlock. The third reaches nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

TAIL_CHARS = 6000


class Failed(Exception):
    """A uv command that failed."""

    def __init__(self, stage: str, exit_code: int, said: str) -> None:
        super().__init__(stage)
        self.stage = stage
        self.exit_code = exit_code
        self.said = said


def main() -> None:
    order: dict[str, Any] = json.loads(os.environ.pop("INTERLOCK_INSTALL"))
    print(json.dumps(carry_out(order)), flush=True)


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    try:
        if order["step"] == "lay-out":
            lay_out(order)
            return {"done": True}
        base = relayed(order["socket"])
        try:
            if order["step"] == "resolve":
                return {"lock": resolve(order, indexes(order, base))}
            build(order, indexes(order, base), base)
            return {"done": True}
        except Failed as failed:
            failed.said = as_outside(failed.said, order, base)
            raise
    except Failed as failed:
        return {"stage": failed.stage, "exit_code": failed.exit_code, "said": cut(failed.said)}


def cut(said: str) -> str:
    """Both ends: the first lines say what failed, the last ones why."""
    if len(said) <= TAIL_CHARS:
        return said
    half = TAIL_CHARS // 2
    return said[:half] + "\n[…]\n" + said[-half:]


def as_outside(said: str, order: dict[str, Any], base: str) -> str:
    """With the index's own address, and without the folder of the source: ours always change."""
    for number, url in enumerate(order["indexes"]):
        said = said.replace(base + "/i/" + str(number), url.rstrip("/"))
    for number, url in enumerate(order["links"]):
        said = said.replace(base + "/l/" + str(number) + "/", url)
    source = order.get("source", "")
    said = said.replace(source, source.rpartition("/")[2]) if source else said
    return said.replace(base, "the index")


def resolve(order: dict[str, Any], env: dict[str, str]) -> str:
    """The lock file, with hashes. It does not depend on the time or the folder."""
    command = ["pip", "compile", "-", "--python", sys.executable, "--generate-hashes"]
    command += ["--no-header", "--no-annotate", *choices(order)]
    if order["as_of"]:
        command += ["--exclude-newer", order["as_of"]]
    return uv("resolve", order, command, "\n".join(order["requirements"]), env)


def build(order: dict[str, Any], env: dict[str, str], base: str) -> None:
    """One wheel from one source distribution, handed over through the socket."""
    out = work(order) / "out"
    command = ["build", "--wheel", "--no-sources", "--python", sys.executable]
    command += [] if order["indexes"] else ["--no-index"]
    uv("install", order, [*command, "--out-dir", str(out), order["source"]], "", env)
    for wheel in sorted(out.glob("*.whl")):
        request = urllib.request.Request(
            base + "/built/" + quote(wheel.name), data=wheel.read_bytes(), method="PUT"
        )
        # No proxy, because our index is on this loopback.
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def lay_out(order: dict[str, Any]) -> None:
    """Make the environment in its own place, from the mounted wheels."""
    place = Path(order["place"])
    # A wheel may have a file of any name, but it does not know this one.
    cache = place / (".cache-" + os.urandom(8).hex())
    env = {"UV_CACHE_DIR": str(cache)}
    python = str(place / "bin" / "python")
    command = ["venv", "--no-project", "--allow-existing", "--python", sys.executable]
    uv("install", order, [*command, str(place)], "", env)
    if order["lock"].strip():
        command = ["pip", "sync", "-", "--python", python, "--require-hashes", "--offline"]
        command += ["--no-index", "--no-build", "--find-links", order["wheels"]]
        # The cache is only for this environment and goes with this step. No file has a second name
        # afterwards, so linking is as good as copying.
        uv("install", order, [*command, "--link-mode", "hardlink"], order["lock"], env)
    shutil.rmtree(str(cache), ignore_errors=True)
    compile_all(place / "lib")


def compile_all(folder: Path) -> None:
    """Compile everything to bytecode without running anything: -S ignores every .pth.

    A file that does not compile fails when it is imported, if it ever is.
    """
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-r", "50"]
    subprocess.run(
        [*command, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )


def work(order: dict[str, Any]) -> Path:
    """A private place to write."""
    return Path(order["work"] or tempfile.gettempdir())


def choices(order: dict[str, Any]) -> list[str]:
    said = [word for package in order["only_binary"] for word in ("--only-binary", package)]
    return said if order["indexes"] else [*said, "--no-index"]


def indexes(order: dict[str, Any], base: str) -> dict[str, str]:
    """The index settings for uv, with our socket in place of each address."""
    urls = [base + "/i/" + str(number) + "/" for number in range(len(order["indexes"]))]
    links = [base + "/l/" + str(number) + "/" for number in range(len(order["links"]))]
    found = {
        "UV_DEFAULT_INDEX": urls[-1] if urls else "",
        "UV_INDEX": " ".join(urls[:-1]),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INDEX_STRATEGY": order["strategy"],
    }
    named = {name: value for name, value in found.items() if value}
    return {
        **named,
        "UV_CACHE_DIR": str(work(order) / "uv"),
        # The other end may have to fetch a file before it answers.
        "UV_HTTP_TIMEOUT": "600",
    }


def uv(
    stage: str, order: dict[str, Any], arguments: list[str], given: str, env: dict[str, str]
) -> str:
    done = subprocess.run(
        [order["uv"], "--no-config", "--color", "never", "--no-progress", *arguments],
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **env},
        check=False,
    )
    if done.returncode != 0:
        raise Failed(stage, done.returncode, done.stderr)
    return done.stdout


def relayed(path: str) -> str:
    """Listen on this loopback, because uv only speaks TCP, and forward to the socket."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=connect, args=(client, path), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return "http://127.0.0.1:" + str(listener.getsockname()[1])


def connect(client: socket.socket, path: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as server:
        # A socket's address has at most 107 bytes, and a folder's path may have more.
        folder = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120
        try:
            server.connect("/proc/self/fd/" + str(folder) + "/" + os.path.basename(path))  # noqa: PTH119
        finally:
            os.close(folder)
        up = threading.Thread(target=pump, args=(client, server), daemon=True)
        up.start()
        pump(server, client)
        up.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while True:
            data = source.recv(1 << 16)
            if not data:
                break
            target.sendall(data)
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with suppress(OSError):
            end.shutdown(how)


if __name__ == "__main__":
    main()
