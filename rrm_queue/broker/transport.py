"""Celery's transport over Redis, with a filter that accepts only messages of rrmq.

Anyone who reaches the broker can put anything into a queue. Kombu ends the whole process on an
envelope that is not JSON, and Celery logs the text of a message that it cannot read. This filter
drops every other message before Celery sees it, and logs one line without its content: it is never
decoded, never run, and never goes back to its queue.

Kombu keeps a copy of each message that was taken, and returns it to its queue after an hour. Leases
and the store do that here, and sooner: this transport keeps no copies. So a killed worker leaves
nothing behind in the broker, and taking a message needs no free memory there.
"""

import logging
from collections.abc import Callable, Mapping
from json import JSONDecodeError
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from kombu.transport.virtual import Message as AnyMessage
from kombu.utils.scheduling import round_robin_cycle
from redis.exceptions import RedisError

from rrm_queue.broker.names import JUDGE_TASK, WAKE_TASK
from rrm_queue.domain.queues import is_online_queue
from rrm_queue.messages import LARGEST

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-rrmq-msgpack"
"""The only content type that is accepted, even if this process has other serializers."""

TASKS: Mapping[str, tuple[type, ...]] = {
    JUDGE_TASK: (bytes,),
    WAKE_TASK: (),
}
"""Every task with the types of its arguments: see `tasks`."""

WAKER = "waker"
"""The transport's option that holds a `Waker`."""

GLANCE = 0.2
"""Seconds between two looks at whether there is room, when nobody says that there is."""

ONLINE_TURNS = 10
"""Messages of online jobs in a row while other messages wait."""

_UNUSED = ("eta", "expires", "compression")
"""Headers that Celery would obey, and that rrmq never sets: delay, expiry, compression."""

_LONGEST_BODY = LARGEST // 3 * 4 + 4096  # characters of Base64, and room for what Celery adds


class ForeignMessage(Exception):
    """A message that rrmq has not sent."""


class Waker:
    """Whether a process takes another message; wakes its consumer as soon as there is room.

    The consumer asks `has_room` in its own thread; any thread may say `made_room`.
    """

    def __init__(self) -> None:
        self.room: Callable[[], bool] = lambda: True
        self._waits = False
        self._wake: Callable[[Callable[[], None]], object] = lambda _: None

    def attach(self, wake: Callable[[Callable[[], None]], object]) -> None:
        """`wake` lets the consumer's loop call a function; any thread may use it."""
        self._wake = wake

    def has_room(self) -> bool:
        """Whether there is room for another message."""
        self._waits = True  # first, so that no room that is made meanwhile goes unnoticed
        self._waits = not (room := self.room())
        return room

    def made_room(self) -> None:
        """There may be room now."""
        if self._waits and self.room():
            self._waits = False
            self._wake(_turn)


class Message(AnyMessage):
    """A message that rrmq has sent."""

    def __init__(self, payload: Any, channel: Any = None, **options: Any) -> None:
        _check(payload)  # before kombu unpacks anything of it
        try:
            super().__init__(payload, channel=channel, **options)  # type: ignore[no-untyped-call]
            arguments, keywords, embedded = self.decode()  # type: ignore[no-untyped-call]
            arguments = list(arguments)
        except Exception as error:
            raise ForeignMessage("it cannot be read") from error
        fitting = tuple(map(type, arguments)) == TASKS[self.headers["task"]]
        if not fitting or keywords or _follows(embedded):
            raise ForeignMessage("its arguments are not those of its task")


class QoS(virtual.QoS):
    """Takes messages only while there is room for what they bring; keeps no copy of them in Redis.

    A message that was taken and not ended does not go back when the connection closes: a batch that
    runs has a lease, and recover finds the others.
    """

    restore_at_shutdown = False

    def can_consume(self) -> bool:
        """Whether to ask for one more."""
        waker: Waker | None = self.channel.connection.client.transport_options.get(WAKER)
        if waker is not None and not waker.has_room():
            return False
        return bool(super().can_consume())  # type: ignore[no-untyped-call]


