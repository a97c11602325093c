"""The diagnosis of a job's judge: its own votes and matches, and its agreement with labels."""

from dataclasses import dataclass, replace

import numpy as np

from rrm_queue.columns import TIE, DecidedMatches, LabelledMatches, Votes, Whole
from rrm_queue.diagnostics.calibration import Calibration, calibration
from rrm_queue.diagnostics.label_report import LabelReport, label_report
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.length import LongerWins, longer_wins
from rrm_queue.diagnostics.report import JudgeReport, judge_report
from rrm_queue.domain import Voting


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All diagnostics of a job's judge.

    `labels` is empty and `preferred_longer` None where the file has no labels. `preferred_longer`
    is how often the longer answer wins by the labels. `calibration` is None unless votes on
    labelled pairs carry probabilities.
    """

    judge: JudgeReport
    labels: list[LabelReport]
    preferred_longer: LongerWins | None
    calibration: Calibration | None = None


def diagnosis_of(
    votes: Votes,
    matches: DecidedMatches,
    labelled: LabelledMatches,
    voting: Voting,
    scoring: Scoring,
) -> Diagnosis:
    """The diagnosis of a judge by a job's votes, decided matches and labels."""
    judge = judge_report(votes, matches, voting)
    if not len(labelled):
        return Diagnosis(judge, [], None)
    rows, turned = _by_pair(votes, labelled)
    labels = labelled.labels[rows]
    agreement = label_report(
        labels, turned, labelled.parts[rows], labelled.subsets, voting.votes, scoring
    )
    even = turned if judge.taken is None else turned.first(judge.taken)
    longer = _preferred_longer(matches, labelled)
    return Diagnosis(judge, agreement, longer, calibration(labels, even))


def _by_pair(votes: Votes, labelled: LabelledMatches) -> tuple[Whole, Votes]:
    """A row of each labelled match, and the votes by these, turned to the pair's own order."""
    ids, rows = np.unique(labelled.matches, return_index=True)
    places = np.searchsorted(ids, votes.matches)
    held = ids[np.minimum(places, len(ids) - 1)] == votes.matches
    places, own = places[held], votes.where(held)
    turned = labelled.turned[rows][places]
    return rows, replace(own, matches=places, swapped=own.swapped ^ turned)


def _preferred_longer(matches: DecidedMatches, labelled: LabelledMatches) -> LongerWins:
    """How often the longer answer wins by the labels: what the judge's own rate compares with."""
    order = np.argsort(matches.matches)
    rows = order[np.searchsorted(matches.matches, labelled.matches, sorter=order)]
    turned = labelled.turned & (labelled.labels > TIE)
    winners = np.where(turned, 3 - labelled.labels, labelled.labels)
    return longer_wins(
        matches.tournaments[rows],
        matches.lengths[rows],
        matches.others[rows],
        winners.astype(np.uint8),
    )
