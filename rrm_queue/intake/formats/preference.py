"""Preference pairs of TRL and RewardBench: `{prompt?, chosen, rejected, subset?, …}`.

Source: TRL's page "Dataset formats and types", preference with an explicit and an implicit prompt,
standard and conversational; the dataset cards of RewardBench (`chosen_model`, `rejected_model`,
`subset`, `id`) and RewardBench 2 (`chosen` and `rejected` are lists of texts); LLaMA-Factory's
page on data (Alpaca's and ShareGPT's preferences, with `system` and `history`).
"""

from collections.abc import Sequence

from rrm_queue.domain import CandidateNumber, Label, LabelledPair
from rrm_queue.errors import Message, Option, Problem
from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.dialogues import shared_prompt
from rrm_queue.intake.formats.entrants import Answer, answer_text, enter, whole
from rrm_queue.intake.formats.fields import MISSING, Row, is_absent, is_text, listed
from rrm_queue.intake.formats.messages import (
    conversation,
    is_conversation,
    prose,
    without_prompt,
)
from rrm_queue.intake.formats.prompts import INSTRUCTION, instructed, question_column
from rrm_queue.seeds import shuffled


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    sides = [_side(row, "chosen"), _side(row, "rejected")]
    prompt, texts = _split(row, [answer.value for side in sides for answer in side])
    chosen = len(sides[0])
    answers = [
        answer._replace(value=text)
        for answer, text in zip([*sides[0], *sides[1]], texts, strict=True)
    ]
    order = _order(prompt, [answer_text(a.value, a.place, Empty.KEEP) or "" for a in answers])
    entrants = enter([answers[place] for place in order], empty, "chosen` and `rejected")
    preferred = {order.index(place) for place in range(chosen)}
    return whole(row, key, number, prompt, entrants, pairs=_pairs(preferred, len(order)))


def _side(row: Row, side: str) -> list[Answer]:
    """The answers on a side: one text or conversation, or a list of several texts."""
    value = conversation(row.get(side, MISSING))
    model = row.get(f"{side}_model")
    if not isinstance(value, list) or is_conversation(value):
        return [Answer(side, value, side, model, f"{side}_model")]
    return [
        Answer(f"{side}[{place}]", text, f"{side}-{place}", model, f"{side}_model")
        for place, text in enumerate(value)
    ]


def _split(row: Row, values: Sequence[object]) -> tuple[str, list[object]]:
    """The prompt and the answers, also when the prompt is part of the answers."""
    shared, answers = without_prompt(values)
    if shared:
        return prose(shared, "chosen"), answers
    if (given := _given_prompt(row)) is not None:
        return given, answers
    texts = [value for value in values if is_text(value)]
    column = question_column(row)
    found = shared_prompt(texts, marked=column is not None) if len(texts) == len(values) else None
    if found is not None:
        return found.prompt, list(found.answers)
    reason = "`prompt` is missing, and `chosen` and `rejected` do not begin with the same prompt"
    if column is None:
        raise Problem(reason)
    reads = Option("mapping", f"prompt={column}")
    raise Problem(Message(f"{reason}; if `{column}` holds it, ", reads, " reads it there"))


def _given_prompt(row: Row) -> str | None:
    """The prompt outside the answers, if there is one."""
    if not is_absent(row.get("prompt")):
        return prose(row["prompt"], "prompt")
    if not is_absent(row.get("conversations")):
        said = conversation(row["conversations"])
        messages = listed(said, "conversations")
    elif not is_absent(row.get("instruction")):
        messages = [*_history(row), {"role": "user", "content": instructed(row)}]
    else:
        return None
    if is_text(row.get("system")) and row["system"].strip():
        messages = [{"role": "system", "content": row["system"]}, *messages]
    return prose(messages, "conversations")


def _history(row: Row) -> list[object]:
    """The turns before an Alpaca instruction: pairs of a question and its answer."""
    if is_absent(row.get("history")):
        return []
    roles, messages = ("user", "assistant"), list[object]()
    for number, turn in enumerate(listed(row["history"], "history")):
        texts = listed(turn, f"history[{number}]")
        messages += [
            {"role": role, "content": said} for role, said in zip(roles, texts, strict=False)
        ]
    return messages


def _order(prompt: str, said: Sequence[str]) -> list[int]:
    """The answers' places in an order that depends on their texts alone.

    It does not depend on which is preferred, nor on whether the file has texts or messages.
    """
    by_text = sorted(range(len(said)), key=said.__getitem__)
    return [by_text[place] for place in shuffled(len(said), "order", prompt, *sorted(said))]


def _pairs(preferred: set[int], size: int) -> list[LabelledPair]:
    """Each preferred answer paired with each other one, in the order of the candidates."""
    return [
        LabelledPair(
            CandidateNumber(first),
            CandidateNumber(second),
            Label.FIRST if first in preferred else Label.SECOND,
        )
        for first in range(size)
        for second in range(first + 1, size)
        if (first in preferred) != (second in preferred)
    ]


_OPTIONAL = INSTRUCTION | {
    "id",
    "prompt_id",
    "prompt",
    "conversations",
    "system",
    "history",
    "chosen_model",
    "rejected_model",
    "subset",
    "reference",
    "criteria",
}

PREFERENCE = Whole(
    name="preference",
    title="TRL preference pairs",
    keys=_OPTIONAL | {"chosen", "rejected"},
    recognise=lambda row: "chosen" in row and "rejected" in row,
    optional=_OPTIONAL,
    parse=_parse,
)
