import io
import re
from pathlib import Path

import pytest

from rrm_queue.domain import Tournament
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import read

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def problems() -> list[Tournament]:
    with (ROOT / "examples/gsm8k.jsonl").open("rb") as stream:
        items = list(read(stream, needs=Needs(reference=True)))
    tournaments = [item for item in items if isinstance(item, Tournament)]
    assert tournaments == items
    return tournaments


def last_number(text: str) -> float:
    """What a solution ends on: in the examples its final answer is its last number."""
    return float(re.findall(r"\d+(?:\.\d+)?", text)[-1])


def test_there_are_twelve_problems_of_eight_candidates_under_ids_of_their_own(
    problems: list[Tournament],
) -> None:
    assert len({problem.key for problem in problems}) == 12
    assert [len(problem.candidates) for problem in problems] == [8] * 12


def test_every_candidate_names_its_generator(problems: list[Tournament]) -> None:
    generators = {candidate.generator for problem in problems for candidate in problem.candidates}
    assert generators == {"algebraic", "careful", "chatty", "hasty", "terse", "tutor"}


def test_every_reference_is_a_number(problems: list[Tournament]) -> None:
    for problem in problems:
        assert float(problem.reference or "none") > 0


def test_every_problem_has_right_candidates_and_one_to_six_wrong_ones(
    problems: list[Tournament],
) -> None:
    for problem in problems:
        answers = [last_number(candidate.text) for candidate in problem.candidates]
        assert 2 <= answers.count(float(problem.reference or "none")) <= 7, problem.key


def items_of(shape: str) -> tuple[str, Tournament]:
    """What a documented shape is read as, and its only tournament."""
    joined = shape.replace("\n ", " ")  # the page breaks long lines
    reading = read(io.BytesIO(joined.encode()))
    (tournament,) = reading
    assert isinstance(tournament, Tournament), tournament
    return reading.description.partition(",")[0], tournament


def test_every_shape_in_the_documentation_is_accepted() -> None:
    shapes = re.findall(r"```json\n(.+?)\n```", (ROOT / "docs/input.md").read_text(), re.DOTALL)
    read_as = [items_of(shape) for shape in shapes]
    assert [known for known, _ in read_as] == [
        *["rrmq's own format"] * 5,
        *["TRL preference pairs"] * 2,
        "PPE responses",
        "pairs of answers",
        "UltraFeedback rows",
        "distilabel rows",
        "AlpacaEval outputs of 2 models",
        "one answer a row of 2 models",
    ]
    assert {len(tournament.candidates) for _, tournament in read_as} == {2, 3}
