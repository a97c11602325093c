"""People who judge: how far they agree with each other, and each with labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, SECOND, TIE, LabelledMatches, PeopleVotes, Verdicts
from rrm_queue.diagnostics.jury import JudgePair, JurorAccuracy
from rrm_queue.diagnostics.kappa import cohen_kappa
from rrm_queue.diagnostics.labels import Scoring, accuracy
from rrm_queue.diagnostics.rates import DEVIATES, Rate, clustered, rate


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha for categories, with its 95 % interval; `n` matches have two votes.

    1 is full agreement, 0 what chance gives. It takes any number of people and gaps between them.
    NaN where nothing can be compared, or where all said the same.
    """

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class PersonShare:
    """What one person did: votes, the share of them that are ties, the usual time for a vote."""

    person: str
    votes: int
    ties: Rate
    median_seconds: float


@dataclass(frozen=True, slots=True)
class PeopleReport:
    """How far people agree. `agreement` is the share of pairs of votes on a match that are equal.

    `pairs` are those of two people with matches in common. `labels` are each person's agreement
    with the file's labels, empty without labels.
    """

    people: list[PersonShare]
    agreement: Rate
    alpha: Alpha
    pairs: list[JudgePair]
    labels: list[JurorAccuracy]


def people_report(votes: PeopleVotes, labelled: LabelledMatches, scoring: Scoring) -> PeopleReport:
    """The report on people by their votes; ties are a verdict like the others."""
    table = verdict_table(votes)
    counts = np.stack([(table == said).sum(axis=1) for said in (TIE, FIRST, SECOND)], axis=1)
    return PeopleReport(
        people=[_share(votes, place) for place in range(len(votes.names))],
        agreement=agreement(counts),
        alpha=krippendorff_alpha(counts),
        pairs=person_pairs(table, votes.names),
        labels=_with_labels(votes, labelled, scoring),
    )


MISSING = np.int8(-1)
"""In a table of verdicts: the person did not judge the match."""


def verdict_table(votes: PeopleVotes) -> Verdicts:
    """Verdicts by candidate: a row for each match, a column for each person, MISSING for none."""
    ids, rows = np.unique(votes.matches, return_inverse=True)
    table = np.full((len(ids), len(votes.names)), MISSING)
    table[rows, votes.people] = votes.verdicts
    return table


def agreement(counts: NDArray[np.int64]) -> Rate:
    """The share of pairs of votes on the same match that are equal; matches are clusters.

    `counts` has a row for each match and a column for each verdict.
    """
    held = counts.astype(np.float64)
    each = held.sum(axis=1)
    return clustered((held * (held - 1)).sum(axis=1) / 2, each * (each - 1) / 2)


def krippendorff_alpha(counts: NDArray[np.int64]) -> Alpha:
    """Krippendorff's alpha for categories (Content Analysis, 2004, chapter 11).

    The interval is that of the jackknife over matches (Efron 1982): it leaves one out at a time.
    """
    held = counts[counts.sum(axis=1) > 1].astype(np.float64)
    size = len(held)
    if not size:
        return Alpha(nan, -1.0, 1.0, 0)
    each = held.sum(axis=1)
    apart = (each**2 - (held**2).sum(axis=1)) / (each - 1)
    whole = _alpha(apart.sum(), held.sum(axis=0))
    if size == 1 or np.isnan(whole):
        return Alpha(float(whole), -1.0, 1.0, size)
    without = _alpha(apart.sum() - apart, held.sum(axis=0) - held)
    without = np.where(np.isnan(without), whole, without)
    half = DEVIATES * sqrt((size - 1) / size * float(((without - without.mean()) ** 2).sum()))
    return Alpha(float(whole), max(-1.0, float(whole) - half), min(1.0, float(whole) + half), size)


def _alpha(apart: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha of the disagreement that was seen and of how often each verdict was given."""
    total = totals.sum(axis=-1)
    by_chance = total**2 - (totals**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = 1 - (total - 1) * apart / by_chance
    return np.where(by_chance > 0, found, nan)


def person_pairs(table: Verdicts, names: Sequence[str]) -> list[JudgePair]:
    """The agreement of every two people on the matches that both judged."""
    found = []
    for one, other in combinations(range(len(names)), 2):
        both = (table[:, one] != MISSING) & (table[:, other] != MISSING)
        if not both.any():
            continue
        mine, yours = table[both, one], table[both, other]
        agreed = rate(float((mine == yours).sum()), int(both.sum()))
        kappa = cohen_kappa(mine.astype(np.int64), yours.astype(np.int64))
        found.append(JudgePair(names[one], names[other], agreed, kappa))
    return found


def _share(votes: PeopleVotes, place: int) -> PersonShare:
    own = votes.people == place
    cast = int(own.sum())
    ties = rate(float((votes.verdicts[own] == TIE).sum()), cast)
    return PersonShare(votes.names[place], cast, ties, float(np.median(votes.seconds[own])))


def _with_labels(
    votes: PeopleVotes, labelled: LabelledMatches, scoring: Scoring
) -> list[JurorAccuracy]:
    """Each person against the labels of the matches that this person judged."""
    if not len(labelled):
        return []
    ids, rows = np.unique(labelled.matches, return_index=True)
    places = np.minimum(np.searchsorted(ids, votes.matches), len(ids) - 1)
    found = []
    for place, name in enumerate(votes.names):
        own = (votes.people == place) & (ids[places] == votes.matches)
        at = rows[places[own]]
        said = votes.verdicts[own]
        said = np.where(labelled.turned[at] & (said > TIE), 3 - said, said).astype(np.int8)
        labels = labelled.labels[at]
        kappa = cohen_kappa(said.astype(np.int64), labels.astype(np.int64))
        found.append(JurorAccuracy(name, accuracy(labels, said, scoring), kappa))
    return found
