"""Foreign keys of many rows, checked with one plan for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from rrm_queue.store.connection import Connection, text

SETTINGS = text("""
    SELECT current_setting('plan_cache_mode') AS plans, current_setting('enable_seqscan') AS scans
""")

SET = text("""
    SELECT set_config('plan_cache_mode', :plans, true), set_config('enable_seqscan', :scans, true)
""")


@contextmanager
def keys_checked_by_index(tx: Connection) -> Iterator[None]:
    """Within the block the server plans the check, or the cascade, of a foreign key only once.

    A connection that keeps no plans would plan it for each row, which is twice the work of the rows
    themselves. As the table may be small when it is planned and large for the last row, it is not
    read from end to end. An exception must undo the transaction, or a savepoint around the block.
    """
    before = tx.execute(SETTINGS).one()
    tx.execute(SET, {"plans": "force_generic_plan", "scans": "off"})
    yield
    tx.execute(SET, {"plans": before.plans, "scans": before.scans})
