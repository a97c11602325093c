"""The diagnosis of a job's judge: its own votes and matches, and its agreement with labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs

from rrm_queue.columns import TIE, DecidedMatches, LabelledMatches, Votes, Whole
from rrm_queue.diagnostics.calibration import Calibration, calibration
from rrm_queue.diagnostics.jury import (
    JudgePair,
    JurorAccuracy,
    judge_pairs,
    juror_accuracies,
    voices,
)
from rrm_queue.diagnostics.label_report import LabelReport, label_report
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.length import LongerWins, longer_wins
from rrm_queue.diagnostics.people import PeopleReport
from rrm_queue.diagnostics.report import JudgeReport, judge_report
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain.jury import alone


@dataclass(frozen=True, slots=True)
class JuryReport:
    """The judges of a jury with each other, and each with the labels where there are any."""

    pairs: list[JudgePair]
    judges: list[JurorAccuracy]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All diagnostics of a job's judge.

    `labels` is empty and `preferred_longer` None where the file has no labels. `preferred_longer`
    is how often the longer answer wins by the labels. `calibration` is None unless votes on
    labelled pairs carry probabilities, `jury` unless several judges vote, `people` unless people
    judge. Rates of votes compare
    votes of one judge only.
    """

    judge: JudgeReport
    labels: list[LabelReport]
    preferred_longer: LongerWins | None
    calibration: Calibration | None = None
    jury: JuryReport | None = None
    people: PeopleReport | None = None


def diagnosis_of(
    votes: Votes,
    matches: DecidedMatches,
    labelled: LabelledMatches,
    settings: JobSettings,
    scoring: Scoring,
    judges: Sequence[str] = ("",),
) -> Diagnosis:
    """The diagnosis of a judge by a job's votes, decided matches and labels.

    `settings` have the voting of all judges together. `judges` are the names of a jury's judges; of
    one judge its name does not matter.
    """
    own, several = alone(settings.voting), len(judges) > 1
    by_judge = votes.by_judge(len(judges), own.votes)
    report = judge_report(
        by_judge, matches, replace(settings, voting=own, labelled=len(labelled) > 0)
    )
    pairs = judge_pairs(by_judge, judges) if several else []
    if not len(labelled):
        return Diagnosis(report, [], None, jury=JuryReport(pairs, []) if several else None)
    rows, turned = _by_pair(votes, labelled)
    labels, parts = labelled.labels[rows], labelled.parts[rows]
    each = turned.by_judge(len(judges), own.votes)
    counted, most = (voices(each, len(judges), len(labels)), 1) if several else (turned, own.votes)
    agreement = label_report(labels, counted, parts, labelled.subsets, most, scoring)
    even = each if report.taken is None else each.first(report.taken)
    known = calibration(labels, structs.replace(even, matches=even.matches // len(judges)))
    longer = _preferred_longer(matches, labelled)
    jury = JuryReport(pairs, juror_accuracies(labels, each, judges, scoring)) if several else None
    return Diagnosis(report, agreement, longer, known, jury)


def _by_pair(votes: Votes, labelled: LabelledMatches) -> tuple[Whole, Votes]:
    """A row of each labelled match, and the votes by these, turned to the pair's own order."""
    ids, rows = np.unique(labelled.matches, return_index=True)
    places = np.searchsorted(ids, votes.matches)
    held = ids[np.minimum(places, len(ids) - 1)] == votes.matches
    places, own = places[held], votes.where(held)
    turned = labelled.turned[rows][places]
    return rows, structs.replace(own, matches=places, swapped=own.swapped ^ turned)


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
