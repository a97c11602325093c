"""A group that was judged: what rewards are computed from."""

from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.domain import JobId, Result, TournamentId, TournamentState


class JudgedGroup(NamedTuple):
    """A tournament that is over; `keys` are its candidates' by number.

    `results` are the matches in which a vote had a verdict; one that a coin decided is a draw.
    `error` says why it failed. `votes` and the tokens are of all its matches.
    """

    id: TournamentId
    job: JobId
    key: str
    state: TournamentState
    error: str | None
    seed: int
    keys: Sequence[str]
    results: Sequence[Result]
    matches: int
    votes: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int

    @property
    def over(self) -> bool:
        """Whether nothing more will be judged of it."""
        return self.state in {TournamentState.DONE, TournamentState.FAILED}


class HeldJob(NamedTuple):
    """A job of which nothing is judged, and why."""

    id: JobId
    reason: str
