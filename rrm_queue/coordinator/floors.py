"""The floors of a queue and its jobs, as one coordinator remembers them from turn to turn.

They only save reading: a floor that is too low changes nothing else. `retry` makes earlier
tournaments run again, so a job's floor can be too high. Therefore a job that has fewer matches
ready than it may send is searched from its beginning again, now and then.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rrm_queue.coordinator.observer import QueueLoad
from rrm_queue.domain import BatchId, JobId, TournamentId
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue.floors import Floor, first_out, next_floor
from rrm_queue.strategies import plans_in_order

LOOK_EVERY = 1000
"""Matches of a job that are claimed before its floor is searched for again."""

KNOWN_SECONDS = 1.0
"""How long a look at a queue is good for while nothing of it can be sent."""

FORGET_SECONDS = 10.0
"""The least time between two searches of a job from its beginning."""


@dataclass(slots=True)
class _JobFloor:
    """A job's floor, and how many matches were claimed since it was searched for."""

    floor: Floor
    forgotten_at: float
    claimed: int = 0


class Floors:
    """Where the claims and counts of a queue begin, and those of each of its jobs."""

    def __init__(self) -> None:
        self.first_out = BatchId(0)
        """A batch before which none is out."""
        self.load = QueueLoad()
        """The queue's load after the last turn."""
        self._looked_at = -KNOWN_SECONDS
        self._ready: dict[str, tuple[float, int]] = {}
        self._jobs: dict[JobId, _JobFloor] = {}

    def look(self, tx: Transaction, queues: Sequence[str]) -> None:
        """Searches for the first batch that is out. The transaction holds the queues' lock."""
        self.first_out = first_out(tx, queues, self.first_out)
        self._looked_at = time.monotonic()

    @property
    def is_known(self) -> bool:
        """Whether the queue was looked at lately: while nothing is ready that need not be again."""
        return time.monotonic() - self._looked_at < KNOWN_SECONDS

    def counted(self, queue: str, ready: int) -> None:
        """So many matches are ready in one of the queues."""
        self._ready[queue] = time.monotonic(), ready

    def counted_lately(self, queue: str) -> int | None:
        """How many were ready, where that was counted lately."""
        at, ready = self._ready.get(queue, (-KNOWN_SECONDS, 0))
        return ready if time.monotonic() - at < KNOWN_SECONDS else None

    def of_jobs(self) -> dict[JobId, Floor]:
        """The floors that are known, by job; not those that lie at a job's beginning."""
        beginning = Floor()
        return {job: k.floor for job, k in self._jobs.items() if k.floor != beginning}

    def of(self, job: JobId) -> Floor:
        """The job's floor; its beginning if none is known."""
        known = self._jobs.get(job)
        return known.floor if known else Floor()

    def claimed(self, tx: Transaction, job: JobId, strategy: str, matches: int) -> None:
        """So many matches of the job are claimed now; searches for its floor if they are many."""
        known = self._jobs.setdefault(job, _JobFloor(Floor(), time.monotonic()))
        known.claimed += matches
        if known.claimed >= LOOK_EVERY:
            in_order = plans_in_order(strategy)
            known.floor = next_floor(tx, job, known.floor, in_order=in_order)
            known.claimed = 0

    def opened(self, job: JobId, tournament: TournamentId) -> None:
        """A tournament of the job runs from now on. Of an open job it may be an earlier one."""
        known = self._jobs.get(job)
        if known is not None and tournament < known.floor.tournament:
            known.floor = Floor(tournament)

    def short(self, jobs: Collection[JobId]) -> None:
        """These jobs have fewer matches ready than they may send."""
        now = time.monotonic()
        for job, known in self._jobs.items():
            forgets = job in jobs and known.floor != Floor()
            if forgets and now - known.forgotten_at >= FORGET_SECONDS:
                known.floor, known.forgotten_at = Floor(), now
                known.claimed = LOOK_EVERY

    def keep(self, active: Collection[JobId]) -> None:
        """Forgets every job that is not active any more."""
        self._jobs = {job: known for job, known in self._jobs.items() if job in active}
