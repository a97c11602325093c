"""Those who wait for groups: all share one listener, which the store tells when one is judged.

Nobody asks the store again and again. Only every SWEEP_SECONDS one statement looks up all groups
that are waited for: a notice may be lost with a connection, or never be sent by a coordinator of
the version before.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from functools import partial
from threading import Event, Lock, Thread

from rrm_queue.actions.app import App
from rrm_queue.domain import JobId, TournamentId
from rrm_queue.errors import JobHeld, RrmqError
from rrm_queue.store.listening import Channel, Notice, listening
from rrm_queue.store.views.groups import held_jobs, judged_groups
from rrm_queue.views.groups import JudgedGroup

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0

GLANCE = 0.5
"""Seconds after which the listener's thread sees that it shall end, or that a deadline is over."""

RETRY = 1.0
"""Seconds before the store is tried again after it was away."""

HELD_RETRY = 10
"""Seconds after which a caller may ask again for a group of a job that is held."""

Hear = Callable[[Notice], None]


class Listening:
    """A thread that passes notices of the store to `hear`.

    It calls `sweep` regularly and after each connection, as notices before it were missed; and it
    calls `glance` every GLANCE seconds.
    """

    def __init__(
        self, app: App, hear: Hear, sweep: Callable[[], None], glance: Callable[[], None]
    ) -> None:
        self._app = app
        self._hear = hear
        self._sweep = sweep
        self._glance = glance
        self._stopping = Event()
        self.ready = Event()
        self._thread = Thread(target=self._run, name="listening", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except RrmqError as error:
                log.warning("waiting for the store's notices: %s", error)
            except Exception:
                log.exception("notices of the store cannot be heard")
            self._stopping.wait(RETRY)

    def _listen(self) -> None:
        with listening(self._app.database) as listener:
            sweep_at = 0.0
            while not self._stopping.is_set():
                if time.monotonic() >= sweep_at:
                    self._sweep()
                    sweep_at = time.monotonic() + SWEEP_SECONDS
                self.ready.set()
                for notice in listener.receive(GLANCE):
                    self._hear(notice)
                self._glance()


class Waiting:
    """Who waits for which tournament; it is thread-safe."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = Lock()
        self._waiting: dict[TournamentId, list[Future[JudgedGroup]]] = {}
        self._jobs: dict[TournamentId, JobId] = {}

    def __len__(self) -> int:
        """How many tournaments are waited for."""
        return len(self._waiting)

    def expect(self, tournament: TournamentId, job: JobId) -> Future[JudgedGroup]:
        """What will have come of the tournament; a caller that waits no longer cancels it.

        It raises JobHeld when nothing of the job is judged. Of a tournament that may be over
        already, `look` must be called afterwards.
        """
        future: Future[JudgedGroup] = Future()
        with self._lock:
            self._waiting.setdefault(tournament, []).append(future)
            self._jobs[tournament] = job
        future.add_done_callback(partial(self._leave, tournament))
        return future

    def hear(self, notice: Notice) -> None:
        """Looks up what a notice tells of, if anybody waits for it."""
        if notice.channel is Channel.TOURNAMENTS:
            self.look(TournamentId(int(id_)) for id_ in notice.ids)
        elif notice.channel is Channel.HELD:
            self.look_for_held({JobId(id_) for id_ in notice.ids})

    def sweep(self) -> None:
        """Looks up everything that is waited for."""
        with self._lock:
            tournaments, jobs = list(self._waiting), set(self._jobs.values())
        self.look(tournaments)
        self.look_for_held(jobs)

    def look(self, tournaments: Iterable[TournamentId]) -> None:
        """Answers those who wait for one of these tournaments that is over."""
        wanted = [id_ for id_ in tournaments if id_ in self._waiting]
        if not wanted:
            return
        with self._app.look() as tx:
            groups = judged_groups(tx, wanted)
        for group in groups:
            for future in self._take(group.id):
                if future.set_running_or_notify_cancel():
                    future.set_result(group)

    def look_for_held(self, jobs: Collection[JobId]) -> None:
        """Answers those who wait for a tournament of one of these jobs that is held."""
        with self._lock:
            waiting = defaultdict(list)
            for tournament, job in self._jobs.items():
                if job in jobs:
                    waiting[job].append(tournament)
        if not waiting:
            return
        with self._app.look() as tx:
            held = held_jobs(tx, list(waiting))
        for one in held:
            for future in (f for tournament in waiting[one.id] for f in self._take(tournament)):
                if future.set_running_or_notify_cancel():
                    future.set_exception(JobHeld(one.reason, retry_after=HELD_RETRY))

    def _take(self, tournament: TournamentId) -> list[Future[JudgedGroup]]:
        with self._lock:
            self._jobs.pop(tournament, None)
            return self._waiting.pop(tournament, [])

    def _leave(self, tournament: TournamentId, future: Future[JudgedGroup]) -> None:
        with self._lock:
            left = self._waiting.get(tournament, [])
            if future in left:
                left.remove(future)
            if not left:
                self._waiting.pop(tournament, None)
                self._jobs.pop(tournament, None)
