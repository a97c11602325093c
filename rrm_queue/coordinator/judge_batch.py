"""The `JudgeBatch` message: matches with all that a worker needs to judge them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from rrm_queue.coordinator.batching import linger
from rrm_queue.coordinator.byte_budget import TextBytes
from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    JudgeSpec,
    MatchId,
    TournamentId,
    Vote,
    Voting,
)
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.vote_request import VoteRequest, vote_request
from rrm_queue.judging.voting import as_sent
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, Question
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import dispatching
from rrm_queue.store.queue.active_jobs import ActiveJob
from rrm_queue.store.queue.dispatching import (
    ANY_ROOM,
    CandidateRef,
    ReadyMatch,
    TournamentTexts,
)

Votes = Mapping[MatchId, Sequence[Vote]]
"""The votes that matches have already, without their texts."""


class Paired(Protocol):
    """A match, as far as its texts depend on it."""

    @property
    def tournament(self) -> TournamentId:
        """The tournament that it belongs to."""

    @property
    def first(self) -> CandidateNumber:
        """One of its candidates, in slot 1 of odd votes."""

    @property
    def second(self) -> CandidateNumber:
        """The other."""

    @property
    def meeting(self) -> int:
        """How often the pair has met, with this match."""


class Texts(Struct, frozen=True):
    """The texts of claimed matches: of their tournaments and their answers."""

    tournaments: Mapping[TournamentId, TournamentTexts]
    answers: Mapping[CandidateRef, Answer]

    def request(
        self, match: Paired, number: int, judge: JudgeSpec, voting: Voting, seed: int
    ) -> VoteRequest:
        """What vote `number` of the match asks; `seed` is the job's."""
        about, (first, second) = self.tournaments[match.tournament], self.pair(match)
        return vote_request(
            tournament=about.key,
            prompt=about.prompt,
            reference=about.reference,
            criteria=about.criteria,
            first=first,
            second=second,
            number=number,
            judge=judge,
            voting=voting,
            seed=seed,
            meeting=match.meeting,
        )

    def pair(self, match: Paired) -> tuple[Answer, Answer]:
        """The match's two answers."""
        return (
            self.answers[match.tournament, match.first],
            self.answers[match.tournament, match.second],
        )

    def equal(self, match: Paired) -> bool:
        """Whether both answers are the same text: then there is nothing to ask."""
        one, two = self.pair(match)
        return one.text == two.text

    def size(self, match: Paired) -> int:
        """The characters that a judge reads for the match."""
        about, (one, two) = self.tournaments[match.tournament], self.pair(match)
        shown = (about.prompt, about.reference or "", about.criteria or "", one.text, two.text)
        return sum(map(len, shown))


NOTHING = Texts({}, {})


def read_texts(
    tx: Transaction,
    judges: Iterable[JudgeSpec],
    matches: Iterable[Paired],
    known: Texts = NOTHING,
) -> Texts:
    """The texts of these matches, beside those that are `known` already."""
    refs = _candidates(matches)
    tournaments = [id_ for id_ in refs if id_ not in known.tournaments]
    answers = [(t, number) for t in refs for number in refs[t] if (t, number) not in known.answers]
    if not tournaments and not answers:
        return known
    read, _ = read_fitting(tx, judges, tournaments, answers)
    return Texts({**known.tournaments, **read.tournaments}, {**known.answers, **read.answers})


def read_fitting(
    tx: Transaction,
    judges: Iterable[JudgeSpec],
    tournaments: Sequence[TournamentId],
    answers: Sequence[CandidateRef],
    room: int = ANY_ROOM,
) -> tuple[Texts, TextBytes]:
    """The first of these texts that fit `room` bytes, tournaments before answers; the bytes of all.

    `gold` is read only where one of the judges looks at it.
    """
    gold = any(kind_of(judge).needs_gold for judge in judges)
    abouts = dispatching.tournament_texts(tx, tournaments, room)
    left = room - sum(abouts.bytes[tournament] for tournament in abouts.read)
    given = dispatching.answers(tx, answers, gold=gold, room=left)
    return Texts(abouts.read, given.read), TextBytes(abouts.bytes, given.bytes)


def judge_batch(
    id_: BatchId,
    token: str,
    job: ActiveJob,
    matches: Sequence[ReadyMatch],
    texts: Texts,
    votes: Votes,
) -> JudgeBatch:
    """The message of one batch; each of its answers stands in it once."""
    numbers = _candidates(matches)
    places = {tournament: place for place, tournament in enumerate(numbers)}
    questions = []
    for tournament, candidates in numbers.items():
        about = texts.tournaments[tournament]
        answers = [texts.answers[tournament, number] for number in sorted(candidates)]
        questions.append(
            Question(about.key, about.prompt, about.reference, answers, about.criteria)
        )
    return JudgeBatch(
        batch=id_,
        job=job.id,
        judge=job.judge,
        questions=questions,
        matches=[
            BatchMatch(
                match=m.id,
                first=m.first,
                second=m.second,
                question=places[m.tournament],
                votes=list(votes.get(m.id, [])),
                meeting=m.meeting,
            )
            for m in matches
        ],
        voting=as_sent(job.voting, (votes.get(m.id, []) for m in matches)),
        seed=job.seed,
        token=token,
        linger=linger(job.strategy, job.priority),
    )


def _candidates(matches: Iterable[Paired]) -> dict[TournamentId, set[CandidateNumber]]:
    """The candidates that play, by tournament in the order of the matches."""
    numbers: dict[TournamentId, set[CandidateNumber]] = defaultdict(set)
    for match in matches:
        numbers[match.tournament] |= {match.first, match.second}
    return numbers
