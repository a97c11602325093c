"""Carries out the schedule: each deed at its time, each undone when it has lasted."""

import heapq
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chaos import disk
from chaos.fleet import Fleet
from chaos.hand import Action, Deed
from chaos.parts import go_on, kill, stop

_TICK = 0.05
_LATER = 0.5
"""Seconds by which a deed waits for a target that is dead, stopped or full already."""

_TEND = 1.0
"""Seconds between two looks for parts that ended by themselves."""

DROP_SESSIONS = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
""")


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, `at` seconds after the start."""

    at: float
    action: str
    target: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.at:7.2f} s  {self.action:<18} {self.target:<14} {self.note}".rstrip()


class Executor:
    """Acts on a fleet and tells `tell` whatever it does; `jobs` are those that may be paused."""

    def __init__(self, fleet: Fleet, jobs: Sequence[str], tell: Callable[[Done], None]) -> None:
        self._fleet, self._jobs, self._tell_done = fleet, jobs, tell
        self.began = time.time()
        """When the deeds' seconds begin, since the epoch: so are the logs' and the notes' times."""
        self._start = time.monotonic()
        self._order = itertools.count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._busy: set[str] = set()
        self._left = 0
        self._tended = 0.0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def run(self, deeds: Sequence[Deed], over: Callable[[], bool]) -> int:
        """Carries out the deeds until none is left or it is `over`; how many were not done."""
        self._left = len(deeds)
        for deed in deeds:
            self._plan(deed.at, deed)
        while self._agenda and not over():
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            self.tend()
            time.sleep(_TICK)
        return self._left

    def tend(self) -> None:
        """Starts what ended by itself again, as whoever runs a fleet does."""
        if self.now - self._tended > _TEND:
            self._tended = self.now
            for part, words in self._fleet.tend():
                self._tell("ended by itself", part.name, words)

    def _plan(self, moment: float, deed: Deed) -> None:
        self._at(moment, lambda: self._do(deed))

    def _at(self, moment: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), call))

    def _do(self, deed: Deed) -> None:
        part = self._fleet.parts.get(deed.target)
        if deed.target in self._busy or (part is not None and not part.pids()):
            self._plan(self.now + _LATER, deed)
            return
        self._left -= 1
        self._busy.add(deed.target)
        lasting = f"for {deed.lasting} s" if deed.lasting else ""
        undo, note = self._act(deed)
        self._tell(deed.action.value, deed.target, " ".join((lasting, note)).strip())

        def undone() -> None:
            self._busy.discard(deed.target)
            undo()

        self._at(self.now + deed.lasting, undone)

    def _act(self, deed: Deed) -> tuple[Callable[[], None], str]:
        """Does it; what undoes it, and what is to be said of it."""
        match deed.action:
            case Action.KILL | Action.WIPE:
                return self._kill(deed.target, wiping=deed.action is Action.WIPE), ""
            case Action.STOP:
                pids = stop(self._fleet.parts[deed.target])
                return lambda: self._go_on(deed.target, pids), ""
            case Action.FLUSH:
                return _nothing, self._at_server(self._flush)
            case Action.DROP:
                drop = self._drop_sessions if deed.target == "postgres" else self._drop_clients
                return _nothing, self._at_server(drop)
            case Action.FILL:
                megabytes = disk.fill(self._fleet.data)
                return lambda: self._clear(deed.target), f"{megabytes} MB were free"
            case Action.PAUSE:
                job = self._jobs[0]
                return lambda: self._resume(job), self._command("pause", job)

    def _kill(self, target: str, *, wiping: bool) -> Callable[[], None]:
        part = self._fleet.parts[target]
        part.wanted = False
        kill(part)
        if wiping:
            shutil.rmtree(self._fleet.broker_data, ignore_errors=True)

        def undo() -> None:
            part.wanted = True
            part.start()
            self._tell("start", target)

        return undo

    def _go_on(self, target: str, pids: Sequence[int]) -> None:
        go_on(pids)
        self._tell("go on", target)

    def _clear(self, target: str) -> None:
        disk.clear(self._fleet.data)
        self._tell("clear the disk", target)

    def _flush(self) -> str:
        with self._fleet.broker() as client:
            keys = client.dbsize()
            client.flushall()
        return f"{keys} keys"

    def _drop_clients(self) -> str:
        with self._fleet.broker() as client:
            killed = [client.client_kill_filter(_type=kind) for kind in ("normal", "pubsub")]
        return f"{sum(killed)} connections"

    def _drop_sessions(self) -> str:
        with self._fleet.store() as store:
            return f"{store.scalar(DROP_SESSIONS)} connections"

    def _resume(self, job: str) -> None:
        """Resumes the job, however long the store is away."""
        said = self._command("resume", job)
        self._tell("resume the job", "job", said)
        if said.startswith("rrmq did not"):
            self._at(self.now + 1.0, lambda: self._resume(job))

    def _command(self, verb: str, job: str) -> str:
        try:
            return self._fleet.command(verb, job).strip()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return f"rrmq did not: {error}"

    def _at_server(self, act: Callable[[], str]) -> str:
        """What came of an act that needs its server's answer: one that is away is spared."""
        try:
            return act()
        except (RedisError, DBAPIError) as error:
            return f"spared, it does not answer: {str(error).splitlines()[0]}"

    def _tell(self, action: str, target: str, note: str = "") -> None:
        self._tell_done(Done(self.now, action, target, note))


def _nothing() -> None:
    """Undoes what needs no undoing."""
