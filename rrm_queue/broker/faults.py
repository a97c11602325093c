"""What an error of Redis or Celery means for the broker's users."""

from ssl import SSLCertVerificationError

from redis.exceptions import AuthenticationError, OutOfMemoryError

from rrm_queue.errors import BrokerFull, BrokerRefused, BrokerUnavailable
from rrm_queue.text import first_line

_FULL = "it holds as much as its `maxmemory` allows; work goes on when memory is free again"


def fault_of(error: Exception) -> BrokerUnavailable:
    """The fault that stands for an error of the Redis client or of Celery's transport."""
    if _caused_by(error, OutOfMemoryError):
        return BrokerFull(_FULL)
    # Waiting cannot help: a wrong password, or a certificate that is not the server's.
    if _caused_by(error, AuthenticationError, SSLCertVerificationError):
        return BrokerRefused(first_line(error))
    return BrokerUnavailable(first_line(error))


def _caused_by(error: BaseException | None, *kinds: type[Exception]) -> bool:
    while error is not None:
        if isinstance(error, kinds):
            return True
        error = error.__cause__ or error.__context__
    return False
