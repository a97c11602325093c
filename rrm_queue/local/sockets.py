"""Where the servers' unix sockets are, and whether a server listens there."""

import hashlib
import os
import re
import socket
import stat
from pathlib import Path

from rrm_queue.errors import StackFault

POSTGRES = ".s.PGSQL.5432"
VALKEY = "valkey.sock"

# sun_path holds 104 bytes on macOS and 108 on Linux, with the final NUL.
_LONGEST = 103
# Characters that need no quoting in a libpq host, in a kombu URL and in a Postgres setting.
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
# Fixed, because TMPDIR may differ between commands that use the same sockets.
_FALLBACK = Path("/tmp")  # noqa: S108 - the folder is checked by `prepare`


def folder(home: Path) -> Path:
    """The folder of the sockets of `home`: inside it, or in /tmp if its path is too long or odd."""
    inside = home / "sockets"
    longest = inside / POSTGRES
    if _PLAIN.fullmatch(str(inside)) and len(str(longest)) <= _LONGEST:
        return inside
    digest = hashlib.blake2b(bytes(home), digest_size=8).hexdigest()
    return _FALLBACK / f"rrmq-{digest}"


def private(sockets: Path, home: Path) -> bool:
    """Whether the folder of the sockets exists, and only the owner of `home` can enter it."""
    try:
        found = sockets.lstat()
    except FileNotFoundError:
        return False
    ours = found.st_uid in {os.geteuid(), home.stat().st_uid}
    return ours and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077


def prepare(sockets: Path, home: Path) -> None:
    """Make the folder of the sockets. Raises StackFault when another user made it first."""
    sockets.mkdir(mode=0o700, exist_ok=True)
    if not private(sockets, home):
        raise StackFault(
            f"{sockets} is not your own folder with mode 0700: remove it, or set RRMQ_HOME to a "
            "folder with a short path of plain characters"
        )


def answer(path: Path, request: bytes) -> bytes:
    """The answer of the server at `path` to `request`; empty when none listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(2)
        try:
            line.connect(str(path))
            line.sendall(request)
            return line.recv(64)
        except OSError:
            return b""
