r"""Texts that real judges wrote, read in the dialect that fits and in all others.

Of judges that think apart, as RRM does, a text without `</think>` is truncated. Of other judges the
whole text is the answer, so a row without the mark is read with `thinks=False`. The shared rows are
read where the folder lies beside the repository; the rows here have the same shapes and are always
read.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from rrm_queue.domain import NoVerdict, Verdict
from rrm_queue.judging.dialects import END_OF_THINKING, read_verdict

SHARED = Path(__file__).parents[4] / "shared" / "data"
FITTING = {
    "boxed": {"boxed", "boxed-loose"},
    "bracket_abc": {"brackets"},
    "llmbar": {"output-ab", r"regex:Output \((a|b)\) is (?:the |a )?better"},
    "score_pair": {"scores"},
    "no_verdict": set[str](),
}
"""The dialects that read a file's rows."""

DIALECTS = (
    *("boxed", "boxed-loose", "brackets", "graded", "scores", "answer-tag", "output-ab"),
    *("json:answer", "json:verdict", r"regex:Output \((a|b)\) is (?:the |a )?better"),
)
EXPECTED = {
    "1": Verdict.FIRST,
    "2": Verdict.SECOND,
    "tie": Verdict.TIE,
    None: Verdict.NONE,
}

OWN = [
    ("<think> I know. </think> The second is exact.\nAnswer: \\boxed{Assistant 2 }", "2"),
    ("Assistant 1 says 17 is prime, which it is.\n\n\\boxed{Assistant 1}", "1"),
    ("Both name 42; only the second shows why. Therefore, \\boxed{Assistant 2}.", "2"),
    ("The assistant's answer is incorrect.\n\nRating: [[3]]", None),
    ('{"reasoning": "So $m+n = \\\\boxed{125}$.", "answer": "125"}', None),
    ("The final answer is: $\\boxed{\\frac{83}{2}}$", None),
]


def rows_of(file: str) -> list[tuple[str, str | None]]:
    path = SHARED / f"judge_texts_{file}.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8") as lines:
        return [(row["text"], row["expected"]) for row in map(json.loads, lines)]


def readings(rows: list[tuple[str, str | None]], dialect: str) -> Counter[str]:
    """How many rows are read rightly, wrongly (another verdict than expected), and not at all."""
    counts: Counter[str] = Counter()
    for text, expected in rows:
        thinks = END_OF_THINKING in text
        verdict = read_verdict(text, finished=True, thinks=thinks, dialect=dialect).verdict
        right = verdict is EXPECTED[expected]
        counts["right" if right else "unread" if verdict is Verdict.NONE else "wrong"] += 1
    return counts


@pytest.mark.parametrize("dialect", ["boxed", "boxed-loose"])
def test_every_row_of_our_own_is_read_as_expected(dialect: str) -> None:
    assert readings(OWN, dialect) == {"right": len(OWN)}


@pytest.mark.parametrize("file", FITTING)
def test_the_fitting_dialect_reads_a_file_and_no_dialect_misreads_it(file: str) -> None:
    rows = rows_of(file)
    for dialect in DIALECTS:
        counts = readings(rows, dialect)
        assert counts["wrong"] == 0, dialect
        if dialect in FITTING[file]:
            assert counts["right"] >= 0.995 * len(rows), dialect


@pytest.mark.parametrize(("text", "expected"), OWN)
def test_a_judge_that_should_think_apart_and_did_not_gave_no_verdict(
    text: str, expected: str | None
) -> None:
    reading = read_verdict(text, finished=True)
    if END_OF_THINKING in text:
        assert reading.verdict is EXPECTED[expected]
    else:
        assert reading.no_verdict is NoVerdict.TRUNCATED
