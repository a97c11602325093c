"""Agreement with labels: what people or gold answers say about the same pairs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, NONE, SECOND, TIE, Verdicts, Votes
from rrm_queue.diagnostics.kappa import Kappa, cohen_kappa
from rrm_queue.diagnostics.rates import Rate, clustered, rate, sums


class TieLabels(StrEnum):
    """What a pair counts that its label calls a tie.

    `skip`: it is left out. `half`: any verdict is half right, and no verdict is what `Scoring.none`
    says. `match`: only a tie is right, as PandaLM scores its three classes. LLMBar and HHH have no
    such labels.
    """

    SKIP = "skip"
    HALF = "half"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Scoring:
    """How verdicts are held against labels.

    `tie` and `none` are what a tie and a missing verdict are worth on a label that is no tie: 0.5
    is what a coin would get, as RewardBench and the Reward Reasoning Model's evaluation credit, 0
    is wrong, as LLMBar counts.
    """

    ties: TieLabels = TieLabels.SKIP
    tie: float = 0.5
    none: float = 0.0


@dataclass(frozen=True, slots=True)
class Accuracy(Rate):
    """The share of `n` labelled pairs whose verdict is the label's, under a `Scoring`."""


@dataclass(frozen=True, slots=True)
class VotingAccuracy(Rate):
    """Voting@k: the accuracy of the majority of each pair's first `votes` votes, over `n` pairs."""

    votes: int


@dataclass(frozen=True, slots=True)
class Consistency(Rate):
    """The share of `n` pairs with the same verdict in both orders, right or wrong."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A judge against labels in both orders of presentation, over one subset of pairs.

    `straight` is the accuracy with the pair's first answer shown first, `swapped` with it shown
    second, `average` their mean, `both` the share of pairs that are right in either order and
    `consistency` that of equal verdicts: LLMBar's figures (arXiv 2310.07641). The kappas compare
    each order with the labels, over the pairs that count, and the orders with each other, over all;
    no verdict is a category of its own there.
    """

    subset: str
    straight: Accuracy
    swapped: Accuracy
    average: Accuracy
    both: Accuracy
    consistency: Consistency
    kappa_straight: Kappa
    kappa_swapped: Kappa
    kappa_orders: Kappa


def worths(labels: Verdicts, verdicts: Verdicts, scoring: Scoring) -> NDArray[np.float64]:
    """What each verdict is worth against its label, 0 to 1; NaN for a pair that is left out."""
    worth: NDArray[np.float64] = (verdicts == labels).astype(np.float64)
    decided = labels > TIE
    worth[decided & (verdicts == TIE)] = scoring.tie
    worth[decided & (verdicts == NONE)] = scoring.none
    if scoring.ties is TieLabels.HALF:
        worth[labels == TIE] = np.where(verdicts[labels == TIE] == NONE, scoring.none, 0.5)
    worth[~counted(labels, scoring)] = np.nan
    return worth


def counted(labels: Verdicts, scoring: Scoring) -> NDArray[np.bool_]:
    """Which pairs count: those with a label, without tie labels where these are left out."""
    return labels > TIE if scoring.ties is TieLabels.SKIP else labels != NONE


def label_kappa(labels: Verdicts, verdicts: Verdicts, scoring: Scoring) -> Kappa:
    """Kappa of verdicts and labels over the pairs that `accuracy` counts."""
    rows = counted(labels, scoring)
    return cohen_kappa(verdicts[rows].astype(np.int64), labels[rows].astype(np.int64))


def accuracy(labels: Verdicts, verdicts: Verdicts, scoring: Scoring = Scoring()) -> Accuracy:
    """How often verdicts are right, with Wilson's interval: a row is a pair, pairs independent."""
    return _accuracy(worths(labels, verdicts, scoring))


def voting_accuracy(
    labels: Verdicts,
    votes: Votes,
    ks: Iterable[int],
    scoring: Scoring = Scoring(),
) -> list[VotingAccuracy]:
    """Voting@k for each k; `votes.matches` are rows of `labels`.

    The votes of a pair are taken by number. One that was stopped with fewer than k votes had its
    majority decided by then, so that what was not cast is not missed. Votes without a verdict
    abstain; a draw is a tie, a pair whose votes are all without a verdict has none.
    """
    found = []
    for k in ks:
        held = accuracy(labels, majority(votes.first(k), len(labels)), scoring)
        found.append(VotingAccuracy(held.estimate, held.low, held.high, held.n, k))
    return found


def majority(votes: Votes, pairs: int) -> Verdicts:
    """What most votes of each match 0 to pairs - 1 say; TIE for a draw, NONE for no verdict at all.

    A vote for a tie weighs as much as any: it is half a vote for either.
    """
    said = votes.winners()
    lead = sums(said == FIRST, votes.matches, pairs) - sums(said == SECOND, votes.matches, pairs)
    spoken = sums(said != NONE, votes.matches, pairs)
    return np.select((spoken == 0, lead > 0, lead < 0), (NONE, FIRST, SECOND), default=TIE).astype(
        np.int8
    )


def consistency(verdicts: Verdicts, swapped: Verdicts, silent_agree: bool = False) -> Consistency:
    """How often both orders give one verdict, the verdicts by the pair's own order.

    A pair without a verdict in either order is inconsistent, or left to `silent_agree` where both
    have none, as LLMBar counts it.
    """
    same = (verdicts == swapped) & ((verdicts != NONE) | silent_agree)
    held = rate(int(same.sum()), len(same))
    return Consistency(held.estimate, held.low, held.high, held.n)


def agreement(
    labels: Verdicts,
    straight: Verdicts,
    swapped: Verdicts,
    subsets: Sequence[str],
    scoring: Scoring = Scoring(),
    silent_agree: bool = False,
) -> list[Agreement]:
    """A judge's agreement with labels by subset, by the subsets' names.

    A row is a pair: its label, the verdicts of the two orders, and the subset it belongs to.
    """
    names = np.array(subsets, dtype=np.str_)
    return [
        _agreement(name, labels[rows], straight[rows], swapped[rows], scoring, silent_agree)
        for name in sorted(set(subsets))
        for rows in (names == name,)
    ]


def _agreement(
    subset: str,
    labels: Verdicts,
    straight: Verdicts,
    swapped: Verdicts,
    scoring: Scoring,
    silent_agree: bool,
) -> Agreement:
    forth, back = worths(labels, straight, scoring), worths(labels, swapped, scoring)
    return Agreement(
        subset,
        _accuracy(forth),
        _accuracy(back),
        _average(forth, back),
        _accuracy(np.minimum(forth, back)),
        consistency(straight, swapped, silent_agree),
        label_kappa(labels, straight, scoring),
        label_kappa(labels, swapped, scoring),
        cohen_kappa(straight.astype(np.int64), swapped.astype(np.int64)),
    )


def _accuracy(worth: NDArray[np.float64]) -> Accuracy:
    known = worth[~np.isnan(worth)]
    held = rate(float(known.sum()), len(known))
    return Accuracy(held.estimate, held.low, held.high, held.n)


def _average(forth: NDArray[np.float64], back: NDArray[np.float64]) -> Accuracy:
    """The mean accuracy of both orders; the pairs, not the verdicts, are what is independent."""
    known = ~np.isnan(forth)
    hits = forth[known] + back[known]
    held = clustered(hits, np.full(len(hits), 2.0))
    return Accuracy(held.estimate, held.low, held.high, len(hits))
