r"""Texts that real judges wrote, read as RRM's parser reads them.

Judges that think apart, as RRM does, write `</think>`; the rule for them takes a text without it
for truncated. Of other judges the whole text is the answer, so a row without the mark is read with
`thinks=False`. The shared rows are read where the folder lies beside the repository; the rows here
have the same shapes and are always read.
"""

import json
from pathlib import Path

import pytest

from rrm_queue.domain import NoVerdict, Verdict
from rrm_queue.judging.verdict import END_OF_THINKING, read_verdict

SHARED = Path(__file__).parents[4] / "shared" / "data"
FILES = {"judge_texts_boxed.jsonl": 402, "judge_texts_no_verdict.jsonl": 100}
EXPECTED = {"1": Verdict.FIRST, "2": Verdict.SECOND, None: Verdict.NONE}

OWN = [
    ("<think> I know. </think> The second is exact.\nAnswer: \\boxed{Assistant 2 }", "2"),
    ("Assistant 1 says 17 is prime, which it is.\n\n\\boxed{Assistant 1}", "1"),
    ("Both name 42; only the second shows why. Therefore, \\boxed{Assistant 2}.", "2"),
    ("The assistant's answer is incorrect.\n\nRating: [[3]]", None),
    ('{"reasoning": "So $m+n = \\\\boxed{125}$.", "answer": "125"}', None),
    ("The final answer is: $\\boxed{\\frac{83}{2}}$", None),
]


def rows_of(file: str) -> list[tuple[str, str | None]]:
    with (SHARED / file).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == FILES[file]
    return [(row["text"], row["expected"]) for row in rows]


@pytest.mark.parametrize("source", ["own", *(file for file in FILES if (SHARED / file).exists())])
def test_every_row_is_read_as_expected(source: str) -> None:
    rows = OWN if source == "own" else rows_of(source)
    misread = [
        text[-200:]
        for text, expected in rows
        if read_verdict(text, finished=True, thinks=END_OF_THINKING in text).verdict
        is not EXPECTED[expected]
    ]
    assert misread == []


@pytest.mark.parametrize(("text", "expected"), OWN)
def test_a_judge_that_should_think_apart_and_did_not_gave_no_verdict(
    text: str, expected: str | None
) -> None:
    reading = read_verdict(text, finished=True)
    if END_OF_THINKING in text:
        assert reading.verdict is EXPECTED[expected]
    else:
        assert reading.no_verdict is NoVerdict.TRUNCATED
