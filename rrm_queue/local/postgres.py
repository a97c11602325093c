"""The Postgres of the local stack: its cluster and its server."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from rrm_queue.errors import StackFault
from rrm_queue.local import binaries, identity, sockets
from rrm_queue.local.broken import LOST, what_is_broken
from rrm_queue.local.daemon import Broken, Daemon, Waiting, last_words, tell_nobody
from rrm_queue.local.identity import Identity

NAME = "postgres"

# Not the caller's environment: PGPORT, PGDATA, PGOPTIONS, TZ and LC_* all change a server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
_PATIENCE = 60.0
# SSLRequest, the only message that is answered before a login.
_SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_DATABASE = b"create database rrmq\n"


# Stated here, because libpq would else take them from the environment: perhaps another server's.
_OURS = (
    "port=5432&sslmode=disable&gssencmode=disable&channel_binding=disable&require_auth=none"
    "&target_session_attrs=any&options=-cTimeZone%3DUTC"
)


class Postgres:
    """The server in `home`. `setting` is the folder of its programs; None: search for it."""

    def __init__(self, home: Path, setting: Path | None) -> None:
        self.daemon = Daemon(NAME, home)
        self.data = home / "postgres"
        self._note = self.data / "postmaster.pid"
        self._sockets = sockets.folder(home)
        self._socket = self._sockets / sockets.POSTGRES
        self._setting = setting

    @property
    def url(self) -> str:
        """The address of its database, for SQLAlchemy."""
        return f"postgresql+psycopg://rrmq@/rrmq?host={self._sockets}&{_OURS}"

    def answers(self) -> bool:
        """Whether it accepts connections and has finished its start and its recovery."""
        if not self._replies() or not self.daemon.works_in(self.data):
            return False
        try:
            note = self._note.read_text().splitlines()
        except FileNotFoundError:
            return False
        # The eighth line is the postmaster's state: src/include/utils/pidfile.h.
        return len(note) > 7 and note[7].startswith("ready")

    def ensure(self) -> None:
        """Start it if it does not run. Raises StackFault."""
        self.daemon.ensure(self._command, _ENVIRONMENT, self.answers, _PATIENCE, self.broken)

    def broken(self) -> Broken | None:
        """What is wrong with a server that runs; None also while it starts or recovers.

        SIGQUIT ends it without loss of data: the next start recovers it.
        """
        found = what_is_broken(self.daemon, self.data, self._socket, self._replies, signal.SIGQUIT)
        if found is None and not self._note.exists():
            return Broken("has lost its data folder", LOST, signal.SIGQUIT)
        return found

    def end(self, waiting: Waiting = tell_nobody) -> bool:
        """Stop it. Returns whether it ran. Its clients are disconnected, its data is safe."""
        return self.daemon.end(signal.SIGINT, _PATIENCE, waiting)

    def version(self) -> str:
        """The version that its program prints. Raises StackFault when there is no program."""
        return binaries.version(binaries.postgres_folder(self._setting) / "postgres")

    def _replies(self) -> bool:
        return sockets.answer(self._socket, _SSL_REQUEST) in (b"N", b"S")

    def _command(self) -> Sequence[str]:
        folder = binaries.postgres_folder(self._setting)
        who = identity.choose(folder / "postgres", self.daemon.home)
        if self.data.exists():
            who.own(self.data)
            self._remove_leftovers()
        else:
            self._create(folder, who)
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "fsync": "on",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*who.prefix, str(folder / "postgres"), "-D", str(self.data), *options]

    def _create(self, folder: Path, who: Identity) -> None:
        """Make the cluster and its database in another folder, and rename that when complete."""
        home = self.daemon.home
        for leftover in home.glob("postgres.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=home))
        who.own(draft)
        programs = [*who.prefix, str(folder / "initdb")], [*who.prefix, str(folder / "postgres")]
        initdb, postgres = programs
        traits = ["-U", "rrmq", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions"]
        _run([*initdb, "-D", str(draft), *traits])
        single = ["--single", "-D", str(draft), "-c", "exit_on_error=on", "postgres"]
        _run([*postgres, *single], _DATABASE)
        draft.rename(self.data)

    def _remove_leftovers(self) -> None:
        """Remove the files that a killed server has left.

        We hold the daemon's lock, so the server is dead. But Postgres would think that it lives if
        its id is a zombie's or another process's now. A server that a user started is left alone.
        """
        note = self._note
        with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
            pid = int(note.read_text().split("\n", 1)[0])
            if str(self.data) in psutil.Process(pid).cmdline():
                return
        for leftover in (note, self._socket.with_name(f"{sockets.POSTGRES}.lock")):
            leftover.unlink(missing_ok=True)


def _run(command: Sequence[str], request: bytes = b"") -> None:
    done = subprocess.run(  # noqa: S603 - the programs found by `binaries`
        command,
        input=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=_ENVIRONMENT,
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackFault(f"Postgres cannot create its cluster: {_cause(done.stdout)}")


def _cause(output: bytes) -> str:
    # The first error is the cause of those that follow.
    for line in output.decode(errors="replace").splitlines():
        if "error:" in line or "FATAL:" in line:
            return line
    return last_words(output)
