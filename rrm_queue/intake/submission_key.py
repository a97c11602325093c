"""The key of a submission: submissions with equal keys are the same one."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import msgspec

from rrm_queue.domain import Tournament
from rrm_queue.store.tables import Job

OPTIONS = ("strategy", "seeding", "judge", "voting", "seed")
"""The options of a job that decide its results; name, source and priority do not."""


class SubmissionKey:
    """A digest of a job's options and of its tournaments, as they are read."""

    def __init__(self, job: Job) -> None:
        self._digest = blake2b(digest_size=16)
        self._encoder = msgspec.msgpack.Encoder(order="sorted")
        self._feed([getattr(job, option) for option in OPTIONS])

    def add(self, tournaments: Iterable[Tournament]) -> None:
        """Adds the next tournaments; their lines in the file do not count."""
        for tournament in tournaments:
            # What is unset is not encoded: without criteria the key is that of earlier versions.
            criteria: Any = msgspec.UNSET if tournament.criteria is None else tournament.criteria
            self._feed(replace(tournament, line=0, criteria=criteria))

    def digest(self) -> str:
        """The key of all that was added."""
        return self._digest.hexdigest()

    def _feed(self, part: object) -> None:
        self._digest.update(self._encoder.encode(part))
