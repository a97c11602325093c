"""How far the jobs are, asked for beside everything else: the store may not answer for a while."""

import time
from dataclasses import dataclass
from threading import Event, Thread

from chaos.fleet import Fleet
from rrm_queue.domain import JobState
from rrm_queue.errors import StoreUnavailable
from rrm_queue.store.connection import text

_EVERY = 0.5  # seconds

PROGRESS = text("""
    SELECT count(*) FILTER (WHERE state = ANY(:ended)) AS ended,
           sum(matches_done + matches_failed) AS matches, sum(votes) AS votes
    FROM jobs WHERE id = ANY(:jobs)
""")


@dataclass(frozen=True, slots=True)
class Progress:
    """What the store said last: jobs ended, matches over, votes."""

    ended: int = 0
    matches: int = 0
    votes: int = 0


class Watch:
    """Follows jobs; `longest_pause` is how many seconds no match ended, at most."""

    def __init__(self, fleet: Fleet, jobs: list[str]) -> None:
        self._fleet, self.jobs = fleet, jobs
        self._stopping = Event()
        self._moved = time.monotonic()
        self.progress = Progress()
        self.longest_pause = 0.0
        self._thread = Thread(target=self._run, name="watch", daemon=True)

    @property
    def over(self) -> bool:
        """Whether all jobs have ended."""
        return self.progress.ended == len(self.jobs)

    @property
    def pause(self) -> float:
        """For how many seconds nothing has moved."""
        return time.monotonic() - self._moved

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        ended = [state.value for state in JobState if state.ended]
        while not self._stopping.wait(_EVERY):
            try:
                with self._fleet.store() as store:
                    row = store.execute(PROGRESS, {"jobs": self.jobs, "ended": ended}).one()
            except StoreUnavailable:
                continue
            seen = Progress(row.ended, int(row.matches or 0), int(row.votes or 0))
            if not self.over:
                self.longest_pause = max(self.longest_pause, self.pause)
            if seen != self.progress:
                self.progress, self._moved = seen, time.monotonic()
