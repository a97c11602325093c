"""What the store tells those who wait: a tournament ended, a job was held, a cohort went on.

PostgreSQL delivers a notice after the commit of the transaction that sent it, and to those only who
listen at that moment.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import Database

MOST_IDS = 400
"""Ids in a notice: PostgreSQL takes less than 8,000 bytes."""

SEND = text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")


class Channel(StrEnum):
    """What a notice is about: tournaments that ended, jobs that are held, cohorts that went on.

    JOBS tells of every change of a job: a trigger sends it, whichever version made the change. WORK
    tells coordinators of tournaments that were added to a job.
    """

    TOURNAMENTS = "rrmq_tournaments"
    HELD = "rrmq_held"
    COHORTS = "rrmq_cohorts"
    JOBS = "rrmq_jobs"
    WORK = "rrmq_work"


LISTEN = {
    Channel.TOURNAMENTS: text("LISTEN rrmq_tournaments"),
    Channel.HELD: text("LISTEN rrmq_held"),
    Channel.COHORTS: text("LISTEN rrmq_cohorts"),
    Channel.JOBS: text("LISTEN rrmq_jobs"),
    Channel.WORK: text("LISTEN rrmq_work"),
}

REWARDS = (Channel.TOURNAMENTS, Channel.HELD, Channel.COHORTS)
"""What those need who wait for rewards."""


class Notice(NamedTuple):
    """The ids of what has changed."""

    channel: Channel
    ids: list[str]


def tell(tx: Connection, channel: Channel, ids: Sequence[int] | Sequence[str]) -> None:
    """Sends the ids to those who listen, once the transaction is committed."""
    if ids:
        words = [str(id_) for id_ in ids]
        slices = [words[start : start + MOST_IDS] for start in range(0, len(words), MOST_IDS)]
        tx.execute(
            SEND, {"channel": channel.value, "payloads": [",".join(part) for part in slices]}
        )


class Listener:
    """Receives notices of some channels."""

    def __init__(self, connection: Connection, channels: Sequence[Channel]) -> None:
        for channel in channels:
            connection.execute(LISTEN[channel])
        self._driver = connection.driver

    def receive(self, seconds: float) -> Iterator[Notice]:
        """The notices that have come, after waiting for the first up to `seconds`."""
        for notify in self._driver.notifies(timeout=seconds, stop_after=1):
            yield Notice(Channel(notify.channel), notify.payload.split(","))


@contextmanager
def listening(database: Database, channels: Sequence[Channel] = REWARDS) -> Iterator[Listener]:
    """A listener on a connection of its own. Raises StoreUnavailable, also while it receives."""
    with database.connect_alone() as connection:
        yield Listener(connection, channels)
