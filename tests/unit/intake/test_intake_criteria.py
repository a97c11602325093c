"""The column `criteria`: read where a judge is shown it, and left alone elsewhere."""

import io
import json
from typing import Any

import pytest

from rrm_queue.domain import Candidate, JobState, Label, LabelledPair, Seeding, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import read
from rrm_queue.intake.submission_key import SubmissionKey
from rrm_queue.store.queue.submission import NewJob

TAKES = Needs(takes_criteria=True)
FORMATS: list[dict[str, Any]] = [
    {"prompt": "Q", "candidates": ["a", "b"]},
    {"prompt": "Q", "candidates": ["a", {"text": "b", "id": "x"}]},
    {"prompt": "Q", "response_a": "a", "response_b": "b"},
    {"prompt": "Q", "chosen": "a", "rejected": "b"},
    {"prompt": "Q", "response_1": "a", "response_2": "b"},
    {"prompt": "Q", "responses": ["a", "b"]},
]


def rows(*given: dict[str, Any], needs: Needs = TAKES) -> list[Tournament | Problem]:
    lines = "".join(json.dumps(row) + "\n" for row in given)
    return list(read(io.BytesIO(lines.encode()), needs=needs))


def criteria(item: Tournament | Problem) -> str | None:
    assert isinstance(item, Tournament), item
    return item.criteria


@pytest.mark.parametrize("row", FORMATS)
def test_each_format_has_the_column(row: dict[str, Any]) -> None:
    assert criteria(rows(row | {"criteria": "be short"})[0]) == "be short"
    assert criteria(rows(row)[0]) is None


def test_a_candidate_a_row_may_bring_the_column() -> None:
    parts = [{"prompt": "Q", "response": text, "criteria": "be short"} for text in ("a", "b")]
    assert criteria(rows(*parts)[0]) == "be short"


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (["be short", "be right"], "- be short\n- be right"),
        (None, None),
        ("  ", None),
        ([], None),
        ({"weight": 1}, None),
        (3, None),
    ],
)
def test_criteria_are_a_text_or_a_list_of_texts(value: object, read_as: str | None) -> None:
    assert criteria(rows(FORMATS[0] | {"criteria": value})[0]) == read_as


def test_a_judge_that_is_shown_none_gets_none() -> None:
    row = FORMATS[0] | {"criteria": "be short"}
    assert criteria(rows(row, needs=Needs())[0]) is None


def test_a_judge_that_needs_criteria_refuses_a_prompt_without() -> None:
    (problem,) = rows(FORMATS[0], needs=Needs(takes_criteria=True, criteria=True))
    assert isinstance(problem, Problem)
    assert "`criteria` is missing; the judge's template shows it" in str(problem)


def test_without_criteria_a_submission_keeps_the_key_of_earlier_versions() -> None:
    """Recorded at commit 511db27: the same submission made again finds its first job."""
    job = NewJob(
        id="j",
        source="s",
        state=JobState.QUEUED,
        strategy="elo",
        seeding=Seeding.RANDOM,
        judge={"kind": "reference"},
        queue="q",
        voting={},
        seed=3,
        priority=1,
    )
    pair = LabelledPair(0, 1, Label.FIRST)  # type: ignore[arg-type]  # numbers of candidates
    named = (Candidate("a", "x"), Candidate("b", "y", gold=1.0))
    plain = (Candidate("a", "x"), Candidate("b", "y"))
    tournaments = [
        Tournament("k", "p", named, 7, "r", (pair,), "s"),
        Tournament("k2", "p", plain, 8),
    ]
    key = SubmissionKey(job)
    key.add(tournaments)
    assert key.digest() == "e1838d0cdee424aa8949114f8dbead7b"
    other = SubmissionKey(job)
    other.add([tournaments[0], Tournament("k2", "p", plain, 8, criteria="be short")])
    assert other.digest() != key.digest()
