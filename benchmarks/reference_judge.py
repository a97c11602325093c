"""Matches per second of the judge `reference`, against math-verify reading each answer once.

Every answer is an expression that text and number alone do not settle. The baseline runs on one
core, in this process: it parses each reference and each answer once and compares them. What rrmq
adds is reading solutions for their final answers, the processes that compare, and the votes.
"""

import asyncio
import sys
from collections.abc import Sequence
from itertools import combinations
from time import perf_counter

import math_verify
from figures import Figure, arguments, report

from rrm_queue.domain import JudgeSpec, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, MatchReport, Question

ANSWERS = 16
TARGET = 0.9
WARM = 1000
"""Prompts from here on are judged before, so that both sides have loaded what they need."""

Pairs = Sequence[tuple[int, int]]


def main() -> int:
    """All pairs of each prompt's answers, and a knockout's number of matches."""
    given = arguments(__doc__)
    prompts = 4 if given.quick else 40
    figures = []
    for shape, pairs in (
        ("all pairs", list(combinations(range(ANSWERS), 2))),
        ("knockout", [(n, n + 1) for n in range(ANSWERS - 1)]),
    ):
        matches = prompts * len(pairs)
        plain = _seconds_plain(prompts)
        judged = asyncio.run(_seconds_judged(prompts, pairs))
        figures.append(
            Figure(
                f"matches per second, {shape} of {ANSWERS} answers",
                matches / judged,
                "matches/s",
                matches / plain,
                "answers parsed once, one core",
                TARGET,
            )
        )
    return report("the judge `reference`", figures, given)


def _reference(prompt: int) -> str:
    return rf"\frac{{{prompt + 3}x + \sqrt{{{prompt + 2}}}}}{{{prompt + 7}}}"


def _answer(prompt: int, number: int) -> str:
    """The reference in another form for even numbers, something near it for odd ones."""
    right = rf"{number + 1} \cdot \left({prompt + 3}x + \sqrt{{{prompt + 2}}}\right)"
    over = (number + 1) * (prompt + 7)
    return rf"\frac{{{right}{'' if number % 2 == 0 else ' + 1'}}}{{{over}}}"


def _seconds_plain(prompts: int) -> float:
    _read_once(range(WARM, WARM + 4))
    began = perf_counter()
    _read_once(range(prompts))
    return perf_counter() - began


def _read_once(prompts: range) -> None:
    for prompt in prompts:
        right = math_verify.parse(f"${_reference(prompt)}$")
        for number in range(ANSWERS):
            found = math_verify.parse(f"${_answer(prompt, number)}$")
            math_verify.verify(right, found)


async def _seconds_judged(prompts: int, pairs: Pairs) -> float:
    runner = BatchRunner(EngineSettings(), concurrency=1024)
    reports: list[MatchReport] = []

    async def take(one: MatchReport) -> None:
        reports.append(one)

    try:
        await runner.judge(_batch(range(WARM, WARM + 4), pairs), take)  # starts the processes
        began = perf_counter()
        await runner.judge(_batch(range(prompts), pairs), take)
        return perf_counter() - began
    finally:
        await runner.close()


def _batch(prompts: range, pairs: Pairs) -> JudgeBatch:
    return JudgeBatch(
        batch=1,
        job="benchmark",
        judge=JudgeSpec("reference"),
        questions=[_question(prompt) for prompt in prompts],
        matches=[
            BatchMatch(place * len(pairs) + match, *pair, question=place)
            for place in range(len(prompts))
            for match, pair in enumerate(pairs)
        ],
        voting=Voting(),
        seed=0,
    )


def _question(prompt: int) -> Question:
    answers = [
        Answer(n, f"c{n}", f"{'We calculate. ' * 100}So we get \\boxed{{{_answer(prompt, n)}}}.")
        for n in range(ANSWERS)
    ]
    return Question(f"t{prompt}", "What is it?", _reference(prompt), answers)


if __name__ == "__main__":
    sys.exit(main())
