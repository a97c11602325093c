"""Names of processes, by which a process of the same machine can tell whether they still live."""

import os
import socket
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex


def process_name() -> str:
    """The name of this process among those present: its machine first, unique to the process.

    The last part begins with what tells one space of process ids from another.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_space()}-{token_hex(4)}"


def has_ended(name: str) -> bool:
    """Whether the process of this name is known to have ended.

    Only processes of this machine and its own space of ids can be known: others, and those of the
    version before, are never said to have ended. Nor is one whose id another process has now.
    """
    _, _, rest = name.partition(":")
    pid, _, last = rest.partition(":")
    space, dash, _ = last.partition("-")
    if not (dash and pid.isdecimal() and int(pid) and space and space == _space()):
        return False
    try:
        os.kill(int(pid), 0)  # it only asks
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # it is another user's, or no id
    return _is_zombie(pid)


def _is_zombie(pid: str) -> bool:
    """Whether the process has ended and its parent has not noticed yet."""
    try:
        # The name of the program stands in brackets and may hold anything.
        state = Path("/proc", pid, "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in {"Z", "X"}


@cache
def _space() -> str:
    """What tells this machine's run and its process ids from those of others; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        ids = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116  # it is no path of a file
    except OSError:
        return ""
    return sha256(f"{boot}{ids}".encode()).hexdigest()[:8]
