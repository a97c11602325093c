"""The judges of a jury: how often two of them agree, and how often each agrees with labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from msgspec.structs import replace

from rrm_queue.columns import NONE, Verdicts, Votes
from rrm_queue.diagnostics.kappa import Kappa, cohen_kappa
from rrm_queue.diagnostics.labels import Accuracy, Scoring, accuracy, label_kappa, majority
from rrm_queue.diagnostics.rates import Rate, rate


@dataclass(frozen=True, slots=True)
class JudgePair:
    """How often two judges' outcomes are the same, over the matches in which both gave a verdict.

    A judge's outcome is the majority of its own votes on the match; a tie is an outcome too.
    """

    one: str
    other: str
    agreement: Rate
    kappa: Kappa


@dataclass(frozen=True, slots=True)
class JurorAccuracy:
    """One judge's agreement with the file's labels, by the majority of its own votes."""

    judge: str
    accuracy: Accuracy
    kappa: Kappa


def outcomes(votes: Votes, judges: int, matches: int) -> Sequence[Verdicts]:
    """Each judge's outcome of each match 0 to matches - 1; NONE where it gave no verdict.

    `votes` are by judge, see `Votes.by_judge`.
    """
    said = majority(votes, matches * judges).reshape(matches, judges)
    return [said[:, place] for place in range(judges)]


def voices(votes: Votes, judges: int, matches: int) -> Votes:
    """One vote for each judge that gave a verdict: its outcome. So more voices decide a match."""
    said = np.concatenate(outcomes(votes, judges, matches))
    places = np.repeat(np.arange(judges), matches)
    held = said != NONE
    count = int(held.sum())
    return Votes(
        np.tile(np.arange(matches), judges)[held],
        places[held] + 1,
        np.zeros(count, np.bool_),
        said[held],
        np.full(count, -1),
    )


def judge_pairs(votes: Votes, names: Sequence[str]) -> list[JudgePair]:
    """The agreement of every two judges; matches are independent."""
    ids, matches = np.unique(votes.matches // len(names), return_inverse=True)
    dense = replace(votes, matches=matches * len(names) + votes.matches % len(names))
    said = outcomes(dense, len(names), len(ids))
    found = []
    for one, other in combinations(range(len(names)), 2):
        both = (said[one] != NONE) & (said[other] != NONE)
        mine, yours = said[one][both], said[other][both]
        agreed = rate(float((mine == yours).sum()), int(both.sum()))
        kappa = cohen_kappa(mine.astype(np.int64), yours.astype(np.int64))
        found.append(JudgePair(names[one], names[other], agreed, kappa))
    return found


def juror_accuracies(
    labels: Verdicts, votes: Votes, names: Sequence[str], scoring: Scoring
) -> list[JurorAccuracy]:
    """Each judge against the labels; `votes` are by judge, of matches that are rows of `labels`."""
    said = outcomes(votes, len(names), len(labels))
    return [
        JurorAccuracy(
            name,
            accuracy(labels, verdicts, scoring),
            label_kappa(labels, verdicts, scoring),
        )
        for name, verdicts in zip(names, said, strict=True)
    ]
