"""The fleet: who judges and coordinates, what waits for them, and how the cache is used."""

from collections.abc import Mapping, Sequence
from operator import add
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.health import worker_command
from rrm_queue.broker.memory import Memory, memory_of
from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.broker.presence import live_processes, seconds_since_seen
from rrm_queue.broker.work_notes import work_notes
from rrm_queue.domain.queues import is_online_queue, judge_queue
from rrm_queue.judging.kinds import QUEUES_OF_PEOPLE, SERVED_TOGETHER, worker_name, worker_queue
from rrm_queue.store.views.queues import queue_views
from rrm_queue.views.queues import QueueView


class WorkerView(NamedTuple):
    """A live worker of the judges that it `serves`; `held` counts the matches that it has now.

    `held` and `restarts` are None of a worker of an earlier version. `seen` is how many seconds
    ago it was seen. `capacity` is how many matches it can hold at once.
    """

    name: str
    serves: tuple[str, ...]
    capacity: int
    model: str
    seen: float
    held: int | None
    restarts: int | None


class FleetQueue(NamedTuple):
    """A judge's queue: its live workers and what it has to do.

    `waiting` counts messages that no worker has taken. `remedy` is the command to start a worker
    where jobs wait for one.
    """

    judge: str
    workers: Sequence[WorkerView]
    waiting: int
    work: QueueView
    remedy: str | None


class Fleet(NamedTuple):
    """The coordinators with the seconds since each was seen, the queues, and the broker's memory.

    `outcomes` counts the messages to coordinators that none has taken.
    """

    coordinators: Mapping[str, float]
    queues: Sequence[FleetQueue]
    outcomes: int
    memory: Memory

    @property
    def workers(self) -> list[WorkerView]:
        """Each worker once, with all that it serves and the most that it can hold."""
        found: dict[str, WorkerView] = {}
        for queue in self.queues:
            for worker in queue.workers:
                known = found.get(worker.name, worker._replace(serves=()))
                found[worker.name] = known._replace(
                    serves=(*known.serves, queue.judge),
                    capacity=max(known.capacity, worker.capacity),
                    model=known.model or worker.model,
                )
        return sorted(found.values())


def fleet(app: App) -> Fleet:
    """The fleet now. Raises BrokerUnavailable."""
    with app.begin() as tx:
        return _seen(app, _by_judge(queue_views(tx)))


def _by_judge(views: Sequence[QueueView]) -> dict[str, QueueView]:
    """The work of each judge: online jobs have a queue of their own beside the judge's."""
    found: dict[str, QueueView] = {}
    for view in views:
        name = judge_queue(view.queue)
        known = found.get(name)
        sums = view[1:] if known is None else map(add, known[1:], view[1:])
        found[name] = QueueView(name, *sums)
    return found


def fleet_words(app: App) -> str:
    """What of the fleet changes without a change in the store, in a few words."""
    found = _seen(app, {})
    workers = [worker._replace(seen=0.0) for worker in found.workers]
    return f"{sorted(found.coordinators)} {workers}"


def _seen(app: App, work: Mapping[str, QueueView]) -> Fleet:
    client = app.broker.client
    present = live_processes(client)
    usual = [worker_queue(name) for name in SERVED_TOGETHER]
    seen = {name for name in present if not is_online_queue(name)}
    names = sorted({*seen, *work} - {*usual, COORDINATOR_QUEUE})
    queues = [_queue(app, name, work.get(name)) for name in (*usual, *names)]
    return Fleet(
        seconds_since_seen(client, COORDINATOR_QUEUE),
        queues,
        app.broker.waiting(COORDINATOR_QUEUE),
        memory_of(client),
    )


def _queue(app: App, name: str, work: QueueView | None) -> FleetQueue:
    broker = app.broker
    seen, facts = seconds_since_seen(broker.client, name), broker.facts(name)
    notes = work_notes(broker.client, list(seen))
    workers = [
        WorkerView(
            worker,
            (worker_name(name),),
            facts.capacities[worker],
            facts.models.get(worker, ""),
            ago,
            *(notes.get(worker) or (None, None)),
        )
        for worker, ago in sorted(seen.items())
        if worker in facts.capacities
    ]
    held = work or QueueView(name, 0, 0, 0, 0, 0, 0)
    needed = held.jobs and not workers and name not in QUEUES_OF_PEOPLE
    remedy = worker_command(name) if needed else None
    return FleetQueue(worker_name(name), workers, broker.waiting(name), held, remedy)
