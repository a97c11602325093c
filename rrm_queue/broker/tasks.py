"""Thin doors: each task hands a message's body to the function that a composition root gives."""

from collections.abc import Callable

from celery import Celery
from celery.exceptions import Reject

from rrm_queue.broker.app import JUDGE_TASK, RECORD_TASK, WAKE_TASK
from rrm_queue.errors import StoreUnavailable


def serve_batches(app: Celery, judge: Callable[[bytes], bool]) -> None:
    """Lets this process take `JudgeBatch` messages; one that `judge` refuses is another's."""

    @app.task(name=JUDGE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def judge_batch(body: bytes) -> None:
        if not judge(body):
            raise Reject("this worker stops", requeue=True)


def serve_outcomes(app: Celery, record: Callable[[bytes], None], wake: Callable[[], None]) -> None:
    """Lets this process take `Outcomes` messages, and be woken when there is work to plan."""

    @app.task(name=RECORD_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def record_outcomes(body: bytes) -> None:
        try:
            record(body)
        except StoreUnavailable as error:
            # The coordinator ends while the store is away: the message is another's to take.
            raise Reject(str(error), requeue=True) from error

    @app.task(name=WAKE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def wake_coordinator() -> None:
        wake()
