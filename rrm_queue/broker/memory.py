"""What the broker's server says of its memory and of what it writes to disk."""

from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from rrm_queue.broker.faults import fault_of

NOEVICTION = "noeviction"
"""The only policy under which a full server keeps what it holds."""


class Memory(NamedTuple):
    """Bytes used and allowed (0: no limit); the policy at the limit, where the server tells.

    `persistent`: whether what it holds survives a restart; None where it may not be asked.
    """

    used: int
    limit: int
    policy: str
    persistent: bool | None

    @property
    def full(self) -> bool:
        """Whether it refuses what needs more memory."""
        return 0 < self.limit <= self.used

    @property
    def evicts(self) -> bool:
        """Whether it deletes messages and outcomes when it is full."""
        return self.limit > 0 and self.policy not in ("", NOEVICTION)


def memory_of(client: Redis) -> Memory:
    """Asks the server. Raises BrokerUnavailable."""
    try:
        info: dict[str, Any] = client.info("memory")
        return Memory(
            int(info["used_memory"]),
            int(info.get("maxmemory", 0)),
            str(info.get("maxmemory_policy", "")),
            _persistent(client),
        )
    except RedisError as error:
        raise fault_of(error) from error


def _persistent(client: Redis) -> bool | None:
    try:
        found = {
            str(name): str(value)
            for setting in ("appendonly", "save")
            for name, value in client.config_get(setting).items()
        }
    except ResponseError:  # managed servers forbid CONFIG
        return None
    return found.get("appendonly") == "yes" or bool(found.get("save")) if found else None
