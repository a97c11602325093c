"""Two queues for each judge: one for work that somebody waits for, and one for all other work."""

ONLINE_PRIORITY = 10
"""The priority from which a job is online: its matches are judged before those of other jobs."""

_ONLINE = "rrmq.online."


def is_online(priority: int) -> bool:
    """Whether a job of this priority is online."""
    return priority >= ONLINE_PRIORITY


def online_queue(queue: str) -> str:
    """The queue of online jobs beside a judge's `queue`."""
    return _ONLINE + queue


def is_online_queue(queue: str) -> bool:
    """Whether this is the queue of online jobs of a judge."""
    return queue.startswith(_ONLINE)


def judge_queue(queue: str) -> str:
    """The judge's queue of either of the two."""
    return queue.removeprefix(_ONLINE)
