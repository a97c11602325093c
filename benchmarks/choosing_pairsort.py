"""pairsort, the package, beside rrmq's strategies in `choosing.py`."""

import math
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
from pairsort.api import FunctionJudge
from pairsort.sorter import Dimension, PairSorter

from rrm_queue.domain import CandidateNumber


class Sorted(NamedTuple):
    """pairsort's order: the first candidate, and the rank of each."""

    best: CandidateNumber
    ranks: dict[CandidateNumber, int]


def ranked(
    truth: Sequence[float], bias: float, limits: Sequence[int], chance: Random, seed: int
) -> list[tuple[Sorted, int]]:
    """What pairsort makes of pairs of its own choice, and how many pairs, for each limit of votes.

    Each pair is asked in both orders. `truth` has the strengths in logits, `bias` the judge's
    preference for the answer shown first. A smaller limit takes the same pairs, as far as it
    reaches: the limits are whole rounds.
    """
    orders: dict[int, Sorted] = {}

    def judge(_question: str, first: str, second: str) -> bool:
        logit = bias + truth[int(first)] - truth[int(second)]
        return chance.random() * (1 + math.exp(-logit)) < 1

    def note(pairs: int, fused: Any) -> None:
        orders[pairs] = _order(fused.log_strength)

    sorter = PairSorter(
        FunctionJudge(judge),
        [Dimension("quality", "Which is better?")],
        max_pairs=limits[-1] // 2,
        pair_strategy="active",
        adaptive=False,
        refine_rounds=0,
        seed=seed,
        on_round=note,
    )
    last = sorter.sort([str(number) for number in range(len(truth))])
    orders[limits[-1] // 2] = _order(last.fused.log_strength)
    return [(orders[limit // 2], limit // 2) for limit in limits]


def _order(strengths: Any) -> Sorted:
    order = np.argsort(-strengths, kind="stable").tolist()
    ranks = {CandidateNumber(number): rank for rank, number in enumerate(order, 1)}
    return Sorted(CandidateNumber(order[0]), ranks)
