"""The roll in Redis, by which a machine's coordinator or worker is known to be at work."""

import socket
from collections.abc import Iterable

from redis import Redis
from redis.exceptions import RedisError

from rrm_queue.broker.leases import LEASE_SECONDS, workers_key
from rrm_queue.broker.names import COORDINATOR_QUEUE, judge_kind_queue
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.judging.engines import KINDS
from rrm_queue.judging.spec import RRM
from rrm_queue.text import first_line

ANY, COORDINATOR = "any", "coordinator"


def at_work(client: Redis, name: str) -> bool:
    """Whether a process of this machine stands on the roll for `name`.

    `name` is `coordinator`, a judge, or `any` for every one that rrmq knows. A machine is known by
    its host name, which is a container's own. Raises BrokerUnavailable.
    """
    try:
        now, _ = client.time()
        with client.pipeline(transaction=False) as pipe:
            for queue in _queues(name):
                pipe.zrangebyscore(workers_key(queue), now - LEASE_SECONDS, "+inf")
            found = pipe.execute()
    except RedisError as error:
        raise BrokerUnavailable(first_line(error)) from error
    ours = f"{socket.gethostname()}:"
    return any(str(one).startswith(ours) for standing in found for one in standing)


def _queues(name: str) -> Iterable[str]:
    if name == COORDINATOR:
        return [COORDINATOR_QUEUE]
    if name == ANY:
        return [COORDINATOR_QUEUE, *map(judge_kind_queue, (*KINDS, *RRM))]
    return [judge_kind_queue(name.removeprefix("sglang:"))]
