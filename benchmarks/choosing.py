"""Which strategy finds the best answer, and ranks the rest, at what cost: simulated judges.

    python benchmarks/choosing.py    # half an hour of CPU; rewrites docs/strategies.md's tables

Strategies, orientation, voting and ratings are rrmq's own; only the judge is simulated. See
docs/strategies.md for what is simulated.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from choosing_report import Line, write

from rrm_queue.domain import (
    CandidateNumber,
    Order,
    Outcome,
    Position,
    Result,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.judging.orientation import Orientation, swapped
from rrm_queue.judging.voting import coin, decide, wave
from rrm_queue.messages import Answer
from rrm_queue.ratings import standings
from rrm_queue.seeds import derive
from rrm_queue.strategies import Finished, Strategy, named
from rrm_queue.strategies.base import History

STRATEGIES = ("knockout", "double-elimination", "swiss", "pivot", "sampled:4", "sampled:8", "elo")
BUDGETS = {"best": (2.0, 3.5, 7.0), "order": (3.5, 7.0)}
"""Votes of `adaptive`, divided by the candidates. It is to spend them all, as the others do."""

UNSURE = 0.999
"""A confidence that few tournaments reach."""

SIZES = (8, 16, 32, 64)
ACCURACIES = (0.6, 0.7, 0.8, 0.9, 0.95)
VOTES = (1, 5)
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
    for number in range(1, max(VOTES) + 1)
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


def play(strategy: Strategy, world: World, trial: int) -> Seen:
    """One tournament from its first plan to its standings."""
    truth, voting = strengths(world, trial), Voting(votes=world.votes)
    seed = derive("tournament", world.size, trial)
    chance = Random(derive("votes", strategy.name, *map(str, world), trial))
    orientation = Orientation(world.size, seed)
    matches: dict[Position, Outcome | None] = {}
    slots: dict[Position, tuple[CandidateNumber, CandidateNumber]] = {}
    results: list[Result] = []
    total = 0
    while True:
        history = History(len(matches), len(matches), matches, slots)
        decision = strategy.plan(world.size, history, seed)
        if isinstance(decision, Finished):
            break
        for pairing in decision.new:
            one = orientation.slot_one(pairing.first, pairing.second)
            two = pairing.second if one == pairing.first else pairing.first
            if not pairing.meeting % 2:
                one, two = two, one
            slots[pairing.position] = (one, two)
            votes = cast(truth[one] - truth[two], world.bias, voting, chance)
            outcome = decide(votes, one, two, voting)
            if outcome.winner is None and not strategy.draws:
                outcome = Outcome(coin(one, two, seed, *pairing.position))
            matches[pairing.position] = outcome
            results.append(Result(one, two, outcome.winner))
            total += len(votes)
    lines = standings(world.size, results, decision.places, seed)
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
    for size, accuracy, votes, bias in product(SIZES, ACCURACIES, VOTES, BIASES):
        yield World("graded", size, accuracy, votes, bias)
    for size, accuracy, votes in product(SIZES, ACCURACIES, VOTES):
        yield World("right", size, accuracy, votes, 0.0)


def fielded(size: int) -> list[str]:
    """The strategies worth a line: a sample of all pairs is the round robin."""
    whole = named("elo").matches(size)
    return [n for n in STRATEGIES if n == "elo" or named(n).matches(size) < whole]


def rows(world: World) -> list[str]:
    """The strategies of a world's lines. A pair of `adaptive` meets again rather than get votes."""
    if world.votes > 1 or world.kind == "right":
        return fielded(world.size)
    limits = (
        f"adaptive:{goal},confidence={UNSURE},matches={round(each * world.size)}"
        for goal, budgets in BUDGETS.items()
        for each in budgets
    )
    return [*fielded(world.size), *limits]


def label(name: str) -> str:
    """A strategy as one types it."""
    base, _, settings = name.partition(",")
    return f"{base} --budget {settings.partition('matches=')[2]}" if settings else base


def line(world: World, name: str, share: float) -> tuple[Line, float]:
    """The means of a cell, over `share` of the trials, and the processor's seconds."""
    start, count = time.process_time(), max(2, round(TRIALS[world.size] * share))
    strategy = named(name)
    seen = np.array([play(strategy, world, trial) for trial in range(count)], float)
    error = float(seen[:, 1].std(ddof=1)) / math.sqrt(count)
    found, tau, matches, cast = seen.mean(axis=0).tolist()
    means = Line(*world, label(name), found, tau, matches, cast, error, count)
    return means, time.process_time() - start


def simulate(share: float) -> tuple[list[Line], float]:
    """Every cell, and the processor's seconds that they took."""
    cells = [(world, name, share) for world in worlds() for name in rows(world)]
    with ProcessPoolExecutor() as pool:
        lines, seconds = zip(*pool.map(line, *zip(*cells, strict=True)), strict=True)
    return list(lines), sum(seconds)


def main() -> None:
    """Simulates, keeps the figures, and writes tables and pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=float, default=1.0, help="a share of the usual trials")
    parser.add_argument("--figures", type=Path, default=Path("build/choosing.json"))
    parser.add_argument("--redraw", action="store_true", help="from the figures of the last run")
    asked = parser.parse_args()
    if not asked.redraw:
        lines, seconds = simulate(asked.trials)
        asked.figures.parent.mkdir(parents=True, exist_ok=True)
        asked.figures.write_text(json.dumps([seconds, lines]), encoding="utf-8")
    seconds, cells = json.loads(asked.figures.read_text(encoding="utf-8"))
    write([Line(*row) for row in cells], seconds)


if __name__ == "__main__":
    main()
