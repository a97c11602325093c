"""Nectar's rankings: `{prompt, answers: [{answer, model, rank}], …}`; rank 1 is the best.

Source: the card of the data set berkeley-nest/Nectar.
"""

from itertools import combinations

from rrm_queue.domain import CandidateNumber, Label, LabelledPair
from rrm_queue.intake.formats.answer_lists import answer_list
from rrm_queue.intake.formats.fields import Row, listed, optional_score


def _ranked_pairs(row: Row, key: str) -> list[LabelledPair]:
    """Every two answers, the one with the lower rank preferred; none if a rank is missing."""
    ranks = [
        optional_score(answer.get("rank"), f"{key}[{place}].rank")
        for place, answer in enumerate(listed(row[key], key))
        if isinstance(answer, dict)
    ]
    ranked = [rank for rank in ranks if rank is not None]
    if len(ranked) < len(row[key]):
        return []
    return [
        LabelledPair(
            CandidateNumber(first), CandidateNumber(second), _better(ranked[first], ranked[second])
        )
        for first, second in combinations(range(len(ranked)), 2)
    ]


def _better(first: float, second: float) -> Label:
    if first == second:
        return Label.TIE
    return Label.FIRST if first < second else Label.SECOND


NECTAR = answer_list("nectar", "ranked answers (Nectar)", ("answers",), pairs=_ranked_pairs)
