"""What workers say of themselves beside their presence: what they hold, and engine restarts.

A note says nothing that any process relies on. It expires with the worker's presence.
"""

from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis
from redis.exceptions import RedisError

from rrm_queue.broker.faults import fault_of
from rrm_queue.broker.leases import work_key


class WorkNote(NamedTuple):
    """How many matches a worker holds, and how often its engine was started again."""

    held: int
    restarts: int


def work_notes(client: Redis, workers: Sequence[str]) -> dict[str, WorkNote]:
    """The notes of these workers, as far as there are any. Raises BrokerUnavailable."""
    if not workers:
        return {}
    try:
        found = client.mget([work_key(worker) for worker in workers])
    except RedisError as error:
        raise fault_of(error) from error
    notes = {}
    for worker, text in zip(workers, found, strict=True):
        words = str(text or "").split()
        if len(words) == 2 and all(map(str.isdecimal, words)):
            notes[worker] = WorkNote(*map(int, words))
    return notes
