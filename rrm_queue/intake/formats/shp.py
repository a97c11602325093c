"""Stanford Human Preferences: `{post_id, domain, history, human_ref_A, human_ref_B, labels}`.

Source: the card of the data set stanfordnlp/SHP. `labels` is 1 if people preferred A and 0 if they
preferred B. A post has many pairs, so its id does not name a row.
"""

from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.formats.pairwise import Columns, two_answers

SHP = two_answers(
    "shp",
    "SHP pairs",
    Columns(
        answers=("human_ref_A", "human_ref_B"),
        prompts=("history", "prompt"),
        labels=("labels", "label"),
        numbers=LabelNumbers.ONE_ZERO,
        ids=("id",),
        subsets=("domain", "subset"),
    ),
)
