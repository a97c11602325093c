"""PandaLM's pairs: `{idx, instruction, input?, response1, response2, annotator1, …}`.

Source: the repository WeOpenML/PandaLM, `data/testset-v1.json`. Three people label each pair by 1,
2 or 0 for a tie; choose one of them by mapping `label`, such as to `annotator1`.
"""

from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.pairwise import Columns, two_answers

PANDALM = two_answers(
    "pandalm",
    "PandaLM pairs",
    Columns(
        answers=("response1", "response2"),
        prompts=("instruction", "prompt"),
        models=("model1", "model2"),
        numbers=LabelNumbers.ONE_TWO,
        ids=("id", "idx"),
    ),
)
