"""Thin doors: each task hands a message's body to the function that a composition root gives."""

from collections.abc import Callable

from celery import Celery
from celery.exceptions import Reject

from rrm_queue.broker.transport import JUDGE_TASK, RECORD_TASK, WAKE_TASK
from rrm_queue.domain import BatchId, JobId


def serve_batches(app: Celery, judge: Callable[[bytes], bool]) -> None:
    """Lets this process take `JudgeBatch` messages; one that `judge` refuses is another's."""

    @app.task(name=JUDGE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def judge_batch(body: bytes) -> None:
        if not judge(body):
            raise Reject("this worker does not judge it", requeue=True)


def serve_outcomes(
    app: Celery, record: Callable[[JobId, BatchId], None], wake: Callable[[], None]
) -> None:
    """Lets this process record outcomes that lie ready, and be woken when there is work to plan."""

    @app.task(name=RECORD_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def record_outcomes(job: str, batch: int) -> None:
        record(JobId(str(job)), BatchId(int(batch)))

    @app.task(name=WAKE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def wake_coordinator() -> None:
        wake()
