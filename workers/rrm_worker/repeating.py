"""What a worker does every few seconds in a thread of its own, whatever goes wrong meanwhile."""

import logging
from collections.abc import Callable
from threading import Event

from redis.exceptions import RedisError

from rrm_queue.errors import BrokerUnavailable

log = logging.getLogger(__name__)


def repeat(
    stopped: Event,
    seconds: float,
    do: Callable[[], None],
    failed: str,
    level: int = logging.WARNING,
) -> None:
    """Calls `do` every so many seconds until `stopped` is set.

    `failed` says in the log what failed. A broker that is away is logged with `level`.
    """
    while not stopped.wait(seconds):
        try:
            do()
        except (RedisError, BrokerUnavailable) as error:
            log.log(level, "%s: %s", failed, error)
        except Exception:
            log.exception("%s", failed)
