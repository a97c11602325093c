"""What a worker does again: every few seconds in a thread of its own, or until Redis answers."""

import logging
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from redis.exceptions import RedisError
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from rrm_queue.errors import BrokerUnavailable

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


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


def until_answered(call: Callable[[], Answer], seconds: float, stopping: Event) -> Answer:
    """Redis's answer, asked again for so many seconds, or until `stopping` is set."""
    retrying = Retrying(
        retry=retry_if_exception_type(RedisError),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop_after_delay(seconds) | stop_when_event_set(stopping),
        sleep=sleep_using_event(stopping),
        reraise=True,
    )
    return retrying(call)
