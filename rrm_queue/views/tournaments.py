"""A tournament, its candidates and its standings as the store returns them to a face."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    ChampionBy,
    Result,
    Standing,
    TournamentId,
    TournamentState,
)
from rrm_queue.views.matches import Match


class TournamentView(Struct, frozen=True):
    """A tournament without its candidates; `planned` counts its matches so far."""

    id: TournamentId
    key: str
    prompt: str
    reference: str | None
    size: int
    seed: int
    state: TournamentState
    champion: CandidateNumber | None
    error: str | None
    planned: int


class TournamentError(NamedTuple):
    """A failed tournament and why it failed."""

    tournament: str
    error: str


class RankedCandidate(NamedTuple):
    """A standing with its candidate's key and generator."""

    key: str
    generator: str | None
    standing: Standing


class FinalVotes(NamedTuple):
    """The votes of a tournament's last match: for the champion, and for the other."""

    champion: int
    other: int


class TournamentResult(NamedTuple):
    """A tournament's standings by rank; none before the tournament is done.

    `decided_by` is what put the champion first; None before that, and for a single candidate.
    `final` is there where the reader asked for it, of a bracket.
    """

    key: str
    state: TournamentState
    error: str | None
    standings: list[RankedCandidate]
    decided_by: ChampionBy | None = None
    final: FinalVotes | None = None

    @property
    def champion(self) -> str | None:
        """The champion's key."""
        return self.standings[0].key if self.standings else None

    @property
    def tied(self) -> bool:
        """Whether the votes leave open that another answer is as good as the champion."""
        return self.decided_by is not None and self.decided_by.tied


class Answer(Struct, frozen=True):
    """A candidate with its answer.

    `text` is the beginning of an answer of `length` characters, None where it is left out.
    `standing` is None before the tournament is done.
    """

    number: CandidateNumber
    key: str
    generator: str | None
    gold: float | None
    length: int
    text: str | None
    standing: Standing | None = None


class FinishedTournament(NamedTuple):
    """A tournament that is done; `candidates` by number, `standings` the champion first.

    One that `failed` has no standings; it is read only where its votes are asked for. `matches`
    come by round and place, where the reader asked for matches. They are streamed: read them once,
    before the next tournament. `decided_by` is what put the champion first; None for a single
    candidate.
    """

    key: str
    prompt: str
    candidates: Sequence[Candidate]
    standings: Sequence[Standing]
    matches: Iterable[Match] = ()
    failed: bool = False
    decided_by: ChampionBy | None = None

    def candidate(self, number: CandidateNumber) -> Candidate:
        """The candidate of this number."""
        return self.candidates[number]

    @property
    def tied(self) -> bool:
        """Whether the votes leave open that another answer is as good as the champion."""
        return self.decided_by is not None and self.decided_by.tied


class TournamentOutcomes(NamedTuple):
    """What a tournament's ratings are computed from; where a coin chose the winner it is a draw."""

    size: int
    seed: int
    results: list[Result]


class SelectedTournaments(NamedTuple):
    """The tournaments of a report in the file's order; `failed` were selected as failed."""

    ids: list[TournamentId]
    failed: int


class Gold(NamedTuple):
    """The mean gold score of the champions, of all answers, and of each prompt's best answer."""

    tournaments: int
    champions: float
    answers: float
    best: float
