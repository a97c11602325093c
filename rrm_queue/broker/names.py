"""What queues and tasks are called; those who only name them load no Celery."""

COORDINATOR_QUEUE = "rrmq.coordinator"

JUDGE_TASK = "rrmq.judge"
WAKE_TASK = "rrmq.wake"
