"""What a server remembers of the jobs whose pages are open, so that large ones stay cheap."""

import time
from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.pace import Speedometer, most_matches
from rrm_queue.actions.report.figures import JobFigures, job_figures
from rrm_queue.actions.tournament import list_tournaments
from rrm_queue.domain import JobId
from rrm_queue.views.closeness import TournamentLine
from rrm_queue.views.jobs import JobView

REST = 20.0
"""How many times as long as reading the figures took they are not read again."""

CLOSEST = 10
"""Tournaments that a job's page shows, the closest ones."""

MOST_JOBS = 64
"""Jobs that are remembered."""


class Known(NamedTuple):
    """A job's figures, its closest tournaments, and how many matches it has at most.

    `due` is in how many seconds newer figures can be read; None where these are the newest.
    """

    figures: JobFigures
    closest: list[TournamentLine]
    most_matches: int | None
    due: float | None


class JobMemory:
    """What is remembered of one job."""

    def __init__(self) -> None:
        self.speed = Speedometer()
        self._lock = Lock()
        self._version: object = None
        self._known: Known | None = None
        self._rests_until = 0.0

    def known(self, app: App, view: JobView) -> Known:
        """The job's figures; a while old where they cost much and the job has not ended."""
        version = (view.state, view.matches_done, view.votes, view.tournaments, view.note)
        with self._lock:
            began = time.monotonic()
            resting = began < self._rests_until and not view.state.ended
            if self._known is not None and self._version == version:
                return self._known._replace(due=None)
            if self._known is not None and resting:
                return self._known._replace(due=self._rests_until - began)
            figures = job_figures(app, view.id)
            closest = list_tournaments(app, view.id, CLOSEST)
            self._known = Known(figures, closest, most_matches(app, view), None)
            self._version = version
            ended = time.monotonic()
            self._rests_until = ended + REST * (ended - began)
            return self._known


class Memories:
    """What is remembered of the jobs that were looked at last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._jobs: OrderedDict[JobId, JobMemory] = OrderedDict()

    def of(self, job: JobId) -> JobMemory:
        """What is remembered of the job."""
        with self._lock:
            memory = self._jobs.pop(job, None) or JobMemory()
            self._jobs[job] = memory
            while len(self._jobs) > MOST_JOBS:
                self._jobs.popitem(last=False)
            return memory
