"""Which coordinators and workers are alive, as they show it in Redis."""

import socket
from collections.abc import Collection
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from rrm_queue.broker.leases import LEASE_SECONDS, workers_key
from rrm_queue.domain.queues import is_online_queue
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.text import first_line

_KEYS_A_STEP = 1000


def at_work(client: Redis, queue: str | None = None) -> bool:
    """Whether a process of this machine serves `queue`, or any queue where None is given.

    A machine is known by its host name, which is a container's own. Raises BrokerUnavailable.
    """
    ours = f"{socket.gethostname()}:"
    found = live_processes(client, None if queue is None else [queue])
    return any(name.startswith(ours) for names in found.values() for name in names)


def live_processes(client: Redis, queues: Collection[str] | None = None) -> dict[str, list[str]]:
    """The live processes of each of these queues, or of every queue that ever had one.

    Raises BrokerUnavailable.
    """
    try:
        if queues is None:
            keys = client.scan_iter(match=workers_key("*"), count=_KEYS_A_STEP)
            names = {str(key).removeprefix(workers_key("")) for key in keys}
            queues = sorted(name for name in names if not is_online_queue(name))
        now, _ = client.time()
        with client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrangebyscore(workers_key(queue), now - LEASE_SECONDS, "+inf")
            found = pipe.execute()
    except RedisError as error:
        raise BrokerUnavailable(first_line(error)) from error
    return {
        queue: [str(name) for name in names]
        for queue, names in zip(queues, found, strict=True)
        if names
    }


def seconds_since_seen(client: Redis, queue: str) -> dict[str, float]:
    """The live processes of a queue, each with how many seconds ago it was seen.

    Raises BrokerUnavailable.
    """
    try:
        now, _ = client.time()
        found: Any = client.zrangebyscore(
            workers_key(queue), now - LEASE_SECONDS, "+inf", withscores=True
        )
    except RedisError as error:
        raise BrokerUnavailable(first_line(error)) from error
    return {str(name): max(0.0, now - score) for name, score in found}
