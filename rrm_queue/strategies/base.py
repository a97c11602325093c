"""What a strategy is: it reads a tournament's history and says which matches come next."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position

Pair = tuple[CandidateNumber, CandidateNumber]


class History(Struct, frozen=True):
    """A tournament's matches so far: all that a strategy may read.

    `matches` holds every planned match, with None while it is undecided, and `pairs` its candidates
    in slots 1 and 2. Both are empty for strategies that only count (`Strategy.looks_back` is
    False).
    """

    planned: int = 0
    decided: int = 0
    matches: Mapping[Position, Outcome | None] = field(default_factory=dict)
    pairs: Mapping[Position, Pair] = field(default_factory=dict)


class Pairings(Struct, frozen=True):
    """The matches that can be added now; empty when nothing can start until more is decided."""

    new: tuple[Pairing, ...]


class Finished(Struct, frozen=True):
    """Nothing more to play.

    `places` holds the ranks that the structure itself gives; None: the ratings rank.
    """

    places: Mapping[CandidateNumber, int] | None


class Strategy(Protocol):
    """A way to choose a tournament's matches.

    Pure: the same size, history and seed always give the same plan, so planning twice changes
    nothing and no cursor is stored.
    """

    @property
    def name(self) -> str:
        """What `--strategy` calls it, without the number that may follow."""

    @property
    def draws(self) -> bool:
        """Whether a match may end in a draw; if not, a seeded coin breaks a drawn vote."""

    @property
    def looks_back(self) -> bool:
        """Whether `plan` reads `history.matches`; if not, it may be left empty."""

    def matches(self, size: int) -> int:
        """How many matches a tournament of `size` candidates takes, at most."""

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The matches that are not in `history` yet and can start, or the end."""
