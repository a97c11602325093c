"""The fleet: servers, coordinators, workers and the engine, owned from start to end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit.waiting import PATIENCE, eventually
from redis import Redis

from chaos import disk
from chaos.endpoint import Mood, mood_file
from chaos.hand import Kind
from chaos.parts import Part, ProcessPart, ServerPart, go_on, kill
from rrm_queue.broker.client import redis_client
from rrm_queue.local.postgres import Postgres
from rrm_queue.local.stack import LocalStack
from rrm_queue.local.valkey import Valkey
from rrm_queue.store.connection import Connection
from rrm_queue.store.database import Database

_DISK_MEGABYTES = 512


@dataclass(frozen=True, slots=True)
class Size:
    """How many processes a fleet has; `concurrency` is each worker's, `mean` the engine's seconds.

    `own_disk` gives Postgres a disk of its own, which takes the right to mount; a `calm` engine
    takes the same time for each answer, and never fails.
    """

    coordinators: int = 2
    workers: int = 3
    concurrency: int = 16
    mean: float = 0.2
    own_disk: bool = False
    calm: bool = False


class Fleet:
    """All processes of a run, under `home`; addresses stay the same over restarts."""

    def __init__(self, home: Path, size: Size, seed: int) -> None:
        self.home, self.size = home, size
        self.notes = home / "logs" / "engine.notes"
        self._starters = ThreadPoolExecutor(4)
        self._stack = LocalStack(home, processes={})
        self._postgres, self._valkey = Postgres(home, None), Valkey(home, None)
        self._port = free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("RRMQ_", "PG"))},
            "RRMQ_DATABASE_URL": self._stack.addresses.database_url,
            "RRMQ_BROKER_URL": self._stack.addresses.broker_url,
            "RRMQ_OPENAI_BASE_URL": f"http://127.0.0.1:{self._port}/v1",
            "RRMQ_HOME": str(home / "unused"),
            "OMP_NUM_THREADS": "1",
        }
        self.parts: dict[str, Part] = {part.name: part for part in self._made(seed)}

    def _made(self, seed: int) -> Iterator[Part]:
        yield ServerPart("postgres", Kind.POSTGRES, self._postgres, self._starters)
        yield ServerPart("valkey", Kind.VALKEY, self._valkey, self._starters)
        engine = (
            *(sys.executable, "-m", "chaos.endpoint", "--port", str(self._port)),
            *("--seed", str(seed), "--mean", str(self.size.mean), "--notes", str(self.notes)),
            *(("--calm",) if self.size.calm else ()),
        )
        yield self._process("engine", Kind.ENGINE, engine)
        for number in range(self.size.coordinators):
            yield self._process(f"coordinator-{number}", Kind.COORDINATOR, rrmq("coordinator"))
        for number in range(self.size.workers):
            options = ("--judge", "openai", "--concurrency", str(self.size.concurrency))
            yield self._process(f"worker-{number}", Kind.WORKER, rrmq("worker", *options))

    def _process(self, name: str, kind: Kind, argv: Sequence[str]) -> ProcessPart:
        # The engine's module is this folder's, and found wherever we were started from.
        path = os.pathsep.join((str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")))
        environment = {**self.environment, "PYTHONPATH": path}
        return ProcessPart(name, kind, argv, environment, self.home / "logs" / f"{name}.log")

    @property
    def data(self) -> Path:
        """The folder that Postgres keeps its data in."""
        return self._postgres.data

    @property
    def broker_data(self) -> Path:
        """The folder that Valkey keeps its data in."""
        return self._valkey.data

    def named(self) -> Mapping[Kind, Sequence[str]]:
        """The names of the parts by kind."""
        names: dict[Kind, list[str]] = {}
        for part in self.parts.values():
            names.setdefault(part.kind, []).append(part.name)
        return names

    def start(self) -> None:
        """Starts everything, the tables included; returns when the servers answer."""
        self._stack.ensure_services()
        if self.size.own_disk:
            self._postgres.end()
            disk.move(self.data, _DISK_MEGABYTES)
            # What is kept of the log must fit the disk beside the tables.
            with (self.data / "postgresql.conf").open("a") as settings:
                settings.write("max_wal_size = '128MB'\nmin_wal_size = '32MB'\n")
            self._postgres.ensure()
        self.command("db", "upgrade")
        for part in self.parts.values():
            part.start()

    def tend(self) -> Iterator[tuple[Part, str]]:
        """Starts what ended by itself again; which parts, and their last words."""
        for part in self.parts.values():
            if part.wanted and not part.lives:
                words = part.last_words()
                part.start()
                yield part, words

    def heal(self) -> None:
        """Has everything run again; returns when the servers answer."""
        for part in self.parts.values():
            go_on(part.pids())
            part.wanted = True
        if self.size.own_disk:
            disk.clear(self.data)
        self.set_mood(None)
        # A server that just ended may still be seen alive: asked for until it answers.
        eventually(self._serves, "the servers answer again")
        self.lift_memory()

    def _serves(self) -> bool:
        list(self.tend())
        return self._postgres.answers() and self._valkey.answers()

    def set_mood(self, mood: Mood | None) -> None:
        """Puts the engine into a mood, or back into none."""
        file = mood_file(self.notes)
        if mood is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(mood)

    def limit_memory(self, room: int) -> int:
        """Leaves the broker this many bytes above what it uses; how many it may use."""
        with self.broker() as client:
            most = int(client.info("memory")["used_memory"]) + room
            client.config_set("maxmemory", most)
        return most

    def lift_memory(self) -> int:
        """Lets the broker use what it wants; how many commands it refused for want of memory."""
        with self.broker() as client:
            client.config_set("maxmemory", 0)
            refused = client.info("errorstats").get("errorstat_OOM", {"count": 0})
        return int(refused["count"])

    def command(self, *arguments: str) -> str:
        """What `rrmq` prints; raises RuntimeError with its complaint."""
        done = subprocess.run(
            rrmq(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode != 0:
            raise RuntimeError(f"rrmq {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def broker(self) -> Redis:
        """A client of the broker."""
        return redis_client(self.environment["RRMQ_BROKER_URL"], timeout=3)

    @contextmanager
    def store(self) -> Iterator[Connection]:
        """A connection of one's own to the store, in one transaction for reading."""
        database = Database(self.environment["RRMQ_DATABASE_URL"], application="chaos")
        with closing(database), database.begin() as tx:
            yield tx

    def close(self) -> None:
        """Ends every process of the fleet, whatever state it is in."""
        for part in self.parts.values():
            part.wanted = False
            go_on(part.pids())
        for part in reversed(self.parts.values()):
            if isinstance(part, ServerPart):
                part.started()
            kill(part)
        self._starters.shutdown()
        self._stack.down()
        if self.size.own_disk:
            disk.leave(self.data)


def rrmq(*arguments: str) -> list[str]:
    """The command line of a verb."""
    return [sys.executable, "-m", "rrm_queue.cli.main", *arguments]


@contextmanager
def fleet(size: Size, seed: int, *, keep: Path | None = None) -> Iterator[Fleet]:
    """A fleet that runs, and is gone afterwards; its logs are kept in `keep`."""
    home = Path(tempfile.mkdtemp(prefix="rrmq-chaos-"))
    (home / "logs").mkdir()
    one = Fleet(home, size, seed)
    try:
        one.start()
        yield one
    finally:
        one.close()
        if keep is not None:
            shutil.copytree(home / "logs", keep, dirs_exist_ok=True)
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port
