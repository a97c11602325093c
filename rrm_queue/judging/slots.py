"""The texts that a judge's prompt is filled with."""

from typing import NamedTuple


class Slots(NamedTuple):
    """The texts that a template is filled with; absent reference and criteria are empty."""

    question: str
    answer_1: str
    answer_2: str
    reference: str = ""
    criteria: str = ""
