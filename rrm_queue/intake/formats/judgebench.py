"""JudgeBench's pairs: `{pair_id, source, question, response_A, response_B, label}`.

Source: the card of the data set ScalerLab/JudgeBench; a label is `A>B` or `B>A`.
"""

from rrm_queue.intake.formats.pairwise import Columns, two_answers

JUDGEBENCH = two_answers(
    "judgebench",
    "JudgeBench pairs",
    Columns(
        answers=("response_A", "response_B"),
        prompts=("question", "prompt", "instruction"),
        ids=("pair_id", "id", "question_id"),
        subsets=("source", "subset"),
    ),
)
