"""LLMBar's pairs: `{input, output_1, output_2, label}`; the label is 1 or 2.

Source: the repository princeton-nlp/LLMBar, `Dataset/LLMBar`.
"""

from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.pairwise import Columns, two_answers

LLMBAR = two_answers(
    "llmbar",
    "LLMBar pairs",
    Columns(
        answers=("output_1", "output_2"),
        prompts=("prompt", "instruction", "input"),
        models=("model_1", "model_2"),
        numbers=LabelNumbers.ONE_TWO,
    ),
)
