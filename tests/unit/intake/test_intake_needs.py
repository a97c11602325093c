"""What judge and strategy need of a file, refused by its lines when it is not there."""

import json

import pytest
from kit.intake_shapes import Row, problems, tournaments

from rrm_queue.domain import Candidate, CandidateNumber, LabelledPair, Tournament
from rrm_queue.intake.needs import NO_NEEDS, Needs


def lines(*rows: Row) -> bytes:
    return b"".join(json.dumps({"prompt": "p", **row}).encode() + b"\n" for row in rows)


def answers(size: int, gold: object = None) -> list[dict[str, object]]:
    return [{"id": f"c{n}", "text": f"It is {n}.", "gold": gold} for n in range(size)]


def pair(first: str, second: str) -> dict[str, str]:
    return {"first": first, "second": second}


def test_more_than_two_candidates_need_pairs_to_be_judged_by_them() -> None:
    file = lines(
        {"candidates": answers(2)},
        {"candidates": answers(3)},
        {"candidates": answers(3), "pairs": [pair("c2", "c0")]},
        {"candidates": answers(4), "pairs": []},
    )
    assert len(tournaments(file)) == 4
    assert problems(file, needs=Needs(pairs=True)) == [
        (2, "`pairs` is missing; name which pairs of the 3 candidates to judge"),
        (4, "`pairs` is missing; name which pairs of the 4 candidates to judge"),
    ]


@pytest.mark.parametrize("again", [pair("c0", "c1"), pair("c1", "c0")])
def test_a_pair_is_judged_once(again: dict[str, str]) -> None:
    one = {"candidates": answers(3), "pairs": [pair("c0", "c1"), pair("c1", "c2")]}
    twice = {"candidates": answers(3), "pairs": [pair("c0", "c1"), pair("c1", "c2"), again]}
    assert problems(lines(one, twice), needs=Needs(pairs=True)) == [
        (2, f"`pairs` has '{again['first']}' and '{again['second']}' twice; name each pair once")
    ]


def test_pairs_of_other_formats_are_checked_too() -> None:
    row = {"response_1": "a", "response_2": "b", "response_3": "c"}
    conflicts = [[0, 1], [2, 1], [1, 0]]
    file = lines(row, row | {"sampled_conflict_pairs": conflicts})
    assert [line for line, _ in problems(file, needs=Needs(pairs=True))] == [1, 2]


@pytest.mark.parametrize("numbers", [(0, 0), (0, 3), (-1, 0), (3, 4)])
def test_what_is_no_pair_of_the_candidates_is_refused(numbers: tuple[int, int]) -> None:
    first, second = map(CandidateNumber, numbers)
    candidates = tuple(Candidate(str(n), "x") for n in range(3))
    made = Tournament("t", "p", candidates, 1, pairs=(LabelledPair(first, second),))
    lack = Needs(pairs=True).lack(made)
    assert lack == f"{first} and {second} are not two of 3 candidates"


def test_a_simulated_judge_needs_to_know_how_good_every_answer_is() -> None:
    some = [*answers(1, gold=True), *answers(2)[1:]]
    file = lines({"candidates": answers(3, gold=0.5)}, {"candidates": some})
    assert len(tournaments(file, needs=NO_NEEDS)) == 2
    assert problems(file, needs=Needs(gold=True)) == [
        (2, "candidate 'c1' has no `gold`; this judge decides by it")
    ]
