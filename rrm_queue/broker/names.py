"""What queues and tasks are called; those who only name them load no Celery."""

from rrm_queue.domain import JudgeSpec

COORDINATOR_QUEUE = "rrmq.coordinator"

JUDGE_TASK = "rrmq.judge"
WAKE_TASK = "rrmq.wake"


def judge_queue(judge: JudgeSpec) -> str:
    """The queue of a judge's batches: one for each kind of judge, and each model on SGLang."""
    return judge_kind_queue(judge.argument if judge.kind == "sglang" else judge.kind)


def judge_kind_queue(kind: str) -> str:
    """The queue that workers of this kind of judge, or of this model on SGLang, take from."""
    return f"rrmq.judge.{kind}"
