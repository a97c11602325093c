"""How often the best answer is found if every answer meets one baseline, as in AlpacaEval.

The baseline is one of the answers. Every other answer gets K votes against it, and the answer with
the largest share of its votes is chosen; the baseline has half, and among equals a coin decides.
Beside it stand brackets with the same simulated judges, from benchmarks/choosing.py.
"""

import sys
from collections.abc import Iterator
from random import Random

from choosing import World, cast, play_world, strengths
from figures import Figure, arguments, report

from rrm_queue.domain import Stop, Verdict, Voting
from rrm_queue.seeds import derive
from rrm_queue.strategies import named

ACCURACIES = (0.8, 0.9)
SIZE, TRIALS = 8, 3000
BESIDE = (("knockout", 1), ("knockout", 5), ("double-elimination", 5))


def main() -> int:
    """Prints the shares; there is no target."""
    given = arguments(__doc__)
    trials = TRIALS // 10 if given.quick else TRIALS
    figures = [one for accuracy in ACCURACIES for one in _figures(accuracy, trials)]
    return report(f"the best of {SIZE} answers is chosen, {trials:,} tournaments", figures, given)


def _figures(accuracy: float, trials: int) -> Iterator[Figure]:
    for votes in (1, 3, 5):
        world = World("graded", SIZE, accuracy, votes, 0.0)
        found = sum(_found(world, trial) for trial in range(trials))
        cost = (SIZE - 1) * votes
        name = f"one baseline, {votes} votes a match, judge {accuracy:.0%}"
        yield Figure(name, 100 * found / trials, "%", cost, "votes")
    for strategy, votes in BESIDE:
        world = World("graded", SIZE, accuracy, votes, 0.0)
        voting = Voting(votes=votes)
        seen = [play_world(named(strategy), voting, world, trial) for trial in range(trials)]
        name = f"{strategy}, {votes} votes a match, judge {accuracy:.0%}"
        mean = sum(one.votes for one in seen) / trials
        yield Figure(name, 100 * sum(one.found for one in seen) / trials, "%", mean, "votes")


def _found(world: World, trial: int) -> bool:
    truth = strengths(world, trial)
    chance = Random(derive("baseline", *map(str, world), trial))
    voting = Voting(votes=world.votes, stop=Stop.NEVER)
    shares = [0.5]
    for one in range(1, world.size):
        votes = cast(truth[one] - truth[0], world.bias, voting, chance)
        wins = sum((vote.verdict == Verdict.FIRST) != vote.swapped for vote in votes)
        shares.append(wins / len(votes))
    chosen = chance.choice([n for n, share in enumerate(shares) if share == max(shares)])
    return truth[chosen] == max(truth)


if __name__ == "__main__":
    sys.exit(main())
