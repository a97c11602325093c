"""A cohort as the store returns it: a group of answers that arrive one by one."""

from enum import StrEnum
from typing import NamedTuple, NewType

from rrm_queue.domain import JobId, TournamentId

CohortId = NewType("CohortId", int)

FEWEST_ANSWERS = 2
"""A single answer has no pair."""


class CohortState(StrEnum):
    """A cohort gathers answers until it is whole or late; then it is judged, or refused."""

    GATHERING = "gathering"
    JUDGED = "judged"
    REFUSED = "refused"


class Partial(StrEnum):
    """What becomes of the answers of a cohort that is not whole at its deadline."""

    JUDGE = "judge"
    REFUSE = "refuse"


class CohortView(NamedTuple):
    """A cohort; `left` is how many seconds its deadline is away, negative once it is over.

    `came` counts its answers. A cohort that is judged has a tournament, unless all its answers are
    equal; so may one that gathers, or was refused: what was there was judged already.
    """

    id: CohortId
    job: JobId
    name: str
    size: int
    prompt: str
    reference: str | None
    criteria: str | None
    partial: Partial
    state: CohortState
    left: float
    came: int
    tournament: TournamentId | None
