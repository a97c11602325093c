"""Which strategy finds the best answer, and ranks the rest, at what cost: simulated judges.

    python benchmarks/choosing.py    # half an hour of CPU; rewrites docs/strategies.md's tables

Strategies, orientation, voting and ratings are rrmq's own; only the judge is simulated. See
docs/strategies.md for what is simulated.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product, repeat
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from choosing_adaptive import Stack, taus
from choosing_line import Line
from choosing_pairsort import ranked
from choosing_report import write

from rrm_queue.domain import (
    CandidateNumber,
    Order,
    Outcome,
    Position,
    Result,
    Stop,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.judging.evidence import least_lead
from rrm_queue.judging.orientation import Orientation, swapped
from rrm_queue.judging.voting import coin, decide, wave
from rrm_queue.messages import Answer
from rrm_queue.ratings.standings import standings
from rrm_queue.seeds import derive
from rrm_queue.strategies import Finished, Strategy, named
from rrm_queue.strategies.adaptive import Goal
from rrm_queue.strategies.adaptive_posterior import entry
from rrm_queue.strategies.adaptive_rule import RULES
from rrm_queue.strategies.base import History

STRATEGIES = ("knockout", "double-elimination", "swiss", "pivot", "sampled:4", "sampled:8", "elo")
BUDGETS = {"best": (1.0, 2.0, 3.5, 7.0), "order": (2.0, 3.5, 7.0, 14.0)}
"""Votes of `adaptive`, divided by the candidates, all of which are spent."""

EVIDENCE = {"knockout": (9, 0.85), "double-elimination": (9, 0.75)}
"""Strategies with more votes a match that stop at this evidence."""

PAIRSORT = (2, 4, 7)
"""Votes of pairsort, divided by the candidates; it asks for no pair twice."""

SIZES = (8, 16, 32, 64)
ACCURACIES = (0.6, 0.7, 0.8, 0.9, 0.95)
VOTES = (1, 5)
MOST_VOTES = 9
BIASES = (0.0, 1.0)
TRIALS = {8: 300, 16: 200, 32: 120, 64: 60}
RIGHT_SHARE = 0.3


class World(NamedTuple):
    """What is judged: `graded` answers, all of different strength, or `right` and wrong ones."""

    kind: str
    size: int
    accuracy: float
    votes: int
    bias: float


class Seen(NamedTuple):
    """What one tournament came to: found the best (or a right one), Kendall's tau, and its cost."""

    found: bool
    tau: float
    matches: int
    votes: int


def spread(accuracy: float) -> float:
    """The standard deviation of strengths (logits) at which a random pair is judged that well.

    Of two strengths drawn from a normal distribution the stronger wins with the mean probability
    `accuracy`: E[1 / (1 + exp(-|d|))] for d normal with twice the variance.
    """
    apart = np.linspace(0, 10, 100_001)  # |d| in its own standard deviations
    weights = np.exp(-(apart**2) / 2)
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        right = 1 / (1 + np.exp(-apart * middle * math.sqrt(2)))
        mean = float((weights * right).sum() / weights.sum())
        low, high = (middle, high) if mean < accuracy else (low, middle)
    return low


SPREADS = {accuracy: spread(accuracy) for accuracy in ACCURACIES}


def strengths(world: World, trial: int) -> list[float]:
    """Strengths in logits; the same draw whatever the judge, the votes and the strategy."""
    chance = Random(derive("choosing", world.kind, world.size, trial))
    if world.kind == "graded":
        return [SPREADS[world.accuracy] * chance.gauss(0, 1) for _ in range(world.size)]
    gap = math.log(world.accuracy / (1 - world.accuracy))
    while True:
        right = [chance.random() < RIGHT_SHARE for _ in range(world.size)]
        if any(right) and not all(right):  # where all are alike there is nothing to find
            return [gap * one for one in right]


_NOBODY = Answer(0, "", "")
_CAST = {
    (number, verdict): Vote(
        number, verdict, swapped(Order.BALANCED, number, _NOBODY, _NOBODY, seed=0, prompt="")
    )
    for number in range(1, MOST_VOTES + 1)
    for verdict in (Verdict.FIRST, Verdict.SECOND)
}
"""Every vote there can be, made once."""


