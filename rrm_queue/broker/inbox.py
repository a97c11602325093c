"""The inbox: outcomes stay in Redis until they are recorded, and a list names their batches.

Celery on Redis may lose a message, and keeps the messages of a dead process for an hour. Outcomes
are paid for: they stay until a coordinator has committed them, even if any process is killed. Slow
judges send them one by one. A coordinator receives all that wait at once; Celery would spend more
on each message than it takes to record it.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from redis import Redis
from redis.client import NEVER_DECODE

from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import Flush, Outcomes, encode

log = logging.getLogger(__name__)

KEEP_SECONDS = 7 * 24 * 3600
"""How long outcomes wait for a coordinator: longer than any fleet is left without one."""

PLACES_KEY = "rrmq:inbox"
"""The list of batches with flushes that no coordinator has received yet, the oldest first."""

MOST_BYTES = 16_000_000
"""Received at once, and one flush more: it bounds a coordinator's memory."""

MOST_FLUSHES = 256
"""Received at once."""

_OUTCOMES = "rrmq:outcomes:"
"""The prefix of a batch's key, which holds its flushes by their ids."""

_ODD = "surrogateescape"
"""How an id that is not text is read, so that its flush can be removed by that id."""

# All flushes of the first place and of those that are listed, up to the bounds. A place of which
# only a part is received is listed again when that part is recorded: if it cannot be recorded, no
# other place waits for it. A key that is no hash is not ours, and is skipped.
_RECEIVE = """
local place, flushes, bytes, seen = ARGV[1], {}, 0, {}
while place do
  local key = ARGV[2] .. place
  local ids = seen[place] and {} or redis.pcall("HKEYS", key)
  seen[place] = true
  for nth, id in ipairs(ids.err and {} or ids) do
    if bytes >= tonumber(ARGV[3]) or #flushes >= tonumber(ARGV[4]) then
      if nth == 1 then
        redis.call("LPUSH", KEYS[1], place)
      end
      return flushes
    end
    local body = redis.call("HGET", key, id)
    bytes = bytes + #body
    table.insert(flushes, {place, id, body})
  end
  place = redis.call("LPOP", KEYS[1])
end
return flushes
"""

# PERSIST: a full broker refuses RPUSH, unless a script has written before.
_RELIST = """
redis.call("PERSIST", KEYS[1])
local listed = {}
for _, place in ipairs(redis.call("LRANGE", KEYS[1], 0, -1)) do
  listed[place] = true
end
for _, place in ipairs(ARGV) do
  if not listed[place] then
    redis.call("RPUSH", KEYS[1], place)
  end
end
"""


# The places, from 1, of the keys that are there.
_WAITING = """
local there = {}
for nth, key in ipairs(KEYS) do
  if redis.call("EXISTS", key) == 1 then
    table.insert(there, nth)
  end
end
return there
"""

_AT_ONCE = 1000
"""Batches that one command asks about: the server answers nobody else meanwhile."""


def slices(batches: Sequence[BatchRef]) -> Iterator[Sequence[BatchRef]]:
    """The batches in parts that one command may ask about."""
    for start in range(0, len(batches), _AT_ONCE):
        yield batches[start : start + _AT_ONCE]


def inbox_key(job: str, batch: int) -> str:
    """The key of a batch's outcomes."""
    return _OUTCOMES + _place(job, batch)


class Inbox:
    """Flushes by batch, each under an id of its own."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def put(self, *flushes: Outcomes) -> None:
        """Adds flushes; adding one again changes nothing.

        All places are listed by one command, so that a coordinator receives them together.
        """
        places = dict.fromkeys(_place(flush.job, flush.batch) for flush in flushes)
        with self._client.pipeline(transaction=False) as pipe:
            for flush in flushes:
                key = inbox_key(flush.job, flush.batch)
                pipe.hset(key, f"{flush.worker}:{flush.matches[0].match}", encode(flush))
                pipe.expire(key, KEEP_SECONDS)
            pipe.rpush(PLACES_KEY, *places)
            pipe.execute()

    def receive(self, seconds: float) -> list[Flush]:
        """Flushes that no coordinator has received; waits for them, `seconds` at most.

        They stay in the inbox until they are acknowledged; `relist` lets them be received again.
        """
        first = self._undecoded("BLPOP", PLACES_KEY, seconds)
        if first is None:
            return []
        bounds = (MOST_BYTES, MOST_FLUSHES)
        found = self._undecoded("EVAL", _RECEIVE, 1, PLACES_KEY, first[1], _OUTCOMES, *bounds)
        return list(_flushes(found))

    def _undecoded(self, *command: str | bytes | float) -> Any:
        """The answer in bytes: other programs may have left keys that are not text."""
        return self._client.execute_command(  # type: ignore[no-untyped-call]  # redis has no type
            *command, **{NEVER_DECODE: True}
        )

    def ack(self, flushes: Collection[Flush]) -> None:
        """Removes flushes that are recorded, in the order in which they were received."""
        ids: dict[BatchRef, list[bytes]] = defaultdict(list)
        for flush in flushes:
            ids[flush.job, flush.batch].append(flush.id.encode(errors=_ODD))
        if not ids:
            return
        *_, last = ids  # the only place of which a part may have been left
        with self._client.pipeline(transaction=False) as pipe:
            for place, of_batch in ids.items():
                pipe.hdel(inbox_key(*place), *of_batch)
            pipe.exists(inbox_key(*last))
            *_, more = pipe.execute()
        if more:
            self.relist([last])

    def relist(self, batches: Collection[BatchRef]) -> None:
        """Lists the places of batches again, except those that are still listed."""
        if batches:
            places = [_place(job, batch) for job, batch in batches]
            self._client.eval(_RELIST, 1, PLACES_KEY, *places)

    def waiting(self, batches: Sequence[BatchRef]) -> set[BatchId]:
        """Those of the batches that have flushes here."""
        found: set[BatchId] = set()
        for some in slices(batches):
            keys = [inbox_key(job, batch) for job, batch in some]
            there = self._client.eval(_WAITING, len(keys), *keys)
            found |= {some[nth - 1][1] for nth in there}
        return found


def _place(job: str, batch: int) -> str:
    return f"{job}:{batch}"


def _flushes(found: Iterable[Sequence[bytes]]) -> Iterable[Flush]:
    for place, id_, body in found:
        job, _, batch = bytes(place).decode(errors="replace").rpartition(":")
        try:
            where = (JobId(job), BatchId(int(batch)))
        except ValueError:
            log.error("skipped outcomes at %s: not a key of rrmq", ascii(place)[:60])
            continue
        yield Flush(*where, bytes(id_).decode(errors=_ODD), bytes(body))
