"""Simulated judges whose preference for a slot is known, and what the diagnostics say of them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, SECOND, DecidedMatches, Votes
from rrm_queue.diagnostics.reading import Level
from rrm_queue.diagnostics.report import judge_report
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain import CandidateNumber, Order, Stop, Voting
from rrm_queue.judging.orientation import Orientation

SIZE = 8
"""Answers to a prompt; all of them meet, which makes 28 matches."""

AGREEMENTS = (0.6, 0.7, 0.8, 0.9, 0.95)

DESIGNS = {
    "1 vote": Voting(),
    "2 votes, both orders": Voting(2, order=Order.BOTH, stop=Stop.NEVER),
    "2 votes, random order": Voting(2, order=Order.RANDOM, stop=Stop.NEVER),
    "5 votes, stop when decided": Voting(5),
    "4 votes, never stop": Voting(4, stop=Stop.NEVER),
}


class Judge(NamedTuple):
    """Two votes of a match in one order agree with chance `agreement`; `bias` is in logits.

    `equal`: all matches are equally hard. If not, a match is either sure or a coin flip.
    """

    agreement: float
    bias: float = 0.0
    equal: bool = True


def votes_of(judge: Judge, prompts: int, voting: Voting, chance: np.random.Generator) -> Votes:
    """The votes that every match of so many round robins has."""
    turned = np.concatenate([_turned(int(chance.integers(1 << 30))) for _ in range(prompts)])
    cast = voting.votes if voting.stop is Stop.NEVER else min(2, voting.votes)
    matches = np.repeat(np.arange(len(turned)), cast)
    numbers = np.tile(np.arange(1, cast + 1), len(turned))
    swapped = (numbers % 2 == 0) ^ turned[matches]
    if voting.order is Order.RANDOM:
        swapped = chance.random(len(matches)) < 0.5
    # The lower number is the better answer.
    logits = np.where(swapped, -1, 1) * _strengths(judge, len(turned), chance)[matches]
    firsts = chance.random(len(matches)) < 1 / (1 + np.exp(-logits - judge.bias))
    said = np.where(firsts, FIRST, SECOND).astype(np.int8)
    return Votes(matches, numbers, swapped, said, np.full(len(matches), -1))


def _strengths(judge: Judge, matches: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """How clearly the judge prefers the better answer of each match, in logits."""
    if not judge.equal:
        return np.where(chance.random(matches) < 2 * (1 - judge.agreement), 0.0, 50.0)
    sure = (1 + np.sqrt(2 * judge.agreement - 1)) / 2
    return np.full(matches, np.log(sure / (1 - sure)))


def _turned(seed: int) -> NDArray[np.bool_]:
    """Whether the first vote of each pair of a round robin shows the second of the two first."""
    oriented = Orientation(SIZE, seed)
    pairs = [(CandidateNumber(i), CandidateNumber(j)) for i in range(SIZE) for j in range(i)]
    return np.array([oriented.slot_one(j, i) != j for i, j in pairs])


def alarms(judge: Judge, prompts: int, voting: Voting, runs: int, seed: int) -> dict[str, float]:
    """In how many of the runs `slot_bias` and `flip_rate` say `look` or `worry`, as shares."""
    chance = np.random.default_rng(seed)
    seen = dict.fromkeys(("slot_bias", "flip_rate"), 0)
    for _ in range(runs):
        found = judge_report(votes_of(judge, prompts, voting, chance), NONE, JobSettings(voting))
        for finding in found.findings:
            if finding.name in seen and finding.level in {Level.LOOK, Level.WORRY}:
                seen[finding.name] += 1
    return {name: count / runs for name, count in seen.items()}


_EMPTY = np.array([], np.int64)
NONE = DecidedMatches(
    _EMPTY, _EMPTY, _EMPTY, _EMPTY,
    _EMPTY.astype(np.uint8), _EMPTY.astype(np.bool_),
    _EMPTY.astype(np.float64), _EMPTY.astype(np.float64),
)  # fmt: skip
"""No decided matches: these judges are looked at by their votes alone."""