def cast(ahead: float, bias: float, voting: Voting, chance: Random) -> list[Vote]:
    """The votes on a pair whose first is `ahead` logits stronger, wave by wave as a worker does."""
    votes: list[Vote] = []
    while numbers := wave(votes, voting):
        for number in numbers:
            turned = _CAST[number, Verdict.FIRST].swapped
            logit = bias + (-ahead if turned else ahead)
            first = chance.random() * (1 + math.exp(-logit)) < 1
            votes.append(_CAST[number, Verdict.FIRST if first else Verdict.SECOND])
    return votes


Asking = Callable[[CandidateNumber, CandidateNumber], list[Vote]]
"""The votes on a pair; the first is in slot 1 of the first of them."""


def play(
    strategy: Strategy, voting: Voting, truth: Sequence[float], seed: int, ask: Asking
) -> Seen:
    """One tournament of candidates of these strengths, from its first plan to its standings."""
    size = len(truth)
    orientation = Orientation(size, seed)
    matches: dict[Position, Outcome | None] = {}
    slots: dict[Position, tuple[CandidateNumber, CandidateNumber]] = {}
    results: list[Result] = []
    total = 0
    while True:
        history = History(len(matches), len(matches), matches, slots)
        decision = strategy.plan(size, history, seed)
        if isinstance(decision, Finished):
            break
        for pairing in decision.new:
            one = orientation.slot_one(pairing.first, pairing.second)
            two = pairing.second if one == pairing.first else pairing.first
            if not pairing.meeting % 2:
                one, two = two, one
            slots[pairing.position] = (one, two)
            votes = ask(one, two)
            outcome = decide(votes, one, two, voting)
            if outcome.winner is None and not strategy.draws:
                outcome = Outcome(coin(one, two, seed, *pairing.position))
            matches[pairing.position] = outcome
            results.append(Result(one, two, outcome.winner))
            total += len(votes)
    lines = standings(size, results, decision.places, seed)
    ranks = {line.candidate: line.rank for line in lines}
    found = truth[lines[0].candidate] == max(truth)
    return Seen(found, tau(truth, ranks), len(results), total)


def tau(truth: Sequence[float], ranks: dict[CandidateNumber, int]) -> float:
    """Kendall's tau-a: pairs in the right order less those in the wrong one, of all pairs.

    A pair that shares a rank is neither, so a strategy that leaves half of the candidates tied
    cannot score as if it had ranked them.
    """
    strength = np.array(truth)
    rank = np.array([ranks[CandidateNumber(number)] for number in range(len(truth))])
    agree = np.sign(strength[:, None] - strength) * np.sign(rank - rank[:, None])
    return float(agree.sum() / (len(truth) * (len(truth) - 1)))


def worlds() -> Iterator[World]:
    """Every cell of the tables."""
    for size, accuracy, votes, bias in product(SIZES, ACCURACIES, (*VOTES, MOST_VOTES), BIASES):
        yield World("graded", size, accuracy, votes, bias)
    for size, accuracy, votes in product(SIZES, ACCURACIES, VOTES):
        yield World("right", size, accuracy, votes, 0.0)


def fielded(size: int) -> list[str]:
    """The strategies worth a line: a sample of all pairs is the round robin."""
    whole = named("elo").matches(size)
    return [n for n in STRATEGIES if n == "elo" or named(n).matches(size) < whole]


class Row(NamedTuple):
    """Lines of the table that one simulation gives: a strategy, or one with several budgets."""

    labels: Sequence[str]
    """A budget each, as one types it."""

    play: Callable[[World, int], Sequence[Sequence[Seen]]]
    """So many trials, each with what it came to under each budget."""


def rows(world: World) -> Iterator[Row]:
    """A world's lines. A pair of `adaptive` meets again rather than get several votes."""
    if world.votes == MOST_VOTES:
        for name, (votes, evidence) in EVIDENCE.items():
            voting = Voting(votes, stop=Stop.LEAD, lead=least_lead(evidence), evidence=evidence)
            yield Row([f"{name} --stop evidence:{evidence}"], partial(_play_all, name, voting))
        return
    for name in fielded(world.size):
        yield Row([name], partial(_play_all, name, Voting(world.votes)))
    if world.votes > 1 or world.kind == "right":
        return
    for goal, multiples in BUDGETS.items():
        limits = [round(each * world.size) for each in multiples]
        labels = [f"adaptive:{goal} --budget {limit}" for limit in limits]
        yield Row(labels, partial(_play_adaptive, Goal(goal), limits))
    limits = [each * world.size for each in PAIRSORT if each < world.size]
    yield Row([f"pairsort, {limit} votes" for limit in limits], partial(_play_pairsort, limits))


