"""How far two jobs agree on the matches that they share, and where they disagree most."""

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import TIE, Whole
from rrm_queue.diagnostics.kappa import Kappa, cohen_kappa
from rrm_queue.diagnostics.rates import Rate, clustered, sums, wilson
from rrm_queue.diagnostics.shared_matches import SharedMatches
from rrm_queue.diagnostics.small_counts import student


@dataclass(frozen=True, slots=True)
class JobAgreement:
    """The agreement of two jobs on the pairs that they share.

    `same` is the share of pairs with the same outcome, where a draw is an outcome of its own.
    `decided` is the share with the same winner among the pairs that have one in both jobs. Their
    intervals take prompts for independent, not pairs. `kappa` is Cohen's over the outcomes: the
    pair's first answer, its second, a draw. The counts add up to the number of pairs.
    """

    same: Rate
    decided: Rate
    kappa: Kappa
    same_winner: int
    opposite_winners: int
    draw_in_first: int
    draw_in_second: int
    draw_in_both: int


def agreement_of(shared: SharedMatches) -> JobAgreement:
    """How far the two jobs agree."""
    one, two, prompts = shared.one.outcomes, shared.two.outcomes, shared.prompts
    same, both = one == two, (one != TIE) & (two != TIE)
    return JobAgreement(
        _rate(same, np.ones(len(same), np.bool_), prompts),
        _rate(same & both, both, prompts),
        clustered_kappa(one, two, prompts),
        int((same & both).sum()),
        int((~same & both).sum()),
        int(((one == TIE) & (two != TIE)).sum()),
        int(((one != TIE) & (two == TIE)).sum()),
        int((same & ~both).sum()),
    )


def disagreements(shared: SharedMatches, most: int) -> Whole:
    """Up to `most` rows of pairs whose outcomes differ, the most telling first.

    A disagreement tells most where both jobs are sure: where their shares of votes for the same
    answer differ most. Among equals each prompt comes once before any comes again.
    """
    differ = np.flatnonzero(shared.one.outcomes != shared.two.outcomes)
    gaps = np.abs(shared.one.shares - shared.two.shares)[differ].round(9)
    prompts = shared.prompts[differ]
    order = np.lexsort((np.arange(len(differ)), -gaps))
    again = np.empty(len(differ), np.int64)
    again[order] = _seen_before(prompts[order], gaps[order])
    rows: Whole = differ[np.lexsort((np.arange(len(differ)), again, -gaps))[:most]]
    return rows


def clustered_kappa(ratings: Whole, others: Whole, clusters: Whole) -> Kappa:
    """Cohen's kappa, its interval over clusters: rows of a cluster may depend on one another.

    `clusters` numbers each row's cluster from 0. The variance is that of the kappa's first-order
    influences summed by cluster, times c / (c - 1) for c clusters, with Student's quantile. With a
    row to a cluster it is Fleiss, Cohen and Everitt's (1969) but for that factor. Of one cluster
    nothing can be said.
    """
    plain = cohen_kappa(ratings, others)
    if isnan(plain.estimate):
        return plain
    total = int(clusters.max()) + 1
    if total == 1:
        return Kappa(plain.estimate, -1.0, 1.0, plain.n)
    if plain.estimate == 1:
        # No influence is left: as `cohen_kappa` does, by the share that agrees, of clusters.
        chance = _chance(ratings, others)
        low = 1 - (1 - wilson(total, total)[0]) / (1 - chance)
        return Kappa(plain.estimate, max(-1.0, low), 1.0, plain.n)
    influence = sums(_influences(ratings, others), clusters, total)
    spread = sqrt(total / (total - 1) * float((influence**2).sum())) / plain.n
    half = student(total - 1) * spread
    low, high = max(-1.0, plain.estimate - half), min(1.0, plain.estimate + half)
    return Kappa(plain.estimate, low, high, plain.n)


def _chance(ratings: Whole, others: Whole) -> float:
    """How often two raters agree by chance who use the categories as often as these do."""
    codes, places = np.unique(np.concatenate((ratings, others)), return_inverse=True)
    mine, theirs = np.split(places, 2)
    shares = (np.bincount(each, minlength=len(codes)) / len(ratings) for each in (mine, theirs))
    return float(np.dot(*shares))


def _influences(ratings: Whole, others: Whole) -> NDArray[np.float64]:
    """How much each row moves kappa, times the number of rows; they sum up to 0."""
    codes, places = np.unique(np.concatenate((ratings, others)), return_inverse=True)
    n, size = len(ratings), len(codes)
    mine, theirs = places[:n], places[n:]
    rows, columns = np.bincount(mine, minlength=size) / n, np.bincount(theirs, minlength=size) / n
    chance = _chance(ratings, others)
    agreed = (mine == theirs).astype(np.float64)
    observed = float(agreed.mean())
    by_chance = columns[mine] + rows[theirs] - 2 * chance
    direct, indirect = (agreed - observed) / (1 - chance), (1 - observed) / (1 - chance) ** 2
    influences: NDArray[np.float64] = direct - indirect * by_chance
    return influences


def _rate(hits: NDArray[np.bool_], rows: NDArray[np.bool_], prompts: Whole) -> Rate:
    total = int(prompts.max(initial=-1)) + 1
    return clustered(sums(hits, prompts, total), sums(rows, prompts, total))


def _seen_before(prompts: Whole, gaps: NDArray[np.float64]) -> Whole:
    """How many rows above each row, in rows sorted by gap, have the same gap and prompt."""
    order = np.lexsort((np.arange(len(prompts)), prompts, -gaps))
    keys = np.stack((prompts, gaps))[:, order]
    starts = (np.diff(keys, axis=1, prepend=np.full((2, 1), nan)) != 0).any(axis=0)
    places = np.arange(len(prompts))
    found = np.empty(len(prompts), np.int64)
    found[order] = places - np.maximum.accumulate(np.where(starts, places, 0))
    return found
