"""The Celery tasks: each passes a message's body to a function of the composition root."""

from collections.abc import Callable

from celery import Celery
from celery.exceptions import Reject

from rrm_queue.broker.names import JUDGE_TASK, WAKE_TASK


def serve_batches(app: Celery, judge: Callable[[bytes], bool]) -> None:
    """Lets this process take `JudgeBatch` messages; one that `judge` refuses goes back."""

    @app.task(name=JUDGE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def judge_batch(body: bytes) -> None:
        if not judge(body):
            raise Reject("this worker does not judge it", requeue=True)


def serve_wakes(app: Celery, wake: Callable[[], None]) -> None:
    """Lets this process be woken when there is work to plan."""

    @app.task(name=WAKE_TASK)  # type: ignore[untyped-decorator]  # celery has no types
    def wake_coordinator() -> None:
        wake()
