"""The `JudgeBatch` message: matches with all that a worker needs to judge them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rrm_queue.domain import BatchId, CandidateNumber, MatchId, TournamentId, Vote
from rrm_queue.judging.kinds import kind_of
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, Question
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import dispatching
from rrm_queue.store.queue.dispatching import ActiveJob, Answers, ReadyMatch, TournamentTexts

Votes = Mapping[MatchId, Sequence[Vote]]
"""The votes that matches have already, without their texts."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of claimed matches: of their tournaments and their answers."""

    tournaments: Mapping[TournamentId, TournamentTexts]
    answers: Answers

    def pair(self, match: ReadyMatch) -> tuple[Answer, Answer]:
        """The match's two answers."""
        return (
            self.answers[match.tournament, match.first],
            self.answers[match.tournament, match.second],
        )

    def size(self, match: ReadyMatch) -> int:
        """The characters that a judge reads for the match."""
        about, (one, two) = self.tournaments[match.tournament], self.pair(match)
        return len(about.prompt) + len(about.reference or "") + len(one.text) + len(two.text)


def read_texts(tx: Transaction, job: ActiveJob, matches: Iterable[ReadyMatch]) -> Texts:
    """The texts of these matches; `gold` only for judges that look at it."""
    numbers = _candidates(matches)
    wanted = {(tournament, number) for tournament in numbers for number in numbers[tournament]}
    answers = dispatching.answers(tx, wanted, gold=kind_of(job.judge).needs_gold)
    return Texts(dispatching.tournament_texts(tx, numbers), answers)


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
        questions.append(Question(about.key, about.prompt, about.reference, answers))
    return JudgeBatch(
        batch=id_,
        job=job.id,
        judge=job.judge,
        questions=questions,
        matches=[
            BatchMatch(m.id, m.first, m.second, places[m.tournament], list(votes.get(m.id, [])))
            for m in matches
        ],
        voting=job.voting,
        seed=job.seed,
        token=token,
    )


def _candidates(matches: Iterable[ReadyMatch]) -> dict[TournamentId, set[CandidateNumber]]:
    """The candidates that play, by tournament in the order of the matches."""
    numbers: dict[TournamentId, set[CandidateNumber]] = defaultdict(set)
    for match in matches:
        numbers[match.tournament] |= {match.first, match.second}
    return numbers