def _play_all(name: str, voting: Voting, world: World, count: int) -> list[list[Seen]]:
    return [[play_world(named(name), voting, world, trial)] for trial in range(count)]


def play_world(strategy: Strategy, voting: Voting, world: World, trial: int) -> Seen:
    """One tournament of a world's simulated judge."""
    truth, seed = strengths(world, trial), derive("tournament", world.size, trial)
    chance = Random(derive("votes", strategy.name, *map(str, world), trial))

    def ask(one: CandidateNumber, two: CandidateNumber) -> list[Vote]:
        return cast(truth[one] - truth[two], world.bias, voting, chance)

    return play(strategy, voting, truth, seed, ask)


def _play_adaptive(goal: Goal, limits: Sequence[int], world: World, count: int) -> list[list[Seen]]:
    """`adaptive` under each budget, all of which it spends, as the others do.

    A smaller budget takes the same matches, as far as it reaches.
    """
    stack = stacked(world, count)
    stack.play(RULES[goal], limits[-1])
    seen: list[list[Seen]] = [[] for _ in range(count)]
    for limit in limits:
        state = stack.state(limit, limit)
        found = entry(stack.truth, state.leader) == stack.truth.max(-1)
        for held, one, order in zip(seen, found, taus(stack.truth, state.means), strict=True):
            held.append(Seen(bool(one), float(order), limit, limit))
    return seen


def stacked(world: World, count: int) -> Stack:
    """The world's first trials side by side."""
    truth = np.array([strengths(world, trial) for trial in range(count)])
    seeds = [derive("tournament", world.size, trial) for trial in range(count)]
    chance = np.random.default_rng(derive("votes", "adaptive", *map(str, world)))
    return Stack(truth, world.bias, seeds, chance)


def _play_pairsort(limits: Sequence[int], world: World, count: int) -> list[list[Seen]]:
    """What pairsort comes to with these votes. It is slow, so it gets half of the trials."""
    seen = []
    for trial in range(count // 2):
        truth = strengths(world, trial)
        chance = Random(derive("votes", "pairsort", *map(str, world), trial))
        seed = derive("pairsort", trial)
        seen.append(
            [
                Seen(truth[order.best] == max(truth), tau(truth, order.ranks), pairs, 2 * pairs)
                for order, pairs in ranked(truth, world.bias, limits, chance, seed)
            ]
        )
    return seen


def lines(world: World, number: int, share: float) -> tuple[list[Line], float]:
    """The means of a row, over `share` of the trials, and the processor's seconds."""
    start, count = time.process_time(), max(4, round(TRIALS[world.size] * share))
    labels, play_row = list(rows(world))[number]
    seen = np.array(play_row(world, count), float)
    errors = seen[:, :, 1].std(axis=0, ddof=1) / math.sqrt(len(seen))
    where = (world.kind, world.size, world.accuracy, world.votes, world.bias)
    found = []
    for label, means, error in zip(labels, seen.mean(axis=0).tolist(), errors, strict=True):
        right, order, matches, votes = means
        found.append(Line(*where, label, right, order, matches, votes, float(error), len(seen)))
    return found, time.process_time() - start


def simulate(share: float, processes: int) -> tuple[list[Line], float]:
    """Every cell, and the processor's seconds that they took. Large worlds first."""
    cells = [(world, number) for world in worlds() for number in range(len(list(rows(world))))]
    cells.sort(key=lambda cell: -cell[0].size)
    with ProcessPoolExecutor(processes) as pool:
        done = list(pool.map(lines, *zip(*cells, strict=True), repeat(share)))
    held = [line for found, _ in done for line in found]
    return sorted(held, key=lambda line: line.size), sum(seconds for _, seconds in done)


def main() -> None:
    """Simulates, keeps the figures, and writes tables and pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=float, default=1.0, help="a share of the usual trials")
    parser.add_argument("--figures", type=Path, default=Path("build/choosing.json"))
    parser.add_argument("--processes", type=int, help="as many as there are processors")
    parser.add_argument("--redraw", action="store_true", help="from the figures of the last run")
    asked = parser.parse_args()
    if not asked.redraw:
        found, seconds = simulate(asked.trials, asked.processes)
        asked.figures.parent.mkdir(parents=True, exist_ok=True)
        asked.figures.write_text(json.dumps([seconds, found]), encoding="utf-8")
    seconds, cells = json.loads(asked.figures.read_text(encoding="utf-8"))
    write([Line(*row) for row in cells], seconds)


if __name__ == "__main__":
    main()
