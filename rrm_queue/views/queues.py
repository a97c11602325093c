"""A judge's queue as the store returns it to a face."""

from typing import NamedTuple


class QueueView(NamedTuple):
    """The jobs of a queue that are queued or running: their matches, and tokens so far."""

    queue: str
    jobs: int
    out: int
    ready: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
