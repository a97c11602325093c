"""Auto-J's pairs: `{scenario, prompt, "response 1", "response 2", label}`.

Source: the repository GAIR-NLP/auto-j, `data/test/testdata_pairwise.jsonl`. The label is 0 for the
first response, 1 for the second and 2 for a tie.
"""

from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.pairwise import Columns, two_answers

AUTO_J = two_answers(
    "auto-j",
    "Auto-J pairs",
    Columns(
        answers=("response 1", "response 2"),
        numbers=LabelNumbers.ZERO_ONE,
        subsets=("scenario", "subset"),
    ),
)
