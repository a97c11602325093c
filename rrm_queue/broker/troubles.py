"""Why requests wait, as workers say it in Redis while they still try; it expires in seconds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from redis import Redis

from rrm_queue.broker.judge_notes import write_notes

TELL_SECONDS = 2
"""How often a worker says it."""

KEEP_SECONDS = 10
"""How long it stands there unless it is said again."""

_LONGEST = 500  # characters


class Trouble(NamedTuple):
    """Why requests of a job are not answered, and how many of them wait."""

    reason: str
    waiting: int


class _Told(msgspec.Struct, frozen=True):
    at: int
    reason: str
    waiting: int


_told = msgspec.json.Decoder(_Told)


def trouble_key(job: str) -> str:
    """Where the troubles of a job stand, by worker."""
    return f"rrmq:trouble:{job}"


def tell(
    client: Redis,
    worker: str,
    troubles: Mapping[str, tuple[str, int]],
    notes: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Says why requests of each of these jobs wait at this worker. Raises RedisError.

    `notes` are on the judges of jobs, see `broker.judge_notes`.
    """
    write_notes(client, notes)
    if not troubles:
        return
    now, _ = client.time()
    with client.pipeline(transaction=False) as pipe:
        for job, (reason, waiting) in troubles.items():
            told = msgspec.json.encode(_Told(int(now), reason[:_LONGEST], waiting)).decode()
            pipe.hset(trouble_key(job), worker, told)
            pipe.expire(trouble_key(job), KEEP_SECONDS)
        pipe.execute()


def told(client: Redis, job: str) -> Trouble | None:
    """What workers said of the job lately; None when nothing. Raises RedisError."""
    found = client.hvals(trouble_key(job))
    if not found:
        return None
    now, _ = client.time()
    recent = [one for one in map(_read, found) if one and now - one.at <= KEEP_SECONDS]
    if not recent:
        return None
    last = max(recent, key=lambda one: one.at)
    return Trouble(last.reason, sum(one.waiting for one in recent))


def _read(text: str | bytes) -> _Told | None:
    """What a worker said; None for what is none of ours."""
    try:
        return _told.decode(text)
    except msgspec.DecodeError:
        return None
