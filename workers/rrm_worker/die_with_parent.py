"""Runs a command that the kernel kills as soon as its parent process is dead.

A script of its own, so that the engine's Python needs nothing of rrmq:
`die_with_parent.py PARENT COMMAND…`.
It becomes the command, which keeps the process id. Linux watches the *thread* that started this
script: that thread must live as long as the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Becomes the command; ends at once if the parent has died already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606  # no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
