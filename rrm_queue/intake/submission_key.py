"""The key of a submission: submissions with equal keys are the same one."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from rrm_queue.domain import Tournament
from rrm_queue.store.queue.submission import NewJob

OPTIONS = ("strategy", "seeding", "judge", "voting", "seed")
"""The options of a job that decide its results; name, source and priority do not."""


_encoder = msgspec.msgpack.Encoder(order="sorted")


def named(tournament: Tournament) -> Tournament:
    """The tournament with a name made of its content, if it has no other."""
    return tournament if tournament.key else replace(tournament, key=_name(tournament))


def _name(tournament: Tournament) -> str:
    content = replace(tournament, key="", line=0)
    return blake2b(_encoder.encode(content), digest_size=12).hexdigest()


class SubmissionKey:
    """A digest of a job's options, of `more` that tells it apart, and of its tournaments."""

    def __init__(self, job: NewJob, *more: object) -> None:
        self._digest = blake2b(digest_size=16)
        self._feed([getattr(job, option) for option in OPTIONS])
        if more:
            self._feed(more)

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
        self._digest.update(_encoder.encode(part))
