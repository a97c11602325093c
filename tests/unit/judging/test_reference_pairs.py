r"""Pairs of a right and a wrong answer to references as MATH-500, DeepMath and RLVR write them.

The right one is the reference in another form; the wrong one is near it, often its last number.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from rrm_queue.judging.engines.reference.grading import agrees
from rrm_queue.judging.final_answer import final_answer

SHARED = Path(__file__).parents[4] / "shared"


class Pair(NamedTuple):
    """A reference, an answer that says the same, and one that does not."""

    reference: str
    right: str
    wrong: str


NUMBERS = [
    Pair("1,234", "1234", "1,235"),
    Pair("1{,}000{,}000", "1000000", "1,000"),
    Pair("72000", "72,000", "72"),
    Pair("0.5", r"\frac{1}{2}", "0.2"),
    Pair(r"\frac{3}{4}", "0.75", r"\frac{4}{3}"),
    Pair(r"\frac12", r"\dfrac{1}{2}", "2"),
    Pair("1/3", r"\tfrac{1}{3}", "3"),
    Pair(r"-\frac{5}{7}", r"\frac{-5}{7}", r"\frac{5}{7}"),
    Pair(r"3\frac{1}{2}", "3.5", r"\frac{3}{2}"),
    Pair("2 1/4", "9/4", "1/4"),
    Pair(".25", "1/4", "25"),
    Pair("1024", "2^{10}", "10"),
    Pair(r"1.5 \times 10^6", "1500000", "10^6"),
    Pair("7", "5 + 2 = 7", "5 + 3 = 8"),
]

UNITS = [
    Pair(r"\$18.90", "18.9", "18.09"),
    Pair("18", "$18 per day", "$81 per day"),
    Pair("€5", "5 euros", "6 euros"),
    Pair("50%", r"50\%", "5%"),
    Pair("0.25", "25%", "2.5%"),
    Pair("12.5", "12.5 percent", "1.25 percent"),
    Pair(r"45^\circ", "45 degrees", "54 degrees"),
    Pair("90", r"90^{\circ}", r"9^{\circ}"),
    Pair(r"5\text{ cm}", "5", r"6\text{ cm}"),
    Pair("5 cm", "5 centimeters", "5 m"),
    Pair(r"10\text{ cm}^2", "10 square centimeters", "20 square centimeters"),
    Pair("42", "42 apples", "24 apples"),
    Pair("3 hours", "3", "3 minutes"),
    Pair(r"2\sqrt{3}\text{ cm}", r"2\sqrt{3}", r"3\sqrt{2}\text{ cm}"),
]

EXPRESSIONS = [
    Pair("3x", "3x", "3"),
    Pair("6 - 5i", "-5i + 6", "6 + 5i"),
    Pair("x^2 + 2x + 1", "(x+1)^2", "1"),
    Pair(r"\sqrt{50}", r"5\sqrt{2}", r"2\sqrt{5}"),
    Pair("2*pi", r"2\pi", "2"),
    Pair(r"\frac{\pi}{4}", "pi/4", "4"),
    Pair("sqrt(3)/2", r"\frac{\sqrt{3}}{2}", r"\frac{3}{2}"),
    Pair("2ab", r"2 \cdot a \cdot b", "2a"),
    Pair("x**2", "x^2", "x^3"),
    Pair(r"\sin(x) + C", "sin x + C", "cos x + C"),
    Pair("e^{2x}", "e^(2x)", "e^x"),
    Pair(r"\log_2 8x", r"\log_2(8x)", "8"),
    Pair("2^{n+1} - 1", "2^(n+1)-1", "2^n - 1"),
    Pair("5 m", "5m", "5"),
]

EQUATIONS = [
    Pair("y = 2x + 3", "2x+3", "3"),
    Pair("x = 5", "5", "x = 6"),
    Pair("f(x) = x^2", "x^2", "f(x) = 2x"),
    Pair("x = 3", "x=3", "y = 3"),
    Pair("x^2 + y^2 = 4", "y^2 + x^2 = 4", "4"),
    Pair("A = \\pi r^2", r"\pi r^2", r"2\pi r"),
    Pair("7", "x + y = 7", "x + y = 8"),
    Pair("s > 1", "s>1", "1"),
    Pair(r"x \le 4", r"x \leq 4", "x < 4"),
    Pair("x > 2", r"(2, \infty)", "x < 2"),
    Pair("1 < x < 3", "(1, 3)", "[1, 3]"),
]

LISTS = [
    Pair("3, 5, 7", "7, 5 and 3", "7"),
    Pair("1, 2", "2,1", "12"),
    Pair("3 or 4", "4, 3", "4"),
    Pair("x = 1, x = -2", "-2, 1", "1, 2"),
    Pair("x = 1, y = 2", "y=2, x=1", "x=2, y=1"),
    Pair(r"\pm 3", "3, -3", "3"),
    Pair(r"2 \pm \sqrt{3}", r"2+\sqrt{3}, 2-\sqrt{3}", r"2+\sqrt{3}"),
    Pair(r"\{1, 2, 3\}", "{3, 2, 1}", "{1, 2}"),
    Pair("(3, 4)", r"\left( 3, 4 \right)", "(4, 3)"),
    Pair(r"(2, \frac{\pi}{3})", r"\left(2, \dfrac{\pi}{3}\right)", r"(2, \pi)"),
    Pair("[0, 1)", r"\left[0, 1\right)", "[0, 1]"),
    Pair(r"(-\infty, 2) \cup (3, \infty)", "(-∞,2)\N{UNION}(3,∞)", r"(-\infty, 2)"),
    Pair("(1,2), (3,4)", "(3,4) and (1,2)", "(1,2), (4,3)"),
    Pair("6 blue and 2 red", "2 red, 6 blue", "2 blue and 6 red"),
]

MATRICES = [
    Pair(
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\begin{bmatrix}1&2\\3&4\end{bmatrix}",
        r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}",
    ),
    Pair(
        r"\begin{pmatrix} -1/3 \\ 2/3 \end{pmatrix}",
        r"\begin{pmatrix} -\frac{1}{3} \\[2pt] \frac{2}{3} \end{pmatrix}",
        r"\begin{pmatrix} 2/3 \\ -1/3 \end{pmatrix}",
    ),
]

TEXTS = [
    Pair(r"\text{Tuesday}", "tuesday", "Thursday"),
    Pair("12:00 PM", "12:00  pm", "12:00 AM"),
    Pair("No", "no.", "on"),
    Pair("the Pacific Ocean", "The Pacific  Ocean", "the Atlantic Ocean"),
    Pair("3:4", "3 : 4", "4:3"),
    Pair(r"\text{(C)}", "(C)", "(B)"),
    Pair("C", "(C) 42", "(B) 42"),
    Pair("(D) mitochondria", "D", "A"),
    Pair("(A) 15", "15", "51"),
    Pair("B", "B. The second one", "C. The second one"),
    Pair("True", "true", "false"),
    Pair("infinitely many", r"\text{infinitely many}", "many"),
]

PAIRS = [*NUMBERS, *UNITS, *EXPRESSIONS, *EQUATIONS, *LISTS, *MATRICES, *TEXTS]


def is_right(reference: str, text: str) -> bool:
    """Whether the solution's final answer is the reference."""
    said = final_answer(text)
    return agrees(reference, text if said is None else said, said is not None)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.reference)
