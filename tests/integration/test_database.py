"""A process that stands still in a transaction loses it, and hears of it in the store's words."""

import pytest

from rrm_queue.errors import StoreUnavailable
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.dispatching import lock_queue


def stand_still(frozen: Database, another: Database) -> None:
    """Goes on only when another has the lock: when the server has ended our transaction."""
    with frozen.begin() as tx:
        lock_queue(tx, "queue")
        with another.begin() as other:
            lock_queue(other, "queue")
        tx.execute(text("SELECT 1"))


def test_a_transaction_that_stands_still_loses_its_locks(database: Database) -> None:
    frozen = Database(database.url, idle_limit=0.2)
    with pytest.raises(StoreUnavailable):
        stand_still(frozen, database)
    with frozen.begin() as tx:
        assert tx.scalar(text("SELECT 1")) == 1, "the next has a connection of its own"
    frozen.close()
