"""What one round of the engine's benchmark judges, on either side."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rrm_queue.domain import Candidate, CandidateNumber, JudgeSpec, Tournament
from rrm_queue.judging.orientation import Orientation
from rrm_queue.judging.spec import parse_spec, with_sampling
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.judging.voting import vote_seed
from rrm_queue.messages import Answer
from rrm_queue.seeds import derive
from rrm_queue.strategies.elo import Elo, scheduled

JUDGE = "rrm-7b"
WORDS = ("the", "answer", "is", "better", "when", "each", "step", "follows", "from", "another")
QUESTION_WORDS, ANSWER_WORDS = 30, 90


@dataclass(frozen=True, slots=True)
class Job:
    """The round robins of a round, judged with one vote a match."""

    tournaments: Sequence[Tournament]
    judge: JudgeSpec
    seed: int

    def lines(self) -> bytes:
        """The file that `rrmq submit` is given."""
        rows = [
            {"id": t.key, "prompt": t.prompt, "candidates": [c.text for c in t.candidates]}
            for t in self.tournaments
        ]
        return "".join(json.dumps(row) + "\n" for row in rows).encode()

    def requests(self) -> Iterator[VoteRequest]:
        """The votes of the job's round robins, in the order in which they are planned."""
        for tournament in self.tournaments:
            size = len(tournament.candidates)
            orientation = Orientation(size, derive(self.seed, tournament.key))
            for index in range(Elo().matches(size)):
                pairing = scheduled(size, index)
                one = orientation.slot_one(pairing.first, pairing.second)
                two = pairing.second if one == pairing.first else pairing.first
                yield self._ask(tournament, one, two)

    def _ask(
        self, tournament: Tournament, one: CandidateNumber, two: CandidateNumber
    ) -> VoteRequest:
        first, second = (
            Answer(n, tournament.candidates[n].key, tournament.candidates[n].text)
            for n in (one, two)
        )
        return VoteRequest(
            tournament=tournament.key,
            prompt=tournament.prompt,
            reference=None,
            one=first,
            two=second,
            number=1,
            seed=vote_seed(self.seed, tournament.prompt, first.text, second.text, 1),
            swapped=False,
            judge=self.judge,
        )


def job_of(tournaments: int, candidates: int, max_tokens: int, seed: int) -> Job:
    """A job of texts in which no two answers of a tournament begin alike.

    The bound on sharing knows of none between different answers.
    """
    spec = parse_spec(JUDGE, base_url="", folder=Path())
    return Job(
        [
            Tournament(
                f"t{number}",
                f"Question {number}: {_words(QUESTION_WORDS, seed, number)}?",
                tuple(
                    Candidate(f"c{c}", f"{c}. {_words(ANSWER_WORDS, seed, number, c)}.")
                    for c in range(candidates)
                ),
                line=number + 1,
            )
            for number in range(tournaments)
        ],
        with_sampling(spec, {"max_tokens": str(max_tokens)}),
        seed,
    )


def _words(count: int, *parts: int) -> str:
    return " ".join(WORDS[derive(*parts, place) % len(WORDS)] for place in range(count))
