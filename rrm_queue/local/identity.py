"""The identity that Postgres runs under: it refuses to run as root or as a user without a name.

An ordinary user runs it as is. Root puts it into a user namespace, where uid 0 looks like nobody;
where that is refused, as it is in most containers, it runs as nobody with the single capability to
pass file permissions, so that it reaches binaries and data below folders only root may enter.
Either way it can do no more with files than the root that started it, and only root can reach it:
the folder of its socket is closed to everybody else.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rrm_queue.errors import StackFault

_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """The prefix of a Postgres command, and the owner of the files of its cluster."""

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
        """Make this identity the owner of `folder` and all below it, if it is not."""
        if folder.stat().st_uid == self.uid:
            return
        # The folder itself comes last: its owner tells whether the rest is done.
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
    """A user namespace in which `uid` looks like nobody, while its files stay its own."""
    mapping = (f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
    return Identity((_tool("unshare"), "--user", *mapping, "--"), uid, gid)


def as_nobody() -> Identity:
    """Nobody, with the capability to pass file permissions; only root can become it.

    Without `no_setuid_fixup` access(2), by which Postgres looks for its own programs, ignores the
    capability: see capabilities(7).
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
