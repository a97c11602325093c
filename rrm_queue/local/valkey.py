"""The Valkey of the local stack."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from rrm_queue.local import binaries, sockets
from rrm_queue.local.broken import what_is_broken
from rrm_queue.local.daemon import Broken, Daemon, Waiting, tell_nobody

NAME = "valkey"

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
_PATIENCE = 60.0


class Valkey:
    """The server in `home`. `setting` is its program; None: search for it."""

    def __init__(self, home: Path, setting: Path | None) -> None:
        self.daemon = Daemon(NAME, home)
        self.data = home / "valkey"
        self._socket = sockets.folder(home) / sockets.VALKEY
        self._setting = setting

    @property
    def url(self) -> str:
        """Its address, for Celery."""
        return f"redis+socket://{self._socket}"

    def answers(self) -> bool:
        """Whether it serves. It does not while it loads its data."""
        return self._reply().startswith(b"+PONG") and self.daemon.works_in(self.data)

    def ensure(self) -> None:
        """Start it if it does not run. Raises StackFault."""
        self.daemon.ensure(self._command, _ENVIRONMENT, self.answers, _PATIENCE, self.broken)

    def broken(self) -> Broken | None:
        """What is wrong with a server that runs; None also while it starts or loads its data."""
        return what_is_broken(
            self.daemon, self.data, self._socket, lambda: bool(self._reply()), signal.SIGTERM
        )

    def end(self, waiting: Waiting = tell_nobody) -> bool:
        """Stop it. Returns whether it ran. It saves its data first."""
        return self.daemon.end(signal.SIGTERM, _PATIENCE, waiting)

    def version(self) -> str:
        """The version that its program prints. Raises StackFault when there is no program."""
        return binaries.version(binaries.valkey_server(self._setting))

    def _reply(self) -> bytes:
        return sockets.answer(self._socket, b"PING\r\n")

    def _command(self) -> Sequence[str]:
        program = binaries.valkey_server(self._setting)
        self.data.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "notice",
            # The standard output, which is the daemon's log.
            "logfile": "",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(program), *options]
