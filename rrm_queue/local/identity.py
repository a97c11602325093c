"""The user that Postgres runs as. Postgres refuses root, and a user without a name.

An ordinary user runs it directly. Root runs it in a user namespace, where uid 0 looks like the user
nobody. Most containers refuse that: there it runs as nobody, with the single capability to bypass
file permissions, so that it can use binaries and data in folders that only root may enter. In both
cases it can do no more with files than root could, and only root can connect to it: nobody else may
enter the folder of its socket.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from rrm_queue.errors import StackFault

_NOBODY = 65534


class Identity(Struct, frozen=True):
    """The prefix of a Postgres command, and the owner of the cluster's files."""

    prefix: tuple[str, ...]
    uid: int
    gid: int

    def works(self, postgres: Path, home: Path) -> bool:
        """Whether `postgres` can be run and `home` be written under this identity."""
        attempt = 'test -w "$0" && exec "$1" --version'
        command = [*self.prefix, "/bin/sh", "-c", attempt, str(home), str(postgres)]
        try:
            done = subprocess.run(command, cwd="/", capture_output=True, check=False)  # noqa: S603
        except OSError:
            return False
        return done.returncode == 0

    def own(self, folder: Path) -> None:
        """Make this identity the owner of `folder` and everything in it, if it is not yet."""
        if folder.stat().st_uid == self.uid:
            return
        # The folder itself comes last: its owner shows whether the rest is done.
        for path in (*folder.rglob("*"), folder):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose(postgres: Path, home: Path) -> Identity:
    """The first identity under which `postgres` runs and `home` can be written.

    Raises StackFault when there is none.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and _has_name(uid):
        return Identity((), uid, gid)
    for identity in (in_namespace(uid, gid), *([as_nobody()] if uid == 0 else [])):
        if identity.works(postgres, home):
            return identity
    who = "as root" if uid == 0 else f"as user id {uid}, which has no entry in /etc/passwd,"
    raise StackFault(
        f"Postgres does not run {who} and this machine allows no other identity for it: "
        "use an ordinary user, or set RRMQ_DATABASE_URL and RRMQ_BROKER_URL"
    )


def in_namespace(uid: int, gid: int) -> Identity:
    """A user namespace in which `uid` looks like nobody and still owns its files."""
    mapping = (f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
    return Identity((_tool("unshare"), "--user", *mapping, "--"), uid, gid)


def as_nobody() -> Identity:
    """The user nobody, with the capability to bypass file permissions; only root can become it.

    Postgres looks for its own programs with access(2). Without `no_setuid_fixup`, access(2) ignores
    the capability: see capabilities(7).
    """
    prefix = (
        _tool("setpriv"),
        f"--reuid={_NOBODY}",
        f"--regid={_NOBODY}",
        "--clear-groups",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--securebits=+no_setuid_fixup",
        "--",
    )
    return Identity(prefix, _NOBODY, _NOBODY)


def _tool(name: str) -> str:
    return shutil.which(name) or name


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
