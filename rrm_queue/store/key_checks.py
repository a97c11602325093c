"""Foreign keys of many rows, checked with one plan for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from rrm_queue.store.connection import Connection, text

# What was set before is read first.
PLAN_ONCE = text("""
    WITH before AS MATERIALIZED (
        SELECT current_setting('plan_cache_mode') AS plans,
               current_setting('enable_seqscan') AS scans
    )
    SELECT plans, scans, set_config('plan_cache_mode', 'force_generic_plan', true),
           set_config('enable_seqscan', 'off', true)
    FROM before
""")

RESTORE = text("""
    SELECT set_config('plan_cache_mode', :plans, true), set_config('enable_seqscan', :scans, true)
""")


@contextmanager
def keys_checked_by_index(tx: Connection) -> Iterator[None]:
    """Within the block the server plans the check, or the cascade, of a foreign key only once.

    A connection that keeps no plans would plan it for each row, which is twice the work of the rows
    themselves. It takes two statements, so it is for many rows. As the table may be small when it
    is planned and large for the last row, it is not read from end to end. An exception must undo
    the transaction, or a savepoint around the block.
    """
    before = tx.execute(PLAN_ONCE).one()
    yield
    tx.execute(RESTORE, {"plans": before.plans, "scans": before.scans})