def test_the_right_answer_agrees_with_the_reference_and_the_wrong_one_does_not(pair: Pair) -> None:
    boxed = [is_right(pair.reference, rf"We get \boxed{{{said}}}.") for said in pair[1:]]
    assert boxed == [True, False]


@pytest.mark.parametrize("pair", PAIRS[::3], ids=lambda pair: pair.reference)
def test_the_reference_agrees_with_itself_in_every_mark(pair: Pair) -> None:
    same = pair.reference
    for text in (
        rf"\boxed{{{same}}}",
        f"The answer is {same}",
        f"#### {same}",
        f"Answer: ${same}$",
    ):
        assert is_right(same, text), text


def test_there_are_at_least_sixty_pairs() -> None:
    assert len({pair.reference for pair in PAIRS}) >= 60


def test_the_references_that_were_misread_are_read() -> None:
    rows = map(json.loads, (SHARED / "cases" / "06-reference-expressions.jsonl").open())
    for row in rows:
        ends = {c["id"]: is_right(row["reference"], c["text"]) for c in row["candidates"]}
        assert ends == {"right": True, "wrong": False}, row["id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "least"),
    [("gsm8k_4cand", 1.0), ("zeroeval_gsm_32cand", 0.992), ("zeroeval_mathl5_32cand", 0.9916)],
)
def test_grades_agree_with_gold_on_real_solutions(file: str, least: float) -> None:
    grade, ends = cache(is_right), []
    for line in (SHARED / "data" / f"many_{file}.jsonl").open():
        row = json.loads(line)
        if row["reference"] is not None:
            ends += [grade(row["reference"], c["text"]) == c["gold"] for c in row["candidates"]]
    assert sum(ends) >= least * len(ends) > 0
