"""A small disk of Postgres's own that can be filled: a tmpfs in a mount namespace of ours."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_MOUNT = ("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt")
_BLOCK = bytes(1 << 20)
BALLAST = "ballast"


def namespace() -> Sequence[str]:
    """What stands before a command that may mount; empty where this machine permits none."""
    unshare = shutil.which("unshare") or "unshare"
    for way in ((), ("--user", "--map-root-user")):
        prefix = (unshare, *way, "--mount", "--propagation", "private")
        with contextlib.suppress(OSError):
            if subprocess.run([*prefix, *_MOUNT], capture_output=True, check=False).returncode == 0:
                return prefix
    return ()


def enter(flag: str) -> None:
    """Becomes this command in a mount namespace of its own, with `flag` added, where permitted."""
    prefix = namespace()
    if prefix:
        argv = [*prefix, sys.executable, "-m", "chaos", *sys.argv[1:], flag]
        os.execvp(argv[0], argv)  # noqa: S606


def move(data: Path, megabytes: int) -> None:
    """Puts a cluster that nobody uses onto a disk of this size; its owner and mode stay."""
    aside = data.with_name(f"{data.name}.moved")
    data.rename(aside)
    data.mkdir(mode=0o700)
    size = f"size={megabytes}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(data)], check=True)
    shutil.copytree(aside, data, dirs_exist_ok=True, symlinks=True)
    owner = aside.stat()
    for path in (data, *data.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    data.chmod(0o700)
    shutil.rmtree(aside)


def leave(data: Path) -> None:
    """Takes the disk away again."""
    subprocess.run(["umount", "--lazy", str(data)], check=False, capture_output=True)


def fill(data: Path) -> int:
    """Fills the disk to its last byte; how many megabytes that took."""
    written = 0
    with (data / BALLAST).open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            written += file.write(_BLOCK)
    return written >> 20


def clear(data: Path) -> None:
    """Takes away what `fill` wrote."""
    (data / BALLAST).unlink(missing_ok=True)
