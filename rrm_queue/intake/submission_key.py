"""The content of a submission: what makes two submissions the same."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

import msgspec

from rrm_queue.domain import Tournament
from rrm_queue.store.tables import Job

OPTIONS = ("strategy", "seeding", "judge", "voting", "seed")
"""What of a job decides its results; its name, its source and its priority do not."""


class SubmissionKey:
    """The options of a job and its tournaments, as they are read."""

    def __init__(self, job: Job) -> None:
        self._digest = blake2b(digest_size=16)
        self._encoder = msgspec.msgpack.Encoder(order="sorted")
        self._feed([getattr(job, option) for option in OPTIONS])

    def add(self, tournaments: Iterable[Tournament]) -> None:
        """Takes the next tournaments; where they stood in their file is no part of it."""
        for tournament in tournaments:
            self._feed(replace(tournament, line=0))

    def digest(self) -> str:
        """The key of all that was taken, the same for the same content."""
        return self._digest.hexdigest()

    def _feed(self, part: object) -> None:
        self._digest.update(self._encoder.encode(part))
