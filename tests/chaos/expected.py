"""What the store must hold: every tournament played in this process, undisturbed. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from chaos import judge
from chaos.given import GivenJob, GivenTournament
from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    Outcome,
    Pairing,
    Position,
    Result,
    Standing,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.judging.orientation import Orientation, swapped
from rrm_queue.judging.voting import coin, decide, sample_seed, vote_seed, wave
from rrm_queue.messages import Answer
from rrm_queue.ratings.standings import standings
from rrm_queue.seeds import derive
from rrm_queue.strategies import Finished, Strategy, named
from rrm_queue.strategies.base import History


@dataclass(frozen=True, slots=True)
class ExpectedMatch:
    """A match as it must end; `pairing.first` stands in slot 1 of its odd votes."""

    pairing: Pairing
    votes: tuple[Vote, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Ended:
    """A tournament from its first match to its standings."""

    matches: Mapping[Position, ExpectedMatch]
    standings: list[Standing]


def tournament_seed(job: GivenJob, tournament: GivenTournament) -> int:
    """The seed that a submission gives the tournament."""
    return derive(job.seed, tournament.key)


def voting_of(job: GivenJob) -> Voting:
    """How the job's matches are voted on."""
    return Voting(votes=job.votes)


def play(job: GivenJob, tournament: GivenTournament) -> Ended:
    """The tournament as it goes when nothing goes wrong."""
    strategy, size = named(job.strategy), len(tournament.texts)
    seed = tournament_seed(job, tournament)
    orientation = Orientation(size, seed)
    matches: dict[Position, ExpectedMatch] = {}

    def judged(pairing: Pairing) -> Outcome:
        one = orientation.slot_one(pairing.first, pairing.second)
        two = pairing.second if one == pairing.first else pairing.first
        oriented = Pairing(pairing.position, one, two)
        votes = _votes(job, tournament, oriented)
        outcome = decided(job, oriented, votes, seed)
        matches[pairing.position] = ExpectedMatch(oriented, votes, outcome)
        return outcome

    end = replay(strategy, size, seed, judged)
    results = [
        Result(match.pairing.first, match.pairing.second, match.outcome.winner)
        for match in matches.values()
    ]
    return Ended(matches, standings(size, results, end.places, seed))


def replay(
    strategy: Strategy, size: int, seed: int, outcome: Callable[[Pairing], Outcome]
) -> Finished:
    """Plays the strategy to its end; `outcome` says how each match that it asks for ends."""
    known: dict[Position, Outcome | None] = {}
    while True:
        plan = strategy.plan(size, History(len(known), len(known), known), seed)
        if isinstance(plan, Finished):
            return plan
        known |= {pairing.position: outcome(pairing) for pairing in plan.new}


def decided(job: GivenJob, pairing: Pairing, votes: Iterable[Vote], seed: int) -> Outcome:
    """What the votes make of the match; a coin of the tournament's seed where it needs a winner."""
    outcome = decide(list(votes), pairing.first, pairing.second, voting_of(job))
    if outcome.winner is not None or named(job.strategy).draws:
        return outcome
    return Outcome(coin(pairing.first, pairing.second, seed, *pairing.position), DecidedBy.COIN)


def asked_seeds(job: GivenJob, prompt: str, one: str, two: str, vote: Vote) -> list[int]:
    """The seeds of the requests behind a vote that showed these texts in slots 1 and 2."""
    seed = vote_seed(job.seed, prompt, one, two, vote.number)
    return [sample_seed(seed, sample) for sample in range(1, vote.samples + 1)]


def _votes(job: GivenJob, tournament: GivenTournament, pairing: Pairing) -> tuple[Vote, ...]:
    votes: list[Vote] = []
    while numbers := wave(votes, voting_of(job)):
        votes += [_vote(job, tournament, pairing, number) for number in numbers]
    return tuple(votes)


def _vote(job: GivenJob, tournament: GivenTournament, pairing: Pairing, number: int) -> Vote:
    first, second = (_answer(tournament, c) for c in (pairing.first, pairing.second))
    order, prompt = voting_of(job).order, tournament.prompt
    turned = swapped(order, number, first, second, seed=job.seed, prompt=prompt)
    one, two = (second.text, first.text) if turned else (first.text, second.text)
    seed = vote_seed(job.seed, prompt, one, two, number)
    samples, verdict = 0, Verdict.NONE
    spent = (0, 0, 0)
    while verdict is Verdict.NONE and samples <= voting_of(job).resamples:
        samples += 1
        sampled = sample_seed(seed, samples)
        verdict = judge.sample(one, two, sampled)
        cost = judge.tokens(one, two, sampled)
        spent = (spent[0] + cost[0], spent[1] + cost[1], spent[2] + cost[2])
    return Vote(
        number,
        verdict,
        swapped=turned,
        seed=sampled,
        samples=samples,
        prompt_tokens=spent[0],
        cached_tokens=spent[1],
        completion_tokens=spent[2],
    )


def _answer(tournament: GivenTournament, number: CandidateNumber) -> Answer:
    return Answer(number, f"c{number}", tournament.texts[number])
