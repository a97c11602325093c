"""Carries out the schedule: each deed at its time, each undone when it has lasted."""

import contextlib
import heapq
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from chaos import disk
from chaos.endpoint import MISCOUNTED, REFUSED, Mood, notes
from chaos.fleet import Fleet
from chaos.forgery import forge
from chaos.hand import Action, Deed
from chaos.parts import go_on, kill, stop
from rrm_queue.errors import StoreUnavailable
from rrm_queue.store.connection import text

_TICK = 0.05
_LATER = 0.5
"""Seconds by which a deed waits for a target that is dead, stopped or full already."""

_TEND = 1.0
"""Seconds between two looks for parts that ended by themselves."""

_ROOM = 10_000
"""Bytes that a limit leaves the broker above what it uses."""

_BOTH = ("postgres", "valkey")
_MOODS = {Action.LIMIT: Mood.REFUSE, Action.COUNTS: Mood.MISCOUNT}
_COSTS = {Action.LIMIT: REFUSED, Action.COUNTS: MISCOUNTED}
"""What the engine notes when such a deed cost a request something."""

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
        self.forged = 0
        """Flushes that were forged."""
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
        names = _reach(deed)
        parts = [self._fleet.parts[name] for name in names if name in self._fleet.parts]
        if not self._busy.isdisjoint(names) or not all(part.pids() for part in parts):
            self._plan(self.now + _LATER, deed)
            return
        lasting = f"for {deed.lasting} s" if deed.lasting else ""
        acted = self._act(deed)
        if acted is None:
            self._plan(self.now + _LATER, deed)
            return
        undo, note = acted
        acted_at = time.time()
        self._left -= 1
        self._busy.update(names)
        self._tell(deed.action.value, deed.target, " ".join((lasting, note)).strip())

        def undone() -> None:
            if not self._is_felt(deed.action, acted_at):
                self._at(self.now + _LATER, undone)
                return
            self._busy.difference_update(names)
            undo()

        self._at(self.now + deed.lasting, undone)

    def _is_felt(self, action: Action, since: float) -> bool:
        """Whether a mood of the engine has cost anything yet: just now nobody may have asked it."""
        cost = _COSTS.get(action)
        return cost is None or any(
            note.what == cost and note.at >= since for note in notes(self._fleet.notes)
        )

    def _act(self, deed: Deed) -> tuple[Callable[[], None], str] | None:
        """Does it; what undoes it, and what is to be said of it. None when it must wait."""
        match deed.action:
            case Action.KILL | Action.WIPE:
                return self._kill(deed.target, wiping=deed.action is Action.WIPE), ""
            case Action.STOP | Action.OUTAGE:
                stopped = {name: stop(self._fleet.parts[name]) for name in _reach(deed)}
                return lambda: self._go_on(stopped), ""
            case Action.PAUSE:
                job = self._jobs[0]
                return lambda: self._resume(job), self._command("pause", job)
            case Action.LIMIT | Action.COUNTS:
                self._fleet.set_mood(_MOODS[deed.action])
                return self._end_mood, ""
            case _:
                return self._act_on_server(deed)

    def _act_on_server(self, deed: Deed) -> tuple[Callable[[], None], str] | None:
        match deed.action:
            case Action.FLUSH:
                return _nothing, self._at_server(self._flush)
            case Action.DROP:
                drop = self._drop_sessions if deed.target == "postgres" else self._drop_clients
                return _nothing, self._at_server(drop)
            case Action.FILL:
                megabytes = disk.fill(self._fleet.data)
                return lambda: self._clear(deed.target), f"{megabytes} MB were free"
            case Action.MEMORY:
                return self._lift_memory, self._at_server(self._limit_memory)
            case _:
                said = self._forge()
                return None if said is None else (_nothing, said)

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

    def _go_on(self, stopped: Mapping[str, Sequence[int]]) -> None:
        for target, pids in stopped.items():
            go_on(pids)
            self._tell("go on", target)

    def _clear(self, target: str) -> None:
        disk.clear(self._fleet.data)
        self._tell("clear the disk", target)

    def _end_mood(self) -> None:
        self._fleet.set_mood(None)
        self._tell("answer as usual", "engine")

    def _forge(self) -> str | None:
        """How many flushes were forged; None while no batch is out or a server does not answer."""
        with contextlib.suppress(RedisError, StoreUnavailable):
            with self._fleet.store() as store, self._fleet.broker() as client:
                count = forge(store, client)
            self.forged += count
            return f"{count} flushes" if count else None
        return None

    def _limit_memory(self) -> str:
        return f"{self._fleet.limit_memory(_ROOM)} bytes"

    def _lift_memory(self) -> None:
        """Lifts the limit; a server that ended meanwhile starts without one."""
        note = self._at_server(lambda: f"{self._fleet.lift_memory()} commands were refused")
        self._tell("lift the limit", "valkey", note)

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
        except (RedisError, StoreUnavailable) as error:
            return f"spared, it does not answer: {str(error).splitlines()[0]}"

    def _tell(self, action: str, target: str, note: str = "") -> None:
        self._tell_done(Done(self.now, action, target, note))


def _reach(deed: Deed) -> Sequence[str]:
    """All that the deed needs for itself."""
    return _BOTH if deed.action in (Action.OUTAGE, Action.FORGE) else (deed.target,)


def _nothing() -> None:
    """Undoes what needs no undoing."""
