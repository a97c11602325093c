"""What the judges' queues have to do."""

from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.views.queues import QueueView

# Tokens are those of the jobs that have not ended.
QUEUES = text("""
    SELECT j.queue, count(*) AS jobs,
           coalesce(sum((SELECT count(*) FROM matches m
                         WHERE m.job_id = j.id AND m.state = 'out')), 0)::bigint AS out,
           coalesce(sum((SELECT count(*) FROM matches m
                         WHERE m.job_id = j.id AND m.state = 'ready')), 0)::bigint AS ready,
           sum(j.prompt_tokens)::bigint AS prompt_tokens,
           sum(j.cached_tokens)::bigint AS cached_tokens,
           sum(j.completion_tokens)::bigint AS completion_tokens
    FROM jobs j
    WHERE j.state IN ('queued', 'running')
    GROUP BY j.queue
    ORDER BY j.queue
""")


def queue_views(tx: Connection) -> list[QueueView]:
    """The queues of all jobs that are queued or running."""
    return list(read_rows(QueueView, tx.execute(QUEUES)))