class OnlineFirst(round_robin_cycle):
    """The order in which queues are asked for a message: first those of online jobs.

    After ONLINE_TURNS messages of online jobs the others go first once, so that neither starves.
    Among queues of one kind each has its turn.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._in_a_row = 0

    def consume(self, n: int) -> list[str]:
        """The queues in that order; `n` is how many there are."""
        asked: list[str] = super().consume(n)  # type: ignore[no-untyped-call]
        others_first = self._in_a_row >= ONLINE_TURNS
        return sorted(asked, key=lambda queue: is_online_queue(queue) is others_first)

    def rotate(self, last_used: str) -> str:
        """Notes that a message came from this queue."""
        self._in_a_row = self._in_a_row + 1 if is_online_queue(last_used) else 0
        return str(super().rotate(last_used))  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """A channel that drops messages that rrmq has not sent, and goes on."""

    Message = Message
    ack_emulation = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self.QoS = QoS  # type: ignore[assignment]  # without copies kombu takes its own plain one
        self._queue_cycle = OnlineFirst()

    def _restore(self, message: Any, leftmost: bool = False) -> None:
        try:
            super()._restore(message, leftmost)  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as error:
            log.warning("a message could not go back to its queue, it is sent again: %s", error)

    def _brpop_read(self, **options: Any) -> bool:
        try:
            return bool(super()._brpop_read(**options))  # type: ignore[no-untyped-call]
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            log.error("a message was dropped: its envelope is not JSON")
        except ForeignMessage as fault:
            log.error("a message was dropped: %s", fault)
        return True


class Transport(redis.Transport):
    """Redis, plain or with TLS, with that filter."""

    Channel = Channel

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Lets the loop be woken when there is room again, and check it now and then."""
        super().register_with_event_loop(connection, loop)  # type: ignore[no-untyped-call]
        waker: Waker | None = connection.client.transport_options.get(WAKER)
        if waker is not None:
            waker.attach(loop.call_soon)
            loop.call_repeatedly(GLANCE, _turn)


def _turn() -> None:
    """Does nothing: a loop that calls it asks again what to wait for."""


def install() -> None:
    """Makes this the transport of `redis://`, `rediss://` and `redis+socket://` in the process.

    Kombu knows transports by the scheme of the address, and has no other place to name one.
    """
    ours = f"{Transport.__module__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=ours, rediss=ours)


def _follows(embedded: Any) -> bool:
    """Whether Celery is asked to send other messages after this one: rrmq never asks for that."""
    return not isinstance(embedded, dict) or any(embedded.values())


def _check(payload: Any) -> None:
    """Raises ForeignMessage unless this is the envelope of a message that rrmq may have sent."""
    if not isinstance(payload, dict):
        raise ForeignMessage("its envelope is not a JSON object")
    if payload.get("content-type") != CONTENT_TYPE:
        raise ForeignMessage(
            f"its content type is {_quoted(payload.get('content-type'))}, not {CONTENT_TYPE}"
        )
    body = payload.get("body")
    if not isinstance(body, str) or len(body) > _LONGEST_BODY:
        raise ForeignMessage(f"its body is not text or has more than {_LONGEST_BODY:,} characters")
    _check_headers(payload.get("headers"))
    _check_properties(payload.get("properties"))


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, dict) or not isinstance(headers.get("id"), str):
        raise ForeignMessage("its headers hold no id")
    task = headers.get("task")
    if not isinstance(task, str) or task not in TASKS:
        raise ForeignMessage(f"no task is called {_quoted(task)}")
    if used := [name for name in _UNUSED if headers.get(name) is not None]:
        raise ForeignMessage(f"its header {used[0]} is set")


def _check_properties(properties: Any) -> None:
    if not isinstance(properties, dict) or not isinstance(properties.get("delivery_tag"), str):
        raise ForeignMessage("it has no delivery tag")
    delivery = properties.get("delivery_info")
    if not isinstance(delivery, dict) or not {"exchange", "routing_key"} <= set(delivery):
        raise ForeignMessage("it does not say how it was delivered")


def _quoted(word: object) -> str:
    """Foreign text, made short and safe for a line of a log."""
    return ascii(word)[:60]
