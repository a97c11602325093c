from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.judging.engines.reference.answer import read
from rrm_queue.judging.engines.reference.grading import agrees
from rrm_queue.judging.final_answer import LONGEST, final_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("6 * 7 = 42\n#### 42", "42"),
        ("Six sevens.\nThe answer is 42.", "42"),
        ("The answer is 42, because 6 * 7 is.", "42"),
        ("The final answer to the question is **42**.", "42"),
        (r"Thus \(x = 42\), so $\boxed{42}$.", "42"),
        ("So there are **42** apples.", "42"),
        ("6 x $7 = $42", "$42"),
        ("6 x $7 = $42\nSo that is all.", "$42"),
        ("5 + 2 = <<5+2=7>>7 left\nA: 7", "7"),
        ("**Answer:** 42 apples", "42 apples"),
        ("Answer: $1,234.50", "$1,234.50"),
        ("The answer is 3, 5, 7.", "3, 5, 7"),
        ("**x = 3**", "x = 3"),
        ("Final Answer: -3", "-3"),
        ("Earlier the answer is 41. No, the answer is 42.", "42"),
        ("I do not know.", None),
        ("", None),
    ],
)
def test_a_solutions_own_mark_says_its_answer(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('```json\n{"reasoning": "= 4 or \\\\boxed{5}", "answer": "$7.00"}\n```', "$7.00"),
        ('{"reasoning": "the answer is 6", "answer": 42}', "42"),
        ('{"reasoning": "a "quoted" word",\n "answer": "72,000"', "72,000"),
        ('{"answer": "\\"$306\\""}', "$306"),
        ('{"answer": "\\\\frac{1}{2}"}', r"\frac{1}{2}"),
        ('{"answer": "14 * 25 = 350 cubic feet"}', "14 * 25 = 350 cubic feet"),
        ('{"answer": [3, 5, 7]}', "[3, 5, 7]"),
        ('{"reasoning": "___", "answer": "___"}', None),
    ],
)
def test_a_json_answer_is_read_also_where_the_json_is_broken(text: str, answer: str) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("$18 per day", "18"),
        (r"\$18", "18"),
        ("20 %", "20%"),
        ("\N{MINUS SIGN}128", "-128"),
        ("1 / 2", "1/2"),
        (r"45\text{ degrees}", "45"),
        (r"2\sqrt{3}", r"2\sqrt{3}"),
        ("(1, 2)", "(1, 2)"),
        ("6 blue and 2 red", "6 blue and 2 red"),
        ("infinitely many", "infinitely many"),
        ("14 * 25 = 350 cubic feet", "350"),
        ("$1,234.50", "1234.50"),
    ],
)
def test_markup_and_units_are_not_part_of_an_answer(said: str, answer: str) -> None:
    assert agrees(answer, said, marked=True)
    assert not agrees("7", said, marked=True)


@pytest.mark.parametrize("said", ["___", "x" * (LONGEST + 1), '"."'])
def test_what_says_nothing_and_a_whole_solution_are_no_answer(said: str) -> None:
    assert final_answer(f"#### {said}") is None


@given(st.text(), st.integers(-(10**9), 10**9))
def test_the_last_marked_answer_is_found_behind_any_text(before: str, number: int) -> None:
    assert final_answer(f'{before.replace("answer", "")}\n{{"answer": "{number}"}}') == str(number)


@pytest.mark.parametrize(
    "unit",
    [
        "\n",
        " ",
        "=",
        "= ",
        "*",
        "**",
        "**1",
        "1",
        "#",
        "answer ",
        '"answer": "',
        "\\boxed{",
        "{",
        "A:",
    ],
)
def test_a_long_hostile_text_is_read_in_linear_time(unit: str) -> None:
    text = "=" + unit * (200_000 // len(unit))
    began = process_time()
    final_answer(text)
    final_answer("**" + text)
    for said in (text[:LONGEST], f"1{text[: LONGEST - 2]}1"):
        read(said)
    assert process_time() - began < 2
