"""Strategies on recorded battles: each vote is a battle of the pair that people judged.

    python benchmarks/choosing_replay.py BATTLES    # rewrites a table in docs/strategies.md

BATTLES has lines of `left`, `right` and `winner` (left, right or tie), such as LLMFAO's. Only
models of which every pair was judged can take part, as a strategy chooses its pairs itself. The
true order is the Bradley-Terry rating of all their battles.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from random import Random

import numpy as np
from choosing import Seen, play

from rrm_queue.domain import CandidateNumber, Result, Verdict, Vote, Voting
from rrm_queue.judging.voting import wave
from rrm_queue.ratings.standings import standings
from rrm_queue.seeds import derive
from rrm_queue.strategies import named

DOCUMENT = Path(__file__).parent.parent / "docs" / "strategies.md"
BEGIN, END = "<!-- replays: begin -->", "<!-- replays: end -->"
TRIALS = 40
SIDES = {"left": Verdict.FIRST, "right": Verdict.SECOND, "tie": Verdict.TIE}
BACK = {
    Verdict.FIRST: Verdict.SECOND,
    Verdict.SECOND: Verdict.FIRST,
    Verdict.TIE: Verdict.TIE,
}
Battles = dict[tuple[str, str], list[Verdict]]


def recorded(path: Path) -> Battles:
    """What was said of each pair in either order."""
    said: Battles = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        battle = json.loads(line)
        verdict = SIDES[battle["winner"]]
        said[battle["left"], battle["right"]].append(verdict)
        said[battle["right"], battle["left"]].append(BACK[verdict])
    return said


def met_all(battles: Battles, tries: int = 200) -> list[str]:
    """Many models of which every two have met: the best of greedy attempts."""
    met: dict[str, set[str]] = defaultdict(set)
    for one, two in battles:
        met[one].add(two)
    chance, best = Random(0), list[str]()
    for _ in range(tries):
        left, chosen = sorted(met), list[str]()
        while left:
            places = [(len(met[name].intersection(left)), chance.random(), name) for name in left]
            name = max(places)[2] if chance.random() < 0.7 else chance.choice(left)
            chosen.append(name)
            left = [other for other in left if other in met[name]]
        best = max(best, chosen, key=len)
    return sorted(best)


def true_strengths(battles: Battles, models: Sequence[str]) -> list[float]:
    """The Bradley-Terry ratings of all battles of these models."""
    results = [
        Result(CandidateNumber(one), CandidateNumber(two), won)
        for one, two in combinations(range(len(models)), 2)
        for verdict in battles[models[one], models[two]]
        for won in [_winner(verdict, CandidateNumber(one), CandidateNumber(two))]
    ]
    lines = standings(len(models), results, None, 0)
    ratings = {line.candidate: line.bt for line in lines}
    return [ratings[CandidateNumber(number)] for number in range(len(models))]


def _winner(verdict: Verdict, one: CandidateNumber, two: CandidateNumber) -> CandidateNumber | None:
    return {Verdict.FIRST: one, Verdict.SECOND: two}.get(verdict)


def asking(
    battles: Battles, models: Sequence[str], voting: Voting, chance: Random
) -> Callable[[CandidateNumber, CandidateNumber], list[Vote]]:
    """Votes on a pair, each a battle drawn from those that were recorded."""

    def ask(one: CandidateNumber, two: CandidateNumber) -> list[Vote]:
        said = battles[models[one], models[two]]
        votes: list[Vote] = []
        while numbers := wave(votes, voting):
            votes += [Vote(n, chance.choice(said), swapped=False, seed=n) for n in numbers]
        return votes

    return ask


def rows(size: int) -> Iterator[tuple[str, str, int]]:
    """What is typed, the strategy, and the votes a match."""
    for name in ("knockout", "double-elimination", "swiss", "sampled:4", "sampled:8", "elo"):
        for votes in (1, 5):
            yield name, name, votes
    for goal in ("best", "order"):
        for budget in (2 * size, round(3.5 * size), 7 * size, 14 * size):
            name = f"adaptive:{goal},confidence=0.999,matches={budget}"
            yield f"adaptive:{goal} --budget {budget}", name, 1


def table(battles: Battles) -> Iterator[str]:
    """The lines of the document."""
    models = met_all(battles)
    truth = true_strengths(battles, models)
    count = sum(len(battles[pair]) for pair in combinations(models, 2))
    yield f"{len(models)} models, {count:,} battles between them, {TRIALS} tournaments a row."
    yield ""
    yield "| strategy | votes a match | votes cast | best found, % | tau |"
    yield "|---|---|---|---|---|"
    for label, name, votes in rows(len(models)):
        voting, seen = Voting(votes), list[Seen]()
        for trial in range(TRIALS):
            chance = Random(derive("replay", name, votes, trial))
            ask = asking(battles, models, voting, chance)
            seen.append(play(named(name), voting, truth, derive("replay", trial), ask))
        found, tau, _, cast = np.array(seen, float).mean(axis=0).tolist()
        error = float(np.std([each.tau for each in seen])) / math.sqrt(TRIALS)
        yield f"| `{label}` | {votes} | {cast:.0f} | {100 * found:.0f} | {tau:.2f} ± {error:.2f} |"


def main() -> None:
    """Puts the table between the document's markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("battles", type=Path)
    lines = "\n".join(table(recorded(parser.parse_args().battles)))
    print(lines)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
