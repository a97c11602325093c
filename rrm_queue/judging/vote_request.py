"""What one vote is cast on: a match's two answers, in the order in which they are shown."""

from dataclasses import dataclass, field

from rrm_queue.domain import JudgeSpec, Voting
from rrm_queue.domain.jury import alone, judge_of, own_number
from rrm_queue.judging.orientation import swapped
from rrm_queue.judging.progress import Progress
from rrm_queue.judging.voting import vote_seed
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch


@dataclass(frozen=True, slots=True)
class VoteRequest:
    """All that one vote needs; `one` and `two` are the answers as shown in slots 1 and 2.

    `tournament` is the file's id of the prompt, `number` counts the match's votes from 1. The
    `criteria` are the prompt's own, in place of the judge's. `max_tokens` replaces the judge's own
    when an earlier sample was cut off. `progress` is told how far the request is.
    """

    tournament: str
    prompt: str
    reference: str | None
    one: Answer
    two: Answer
    number: int
    seed: int
    swapped: bool
    judge: JudgeSpec
    max_tokens: int | None = None
    criteria: str | None = None
    progress: Progress = field(default_factory=Progress, compare=False, repr=False)

    @property
    def budget(self) -> int:
        """The most tokens that the judge may write."""
        return self.judge.max_tokens if self.max_tokens is None else self.max_tokens


Answers = list[dict[int, Answer]]
"""A batch's answers by number, for each of its questions."""


def answers_by_number(batch: JudgeBatch) -> Answers:
    """The batch's answers by their numbers."""
    return [{answer.number: answer for answer in q.answers} for q in batch.questions]


def batch_vote_request(
    batch: JudgeBatch, answers: Answers, match: BatchMatch, number: int
) -> VoteRequest:
    """The request for vote `number` of a match, with the answers in that vote's order."""
    question, given = batch.questions[match.question], answers[match.question]
    return vote_request(
        tournament=question.tournament,
        prompt=question.prompt,
        reference=question.reference,
        criteria=question.criteria,
        first=given[match.first],
        second=given[match.second],
        number=number,
        judge=batch.judge,
        voting=batch.voting,
        seed=batch.seed,
        meeting=match.meeting,
    )


def vote_request(
    *,
    tournament: str,
    prompt: str,
    reference: str | None,
    criteria: str | None,
    first: Answer,
    second: Answer,
    number: int,
    judge: JudgeSpec,
    voting: Voting,
    seed: int,
    meeting: int = 1,
) -> VoteRequest:
    """The same of a match in no batch yet; `seed` is the job's, `judge` may be a jury.

    A later `meeting` of the pair goes on where the votes of the one before it ended, so that none
    is the same vote again.
    """
    own = own_number(number, voting)
    among_all = own + (meeting - 1) * alone(voting).votes
    turned = swapped(voting.order, own, first, second, seed=seed, prompt=prompt)
    one, two = (second, first) if turned else (first, second)
    return VoteRequest(
        tournament=tournament,
        prompt=prompt,
        reference=reference,
        criteria=criteria,
        one=one,
        two=two,
        number=number,
        seed=vote_seed(seed, prompt, one.text, two.text, among_all),
        swapped=turned,
        judge=judge_of(judge, number, voting),
    )
