"""HelpSteer2's and HelpSteer3's preferences: two responses and a number from -3 to 3.

Source: the cards of the data sets nvidia/HelpSteer2 (`preference_strength`) and nvidia/HelpSteer3
(`context` as chat messages, `overall_preference`). Below 0 the first response is better, above 0
the second, and 0 is a tie.
"""

from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.pairwise import Columns, two_answers

HELPSTEER3 = two_answers(
    "helpsteer3",
    "HelpSteer3 preferences",
    Columns(
        answers=("response1", "response2"),
        prompts=("context", "prompt"),
        models=("model1", "model2"),
        labels=("overall_preference",),
        numbers=LabelNumbers.MINUS_PLUS,
        subsets=("domain", "subset"),
    ),
    needs=["overall_preference"],
)

HELPSTEER2 = two_answers(
    "helpsteer2",
    "HelpSteer2 preferences",
    Columns(
        answers=("response_1", "response_2"),
        labels=("preference_strength",),
        numbers=LabelNumbers.MINUS_PLUS,
    ),
    needs=["preference_strength"],
)
