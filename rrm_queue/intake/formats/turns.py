"""Conversations whose questions and answers stand in columns of their own, as lists of texts.

Source: LMSYS's competition at Kaggle, whose `prompt`, `response_a` and `response_b` are JSON lists
of as many texts as the conversation has turns; an answer that failed is null.
"""

import json

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import is_text

Turns = list[str | None]


def turns(value: object) -> Turns | None:
    """The texts of the turns, also where a cell of CSV has them as JSON; else None."""
    if is_text(value) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, list) or not value:
        return None
    if not all(item is None or is_text(item) for item in value):
        return None
    return [None if item is None else _whole_characters(item) for item in value]


def conversations(prompt: object, answers: list[object]) -> list[object] | None:
    """Each answer as messages with the prompt's turns between them; None for other values.

    Raises Problem when an answer has more or fewer turns than the prompt.
    """
    asked, said = turns(prompt), [turns(answer) for answer in answers]
    if asked is None or None in said:
        return None
    return [_conversation(asked, answer or [], place) for place, answer in enumerate(said)]


def _conversation(asked: Turns, said: Turns, place: int) -> list[dict[str, str | None]]:
    if len(asked) != len(said):
        sides = f"`prompt` has {len(asked)} turns, but answer {place + 1} has {len(said)}"
        raise Problem(f"{sides}; each question needs its answer")
    return [
        message
        for question, answer in zip(asked, said, strict=True)
        for message in (
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        )
    ]


def _whole_characters(text: str) -> str:
    """The text with half characters, which are in LMSYS's files, as the sign for an unknown one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
